// The options that are said in a configuration file: a JSON object, `{ "cleanUrls": true }`.

import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { CommandFailure, EXIT_USAGE } from './failure.js';
import { fieldName, KEYS, type Key, type Option, optionOf } from './options.js';
import type { Source } from './precedence.js';
import { nearest } from './spelling.js';

/**
 * Reads a configuration file. Paths in it are relative to the directory it is in.
 * @param path as given.
 * @throws {CommandFailure} it cannot be read, is not a JSON object, or has a field that is no option.
 */
export function readConfig(path: string): Source {
  const said = new Map<Key, readonly string[]>();
  for (const [field, value] of Object.entries(parseObject(readText(path), path))) {
    const key = KEYS.find((one) => fieldName(one) === field);
    if (key === undefined) throw unknownField(field, path);
    said.set(
      key,
      toTexts(optionOf(key), value) ?? fail(`"${field}" in ${path} must be ${wanted(optionOf(key))}`),
    );
  }
  return { said, nameOf: (key) => `"${fieldName(key)}" in ${path}`, directory: dirname(resolve(path)) };
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8').replace(/^\ufeff/, '');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`;
    return fail(`the configuration file ${path} ${reason}: name a JSON file`);
  }
}

function parseObject(text: string, path: string): object {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const { line, column } = placeOf(text, (error as SyntaxError).message);
    const hint = 'names and texts stand in double quotes, no comma behind the last, no comments';
    return fail(`${path}:${line}:${column}: this is not JSON (${hint})`);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  return fail(`${path} must be a JSON object, such as { "port": 9000 }`);
}

/** Where the JSON ends to be JSON. */
function placeOf(text: string, message: string): { line: number; column: number } {
  const lines = text.slice(0, offsetOf(text, message)).split(/\r\n|\r|\n/);
  return { line: lines.length, column: lines.at(-1)!.length + 1 };
}

/**
 * V8 tells where something is missing, but not always where something is that may not be there. That is what the
 * shortest beginning of the text that is wrong in the same way ends with.
 */
function offsetOf(text: string, message: string): number {
  const told = / at position (\d+)/.exec(message)?.[1];
  if (told !== undefined) return Number(told);
  if (!isUnexpectedToken(text)) return text.length;
  let [right, wrong] = [0, text.length];
  while (wrong - right > 1) {
    const middle = (right + wrong) >> 1;
    if (isUnexpectedToken(text.slice(0, middle))) wrong = middle;
    else right = middle;
  }
  return right;
}

function isUnexpectedToken(text: string): boolean {
  try {
    JSON.parse(text);
    return false;
  } catch (error) {
    return (error as SyntaxError).message.startsWith('Unexpected token');
  }
}

/** As they would be said on the command line; `undefined` if the value is of another type than the option. */
function toTexts(option: Option, value: unknown): readonly string[] | undefined {
  switch (option.kind) {
    case 'flag':
      return typeof value === 'boolean' ? [String(value)] : undefined;
    case 'number':
      return typeof value === 'number' ? [String(value)] : undefined;
    case 'text':
      return typeof value === 'string' ? [value] : undefined;
    case 'list':
      return toItems(value);
    case 'pairs':
      return toPairs(value, option.joint) ?? toItems(value);
  }
}

function toItems(value: unknown): readonly string[] | undefined {
  const items = typeof value === 'string' ? [value] : value;
  return Array.isArray(items) && items.every((item) => typeof item === 'string') ? items : undefined;
}

function toPairs(value: unknown, joint: string): readonly string[] | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return (
    toItems(Object.values(value)) && Object.entries(value).map(([name, text]) => `${name}${joint}${text}`)
  );
}

function wanted(option: Option): string {
  switch (option.kind) {
    case 'flag':
      return 'true or false';
    case 'number':
      return 'a number';
    case 'text':
      return 'a text, in double quotes';
    case 'list':
      return 'a text or a list of texts: ["…", "…"]';
    case 'pairs':
      return `an object of texts, {"name": "value"}, or a list of them, ["name${option.joint}value"]`;
  }
}

function unknownField(field: string, path: string): CommandFailure {
  const meant = nearest(field, KEYS.map(fieldName));
  const remedy = meant === undefined ? 'see docs/command.md for those there are' : `did you mean "${meant}"?`;
  return new CommandFailure(`"${field}" in ${path} is no option: ${remedy}`, EXIT_USAGE);
}

function fail(message: string): never {
  throw new CommandFailure(message, EXIT_USAGE);
}
