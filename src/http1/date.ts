// Dates as HTTP and its logs write them. No clock in here: the time is always an argument.

/**
 * A time as HTTP writes it, `Sun, 06 Nov 1994 08:49:37 GMT` (IMF-fixdate, RFC 9110 §5.6.7).
 *
 * @param ms milliseconds since the epoch, as `Date.now()` gives
 * @throws RangeError if it is no number, or outside the years 0 to 9999
 */
export function formatHttpDate(ms: number): string {
  const date = dateOf(ms);
  const day = `${DAYS[date.getUTCDay()]}, ${two(date.getUTCDate())} ${MONTHS[date.getUTCMonth()]}`;
  const time = `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`;
  return `${day} ${four(date.getUTCFullYear())} ${time} GMT`;
}

/**
 * A time as Python's log lines have it, `06/Nov/1994 08:49:37`, in the local time zone.
 *
 * @param ms milliseconds since the epoch
 * @throws RangeError if it is no number, or outside the years 0 to 9999
 */
export function formatLogDate(ms: number): string {
  const date = dateOf(ms);
  const day = `${two(date.getDate())}/${MONTHS[date.getMonth()]}/${four(date.getFullYear())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/**
 * The time a date in a field means, in milliseconds since the epoch; undefined for anything that is not a date.
 * Reads the three formats a recipient has to know (RFC 9110 §5.6.7), strictly and in linear time, and never throws:
 *
 * - `Sun, 06 Nov 1994 08:49:37 GMT`, the one in use
 * - `Sunday, 06-Nov-94 08:49:37 GMT`, from RFC 850
 * - `Sun Nov  6 08:49:37 1994`, from C's asctime()
 *
 * The day of the month has to exist, and a second may be 60. The name of the day has to be one, but need not be
 * the right one: the rest says which day is meant.
 *
 * @param nowMs the present time: a two-digit year is the latest that is not over 50 years ahead of it
 */
export function parseHttpDate(text: string, nowMs: number): number | undefined {
  if (text.length > LONGEST) return undefined;
  let parts = IMF_FIXDATE.exec(text);
  if (parts) return instant(Number(parts[3]), parts[2]!, parts[1]!, parts[4]!);
  parts = ASCTIME.exec(text);
  if (parts) return instant(Number(parts[4]), parts[1]!, parts[2]!, parts[3]!);
  parts = RFC_850.exec(text);
  if (parts) return instant(fullYear(parts, nowMs), parts[2]!, parts[1]!, parts[4]!);
  return undefined;
}

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;

// Anchored, and every part but the name of the day of one width: there is nothing to go back over.
const DAY = '(?:Sun|Mon|Tue|Wed|Thu|Fri|Sat)';
const LONG_DAY = '(?:Sunday|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday)';
const MONTH = `(${MONTHS.join('|')})`;
const TIME = '((?:[01]\\d|2[0-3]):[0-5]\\d:(?:[0-5]\\d|60))';
const IMF_FIXDATE = new RegExp(`^${DAY}, (\\d\\d) ${MONTH} (\\d{4}) ${TIME} GMT$`);
const RFC_850 = new RegExp(`^${LONG_DAY}, (\\d\\d)-${MONTH}-(\\d\\d) ${TIME} GMT$`);
const ASCTIME = new RegExp(`^${DAY} ${MONTH} ([ \\d]\\d) ${TIME} (\\d{4})$`);
const LONGEST = 'Wednesday, 09-Nov-94 08:49:37 GMT'.length;

const YEAR_0 = -62_167_219_200_000;
const YEAR_10000 = 253_402_300_800_000;

function dateOf(ms: number): Date {
  if (!(ms >= YEAR_0 && ms < YEAR_10000)) {
    throw new RangeError(`${ms} is not a time in milliseconds within the years 0 to 9999`);
  }
  return new Date(ms);
}

function two(n: number): string {
  return n < 10 ? `0${n}` : `${n}`;
}

function four(n: number): string {
  return n > 999 ? `${n}` : `${n}`.padStart(4, '0');
}

/** The time of a date whose parts have the right form; undefined if the month has no such day. */
function instant(year: number, month: string, day: string, time: string): number | undefined {
  const midnight = midnightOf(year, month, Number(day));
  return new Date(midnight).getUTCDate() === Number(day) ? midnight + sinceMidnight(time) : undefined;
}

/** Not `Date.UTC`, to which the years 0 to 99 mean 1900 to 1999. A day past the end of the month runs over. */
function midnightOf(year: number, month: string, day: number): number {
  return new Date(0).setUTCFullYear(year, MONTHS.indexOf(month as (typeof MONTHS)[number]), day);
}

function sinceMidnight(time: string): number {
  const hours = Number(time.slice(0, 2));
  const minutes = Number(time.slice(3, 5));
  const seconds = Number(time.slice(6, 8));
  return ((hours * 60 + minutes) * 60 + seconds) * 1000;
}

/** The latest year with these last two digits in which the date is not over 50 years ahead (RFC 9110 §5.6.7). */
function fullYear([, day, month, year, time]: RegExpExecArray, nowMs: number): number {
  const now = new Date(nowMs);
  const limit = new Date(nowMs).setUTCFullYear(now.getUTCFullYear() + 50);
  const century = Math.floor(now.getUTCFullYear() / 100) * 100;
  let candidate = century + 100 + Number(year);
  while (midnightOf(candidate, month!, Number(day)) + sinceMidnight(time!) > limit) candidate -= 100;
  return candidate;
}
