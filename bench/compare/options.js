// The command line of the comparison.
import { choice, positive, readCommandLine } from '../command-line.js';

const USAGE = `npm run compare -- [options]

  --servers A,B    only these servers: NAMES
  --only A,B       only these parts: PARTS
  --rounds N       how often each speed is measured, with new processes each time (3)
  --seconds N      how long each cell is measured (1)
  --write          put the tables into docs/comparison.md
  --help           show this
`;

const OPTIONS = {
  servers: { type: 'string' },
  only: { type: 'string' },
  rounds: { type: 'string', default: '3' },
  seconds: { type: 'string', default: '1' },
  write: { type: 'boolean', default: false },
};

/** @param known names of `servers` and `parts`. */
export function readOptions(argv, known) {
  const usage = USAGE.replace('NAMES', known.servers.join(', ')).replace('PARTS', known.parts.join(', '));
  return readCommandLine(argv, usage, OPTIONS, (values) => ({
    servers: choice('--servers', values.servers, known.servers),
    parts: choice('--only', values.only, known.parts),
    rounds: Math.ceil(positive('--rounds', values.rounds)),
    seconds: positive('--seconds', values.seconds),
    write: values.write,
  }));
}
