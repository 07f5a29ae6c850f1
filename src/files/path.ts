// Request target → canonical path → file path, and back to a URL. Guards, router, CGI detection, log and file lookup
// all use the canonical path made here, so that no other spelling of a path gets another verdict. Knows no file
// system: whether a name exists, and what it really is, is the handler's matter.

import { BACKSLASH, HEX_VALUE, PERCENT, SLASH } from '../http1/bytes.js';
import { isSafeWindowsName } from './windows-name.js';

/** A request target cut at its delimiters, still percent-encoded. */
export interface SplitTarget {
  /** The path; `/` if the target has none. */
  readonly path: string;
  /** What follows the first `?`, without it; `undefined` if there is no `?`, `''` if nothing follows it. */
  readonly query: string | undefined;
}

/** The one form of a path, whatever its spelling in the request. */
export interface CanonicalPath {
  readonly ok: true;
  /** Decoded, `/` first, no trailing slash: `/`, `/a`, `/a/b`. For guards and logs, not for a URL: see `encodePath`. */
  readonly path: string;
  /** The same in pieces: never empty, `.` or `..`, without `/`, `\` and NUL. None for the root. */
  readonly segments: readonly string[];
  /** Whether the request asked for a directory: `/a/`, `/a//`, `/a/.`, and the root itself. */
  readonly trailingSlash: boolean;
  /** What `isHidden` says of the segments. */
  readonly hidden: boolean;
}

/** Why a path names nothing here. */
export type PathRefusalReason =
  | 'bad-percent-encoding'
  | 'bad-utf8'
  | 'nul'
  | 'backslash'
  | 'encoded-slash'
  | 'dot-dot'
  | 'outside-base'
  | 'windows-name';

/** A path that is not served, and the status that says so. */
export interface PathRefusal {
  readonly ok: false;
  /** 400 if it is not the encoding of a path at all, 404 if it is one that can name nothing here. */
  readonly status: 400 | 404;
  readonly reason: PathRefusalReason;
}

/** Cuts a request target into path and query. Absolute-form loses scheme and authority (RFC 9112 §3.2.2); a fragment is dropped. */
export function splitTarget(target: string): SplitTarget {
  const local = target.startsWith('/') ? target : target.replace(/^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^/?#]*/, '');
  const whole = before(local, '#');
  const path = before(whole, '?');
  return { path: path || '/', query: path.length < whole.length ? whole.slice(path.length + 1) : undefined };
}

/**
 * The canonical path of a request target, or why there is none. Never throws; linear in the target's length.
 * Percent-encoding is undone exactly once, and the octets must be UTF-8. A `..` segment is refused, not resolved: no
 * client that follows RFC 3986 §5.2.4 sends one, and two parties that resolve it differently disagree about a guard.
 * @param target any form but asterisk-form, one latin1 character an octet as read from the wire; its query and
 * fragment do not matter; the first slash may be missing.
 */
export function parsePath(target: string): CanonicalPath | PathRefusal {
  const text = decode(splitTarget(target).path);
  if (typeof text !== 'string') return text;
  const pieces = text.split('/');
  if (pieces.includes('..')) return refuse(404, 'dot-dot');
  const segments = pieces.filter((piece) => piece !== '' && piece !== '.');
  return {
    ok: true,
    path: `/${segments.join('/')}`,
    segments,
    trailingSlash: segments.at(-1) !== pieces.at(-1),
    hidden: isHidden(segments),
  };
}

/** The part of a path below `base`, as if that were the root; `undefined` if the path does not lie there. */
export function belowBase(path: CanonicalPath, base: CanonicalPath): CanonicalPath | undefined {
  const depth = base.segments.length;
  if (base.segments.some((segment, index) => segment !== path.segments[index])) return undefined;
  const segments = path.segments.slice(depth);
  return { ...path, path: `/${segments.join('/')}`, segments, hidden: isHidden(segments) };
}

/** The segments of a path below which others lie, such as `/docs`; none if it is the root, or names nothing. */
export function baseSegments(base: string): readonly string[] {
  const path = base === '' ? undefined : parsePath(base);
  return path?.ok === true ? path.segments : [];
}

/**
 * Whether a segment begins with a dot, such as `.git` or `.env`; `.well-known` is public, but only as the first
 * (RFC 8615). Ask it of the real path below the root as well: a link `pub` → `.env` hides nothing.
 */
export function isHidden(segments: readonly string[]): boolean {
  return segments.some(
    (segment, index) => segment.startsWith('.') && !(index === 0 && segment === '.well-known'),
  );
}

/**
 * The file below `root` that the segments name, without a trailing separator; on Windows a refusal if a segment
 * would reach something else there: a device, a stream, a drive. Only text: links are not looked at, so check the
 * real path with `isInside`.
 * @param root an absolute path. @param segments of a `CanonicalPath`. @param platform as `process.platform` says.
 */
export function toFilePath(
  root: string,
  segments: readonly string[],
  platform: string,
): string | PathRefusal {
  const windows = platform === 'win32';
  if (windows && !segments.every(isSafeWindowsName)) return refuse(404, 'windows-name');
  const separator = windows ? '\\' : '/';
  return segments.length === 0 ? root : withEnd(root, separator) + segments.join(separator);
}

/**
 * Whether `realPath` is `root` or lies below it: `/srv/www-secret` is not inside `/srv/www`. Both must be real
 * paths (links resolved, true case); `separator` is `path.sep`.
 */
export function isInside(root: string, realPath: string, separator: string): boolean {
  return realPath === root || realPath.startsWith(withEnd(root, separator));
}

/**
 * A form of a name or path in which two spellings of one file on a case-insensitive file system (Windows, macOS)
 * are equal. For comparing only: the length may change, so no position in it says anything about the original.
 */
export function foldCase(text: string): string {
  // Upper case first, because that also joins what lower case keeps apart: ſ and s, ς and σ, ß and ss.
  return text.normalize('NFC').toUpperCase().toLowerCase().normalize('NFC');
}

/**
 * A decoded path for a URL: every octet but RFC 3986's unreserved characters and `/` is percent-encoded, `:` and `'`
 * too, so that the result can be read neither as a scheme nor as the end of an attribute. Lone surrogates become U+FFFD.
 */
export function encodePath(path: string): string {
  return percentEncode(path, 'utf8', /[^A-Za-z0-9\-._~/]+/g);
}

/** One file name for a URL, `/` included. */
export function encodeSegment(name: string): string {
  return percentEncode(name, 'utf8', /[^A-Za-z0-9\-._~]+/g);
}

/**
 * A `Location` that leads to `path` on this same host: one `/` first, then neither `/` nor `\`, which browsers would
 * take for the beginning of another host's name.
 * @param path decoded; a trailing slash stays. @param query as `splitTarget` gives it; kept, made safe for a field value.
 */
export function redirectLocation(path: string, query?: string): string {
  const location = `/${encodePath(path.replace(/^[/\\]+/, ''))}`;
  if (query === undefined) return location;
  return `${location}?${percentEncode(query, 'latin1', /[^A-Za-z0-9\-._~!$&'()*+,;=:@/?%]+/g)}`;
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decode(raw: string): string | PathRefusal {
  if (!/[%\\\0\x80-\uffff]/.test(raw)) return raw;
  const octets = new Uint8Array(raw.length);
  let length = 0;
  for (let at = 0; at < raw.length; at++) {
    let octet = raw.charCodeAt(at);
    if (octet > 0xff) return refuse(400, 'bad-utf8');
    if (octet === PERCENT) {
      octet = encodedOctet(raw, at);
      at += 2;
      if (octet < 0) return refuse(400, 'bad-percent-encoding');
      if (octet === SLASH) return refuse(404, 'encoded-slash');
    }
    if (octet === 0) return refuse(400, 'nul');
    if (octet === BACKSLASH) return refuse(404, 'backslash');
    octets[length++] = octet;
  }
  return decodeUtf8(octets.subarray(0, length));
}

/** The octet that `%XX` at `at` stands for; negative if it is not two hexadecimal digits. */
function encodedOctet(text: string, at: number): number {
  const high = HEX_VALUE[text.charCodeAt(at + 1)] ?? 255;
  const low = HEX_VALUE[text.charCodeAt(at + 2)] ?? 255;
  return high === 255 || low === 255 ? -1 : high * 16 + low;
}

function decodeUtf8(octets: Uint8Array): string | PathRefusal {
  try {
    return strictUtf8.decode(octets);
  } catch {
    return refuse(400, 'bad-utf8');
  }
}

function percentEncode(text: string, encoding: 'utf8' | 'latin1', reserved: RegExp): string {
  return text.replace(reserved, (run) => {
    const hex = Buffer.from(run, encoding).toString('hex').toUpperCase();
    return hex.replace(/../g, '%$&');
  });
}

function refuse(status: 400 | 404, reason: PathRefusalReason): PathRefusal {
  return { ok: false, status, reason };
}

function before(text: string, delimiter: string): string {
  const at = text.indexOf(delimiter);
  return at < 0 ? text : text.slice(0, at);
}

function withEnd(path: string, separator: string): string {
  return path.endsWith(separator) ? path : path + separator;
}
