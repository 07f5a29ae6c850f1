// The text of log lines: printf formats, and the escaping that keeps one line one line.
// Knows no request and no file: what is said is the handler's business, where it goes that of log-writer.ts.

import { createRequire } from 'node:module';
import { inspect } from 'node:util';

/**
 * `format % args` of Python: each conversion takes the next argument, `%(name)s` the property of that name of the
 * only argument, `%%` is a percent sign. Conversions are those of sprintf-js, and `%r`, which shows strings in quotes.
 *
 * It never throws, because it is used where something went wrong already: a format that does not fit its arguments
 * (too few, too many, no number for `%d`) gives the format as it stands, followed by the arguments. So do not
 * put what a peer sent into the format: pass it as an argument to `%s`.
 */
export function formatMessage(format: string, args: readonly unknown[]): string {
  try {
    return interpolate(format, args, asItIs);
  } catch {
    return [format, ...args.map(describe)].join(' ');
  }
}

/**
 * {@link formatMessage}, made safe to write as one line of a log: the result went through {@link escapeControls}
 * already, and where the format has quotes, as in `"%s" %s %s`, its arguments go through {@link escapeQuoted}.
 */
export function formatLogMessage(format: string, args: readonly unknown[]): string {
  try {
    return interpolate(escapeControls(format), args, format.includes('"') ? escapeQuoted : escapeControls);
  } catch {
    return escapeControls([format, ...args.map(describe)].join(' '));
  }
}

/**
 * Text that can neither move the cursor of a terminal nor begin another line: control characters (C0, DEL, C1) are
 * written as `\xNN`, and a backslash as two, so that the text can be told from what was escaped. As in CPython.
 */
export function escapeControls(text: string): string {
  return text.search(CONTROLS) < 0 ? text : text.replace(CONTROLS, escapeCharacter);
}

/** {@link escapeControls} for text between double quotes, which it cannot end: `"` is written as `\x22`. */
export function escapeQuoted(text: string): string {
  return text.search(CONTROLS_AND_QUOTES) < 0 ? text : text.replace(CONTROLS_AND_QUOTES, escapeCharacter);
}

const CONTROLS = /[\x00-\x1f\x7f-\x9f\\]/g;
const CONTROLS_AND_QUOTES = /[\x00-\x1f\x7f-\x9f\\"]/g;

function escapeCharacter(character: string): string {
  return character === '\\' ? '\\\\' : `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
}

/**
 * Fills the arguments in, each made harmless by `escaped`.
 *
 * @throws Error if the format does not fit the arguments
 */
function interpolate(format: string, args: readonly unknown[], escaped: (text: string) => string): string {
  let message = '';
  let taken = 0;
  for (const piece of parse(format)) {
    if (typeof piece === 'string') message += piece;
    else if (piece.key === undefined) message += escaped(convert(piece.spec, argument(args, taken++)));
    else {
      message += escaped(convert(piece.spec, property(args[0], piece.key)));
      taken = 1;
    }
  }
  if (taken !== args.length) throw new TypeError(`${args.length} arguments for ${taken} conversions`);
  return message;
}

interface Conversion {
  /** The name in `%(name)s`. */
  readonly key: string | undefined;
  /** Flags, width, precision and type: `-10.3f`. */
  readonly spec: string;
}

/** Widths have three digits at most: a longer one is no conversion, so that no format makes a line of a gigabyte. */
const CONVERSION = /%(?:%|(?:\(([^()]{1,80})\))?([-+0]{0,3}\d{0,3}(?:\.\d{1,2})?[bcdefgiorsuxX]))/g;

/**
 * Formats met before. sprintf-js would remember them too, but every one for ever; so it is given single conversions,
 * and this is bounded.
 */
const parsed = new Map<string, readonly (string | Conversion)[]>();
const MAX_PARSED = 100;

function parse(format: string): readonly (string | Conversion)[] {
  const known = parsed.get(format);
  if (known) return known;
  const pieces: (string | Conversion)[] = [];
  let end = 0;
  for (const match of format.matchAll(CONVERSION)) {
    pieces.push(format.slice(end, match.index));
    pieces.push(match[2] === undefined ? '%' : { key: match[1], spec: match[2] });
    end = match.index + match[0].length;
  }
  pieces.push(format.slice(end));
  if (parsed.size < MAX_PARSED) parsed.set(format, pieces);
  return pieces;
}

function argument(args: readonly unknown[], index: number): unknown {
  if (index >= args.length) throw new TypeError('fewer arguments than conversions');
  return args[index];
}

function property(mapping: unknown, key: string): unknown {
  if (!Object.hasOwn(Object(mapping), key)) throw new TypeError(`no argument named ${key}`);
  return (mapping as Record<string, unknown>)[key];
}

function convert(spec: string, value: unknown): string {
  if (spec === 's') return String(value);
  if (spec === 'd' && Number.isSafeInteger(value)) return String(value);
  if (spec.endsWith('r')) return sprintf(`%${spec.slice(0, -1)}s`, inspect(value));
  // sprintf-js would call a function for its value.
  return sprintf(`%${spec}`, typeof value === 'function' ? String(value) : value);
}

let loaded: typeof import('sprintf-js') | undefined;

/** Loaded for the first conversion that needs it: most logs have none, and a server starts the sooner. */
function sprintf(format: string, value: unknown): string {
  loaded ??= createRequire(import.meta.url)('sprintf-js') as typeof import('sprintf-js');
  return loaded.sprintf(format, value);
}

/** A value as text, whatever it is: even one that cannot be made a string, or throws when looked at. */
function describe(value: unknown): string {
  try {
    return typeof value === 'string' ? value : inspect(value);
  } catch {
    return `[${typeof value}]`;
  }
}

function asItIs(text: string): string {
  return text;
}
