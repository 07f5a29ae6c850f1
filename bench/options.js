// The benchmark's command line.
import { choice, positive, readCommandLine } from './command-line.js';

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

const OPTIONS = {
  seconds: { type: 'string' },
  rounds: { type: 'string' },
  servers: { type: 'string' },
  scenarios: { type: 'string' },
  node: { type: 'string', multiple: true },
  quick: { type: 'boolean', default: false },
  write: { type: 'boolean', default: false },
};

/** @param known names of `servers` and `scenarios`. */
export function readOptions(argv, known) {
  const { servers, scenarios } = known;
  const usage = USAGE.replace('NAMES', servers.join(', ')).replace('SCENARIOS', scenarios.join(', '));
  return readCommandLine(argv, usage, OPTIONS, (values) => ({
    seconds: positive('--seconds', values.seconds ?? (values.quick ? 1 : 2)),
    rounds: Math.ceil(positive('--rounds', values.rounds ?? (values.quick ? 1 : 5))),
    servers: choice('--servers', values.servers, servers),
    scenarios: choice('--scenarios', values.scenarios, scenarios),
    nodes: values.node,
    write: values.write,
  }));
}
