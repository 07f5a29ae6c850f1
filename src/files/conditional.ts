// Validators and conditional requests: RFC 9110 §8.8 and §13. Values in, verdict out; the clock is an argument.

import { parseHttpDate } from '../http1/date.js';

/** The conditional fields of a request as received; several lines of one field joined by `, `. */
export interface Conditions {
  readonly ifMatch?: string | undefined;
  readonly ifNoneMatch?: string | undefined;
  readonly ifModifiedSince?: string | undefined;
  readonly ifUnmodifiedSince?: string | undefined;
}

/** What the server knows of the representation it would send. */
export interface Validators {
  /** With its quotes, and `W/` if weak. */
  readonly etag?: string | undefined;
  /** Milliseconds since the epoch. */
  readonly lastModifiedMs?: number | undefined;
}

/** Answer as if unconditional, 304 (Not Modified), or 412 (Precondition Failed). */
export type Verdict = 'proceed' | 'not-modified' | 'precondition-failed';

/**
 * What the conditions make of a request for a representation that exists, in the order of RFC 9110 §13.2.2: an
 * entity-tag field displaces the date field it was made to replace. A date that cannot be read is no condition; a
 * list of entity tags that cannot be read matches nothing.
 * @param method case-sensitive. @param nowMs milliseconds since the epoch.
 */
export function evaluate(
  conditions: Conditions,
  validators: Validators,
  method: string,
  nowMs: number,
): Verdict {
  const { ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince } = conditions;
  const reads = method === 'GET' || method === 'HEAD';
  if (ifMatch !== undefined) {
    if (!listMatches(ifMatch, validators.etag, strongMatch)) return 'precondition-failed';
  } else if (changedSince(ifUnmodifiedSince, validators, nowMs) === true) {
    return 'precondition-failed';
  }
  if (ifNoneMatch !== undefined) {
    if (!listMatches(ifNoneMatch, validators.etag, weakMatch)) return 'proceed';
    return reads ? 'not-modified' : 'precondition-failed';
  }
  return reads && changedSince(ifModifiedSince, validators, nowMs) === false ? 'not-modified' : 'proceed';
}

/**
 * Whether a Range may be honoured (RFC 9110 §13.1.5); without the field it may. Only a strong validator will do,
 * since parts of two versions must never be put together: a weak entity tag never matches, and a date only if it is
 * exactly ours and its second is over, so that no second change can hide in it.
 */
export function ifRangeMatches(ifRange: string | undefined, validators: Validators, nowMs: number): boolean {
  if (ifRange === undefined) return true;
  if (/^(?:W\/)?"/.test(ifRange))
    return validators.etag !== undefined && strongMatch(ifRange, validators.etag);
  const modified = lastModified(validators, nowMs);
  return modified !== undefined && parseHttpDate(ifRange, nowMs) === modified && nowMs - modified >= 1000;
}

/**
 * The weak entity tag of a file: size and time of change say that it is the same for a reader, not that it is the
 * same octet by octet. Holds no inode, which would differ between machines and tell about them.
 * @param mtimeMs milliseconds since the epoch. @param encoding the content coding of the variant, such as `gzip`.
 */
export function makeEtag(size: number, mtimeMs: number, encoding?: string): string {
  const variant = encoding === undefined || encoding === 'identity' ? '' : `-${encoding}`;
  return `W/"${size.toString(16)}-${Math.trunc(mtimeMs).toString(16)}${variant}"`;
}

/**
 * The time to send as Last-Modified: whole seconds; never later than now, since another clock may have set the
 * file's time (RFC 9110 §8.8.2.1); nor before 1970, since file systems hold years that an HTTP date does not.
 * Milliseconds since the epoch, as are the arguments.
 */
export function clampLastModified(mtimeMs: number, nowMs: number): number {
  return Math.floor(Math.max(Math.min(mtimeMs, nowMs), 0) / 1000) * 1000;
}

function lastModified(validators: Validators, nowMs: number): number | undefined {
  return validators.lastModifiedMs === undefined
    ? undefined
    : clampLastModified(validators.lastModifiedMs, nowMs);
}

/** Whether the representation is younger than the date; `undefined` if one of the two is not known. */
function changedSince(date: string | undefined, validators: Validators, nowMs: number): boolean | undefined {
  const modified = lastModified(validators, nowMs);
  const since = date === undefined ? undefined : parseHttpDate(date, nowMs);
  return modified === undefined || since === undefined ? undefined : modified > since;
}

type Comparison = (one: string, other: string) => boolean;

function strongMatch(one: string, other: string): boolean {
  return one === other && !one.startsWith('W/');
}

function weakMatch(one: string, other: string): boolean {
  return opaque(one) === opaque(other);
}

function opaque(tag: string): string {
  return tag.startsWith('W/') ? tag.slice(2) : tag;
}

/** `*` matches whatever exists. */
function listMatches(list: string, etag: string | undefined, matches: Comparison): boolean {
  if (list === etag) return matches(list, etag); // what most send: one, and the right one
  if (list.trim() === '*') return true;
  return etag !== undefined && entityTags(list).some((tag) => matches(tag, etag));
}

/** `#entity-tag`, empty members allowed; no tags at all if the list is malformed. Linear: a cursor that only advances. */
function entityTags(list: string): string[] {
  const member = /[ \t]*(?:((?:W\/)?"[\x21\x23-\x7e\x80-\xff]*")[ \t]*)?(?:,|$)/y;
  const tags: string[] = [];
  while (member.lastIndex < list.length) {
    const found = member.exec(list);
    if (found === null) return [];
    if (found[1] !== undefined) tags.push(found[1]);
  }
  return tags;
}
