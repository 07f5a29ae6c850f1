// What the command lines of the benchmarks have in common.
import process from 'node:process';
import { parseArgs } from 'node:util';

/**
 * Reads a command line; prints the usage and ends the process on `--help` and on a mistake.
 * @param options as `parseArgs` of Node takes them. @param toSettings makes of the values what the caller wants, and
 * throws at one that will not do.
 */
export function readCommandLine(argv, usage, options, toSettings) {
  try {
    const { values } = parseArgs({
      args: argv,
      options: { ...options, help: { type: 'boolean', default: false } },
    });
    if (values.help) {
      console.log(usage);
      process.exit();
    }
    return toSettings(values);
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
