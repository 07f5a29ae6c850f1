import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { formatHttpDate, formatLogDate, parseHttpDate } from '../../src/http1/date.js';

const YEAR_0 = Date.UTC(2000, 0, 1) - 730_485 * 86_400_000;
const YEAR_9999_END = Date.UTC(9999, 11, 31, 23, 59, 59, 999);
const RFC_EXAMPLE = Date.UTC(1994, 10, 6, 8, 49, 37);
const NOW = Date.UTC(2026, 6, 1);

const anyTime = fc.integer({ min: YEAR_0, max: YEAR_9999_END });
const notTimes = [Number.NaN, Infinity, -Infinity, YEAR_0 - 1, YEAR_9999_END + 1, 8.64e15 + 1];

describe('formatHttpDate', () => {
  it("The result looks like 'Sun, 06 Nov 1994 08:49:37 GMT'.", () => {
    expect(formatHttpDate(RFC_EXAMPLE)).toBe('Sun, 06 Nov 1994 08:49:37 GMT');
  });

  it('is what toUTCString says, in every year from 0 to 9999', () => {
    fc.assert(fc.property(anyTime, (ms) => formatHttpDate(ms) === new Date(ms).toUTCString()));
    expect(formatHttpDate(YEAR_0)).toBe('Sat, 01 Jan 0000 00:00:00 GMT');
    expect(formatHttpDate(YEAR_9999_END)).toBe('Fri, 31 Dec 9999 23:59:59 GMT');
  });

  it.each(notTimes)('throws a RangeError for %s', (ms) => {
    expect(() => formatHttpDate(ms)).toThrow(RangeError);
  });
});

describe('formatLogDate', () => {
  const zone = process.env['TZ'];
  afterEach(() => {
    if (zone === undefined) delete process.env['TZ'];
    else process.env['TZ'] = zone;
  });

  it('is in local time', () => {
    process.env['TZ'] = 'Asia/Kolkata';
    expect(formatLogDate(Date.UTC(1994, 10, 5, 18, 30, 7))).toBe('06/Nov/1994 00:00:07');
    process.env['TZ'] = 'UTC';
    expect(formatLogDate(Date.UTC(1994, 10, 5, 18, 30, 7))).toBe('05/Nov/1994 18:30:07');
  });

  it.each(notTimes)('throws a RangeError for %s', (ms) => {
    expect(() => formatLogDate(ms)).toThrow(RangeError);
  });
});

describe('parseHttpDate', () => {
  it.each(['Sun, 06 Nov 1994 08:49:37 GMT', 'Sunday, 06-Nov-94 08:49:37 GMT', 'Sun Nov  6 08:49:37 1994'])(
    'reads the format of RFC 9110: %s',
    (text) => {
      expect(parseHttpDate(text, NOW)).toBe(RFC_EXAMPLE);
    },
  );

  it('reads what formatHttpDate writes', () => {
    fc.assert(
      fc.property(anyTime, (ms) => parseHttpDate(formatHttpDate(ms), NOW) === Math.floor(ms / 1000) * 1000),
    );
  });

  it.each([
    ['leap day', 'Thu, 29 Feb 2024 00:00:00 GMT', Date.UTC(2024, 1, 29)],
    ['leap day of 2000', 'Tue, 29 Feb 2000 00:00:00 GMT', Date.UTC(2000, 1, 29)],
    ['leap second', 'Sat, 31 Dec 2016 23:59:60 GMT', Date.UTC(2017, 0, 1)],
    ['last second of a day', 'Sat, 31 Dec 2016 23:59:59 GMT', Date.UTC(2016, 11, 31, 23, 59, 59)],
    ['another day’s name', 'Mon, 06 Nov 1994 08:49:37 GMT', RFC_EXAMPLE],
    ['asctime with two digits', 'Wed Nov 16 08:49:37 1994', Date.UTC(1994, 10, 16, 8, 49, 37)],
  ])('accepts a %s', (_, text, ms) => {
    expect(parseHttpDate(text, NOW)).toBe(ms);
  });

  it.each([
    ['', 'nothing'],
    ['Sun, 06 Nov 1994 08:49:37', 'no zone'],
    ['Sun, 06 Nov 1994 08:49:37 UTC', 'another zone'],
    ['Sun, 06 Nov 1994 08:49:37 +0000', 'an offset'],
    ['Sun, 06 Nov 1994 08:49:37 GMT ', 'white space behind'],
    [' Sun, 06 Nov 1994 08:49:37 GMT', 'white space before'],
    ['Sun, 06 Nov 1994 08:49:37 GMT; length=3', 'an extension'],
    ['sun, 06 nov 1994 08:49:37 gmt', 'lower case'],
    ['Son, 06 Nov 1994 08:49:37 GMT', 'no name of a day'],
    ['Sun, 06 Nov 94 08:49:37 GMT', 'a two-digit year'],
    ['Sun, 6 Nov 1994 08:49:37 GMT', 'a one-digit day'],
    ['Sun, 06 Nov 1994 24:00:00 GMT', 'hour 24'],
    ['Sun, 06 Nov 1994 08:60:37 GMT', 'minute 60'],
    ['Sun, 06 Nov 1994 08:49:61 GMT', 'second 61'],
    ['Sun, 00 Nov 1994 08:49:37 GMT', 'day 0'],
    ['Thu, 31 Nov 1994 08:49:37 GMT', 'day 31 of November'],
    ['Wed, 29 Feb 2023 00:00:00 GMT', 'a leap day in no leap year'],
    ['Thu, 29 Feb 1900 00:00:00 GMT', 'a leap day in 1900'],
    ['Sunday, 06-Nov-1994 08:49:37 GMT', 'RFC 850 with four digits'],
    ['Sun, 06-Nov-94 08:49:37 GMT', 'RFC 850 with a short name'],
    ['Sun Nov 6 08:49:37 1994', 'asctime with one digit'],
    ['Sun Nov  6 08:49:37 1994 GMT', 'asctime with a zone'],
    ['٠٦ Nov 1994', 'digits that are not ASCII'],
    ['1994-11-06T08:49:37Z', 'ISO 8601'],
    ['784111777', 'a number'],
  ])('does not take %j (%s) for a date', (text) => {
    expect(parseHttpDate(text, NOW)).toBeUndefined();
  });

  it.each([
    ['01-Jan-26', 2026, 2026],
    ['01-Jan-76', 2026, 2076],
    ['01-Jul-76', 2026, 2076],
    ['02-Jul-76', 2026, 1976],
    ['01-Jan-94', 2026, 1994],
    ['01-Jan-00', 2026, 2000],
    ['01-Jan-05', 2090, 2105],
    ['01-Jan-40', 2090, 2140],
    ['01-Jan-41', 2090, 2041],
    ['29-Feb-00', 2026, 2000],
  ])('takes the year of %s, read in %i, for %i: at most 50 years ahead', (day, now, year) => {
    const ms = parseHttpDate(`Sunday, ${day} 00:00:00 GMT`, Date.UTC(now, 6, 1));
    expect(new Date(ms!).getUTCFullYear()).toBe(year);
  });

  it('MUST 64: never throws, and gives a finite time or undefined, whatever it is given', () => {
    const nearlyADate = fc
      .tuple(
        fc.constantFrom(
          'Sun, 06 Nov 1994 08:49:37 GMT',
          'Sunday, 06-Nov-94 08:49:37 GMT',
          'Sun Nov  6 08:49:37 1994',
        ),
        fc.nat(34),
        fc.string({ unit: 'binary', maxLength: 3 }),
      )
      .map(([date, at, junk]) => date.slice(0, at) + junk + date.slice(at + junk.length));
    const text = fc.oneof(fc.string({ unit: 'binary' }), nearlyADate);
    fc.assert(
      fc.property(text, fc.oneof(anyTime, fc.double()), (date, now) => {
        const ms = parseHttpDate(date, now);
        return ms === undefined || Number.isFinite(ms);
      }),
      { numRuns: 1000 },
    );
  });
});
