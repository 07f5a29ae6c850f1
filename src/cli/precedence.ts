// What counts if an option is said in several places, and what it means in the end. Knows no place by name.

import { resolve } from 'node:path';
import { CommandFailure, EXIT_USAGE } from './failure.js';
import { KEYS, type Key, type Option, optionOf } from './options.js';
import type { Settings } from './settings.js';
import { toFlag, UnfitValue } from './values.js';

/** One place where options are said: the command line, the environment, a file. */
export interface Source {
  /** The texts of each option that is said here: one, or for options that may be repeated, each. */
  readonly said: ReadonlyMap<Key, readonly string[]>;
  /** What to call an option in a message, so that it is found where it was said; `''` for an argument without a name. */
  readonly nameOf: (key: Key) => string;
  /** Directory that the paths said here are relative to; by default the current one. */
  readonly directory?: string;
}

/**
 * Puts together what the sources say. A list that is said in two places is that of the stronger one.
 * @param sources the strongest first.
 * @throws {CommandFailure} a value does not fit, or options contradict each other.
 */
export function settle(sources: readonly Source[]): Settings {
  const chosen = choose(sources);
  for (const [key, source] of chosen) checkNeeds(key, source, chosen);
  const settings = KEYS.map((key) => [key, settingOf(key, chosen.get(key))]);
  return Object.fromEntries(settings) as Settings; // OPTIONS is typed so that each value has its key's type
}

/** For each option that is said anywhere, the source that counts. */
function choose(sources: readonly Source[]): Map<Key, Source> {
  const chosen = new Map<Key, Source>();
  for (const source of sources) {
    const taken = new Set(chosen.keys());
    for (const key of source.said.keys()) {
      for (const rival of rivalsOf(key)) checkRival(key, rival, source);
      if (![key, ...rivalsOf(key)].some((one) => taken.has(one))) chosen.set(key, source);
    }
  }
  return chosen;
}

function rivalsOf(key: Key): Key[] {
  return KEYS.filter((other) => optionOf(other).rival === key || optionOf(key).rival === other);
}

function checkRival(key: Key, rival: Key, source: Source): void {
  if (!isAskedFor(key, source) || !isAskedFor(rival, source)) return;
  const names = `${source.nameOf(key)} and ${source.nameOf(rival)}`;
  throw new CommandFailure(`${names} contradict each other: say one of them`, EXIT_USAGE);
}

/** Said, and not in order to turn it off. */
function isAskedFor(key: Key, source: Source): boolean {
  return source.said.has(key) && (optionOf(key).kind !== 'flag' || settingOf(key, source) === true);
}

function checkNeeds(key: Key, source: Source, chosen: ReadonlyMap<Key, Source>): void {
  const { needs } = optionOf(key);
  if (needs === undefined || chosen.has(needs)) return;
  const [name, needed] = [source.nameOf(key), source.nameOf(needs)];
  throw new CommandFailure(
    `${name} means nothing without ${needed}: say that, too, or leave it out`,
    EXIT_USAGE,
  );
}

function settingOf(key: Key, source: Source | undefined): unknown {
  const option = optionOf(key);
  const texts = source?.said.get(key);
  if (source === undefined || texts === undefined) return option.default;
  try {
    return parse(option, texts, source.directory);
  } catch (error) {
    if (!(error instanceof UnfitValue)) throw error;
    const name = source.nameOf(key);
    throw new CommandFailure(`${name === '' ? '' : `${name}: `}${error.message}`, EXIT_USAGE);
  }
}

function parse(option: Option, texts: readonly string[], directory: string | undefined): unknown {
  if (option.kind === 'list' || option.kind === 'pairs') return texts.map(option.toItem);
  const text = texts.at(-1)!;
  if (option.kind === 'flag') return toFlag(text);
  const isPath = option.isPath === true && directory !== undefined;
  return option.toValue(isPath ? resolve(directory, text) : text);
}
