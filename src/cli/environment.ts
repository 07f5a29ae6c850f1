// The options that are said in the environment: `BASEHTTP_CLEAN_URLS=1`.

import { CommandFailure, EXIT_USAGE } from './failure.js';
import { CONFIG_VARIABLE, KEYS, type Key, optionOf, variableName } from './options.js';
import type { Source } from './precedence.js';
import { nearest } from './spelling.js';

/** Variables, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Finds the variables that are options. One that is empty counts as not set.
 * @throws {CommandFailure} a variable is a misspelt option, which might be one that keeps people out.
 */
export function readEnvironment(env: Environment): Source {
  const said = new Map<Key, readonly string[]>();
  const known = new Set([CONFIG_VARIABLE]);
  for (const key of KEYS) {
    const name = variableName(key);
    known.add(name);
    const value = env[name];
    if (value !== undefined && value !== '') said.set(key, toTexts(key, value));
  }
  for (const name of Object.keys(env)) checkSpelling(name, known);
  return { said, nameOf: variableName };
}

/** The configuration file that the environment names. */
export function configOf(env: Environment): string | undefined {
  return env[CONFIG_VARIABLE] || undefined;
}

/** Values of header fields have commas in them, and file names can; line ends, neither. */
function toTexts(key: Key, value: string): readonly string[] {
  const { kind } = optionOf(key);
  if (kind !== 'list' && kind !== 'pairs') return [value];
  const items = value.split(kind === 'list' ? /[,\n]/ : '\n').map((item) => item.trim());
  return items.filter((item) => item !== '');
}

/** What is no option may be somebody else's: Kubernetes makes `BASEHTTP_SERVICE_HOST` for a service of that name. */
function checkSpelling(name: string, known: ReadonlySet<string>): void {
  if (!name.startsWith('BASEHTTP_') || known.has(name)) return;
  const meant = nearest(name, known);
  if (meant === undefined) return;
  throw new CommandFailure(`${name} is no option: did you mean ${meant}? If not, unset it`, EXIT_USAGE);
}
