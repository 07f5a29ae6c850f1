// The probes: bytes, and what the answer to them says of the server. The verdicts follow from the RFC named with each
// probe, or from the weakness (CWE) that the answer would be; they know nothing of any server.
import { notOffered, right, wrong } from './outcome.js';
import { conditions } from './probes/conditions.js';
import { fields } from './probes/fields.js';
import { paths } from './probes/paths.js';
import { protocol } from './probes/protocol.js';
import { ranges } from './probes/ranges.js';

/**
 * By group. A probe has a `title`, a `basis`, `steps`, and `judge(...answers)`, one answer a step, which gives the
 * outcome. A step is the bytes of a request, or `{ bytes, answers }` if it asks for several, or a function of the
 * answers so far and the root of the tree that gives either, or the outcome if nothing can be asked.
 */
export const groups = [
  { title: 'Ranges', probes: ranges },
  { title: 'Conditions and caching', probes: conditions },
  { title: 'Paths, links, directories', probes: paths },
  { title: 'Types and codings', probes: fields },
  { title: 'Methods and the protocol', probes: protocol },
];

/** Takes the steps of a probe with `send(bytes, answersExpected)`, and judges what comes back. */
export async function runProbe({ steps, judge }, send, root) {
  const answers = [];
  for (const step of steps) {
    const next = typeof step === 'function' ? step(answers, root) : step;
    if (next.verdict !== undefined) return next;
    const { bytes, answers: expected } = typeof next === 'string' ? { bytes: next, answers: 1 } : next;
    const answer = await send(bytes, expected);
    if (answer.failure !== undefined) return wrong(answer.failure);
    answers.push(answer);
  }
  return judge(...answers);
}

/** The probes of signals take a process of their own: shutdown.js sees what happens, this says what it is worth. */
export const signals = {
  title: 'The process',
  probes: [
    {
      name: 'busy',
      title: 'SIGTERM during a download: the answer is finished, exit 0',
      basis: 'twelve-factor §IX',
      judge: ({ isWhole, exit }) => {
        if (!isWhole) return notOffered('cut off');
        return exit === 0 ? right('finished') : notOffered(`finished, ${exit ?? 'runs on'}`);
      },
    },
    {
      name: 'idle',
      title: 'SIGTERM when idle: exit 0',
      basis: 'twelve-factor §IX',
      judge: ({ exit }) => (exit === 0 ? right(0) : notOffered(exit ?? 'runs on')),
    },
    {
      name: 'survival',
      title: 'alive after all of it',
      basis: 'CWE-248',
      judge: ({ deaths }) =>
        deaths === 0 ? right('yes') : wrong(deaths === 1 ? 'died once' : `died ${deaths} times`),
    },
  ],
};
