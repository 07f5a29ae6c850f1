// The command line of the comparison.
import process from 'node:process';
import { parseArgs } from 'node:util';
import { choice, positive } from '../options.js';

const USAGE = `npm run compare -- [options]

  --servers A,B    only these servers: NAMES
  --only A,B       only these parts: PARTS
  --rounds N       how often each speed is measured, with new processes each time (3)
  --seconds N      how long each cell is measured (1)
  --write          put the tables into docs/comparison.md
  --help           show this
`;

/** Reads the command line; prints the usage and ends the process on --help and on a mistake. */
export function readOptions(argv, known) {
  const usage = USAGE.replace('NAMES', known.servers.join(', ')).replace('PARTS', known.parts.join(', '));
  try {
    const { values } = parseArgs({
      args: argv,
      options: {
        servers: { type: 'string' },
        only: { type: 'string' },
        rounds: { type: 'string', default: '3' },
        seconds: { type: 'string', default: '1' },
        write: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) {
      console.log(usage);
      process.exit();
    }
    return {
      servers: choice('--servers', values.servers, known.servers),
      parts: choice('--only', values.only, known.parts),
      rounds: Math.ceil(positive('--rounds', values.rounds)),
      seconds: positive('--seconds', values.seconds),
      write: values.write,
    };
  } catch (error) {
    console.error(`${error.message}\n\n${usage}`);
    process.exit(2);
  }
}
