// The benchmark's command line.
import process from 'node:process';
import { parseArgs } from 'node:util';

const USAGE = `npm run bench -- [options]

  --seconds N      how long each cell is measured (2)
  --rounds N       how often, with new processes each time (5)
  --servers A,B    only these servers: NAMES
  --scenarios A,B  only these scenarios: SCENARIOS
  --node PATH      a Node binary to run servers under; may be repeated
                   (this Node, and the one that bench/package.json names)
  --quick          one round of one second
  --write          put the tables into docs/performance.md
  --help           show this
`;

/** Reads the command line; prints the usage and ends the process on --help and on a mistake. */
export function readOptions(argv, known) {
  const usage = USAGE.replace('NAMES', known.servers.join(', ')).replace(
    'SCENARIOS',
    known.scenarios.join(', '),
  );
  try {
    const { values } = parseArgs({
      args: argv,
      options: {
        seconds: { type: 'string' },
        rounds: { type: 'string' },
        servers: { type: 'string' },
        scenarios: { type: 'string' },
        node: { type: 'string', multiple: true },
        quick: { type: 'boolean', default: false },
        write: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) {
      console.log(usage);
      process.exit();
    }
    return {
      seconds: positive('--seconds', values.seconds ?? (values.quick ? 1 : 2)),
      rounds: Math.ceil(positive('--rounds', values.rounds ?? (values.quick ? 1 : 5))),
      servers: choice('--servers', values.servers, known.servers),
      scenarios: choice('--scenarios', values.scenarios, known.scenarios),
      nodes: values.node,
      write: values.write,
    };
  } catch (error) {
    console.error(`${error.message}\n\n${usage}`);
    process.exit(2);
  }
}

/** The number that an option gives. @throws unless it is above 0. */
export function positive(option, text) {
  const number = Number(text);
  if (!(number > 0)) throw new Error(`${option} ${text}: give a number above 0`);
  return number;
}

/** The names that an option gives, or all. @throws at one that is not known. */
export function choice(option, text, known) {
  if (text === undefined) return known;
  const chosen = text.split(',').map((name) => name.trim());
  const strange = chosen.find((name) => !known.includes(name));
  if (strange !== undefined) throw new Error(`${option} ${strange}: there is no such name`);
  return chosen;
}
