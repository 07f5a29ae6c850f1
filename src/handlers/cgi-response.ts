// What a CGI program's output means: its header, as RFC 3875 §6 has it, to a response, or to the path of a local
// redirect. Pure: text and octets in, facts out.

import { encodePath, splitTarget } from '../files/path.js';
import { collapseUrlPath } from './cgi-path.js';

/** What a program wants to be answered. */
export type CGIAnswer = CGIResponseHead | CGILocalRedirect;

/** A document, or a redirect that the client follows. */
export interface CGIResponseHead {
  readonly kind: 'response';
  readonly status: number;
  /** As the program says; `undefined` if it says none. */
  readonly reason: string | undefined;
  /** In the program's order, Content-Type and Content-Length among them; without those that are the server's matter. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** Octets that the program promises. */
  readonly contentLength: number | undefined;
  /** Whether the program says what its output is. */
  readonly hasContentType: boolean;
}

/** The answer is what another path of this server has. */
export interface CGILocalRedirect {
  readonly kind: 'local-redirect';
  /** Path and query, as a request would have them: dot segments resolved. */
  readonly location: string;
}

/** The header of an output, and where what is behind it begins. */
export interface CGIHeadText {
  /** Latin1, one character an octet, without the empty line. */
  readonly text: string;
  readonly bodyStart: number;
}

/** The output is none that CGI knows. The message says why, and names nothing but parts of the output. */
export class CGIOutputError extends Error {
  override readonly name = 'CGIOutputError';
}

/** The most octets of a header, its empty line included. */
export const MAX_CGI_HEAD_SIZE = 8 * 1024;

/**
 * The header in the first octets of an output; `undefined` if its end has not come yet. Lines end in LF or CRLF.
 * @throws {CGIOutputError} it is longer than {@link MAX_CGI_HEAD_SIZE}.
 */
export function findCgiHead(octets: Buffer): CGIHeadText | undefined {
  const text = octets.toString('latin1', 0, MAX_CGI_HEAD_SIZE);
  const end = /(?:^|\r?\n)\r?\n/.exec(text);
  if (end !== null) return { text: text.slice(0, end.index), bodyStart: end.index + end[0].length };
  if (octets.length < MAX_CGI_HEAD_SIZE) return undefined;
  throw new CGIOutputError(`the header has more than ${MAX_CGI_HEAD_SIZE} octets`);
}

/**
 * What a header says.
 * @throws {CGIOutputError} it is malformed.
 */
export function parseCgiHead(text: string): CGIAnswer {
  const fields = parseFields(text);
  const status = parseStatus(onlyValue(fields, 'status'));
  const location = onlyValue(fields, 'location');
  if (location === '') throw new CGIOutputError('Location is empty');
  if (location !== undefined && isLocalRedirect(location, fields))
    return { kind: 'local-redirect', location: toTarget(location) };
  const contentLength = parseContentLength(onlyValue(fields, 'content-length'));
  return {
    kind: 'response',
    status: status?.code ?? (location === undefined ? 200 : 302),
    reason: status?.reason,
    fields: fields.filter(([name]) => !SERVERS_OWN.has(name.toLowerCase())),
    contentLength,
    hasContentType: onlyValue(fields, 'content-type') !== undefined,
  };
}

type Field = readonly [name: string, value: string];

/** Those of the connection, which is the server's; Status, which is no field of HTTP; and two that the server sends itself. */
const SERVERS_OWN: ReadonlySet<string> = new Set([
  'connection',
  'date',
  'keep-alive',
  'proxy-connection',
  'server',
  'status',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

function parseFields(text: string): Field[] {
  if (text === '')
    throw new CGIOutputError('the header is empty: it needs a field such as Content-Type: text/plain');
  if (text.startsWith('HTTP/')) {
    throw new CGIOutputError(
      'the header begins with a status line: a field says that here, as in Status: 404 Not Found',
    );
  }
  return text.split(/\r?\n/).map(parseField);
}

function parseField(line: string): Field {
  const [, name, value] = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*(.*)$/s.exec(line) ?? [];
  if (name === undefined || value === undefined) {
    throw new CGIOutputError(`the header has a line that is no field: '${line.slice(0, SHOWN)}'`);
  }
  if (/[^\t\x20-\x7e\x80-\xff]/.test(value)) {
    throw new CGIOutputError(`the value of ${name.slice(0, SHOWN)} has a character that may not be sent`);
  }
  return [name, value.trimEnd()];
}

/** So much of what is wrong is shown. */
const SHOWN = 80;

/** The value of a field that may be there once (RFC 3875 §6.3). */
function onlyValue(fields: readonly Field[], wanted: string): string | undefined {
  const [field, second] = fields.filter(([name]) => name.toLowerCase() === wanted);
  if (second !== undefined) throw new CGIOutputError(`there are two fields ${second[0]}`);
  return field?.[1];
}

function parseStatus(value: string | undefined): { code: number; reason: string | undefined } | undefined {
  if (value === undefined) return undefined;
  const [, code, reason] = /^([2-9]\d\d)(?:[ \t]+(.*))?$/.exec(value) ?? [];
  if (code === undefined) {
    throw new CGIOutputError(
      `Status is a number from 200 to 999 and a reason, not '${value.slice(0, SHOWN)}'`,
    );
  }
  return { code: Number(code), reason };
}

function parseContentLength(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,15}$/.test(value)) return Number(value);
  throw new CGIOutputError(`Content-Length is a number of octets, not '${value.slice(0, SHOWN)}'`);
}

/**
 * RFC 3875 §6.2.2: a path, and no other field. A field that describes a body which will not be looked at does not
 * matter; with any other, such as Set-Cookie or Status, the answer is for the client, so that nothing of it is lost. The
 * same if there is a fragment, which only the client can use.
 */
function isLocalRedirect(location: string, fields: readonly Field[]): boolean {
  if (!location.startsWith('/') || location.includes('#')) return false;
  return fields.every(([name]) =>
    ['location', 'content-type', 'content-length'].includes(name.toLowerCase()),
  );
}

/** What a client would make of it (RFC 3986 §5.2.4), since it does not get it. */
function toTarget(location: string): string {
  const octets = location.replace(
    /[^\x21-\x7e]/g,
    (octet) => `%${Buffer.from(octet, 'latin1').toString('hex')}`,
  );
  const { path, query } = splitTarget(octets);
  try {
    const resolved = encodePath(collapseUrlPath(path));
    return query === undefined ? resolved : `${resolved}?${query}`;
  } catch {
    throw new CGIOutputError(`Location leads above the root: '${location.slice(0, SHOWN)}'`);
  }
}
