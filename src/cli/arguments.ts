// The command line of `basehttp`: what is asked for, and the options that are said there. Does nothing yet.

import { createRequire } from 'node:module';
import type { Command, Option } from 'commander';
import { CommandFailure, EXIT_USAGE } from './failure.js';
import {
  fieldName,
  KEYS,
  type Key,
  longName,
  OPTION_INFOS,
  optionOf,
  SHELLS,
  type Shell,
} from './options.js';
import type { Source } from './precedence.js';
import { quote, toChoice, UnfitValue } from './values.js';

// As `require` does it, since to import it as a module takes twice as long.
const commander = createRequire(import.meta.url)('commander') as typeof import('commander');

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
  const command = makeCommand();
  const failure = parse(command, argv);
  const { help, version, completions, hashPassword, config, ...settings } = command.opts<Said>();
  if (help !== undefined) return { show: 'help', every: help === 'all' }; // also behind a mistake: that is when it is needed
  if (failure !== undefined) throw failure;
  if (version === true) return { show: 'version' };
  if (hashPassword === true) return { show: 'hash' };
  if (completions !== undefined) return { show: 'completions', shell: toShell(completions) };
  return { source: toSource(settings, sortOut(command.args)), config };
}

/** As commander collects it, by its own names, which are those of `fieldName`. */
interface Said {
  readonly help?: string | true;
  readonly version?: true;
  readonly completions?: string;
  readonly hashPassword?: true;
  readonly config?: string;
  readonly [field: string]: boolean | string | readonly string[] | undefined;
}

function makeCommand(): Command {
  const command = new commander.Command('basehttp')
    .argument('[port-and-directory...]')
    .helpOption(false)
    .configureOutput({ writeErr: () => {} }) // whoever catches the error shows it
    .exitOverride();
  for (const key of KEYS) for (const option of makeOptions(key)) command.addOption(option);
  return command
    .option('--config <value>')
    .option('--completions <value>')
    .option('--hash-password')
    .option('-V, --version')
    .option('-h, --help [value]');
}

/** A flag can be said both ways; only the usual one is suggested to those who misspell it. */
function makeOptions(key: Key): Option[] {
  const option = optionOf(key);
  const [short, long] = [option.short === undefined ? '' : `-${option.short}, `, longName(key)];
  if (option.kind !== 'flag') {
    const collect = (text: string, texts: readonly string[] = []) => [...texts, text];
    return [new commander.Option(`${short}--${long} <value>`).argParser(collect)];
  }
  return [
    new commander.Option(`${short}--${long}`).hideHelp(option.default),
    new commander.Option(`--no-${long}`).hideHelp(!option.default),
  ];
}

function parse(command: Command, argv: readonly string[]): CommandFailure | undefined {
  try {
    command.parse(joinHeaderFields(argv), { from: 'user' });
    return undefined;
  } catch (error) {
    if (!(error instanceof commander.CommanderError)) throw error;
    return new CommandFailure(`${inOneLine(error.message)}; see basehttp --help`, EXIT_USAGE);
  }
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

/** Commander says `error: …`, and what it takes for the right spelling in a second line. */
function inOneLine(message: string): string {
  const missing = /^error: option '.*(--\S+) <value>' argument missing$/.exec(message);
  if (missing === null) return message.replace(/^error: |\.$/g, '').replace(/\.?\n/g, ' ');
  const info = OPTION_INFOS.find(({ long }) => long === missing[1]);
  return `${missing[1]} needs a value, as in ${info?.example}`;
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
    throw new CommandFailure(
      `${quote(third)} is one argument too many: quote a name that has blanks in it; see basehttp --help`,
      EXIT_USAGE,
    );
  }
  if (first === undefined) return {};
  if (second === undefined) return isDigits(first) ? { port: first } : { directory: first };
  if (isDigits(first)) return { port: first, directory: second };
  if (isDigits(second)) return { port: second, directory: first };
  throw new CommandFailure(
    `neither ${quote(first)} nor ${quote(second)} is a port, which is a number: quote a name that has blanks in it; see basehttp --help`,
    EXIT_USAGE,
  );
}

function isDigits(text: string): boolean {
  return /^\d+$/.test(text);
}

function toSource(settings: Said, operands: Operands): Source {
  const said = new Map<Key, readonly string[]>();
  for (const key of KEYS) {
    const value = settings[fieldName(key)];
    if (value !== undefined) said.set(key, Array.isArray(value) ? value : [String(value)]);
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
