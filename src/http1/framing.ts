// Every decision about where a message ends and whether the connection persists, for both directions, made once from
// the head (RFC 9112 §6, §9). Pure: fields in, decisions out.

import { ProtocolError } from './errors.js';
import { mayHaveBody } from './status.js';
import { isAuthority } from './target.js';

/** A `bodyLength` that is told by chunks as they come. */
export const CHUNKED = -1;

/** What the framing fields of a request say. */
export interface RequestFraming {
  /** Octets of the body, or `CHUNKED`. */
  bodyLength: number;
  /** Whether the client lets the connection persist. */
  persistent: boolean;
  /** Whether the client asks for that by name, and so may be told for how long. */
  keepAlive: boolean;
  /** Whether the client waits for 100 (Continue) before it sends the body. */
  expectsContinue: boolean;
  /** Whether `Connection: upgrade` and `Upgrade` ask for another protocol. */
  upgrade: boolean;
  /** Index of the Host field; -1 without one. */
  hostIndex: number;
}

/**
 * Reads the fields that affect framing. `offsets` holds nameStart, nameEnd, valueStart, valueEnd of each field.
 * @throws {ProtocolError} 400, 413, 417 or 501, as MUST 1–6, 16 and 25 say.
 */
export function frameRequest(minor: number, text: string, offsets: readonly number[]): RequestFraming {
  const framing: RequestFraming = {
    bodyLength: 0,
    persistent: minor > 0,
    keepAlive: false,
    expectsContinue: false,
    upgrade: false,
    hostIndex: -1,
  };
  let contentLength = -1;
  let chunked = false;
  let connection = 0;
  let hasUpgrade = false;
  for (let i = 0; i < offsets.length; i += 4) {
    const name = offsets[i]!;
    const valueStart = offsets[i + 2]!;
    const valueEnd = offsets[i + 3]!;
    // The lengths of the six names that matter are all different, so most fields are passed over by one comparison.
    switch (offsets[i + 1]! - name) {
      case 4:
        if (!isName(text, name, 'host')) break;
        if (framing.hostIndex >= 0) throw badHost('More than one Host');
        if (!isAuthority(text, valueStart, valueEnd)) throw badHost('Bad Host');
        framing.hostIndex = i / 4;
        break;
      case 6:
        if (!isName(text, name, 'expect')) break;
        framing.expectsContinue = parseExpect(text.slice(valueStart, valueEnd)) && minor > 0;
        break;
      case 7:
        if (isName(text, name, 'upgrade')) hasUpgrade = true;
        break;
      case 10:
        if (isName(text, name, 'connection'))
          connection |= connectionOptions(text.slice(valueStart, valueEnd));
        break;
      case 14:
        if (!isName(text, name, 'content-length')) break;
        if (contentLength >= 0)
          throw new ProtocolError(400, 'BAD_CONTENT_LENGTH', 'More than one Content-Length');
        contentLength = parseContentLength(text, valueStart, valueEnd);
        break;
      case 17:
        if (!isName(text, name, 'transfer-encoding')) break;
        if (chunked) throw badTransferEncoding();
        chunked = parseTransferEncoding(text.slice(valueStart, valueEnd), minor);
        break;
    }
  }
  if (chunked && contentLength >= 0) {
    throw new ProtocolError(400, 'AMBIGUOUS_FRAMING', 'Both Transfer-Encoding and Content-Length');
  }
  if (framing.hostIndex < 0 && minor > 0) throw badHost('Host is missing');
  framing.bodyLength = chunked ? CHUNKED : Math.max(contentLength, 0);
  framing.expectsContinue &&= framing.bodyLength !== 0;
  framing.upgrade = hasUpgrade && minor > 0 && (connection & UPGRADE) !== 0;
  if ((connection & CLOSE) !== 0) framing.persistent = false;
  else if ((connection & KEEP_ALIVE) !== 0) framing.persistent = framing.keepAlive = true;
  return framing;
}

/** How the end of a response is marked. */
export type BodyFraming = 'none' | 'length' | 'chunked' | 'close';

/** How a response to a request with this method and HTTP/1.`minor` is framed (RFC 9112 §6.3). */
export function frameResponse(
  method: string,
  minor: number,
  head: { readonly status: number; readonly version: string; readonly contentLength: number | undefined },
): BodyFraming {
  if (!responseHasBody(method, head.status)) return 'none';
  if (head.contentLength !== undefined) return 'length';
  return minor > 0 && head.version !== 'HTTP/1.0' ? 'chunked' : 'close';
}

/** Whether a response with this status to this method carries a body (RFC 9110 §6.4.1). */
export function responseHasBody(method: string, status: number): boolean {
  return method !== 'HEAD' && mayHaveBody(status) && !(method === 'CONNECT' && status < 300);
}

const CLOSE = 1;
const KEEP_ALIVE = 2;
const UPGRADE = 4;

/** The options of one Connection field line, as bits; options we do not know are none of our business. */
function connectionOptions(value: string): number {
  if (value === 'keep-alive') return KEEP_ALIVE; // what every browser sends
  let options = 0;
  for (const name of listMembers(value)) {
    if (name === 'close') options |= CLOSE;
    else if (name === 'keep-alive') options |= KEEP_ALIVE;
    else if (name === 'upgrade') options |= UPGRADE;
  }
  return options;
}

function parseExpect(value: string): boolean {
  if (value.toLowerCase() !== '100-continue') {
    throw new ProtocolError(417, 'BAD_EXPECTATION', 'The only expectation supported is 100-continue');
  }
  return true;
}

function parseContentLength(text: string, start: number, end: number): number {
  let length = 0;
  for (let at = start; at < end; at++) {
    const digit = text.charCodeAt(at) - 0x30;
    if (!(digit >= 0 && digit <= 9)) throw new ProtocolError(400, 'BAD_CONTENT_LENGTH', 'Bad Content-Length');
    length = length * 10 + digit;
  }
  if (start === end) throw new ProtocolError(400, 'BAD_CONTENT_LENGTH', 'Bad Content-Length');
  if (end - start > 16 || length > Number.MAX_SAFE_INTEGER) {
    throw new ProtocolError(413, 'BODY_TOO_LARGE', 'Content-Length is too large');
  }
  return length;
}

function parseTransferEncoding(value: string, minor: number): true {
  if (minor === 0) throw badTransferEncoding('Transfer-Encoding in HTTP/1.0');
  if (value.toLowerCase() === 'chunked') return true;
  // Only a coding, or a list of them that ends in chunked, could have been understood (RFC 9112 §6.1); the rest is bad.
  const codings = listMembers(value);
  const last = codings.pop()!;
  const endsInChunked = codings.length === 0 || last === 'chunked';
  if (endsInChunked && TOKEN.test(last) && codings.every((name) => TOKEN.test(name) && name !== 'chunked')) {
    throw new ProtocolError(501, 'UNSUPPORTED_TRANSFER_CODING', 'Unsupported transfer coding');
  }
  throw badTransferEncoding();
}

const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/;

/** The members of a comma-separated list in lower case, without the blanks around them: SP and HTAB, nothing else. */
function listMembers(value: string): string[] {
  return value.toLowerCase().split(',').map(trimBlanks);
}

// A loop, since /[ \t]+$/ takes quadratic time for blanks in the middle.
function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text, start)) start++;
  while (end > start && isBlank(text, end - 1)) end--;
  return text.slice(start, end);
}

function isBlank(text: string, at: number): boolean {
  return text[at] === ' ' || text[at] === '\t';
}

function badTransferEncoding(sentence = 'Bad Transfer-Encoding'): ProtocolError {
  return new ProtocolError(400, 'BAD_TRANSFER_ENCODING', sentence);
}

function badHost(sentence: string): ProtocolError {
  return new ProtocolError(400, 'BAD_HOST', sentence);
}

/** Whether `text` at `start` is `name`, which is lower case and of the right length. */
function isName(text: string, start: number, name: string): boolean {
  for (let i = 0; i < name.length; i++) {
    // Of the letters of these names, none has a partner that differs in bit 5 alone and is a tchar; '-' is itself.
    if ((text.charCodeAt(start + i) | 0x20) !== name.charCodeAt(i)) return false;
  }
  return true;
}
