// The command line of `basehttp`: what is asked for, and the options that are said there. Does nothing yet.

import { parseArgs } from 'node:util';
import { CommandFailure, EXIT_USAGE } from './failure.js';
import { KEYS, type Key, longName, OPTION_INFOS, optionOf, SHELLS, type Shell } from './options.js';
import type { Source } from './precedence.js';
import { nearest } from './spelling.js';
import { quote, toChoice, UnfitValue } from './values.js';

/** What is typed: a wish to be shown something, or options for serving. */
export type CommandLine =
  | { readonly show: 'help'; readonly every: boolean }
  | { readonly show: 'version' }
  | { readonly show: 'hash' }
  | { readonly show: 'completions'; readonly shell: Shell }
  | { readonly show?: undefined; readonly source: Source; readonly config: string | undefined };

/**
 * Understands the arguments behind the name of the command; not yet the values of its options.
 * @throws {CommandFailure} they cannot be understood.
 */
export function parseArguments(argv: readonly string[]): CommandLine {
  const args = joinHeaderFields(argv);
  const { tokens, positionals } = parseArgs({ args, options: READ_AS, strict: false, tokens: true });
  const options = tokens.filter((token) => token.kind === 'option');
  const values = new Map(options.map(({ name, value }) => [name, value])); // said again, the last counts
  const [help, completions] = [values.get('help') ?? '', values.get('completions')];
  // Also behind a mistake: that is when it is needed.
  if (values.has('help')) return { show: 'help', every: /(?:^|=)all$/.test(help) };
  for (const option of options) check(option, args[option.index]!);
  if (values.has('version')) return { show: 'version' };
  if (values.has('hash-password')) return { show: 'hash' };
  if (completions !== undefined) return { show: 'completions', shell: toShell(completions) };
  return { source: toSource(options, sortOut(positionals)), config: values.get('config') };
}

/** A name on the command line, without its dashes: how `parseArgs` is to read it, and what it says of a setting. */
interface Name {
  /** Whether a value follows it. */
  readonly type: 'string' | 'boolean';
  readonly short?: string;
  /** Those about the command have none. */
  readonly key?: Key;
  /** What it says if no value does. */
  readonly text?: 'true' | 'false';
}

const NAMES: ReadonlyMap<string, Name> = new Map([
  ...KEYS.flatMap(namesOf),
  ['config', { type: 'string' }],
  ['completions', { type: 'string' }],
  ['hash-password', { type: 'boolean' }],
  ['version', { type: 'boolean', short: 'V' }],
  ['help', { type: 'string', short: 'h' }], // that it lacks a value is no mistake
]);

const READ_AS = Object.fromEntries(NAMES);

/** A flag can be said both ways. */
function namesOf(key: Key): [string, Name][] {
  const { kind, short } = optionOf(key);
  const [long, shortly] = [longName(key), short === undefined ? {} : { short }];
  if (kind !== 'flag') return [[long, { type: 'string', ...shortly, key }]];
  return [
    [long, { type: 'boolean', ...shortly, key, text: 'true' }],
    [`no-${long}`, { type: 'boolean', key, text: 'false' }],
  ];
}

/** An option as it was said. */
interface Said {
  readonly name: string;
  /** With its dashes, as it was spelt. */
  readonly rawName: string;
  readonly value: string | undefined;
}

/** @param word of the command line, in which the option was said. */
function check({ name, rawName, value }: Said, word: string): void {
  const known = NAMES.get(name);
  if (known === undefined) throw unknownOption(rawName, word);
  if (known.type === 'boolean' && value !== undefined) throw needlessValue(rawName, known.key);
  if (known.type === 'string' && value === undefined) throw missingValue(name);
}

function needlessValue(rawName: string, flag: Key | undefined): CommandFailure {
  const remedy = flag === undefined ? 'leave it out' : `say --${longName(flag)} or --no-${longName(flag)}`;
  return misused(`${rawName} takes no value: ${remedy}`);
}

function missingValue(name: string): CommandFailure {
  const info = OPTION_INFOS.find(({ long }) => long === `--${name}`);
  return misused(`--${name} needs a value, as in ${info?.example}`);
}

/** Says nothing of a value, which may be a secret. Of a flag's names, only the usual one is suggested. */
function unknownOption(rawName: string, word: string): CommandFailure {
  const [misspelt = ''] = word.split('=', 1); // the whole of `-cors`, too, which is read as one option a letter
  const meant = nearest(
    misspelt,
    OPTION_INFOS.map(({ long }) => long),
  );
  return misused(`unknown option ${quote(rawName)}${meant === undefined ? '' : ` (Did you mean ${meant}?)`}`);
}

function misused(message: string): CommandFailure {
  return new CommandFailure(`${message}; see basehttp --help`, EXIT_USAGE);
}

/** Python has `-H NAME VALUE`, curl `-H 'NAME: VALUE'`. No name has a colon in it, so both can be understood. */
function joinHeaderFields(argv: readonly string[]): string[] {
  const joined: string[] = [];
  for (let at = 0; at < argv.length; at++) {
    const [word, name, value] = argv.slice(at, at + 3);
    if (word === '--') return [...joined, ...argv.slice(at)];
    joined.push(word!);
    if ((word !== '-H' && word !== '--header') || name?.includes(':') !== false || value === undefined)
      continue;
    joined.push(`${name}: ${value}`);
    at += 2;
  }
  return joined;
}

function toShell(text: string): Shell {
  try {
    return toChoice(SHELLS)(text);
  } catch (error) {
    if (!(error instanceof UnfitValue)) throw error;
    throw new CommandFailure(`--completions: ${error.message}`, EXIT_USAGE);
  }
}

interface Operands {
  readonly port?: string | undefined;
  readonly directory?: string | undefined;
}

/** Either of the two may be left out, and the directory may come first: a port is what is made of digits. */
function sortOut([first, second, third]: readonly string[]): Operands {
  if (third !== undefined) {
    throw misused(`${quote(third)} is one argument too many: quote a name that has blanks in it`);
  }
  if (first === '' || second === '') throw misused('an empty name is no directory: . is the current one');
  if (first === undefined) return {};
  if (second === undefined) return isDigits(first) ? { port: first } : { directory: first };
  if (isDigits(first)) return { port: first, directory: second };
  if (isDigits(second)) return { port: second, directory: first };
  throw misused(
    `neither ${quote(first)} nor ${quote(second)} is a port, which is a number: quote a name that has blanks in it`,
  );
}

function isDigits(text: string): boolean {
  return /^\d+$/.test(text);
}

function toSource(options: readonly Said[], operands: Operands): Source {
  const said = new Map<Key, readonly string[]>();
  for (const key of KEYS) {
    const texts = textsOf(key, options);
    if (texts.length > 0) said.set(key, texts);
  }
  for (const key of ['port', 'directory'] as const) {
    const operand = operands[key];
    if (operand === undefined) continue;
    if (said.has(key))
      throw new CommandFailure(`the ${key} is given twice: leave out one of them`, EXIT_USAGE);
    said.set(key, [operand]);
  }
  const isOperand = (key: Key) => operands[key as keyof Operands] !== undefined;
  return { said, nameOf: (key) => (isOperand(key) ? '' : `--${longName(key)}`) };
}

function textsOf(key: Key, options: readonly Said[]): readonly string[] {
  const itsOwn = options.filter(({ name }) => NAMES.get(name)?.key === key);
  const texts = itsOwn.map(({ name, value = '' }) => NAMES.get(name)?.text ?? value);
  return optionOf(key).kind === 'flag' ? texts.slice(-1) : texts;
}
