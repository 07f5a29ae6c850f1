// Byte ranges: RFC 9110 §14 and §15.3.7. Reads the Range field, and makes what frames the parts of a 206; which
// method and which validator let a range apply is asked elsewhere (GET only, `ifRangeMatches`).

/** A range within the representation: `0 <= start <= end < size`, both ends included. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** More than this in a Range field is nothing a client needs; answering it would cost more than the whole. */
const MAX_RANGES = 16;
const MAX_FIELD_LENGTH = 1024;

/**
 * The ranges to send, at least one; or `'ignore'`: answer 200 with the whole; or `'unsatisfiable'`: answer 416.
 * Ignored, as RFC 9110 §14.2 allows: an unknown unit, bad syntax, more than 16 ranges or 1 KiB, and any range of an
 * empty representation, of which Content-Range could not speak. Ranges that overlap or touch become one, in the place
 * of the first, so the parts never add up to more than the whole; the others keep the order they were asked in.
 * @param size of the representation in octets.
 */
export function parseRange(field: string, size: number): readonly ByteRange[] | 'ignore' | 'unsatisfiable' {
  if (size === 0 || field.length > MAX_FIELD_LENGTH || !/^bytes=/i.test(field)) return 'ignore';
  const specs = field
    .slice('bytes='.length)
    .split(',')
    .filter((spec) => !/^[ \t]*$/.test(spec));
  if (specs.length === 0 || specs.length > MAX_RANGES) return 'ignore';
  const ranges: ByteRange[] = [];
  for (const spec of specs) {
    const range = parseSpec(spec, size);
    if (range === 'invalid') return 'ignore';
    if (range !== 'unsatisfiable') ranges.push(range);
  }
  return ranges.length === 0 ? 'unsatisfiable' : coalesce(ranges);
}

/** The octets in a range. */
export function rangeLength(range: ByteRange): number {
  return range.end - range.start + 1;
}

/** The Content-Range of a part, `bytes 0-4/48`; of no range, for a 416, `bytes *\/48`. */
export function contentRange(range: ByteRange | undefined, size: number): string {
  return range === undefined ? `bytes */${size}` : `bytes ${range.start}-${range.end}/${size}`;
}

/** A `multipart/byteranges` body but for the octets of the file: write each part's head, then its range; last, the tail. */
export interface MultipartRanges {
  /** For the Content-Type field of the response. */
  readonly contentType: string;
  /** For Content-Length: all heads, ranges and the tail, in octets. */
  readonly contentLength: number;
  readonly parts: readonly { readonly head: string; readonly range: ByteRange }[];
  readonly tail: string;
}

/**
 * Frames several ranges as one body (RFC 9110 §14.6). All text is ASCII.
 * @param contentType of the representation. @param boundary 1 to 70 letters or digits that the representation does
 * not contain: random, so that nobody can have put them there.
 */
export function multipartRanges(
  ranges: readonly ByteRange[],
  size: number,
  contentType: string,
  boundary: string,
): MultipartRanges {
  const parts = ranges.map((range) => ({
    head: `\r\n--${boundary}\r\nContent-Type: ${contentType}\r\nContent-Range: ${contentRange(range, size)}\r\n\r\n`,
    range,
  }));
  const tail = `\r\n--${boundary}--\r\n`;
  const contentLength = parts.reduce(
    (sum, part) => sum + part.head.length + rangeLength(part.range),
    tail.length,
  );
  return { contentType: `multipart/byteranges; boundary=${boundary}`, contentLength, parts, tail };
}

/** `first-last`, `first-` or `-suffix`. */
function parseSpec(spec: string, size: number): ByteRange | 'invalid' | 'unsatisfiable' {
  const [, first, last] = /^[ \t]*(\d*)-(\d*)[ \t]*$/.exec(spec) ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) return 'invalid';
  if (first === '') return fromSuffix(position(last), size);
  const start = position(first);
  const end = last === '' ? size - 1 : position(last);
  if (last !== '' && end < start) return 'invalid';
  return start < size ? { start, end: Math.min(end, size - 1) } : 'unsatisfiable';
}

/** A suffix longer than the representation is the whole of it (RFC 9110 §14.1.2). */
function fromSuffix(length: number, size: number): ByteRange | 'unsatisfiable' {
  return length === 0 ? 'unsatisfiable' : { start: Math.max(size - length, 0), end: size - 1 };
}

/** What is too large for a safe integer is past the end of every file, and stays so. */
function position(digits: string): number {
  return Math.min(Number(digits), Number.MAX_SAFE_INTEGER);
}

function coalesce(ranges: readonly ByteRange[]): readonly ByteRange[] {
  const joined: { start: number; end: number; asked: number }[] = [];
  const byStart = ranges.map((range, asked) => ({ ...range, asked })).sort((a, b) => a.start - b.start);
  for (const range of byStart) {
    const last = joined.at(-1);
    if (last === undefined || range.start > last.end + 1) {
      joined.push(range);
    } else {
      last.end = Math.max(last.end, range.end);
      last.asked = Math.min(last.asked, range.asked);
    }
  }
  return joined.sort((a, b) => a.asked - b.asked).map(({ start, end }) => ({ start, end }));
}
