// The lines of the access log, in each of its formats. Knows no handler.

import { escapeQuoted } from '../handlers/log.js';
import { writeToStderr } from '../handlers/log-writer.js';
import type { LogFormat } from './settings.js';

/** Who, and when. */
export interface Client {
  readonly address: string;
  readonly user: string | undefined;
  readonly now: Date;
  /** As Python's lines have it. */
  readonly localTime: string;
}

/** A request, and how it was answered. Text is as received, an octet a character. */
export interface Entry extends Client {
  readonly requestline: string;
  readonly method: string;
  readonly target: string;
  readonly version: string;
  readonly status: number;
  /** Octets of the body. */
  readonly size: number;
  /** Milliseconds; `undefined` of a request that could not be understood. */
  readonly duration: number | undefined;
  readonly referrer: string | undefined;
  readonly agent: string | undefined;
}

/** Something that is no request, as it happens: an error, or what a handler has to say. */
export interface Message extends Client {
  readonly message: string;
}

/** Gives what writes a line for each request. */
export function entryLog(format: EntryFormat): (entry: Entry) => void {
  return logIn(ENTRY_FORMATS[format]);
}

/** Writes a line that is an object. */
export const logMessageAsJson: (message: Message) => void = logIn(messageAsJson);

/** The formats that say how a request was answered. */
type EntryFormat = Exclude<LogFormat, 'python' | 'off'>;

/** Makes a line of something, each text in it cut to a number of characters. */
type Format<Thing> = (thing: Thing, most: number) => string;

const ENTRY_FORMATS: Readonly<Record<EntryFormat, Format<Entry>>> = {
  clf: commonLine,
  combined: combinedLine,
  json: entryAsJson,
};

/** With its line end, what is written at once. The writer would cut what is longer, and with it the end of the line. */
const LONGEST_LINE = 4095;

/** Writes lines in a format, with texts as long as there is room. */
function logIn<Thing>(format: Format<Thing>): (thing: Thing) => void {
  return (thing) => {
    let most = LONGEST_LINE;
    let line = format(thing, most);
    while (Buffer.byteLength(line) > LONGEST_LINE) {
      most = Math.floor(most / 2);
      line = format(thing, most);
    }
    writeToStderr(line);
  };
}

// ── As Apache does ─────────────────────────────────────────────────────────────────────────────────────────────────

/** `host ident user [time] "request" status bytes`, with `-` for what is not known and for no bytes. */
function commonLine(
  { address, user, now, localTime, requestline, status, size }: Entry,
  most: number,
): string {
  const when = `${localTime.replace(' ', ':')} ${zone(now)}`;
  const who = user === undefined ? '-' : escapeQuoted(cut(user, most)).replaceAll(' ', '\\x20');
  return `${address || '-'} - ${who} [${when}] ${quoted(requestline, most)} ${status} ${size || '-'}`;
}

function combinedLine(entry: Entry, most: number): string {
  return `${commonLine(entry, most)} ${quoted(entry.referrer, most)} ${quoted(entry.agent, most)}`;
}

function quoted(text: string | undefined, most: number): string {
  return `"${text === undefined ? '-' : escapeQuoted(cut(text, most))}"`;
}

/** `+0100` */
function zone(date: Date): string {
  const minutes = -date.getTimezoneOffset();
  const hours = Math.trunc(Math.abs(minutes) / 60);
  const digits = String(hours * 100 + (Math.abs(minutes) % 60)).padStart(4, '0');
  return `${minutes < 0 ? '-' : '+'}${digits}`;
}

// ── As JSON ────────────────────────────────────────────────────────────────────────────────────────────────────────

function entryAsJson(entry: Entry, most: number): string {
  const { address, user, now, method, target, version, status, size, duration, referrer, agent } = entry;
  const text = (value: string | undefined) => (value === undefined ? undefined : cut(value, most));
  return toJson({
    time: now.toISOString(),
    client: address,
    user: text(user),
    method: text(method),
    target: text(target),
    version,
    status,
    size,
    durationMs: duration === undefined ? undefined : Math.round(duration * 1000) / 1000,
    referrer: text(referrer),
    agent: text(agent),
  });
}

function messageAsJson({ now, address, user, message }: Message, most: number): string {
  return toJson({ time: now.toISOString(), client: address, user, message: cut(message, most) });
}

/** JSON leaves DEL and C1 as they are; a terminal does not. */
function toJson(value: object): string {
  return JSON.stringify(value).replace(
    /[\x7f-\x9f]/g,
    (character) => `\\u00${character.charCodeAt(0).toString(16)}`,
  );
}

function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most)}...`;
}
