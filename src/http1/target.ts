// Request targets and the authority in them and in Host: RFC 9112 §3.2, RFC 3986 §3.2.2. Text in, offsets out.

import {
  ASTERISK,
  COLON,
  HEX_VALUE,
  isDigit,
  OPEN_BRACKET,
  PERCENT,
  QUESTION,
  REG_NAME_CHAR,
  SLASH,
} from './bytes.js';
import { ProtocolError } from './errors.js';

/** Where the parts of an absolute- or authority-form target stand in the text. */
export interface TargetParts {
  readonly authorityStart: number;
  readonly authorityEnd: number;
  /** Where the path begins; the end of the target if there is none. */
  readonly pathStart: number;
}

/**
 * Checks the form of the target `text[start, end)` against the method; its octets are known to be allowed.
 * Origin- and asterisk-form have no parts.
 * @throws {ProtocolError} 400 if it is none of the four forms, or one that the method may not use.
 */
export function parseTarget(
  method: string,
  text: string,
  start: number,
  end: number,
): TargetParts | undefined {
  checkPercentEncoding(text, start, end);
  if (method === 'CONNECT') return parseAuthorityForm(text, start, end);
  if (text.charCodeAt(start) === SLASH) return undefined;
  if (end - start === 1 && text.charCodeAt(start) === ASTERISK && method === 'OPTIONS') return undefined;
  return parseAbsoluteForm(text, start, end);
}

/** Whether `text[start, end)` is `uri-host [":" port]`, not empty, with a port that exists. */
export function isAuthority(text: string, start: number, end: number): boolean {
  const hostEnd =
    text.charCodeAt(start) === OPEN_BRACKET
      ? endOfIpLiteral(text, start, end)
      : endOfRegName(text, start, end);
  return hostEnd > start && isPortSuffix(text, hostEnd, end);
}

function parseAuthorityForm(text: string, start: number, end: number): TargetParts {
  const hasPort = isDigit(text.charCodeAt(end - 1));
  if (!isAuthority(text, start, end) || !hasPort || text.lastIndexOf(':', end - 1) < start) throw badTarget();
  return { authorityStart: start, authorityEnd: end, pathStart: end };
}

function parseAbsoluteForm(text: string, start: number, end: number): TargetParts {
  const scheme = text.slice(start, start + 8).toLowerCase();
  const authorityStart = start + (scheme.startsWith('http://') ? 7 : scheme === 'https://' ? 8 : 0);
  if (authorityStart === start) throw badTarget();
  let pathStart = authorityStart;
  while (pathStart < end && !isPathDelimiter(text.charCodeAt(pathStart))) pathStart++;
  if (!isAuthority(text, authorityStart, pathStart)) throw badTarget();
  return { authorityStart, authorityEnd: pathStart, pathStart };
}

function isPathDelimiter(octet: number): boolean {
  return octet === SLASH || octet === QUESTION;
}

function checkPercentEncoding(text: string, start: number, end: number): void {
  for (let at = text.indexOf('%', start); at >= 0 && at < end; at = text.indexOf('%', at + 3)) {
    if (!isPercentEncoded(text, at, end)) throw badTarget();
  }
}

function isPercentEncoded(text: string, at: number, end: number): boolean {
  return at + 2 < end && isHex(text.charCodeAt(at + 1)) && isHex(text.charCodeAt(at + 2));
}

function isHex(octet: number): boolean {
  return octet < 256 && HEX_VALUE[octet] !== 255;
}

function endOfRegName(text: string, start: number, end: number): number {
  let at = start;
  while (at < end) {
    const octet = text.charCodeAt(at);
    if (octet < 256 && REG_NAME_CHAR[octet] === 1) at++;
    else if (octet === PERCENT && isPercentEncoded(text, at, end)) at += 3;
    else break;
  }
  return at;
}

function endOfIpLiteral(text: string, start: number, end: number): number {
  const close = text.indexOf(']', start);
  if (close < 0 || close >= end || close - start > 46) return start;
  return isIPv6(text.slice(start + 1, close)) ? close + 1 : start;
}

function isPortSuffix(text: string, start: number, end: number): boolean {
  if (start === end) return true;
  if (text.charCodeAt(start) !== COLON) return false;
  let port = 0;
  for (let at = start + 1; at < end; at++) {
    const octet = text.charCodeAt(at);
    if (!isDigit(octet)) return false;
    port = port * 10 + octet - 0x30;
    if (port > 65535) return false;
  }
  return true;
}

function isIPv6(address: string): boolean {
  const halves = address.split('::');
  if (halves.length > 2) return false;
  const groups = halves.map((half) => (half === '' ? [] : half.split(':')));
  const all = groups.flat();
  const last = all.at(-1);
  const embedsIPv4 = last?.includes('.') === true && groups.at(-1)!.length > 0;
  if (embedsIPv4 && !isIPv4(all.pop()!)) return false;
  if (!all.every((group) => /^[0-9A-Fa-f]{1,4}$/.test(group))) return false;
  const count = all.length + (embedsIPv4 ? 2 : 0);
  return halves.length === 2 ? count <= 7 : count === 8;
}

function isIPv4(address: string): boolean {
  const octets = address.split('.');
  return (
    octets.length === 4 && octets.every((octet) => /^(?:0|[1-9]\d{0,2})$/.test(octet) && Number(octet) <= 255)
  );
}

function badTarget(): ProtocolError {
  return new ProtocolError(400, 'BAD_TARGET', 'Bad request target');
}
