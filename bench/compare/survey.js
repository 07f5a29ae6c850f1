// Sends all probes to one server, and keeps it alive for the next one when it dies of one.
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { stop } from '../processes.js';
import { ask } from './answer.js';
import { wrong } from './outcome.js';
import { groups, runProbe, signals } from './probes.js';
import { hasEnded, launch } from './servers.js';
import { signalBusy, signalIdle } from './shutdown.js';
import { makeProbeTree, removeTemporaryDirectory, temporaryDirectory } from './tree.js';

const DYING = 300; // ms between the end of a connection and that of the process behind it

/** @returns the outcomes, by the title of the probe. */
export async function survey(server) {
  const base = temporaryDirectory();
  try {
    const root = makeProbeTree(base);
    const { outcomes, deaths } = await sendAll(server, root);
    const seen = {
      busy: await signalBusy(server, root),
      idle: await signalIdle(server, root),
      survival: { deaths },
    };
    for (const { name, title, judge } of signals.probes) outcomes.set(title, judge(seen[name]));
    return outcomes;
  } finally {
    removeTemporaryDirectory(base);
  }
}

async function sendAll(server, root) {
  const outcomes = new Map();
  let deaths = 0;
  let running = await launch(server, root);
  try {
    for (const probe of groups.flatMap(({ probes }) => probes)) {
      const { child, port } = running;
      let failed = false;
      const send = async (bytes, expected) => {
        const answer = await ask(port, bytes, expected);
        failed ||= answer.failure !== undefined;
        return answer;
      };
      outcomes.set(probe.title, await runProbe(probe, send, root));
      if (!failed || !(await isDying(child))) continue;
      outcomes.set(probe.title, wrong('the process dies'));
      deaths += 1;
      await stop(child);
      running = await launch(server, root);
    }
  } finally {
    await stop(running.child);
  }
  return { outcomes, deaths };
}

async function isDying(child) {
  if (!hasEnded(child)) await Promise.race([once(child, 'exit'), sleep(DYING)]);
  return hasEnded(child);
}
