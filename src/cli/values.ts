// The values of options, from the texts that say them. Pure; knows no option: where a text was said is the caller's.

import { isAbsolute } from 'node:path';
import { parsePath } from '../files/path.js';
import { ResponseHead } from '../http1/response-head.js';
import type { HeaderField, Settings } from './settings.js';

/** A text that does not fit its option; the message is a sentence that says what would. */
export class UnfitValue extends Error {
  override readonly name = 'UnfitValue';
}

const NAMES_OF_TRUE = ['true', '1', 'yes', 'on'];
const NAMES_OF_FALSE = ['false', '0', 'no', 'off'];

/** @throws {UnfitValue} like the others here. */
export function toFlag(text: string): boolean {
  const word = text.toLowerCase();
  if (NAMES_OF_TRUE.includes(word)) return true;
  if (NAMES_OF_FALSE.includes(word)) return false;
  throw unfit(text, 'neither on nor off', 'say 1 or 0');
}

/** Makes what takes one of a few words. */
export function toChoice<const Choice extends string>(choices: readonly Choice[]): (text: string) => Choice {
  return (text) => {
    const choice = choices.find((one) => one === text);
    if (choice !== undefined) return choice;
    throw unfit(text, `not one of ${choices.join(', ')}`);
  };
}

export function toPort(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw unfit(text, 'not a port', 'ports are numbers from 0 to 65535');
}

export function toProtocol(text: string): Settings['protocol'] {
  if (text === 'HTTP/1.0' || text === 'HTTP/1.1') return text;
  const isPort = /^\d+$/.test(text); // what -p means in other servers
  throw unfit(text, 'not HTTP/1.0 or HTTP/1.1', isPort ? `for the port, say basehttp ${text}` : undefined);
}

/** Seconds, of which there is at least one, up to a day. */
export function toSeconds(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 86_400) return Number(text);
  throw unfit(text, 'not a time', 'it is a number of seconds from 1 to 86400');
}

const UNITS = ['', 'K', 'M', 'G'];

/** A number of octets: `1000`, `64M`. The units are those of the computer: 1K is 1024. */
export function toSize(text: string): number {
  const [, number, unit = ''] = /^(\d{1,9})([KMG]?)$/i.exec(text) ?? [];
  if (number !== undefined) return Number(number) * 1024 ** UNITS.indexOf(unit.toUpperCase());
  throw unfit(text, 'not a size', 'it is a number of octets, or one with K, M or G behind it, such as 64M');
}

/** An address, without the brackets that IPv6 has in URLs. Not an empty one, as of a variable that is not set: all. */
export function toAddress(text: string): string {
  if (text === '') throw unfit(text, 'no address', 'say 0.0.0.0 for all');
  return text.replace(/^\[(.*)\]$/, '$1');
}

export function toText(text: string): string {
  return text;
}

/** The fields that each answer has by itself, that frame it, or that say which file, and which part of it, it has. */
const SERVERS_OWN =
  /^(?:connection|content-encoding|content-length|content-range|date|etag|keep-alive|last-modified|server|transfer-encoding)$/i;

export function toHeaderField(text: string): HeaderField {
  const [name, value] = cut(text, ':');
  if (value === undefined) throw unfit(text, 'not a header field', "say 'Name: value'");
  if (SERVERS_OWN.test(name)) throw unfit(name, "the server's to send", 'leave it out');
  checkField(name, value.trim());
  return [name, value.trim()];
}

export function toCacheRule(text: string): Settings['cache'][number] {
  const [pattern, value] = cut(text, '=');
  if (pattern === '' || value === undefined || value.trim() === '') {
    throw unfit(text, 'not a rule', "say PATTERN=VALUE, as in '*.css=max-age=3600'");
  }
  checkField('Cache-Control', value.trim());
  return { pattern, value: value.trim() };
}

export function toMediaType(text: string): string {
  if (!/^[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+\s*(?:;.*)?$/.test(text)) {
    throw unfit(text, 'not a media type', 'such as text/plain');
  }
  checkField('Content-Type', text);
  return text;
}

/** The name of a file, not the way to it. */
export function toFileName(text: string): string {
  if (text !== '' && text !== '.' && text !== '..' && !/[/\\\0]/.test(text)) return text;
  throw unfit(text, 'not a file name', 'such as index.html');
}

/** A canonical path, decoded: `/` first, none at the end. The root is `/`. */
export function toUrlPath(text: string): string {
  // What begins like a scheme is a whole URL, or a path that a shell on Windows has made of one.
  const isPath = text !== '' && !/[?#]|^[a-z][\w+.-]*:/i.test(text);
  const parsed = isPath ? parsePath(Buffer.from(text).toString('latin1')) : undefined;
  if (parsed?.ok === true) return parsed.path;
  throw unfit(text, 'not the path of a URL', 'such as /docs');
}

/** What the requests' paths have before them: nothing, if it is the root. */
export function toBasePath(text: string): string {
  const path = text === '' ? '/' : toUrlPath(text);
  return path === '/' ? '' : path;
}

/** A name; with a dot in front, every name below it, too; `*` for any. */
export function toHostName(text: string): string {
  if (/^(?:\*|\.?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?)$/i.test(text)) return text.toLowerCase();
  throw unfit(text, 'not the name of a host', 'such as site.test, without scheme and port');
}

/** Never repeats what it was given: that is a secret. */
export function toAccount(text: string): string {
  if (/^[^:\0\r\n]+:[^\0\r\n]+$/.test(text)) return text;
  throw new UnfitValue('this is not USER:PASSWORD');
}

export function toVariable(text: string): Settings['cgiEnv'][number] {
  const [name, value] = cut(text, '=');
  if (/^[A-Za-z_]\w*$/.test(name) && value?.includes('\0') !== true) return { name, value };
  throw unfit(text, 'not a variable', 'say NAME to pass it on, or NAME=VALUE');
}

export function toInterpreter(text: string): Settings['cgiInterpreter'][number] {
  const [suffix, program] = cut(text, '=');
  if (!/^\.[^/\\\0]+$/.test(suffix) || program === undefined || !/^[^\0]+$/.test(program)) {
    throw unfit(text, 'not an interpreter', 'say SUFFIX=PROGRAM, as in .php=php-cgi');
  }
  // From which directory would it be? Nobody who reads the option can tell.
  if (/[/\\]/.test(program) && !isAbsolute(program)) {
    throw unfit(program, 'a relative path', 'name a program in PATH, or say the whole path');
  }
  return { suffix, program };
}

function unfit(text: string, what: string, remedy?: string): UnfitValue {
  return new UnfitValue(`${quote(text)} is ${what}${remedy === undefined ? '' : `: ${remedy}`}`);
}

/** In one line of bearable length, whatever it is. */
export function quote(text: string): string {
  const line = text.replace(/[\0-\x1f\x7f-\x9f]/g, '?');
  return line.length > 60 ? `'${line.slice(0, 57)}...'` : `'${line}'`;
}

/** What is before the first separator, and what behind; `undefined` if there is no separator. */
function cut(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

/** Asks the engine whether it would send it. */
function checkField(name: string, value: string): void {
  try {
    new ResponseHead(200).append(name, value);
  } catch (error) {
    throw new UnfitValue(`${quote(`${name}: ${value}`)} cannot be sent: ${(error as Error).message}`);
  }
}
