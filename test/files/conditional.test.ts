import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Conditions,
  clampLastModified,
  evaluate,
  ifRangeMatches,
  makeEtag,
  type Validators,
  type Verdict,
} from '../../src/files/conditional.js';
import { formatHttpDate } from '../../src/http1/date.js';

const MODIFIED = Date.UTC(2024, 4, 1, 12, 0, 0);
const NOW = Date.UTC(2024, 5, 1);
const AT = formatHttpDate(MODIFIED);
const BEFORE = formatHttpDate(MODIFIED - 1000);
const AFTER = formatHttpDate(MODIFIED + 1000);
const WEAK: Validators = { etag: 'W/"a"', lastModifiedMs: MODIFIED + 789 };
const STRONG: Validators = { etag: '"a"', lastModifiedMs: MODIFIED + 789 };

function get(conditions: Conditions, validators = WEAK): Verdict {
  return evaluate(conditions, validators, 'GET', NOW);
}

describe('evaluate', () => {
  it('proceeds without conditions', () => {
    expect(get({})).toBe('proceed');
    expect(get({}, {})).toBe('proceed');
  });

  it.each([
    ['*', 'not-modified'],
    [' * ', 'not-modified'],
    ['W/"a"', 'not-modified'],
    ['"a"', 'not-modified'],
    ['"x", W/"y" ,\t"a"', 'not-modified'],
    [', ,"a",,', 'not-modified'],
    ['"b,c", "a"', 'not-modified'],
    ['"b"', 'proceed'],
    ['"A"', 'proceed'],
    ['', 'proceed'],
    ['a', 'proceed'],
    ['w/"a"', 'proceed'],
    ['"a" "a"', 'proceed'],
    ['"a', 'proceed'],
    ['"a", garbage', 'proceed'],
    ['*, "a"', 'proceed'],
  ])('MUST 65 (pure part): If-None-Match %j: %s', (ifNoneMatch, verdict) => {
    expect(get({ ifNoneMatch })).toBe(verdict);
    expect(get({ ifNoneMatch }, STRONG)).toBe(verdict);
  });

  it('MUST 65 (pure part): If-None-Match takes precedence over If-Modified-Since', () => {
    expect(get({ ifNoneMatch: '"b"', ifModifiedSince: AT })).toBe('proceed');
    expect(get({ ifNoneMatch: '"a"', ifModifiedSince: BEFORE })).toBe('not-modified');
    // Python ignores both when both are there; RFC 9110 §13.2.2 does not.
    expect(get({ ifNoneMatch: '*', ifModifiedSince: AT })).toBe('not-modified');
  });

  it('a matching If-None-Match fails a method that would change something', () => {
    expect(evaluate({ ifNoneMatch: '*' }, WEAK, 'PUT', NOW)).toBe('precondition-failed');
    expect(evaluate({ ifNoneMatch: '"a"' }, WEAK, 'HEAD', NOW)).toBe('not-modified');
  });

  it.each([
    [AT, 'not-modified'],
    [AFTER, 'not-modified'],
    [formatHttpDate(NOW + 3_600_000), 'not-modified'],
    [BEFORE, 'proceed'],
    ['Wednesday, 01-May-24 12:00:00 GMT', 'not-modified'],
    ['Wed May  1 12:00:00 2024', 'not-modified'],
    ['garbage', 'proceed'],
    ['', 'proceed'],
    [`${AT}, ${AT}`, 'proceed'],
  ])('MUST 64 (pure part): If-Modified-Since %j: %s', (ifModifiedSince, verdict) => {
    expect(get({ ifModifiedSince })).toBe(verdict);
  });

  it('If-Modified-Since is for GET and HEAD, and for what has a date', () => {
    expect(evaluate({ ifModifiedSince: AT }, WEAK, 'HEAD', NOW)).toBe('not-modified');
    expect(evaluate({ ifModifiedSince: AT }, WEAK, 'POST', NOW)).toBe('proceed');
    expect(get({ ifModifiedSince: AT }, { etag: '"a"' })).toBe('proceed');
  });

  it('If-Match compares strongly', () => {
    expect(get({ ifMatch: '"x", "a"' }, STRONG)).toBe('proceed');
    expect(get({ ifMatch: '*' }, {})).toBe('proceed');
    expect(get({ ifMatch: 'W/"a"' }, WEAK)).toBe('precondition-failed');
    expect(get({ ifMatch: '"a"' }, WEAK)).toBe('precondition-failed');
    expect(get({ ifMatch: '"b"' }, STRONG)).toBe('precondition-failed');
    expect(get({ ifMatch: '"a"' }, {})).toBe('precondition-failed');
  });

  it('If-Unmodified-Since fails what is younger; garbage is no condition', () => {
    expect(get({ ifUnmodifiedSince: BEFORE })).toBe('precondition-failed');
    expect(get({ ifUnmodifiedSince: AT })).toBe('proceed');
    expect(get({ ifUnmodifiedSince: 'garbage' })).toBe('proceed');
    expect(get({ ifUnmodifiedSince: BEFORE }, {})).toBe('proceed');
  });

  it('MUST 65 (pure part): If-Match displaces If-Unmodified-Since, and both come before the others', () => {
    expect(get({ ifMatch: '"a"', ifUnmodifiedSince: BEFORE }, STRONG)).toBe('proceed');
    expect(get({ ifMatch: '"b"', ifNoneMatch: '"a"' }, STRONG)).toBe('precondition-failed');
    expect(get({ ifMatch: '"a"', ifNoneMatch: '"a"' }, STRONG)).toBe('not-modified');
    expect(get({ ifUnmodifiedSince: BEFORE, ifModifiedSince: AT })).toBe('precondition-failed');
  });

  it('MUST 64 (pure part): any text in any field has a verdict', () => {
    const field = fc.option(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.array(fc.constantFrom('"', 'W/', ',', ' ', 'a', '*', AT, '\t')).map((pieces) => pieces.join('')),
      ),
      { nil: undefined },
    );
    const conditions = fc.record({
      ifMatch: field,
      ifNoneMatch: field,
      ifModifiedSince: field,
      ifUnmodifiedSince: field,
    });
    fc.assert(
      fc.property(
        conditions,
        fc.constantFrom(WEAK, STRONG, {}),
        fc.constantFrom('GET', 'PUT'),
        (fields, validators, method) => {
          expect(['proceed', 'not-modified', 'precondition-failed']).toContain(
            evaluate(fields, validators, method, NOW),
          );
        },
      ),
    );
  });

  it('MUST 66 (pure part): long lists of entity tags cost linear time', () => {
    const n = 300_000;
    expect(get({ ifNoneMatch: `${'"b", '.repeat(n)}"a"` })).toBe('not-modified');
    expect(get({ ifNoneMatch: `${' '.repeat(n)}x` })).toBe('proceed');
    expect(get({ ifNoneMatch: `"a"${' '.repeat(n)}x` })).toBe('proceed');
    expect(get({ ifNoneMatch: `"${'a'.repeat(n)}` })).toBe('proceed');
    expect(get({ ifNoneMatch: 'W/'.repeat(n) })).toBe('proceed');
  });
});

describe('ifRangeMatches', () => {
  it.each([
    [undefined, WEAK, true],
    ['"a"', STRONG, true],
    ['"b"', STRONG, false],
    ['"a"', WEAK, false],
    ['W/"a"', WEAK, false],
    ['W/"a"', STRONG, false],
    ['"a"', {}, false],
    [AT, WEAK, true],
    [BEFORE, WEAK, false],
    [AFTER, WEAK, false],
    [AT, {}, false],
    ['garbage', {}, false],
    ['', {}, false],
    ['*', STRONG, false],
  ])('MUST 65 (pure part): If-Range %j', (field, validators, matches) => {
    expect(ifRangeMatches(field, validators, NOW)).toBe(matches);
  });

  it('MUST 65 (pure part): a date whose second is not over is not strong enough', () => {
    expect(ifRangeMatches(AT, WEAK, MODIFIED + 999)).toBe(false);
    expect(ifRangeMatches(AT, WEAK, MODIFIED + 1000)).toBe(true);
  });
});

describe('makeEtag', () => {
  it('MUST 65 (pure part): is weak, and made of size, time and variant alone', () => {
    expect(makeEtag(255, 4096.75)).toBe('W/"ff-1000"');
    expect(makeEtag(255, 4096, 'gzip')).toBe('W/"ff-1000-gzip"');
    expect(makeEtag(255, 4096, 'identity')).toBe('W/"ff-1000"');
  });

  it('differs when size or time do, and is read back by If-None-Match', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.maxSafeNat(), fc.maxSafeNat(), (size, time, other) => {
        const etag = makeEtag(size, time);
        expect(evaluate({ ifNoneMatch: `"x", ${etag}` }, { etag }, 'GET', NOW)).toBe('not-modified');
        expect(makeEtag(other, time) === etag).toBe(other === size);
        expect(makeEtag(size, other) === etag).toBe(other === time);
      }),
    );
  });
});

describe('clampLastModified', () => {
  it('MUST 64 (pure part): whole seconds, never later than now', () => {
    expect(clampLastModified(1999.9, NOW)).toBe(1000);
    expect(clampLastModified(NOW + 1e9, NOW + 500)).toBe(NOW);
    expect(formatHttpDate(clampLastModified(-1e300, NOW))).toBe('Thu, 01 Jan 1970 00:00:00 GMT');
    // A file from the future is as old as the clock, so a copy of it is never taken for fresh a second later.
    const future: Validators = { lastModifiedMs: NOW + 1e9 };
    expect(evaluate({ ifModifiedSince: formatHttpDate(NOW) }, future, 'GET', NOW + 1000)).toBe('proceed');
  });
});
