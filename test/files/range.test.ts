import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contentRange, multipartRanges, parseRange, rangeLength } from '../../src/files/range.js';

const SIZE = 48;

/** Ranges as `first-last` pairs, or the word. */
function read(field: string, size = SIZE): string {
  const result = parseRange(field, size);
  return typeof result === 'string' ? result : result.map(({ start, end }) => `${start}-${end}`).join(' ');
}

describe('parseRange', () => {
  it.each([
    ['bytes=0-4', '0-4'],
    ['Bytes=0-4', '0-4'],
    ['bytes=40-', '40-47'],
    ['bytes=0-', '0-47'],
    ['bytes=-5', '43-47'],
    ['bytes=-48', '0-47'],
    ['bytes=-99', '0-47'],
    ['bytes=0-99', '0-47'],
    ['bytes=047-047', '47-47'],
    ['bytes=0-1,4-5', '0-1 4-5'],
    ['bytes=4-5 ,\t0-1', '4-5 0-1'],
    ['bytes=,0-1,,', '0-1'],
    ['bytes=0-1,99-', '0-1'],
    ['bytes=0-0,-1', '0-0 47-47'],
    [`bytes=0-${'9'.repeat(400)}`, '0-47'],
    [`bytes=-${'9'.repeat(400)}`, '0-47'],
  ])('%j is %s', (field, ranges) => {
    expect(read(field)).toBe(ranges);
  });

  it.each([
    'bytes=48-',
    'bytes=99999-',
    'bytes=48-50, 60-',
    'bytes=-0',
    `bytes=${'9'.repeat(400)}-`,
    'bytes=9007199254740993-9007199254740995',
  ])('MUST 63 (pure part): %j is unsatisfiable', (field) => {
    expect(read(field)).toBe('unsatisfiable');
  });

  it.each([
    'bytes=5-2',
    'bytes=0-1,5-2',
    'lines=0-1',
    'garbage',
    '',
    'bytes',
    'bytes=',
    'bytes=,',
    'bytes=-',
    'bytes=a-b',
    'bytes=0',
    'bytes=0-1-2',
    'bytes=--1',
    'bytes=+0-1',
    'bytes=0x0-1',
    'bytes=0 -1',
    'bytes=1.0-2',
    'bytes=0-1;',
    'bytes =0-1',
    ' bytes=0-1',
    'bytes=0-1 2-3',
    'bytes=99999-,x',
    'bytes=\u0663-',
  ])('MUST 63 (pure part): %j is ignored', (field) => {
    expect(read(field)).toBe('ignore');
  });

  it('MUST 63 (pure part): more than 16 ranges or 1 KiB is ignored', () => {
    const specs = (count: number) => Array.from({ length: count }, (_, i) => `${2 * i}-${2 * i}`).join();
    expect(read(`bytes=${specs(16)}`).split(' ')).toHaveLength(16);
    expect(read(`bytes=${specs(17)}`)).toBe('ignore');
    expect(read(`bytes=0-0${' '.repeat(1024 - 9)}`)).toBe('0-0');
    expect(read(`bytes=0-0${' '.repeat(1024 - 8)}`)).toBe('ignore');
    expect(read(`bytes=${'0-0,'.repeat(1_000_000)}`)).toBe('ignore');
  });

  it('of nothing, there are no ranges', () => {
    expect(read('bytes=0-', 0)).toBe('ignore');
    expect(read('bytes=-5', 0)).toBe('ignore');
  });

  it.each([
    ['bytes=0-9,5-14', '0-14'],
    ['bytes=5-14,0-9', '0-14'],
    ['bytes=0-4,5-9', '0-9'],
    ['bytes=0-4,6-9', '0-4 6-9'],
    ['bytes=20-21,0-9,40-,3-4,10-11', '20-21 0-11 40-47'],
    ['bytes=0-,0-,0-,0-', '0-47'],
  ])('joins what overlaps or touches in the place of the first: %j is %s', (field, ranges) => {
    expect(read(field)).toBe(ranges);
  });

  it('MUST 63 (pure part): holds exactly the octets asked for, each once', () => {
    const position = fc.nat({ max: 24 });
    const spec = fc.oneof(
      fc.tuple(position, position).map(([a, b]) => `${a}-${b}`),
      position.map((a) => `${a}-`),
      position.map((a) => `-${a}`),
    );
    fc.assert(
      fc.property(
        fc.array(spec, { minLength: 1, maxLength: 16 }),
        fc.integer({ min: 1, max: 20 }),
        (specs, size) => {
          const wanted = model(specs, size);
          const result = parseRange(`bytes=${specs.join(', ')}`, size);
          const octets =
            typeof result === 'string' ? result : result.flatMap(({ start, end }) => span(start, end));
          expect(typeof octets === 'string' ? octets : octets.toSorted((a, b) => a - b)).toEqual(wanted);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('MUST 63 (pure part): any text, any size: a word, or safe ranges within the file', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc
        .array(fc.constantFrom('0', '9', '-', ',', ' ', '123456789012345678901'))
        .map((pieces) => `bytes=${pieces.join('')}`),
    );
    fc.assert(
      fc.property(text, fc.maxSafeNat(), (field, size) => {
        const result = parseRange(field, size);
        expect(['ignore', 'unsatisfiable']).toContain(typeof result === 'string' ? result : 'ignore');
        expect(result.length).toBeGreaterThan(0);
        for (const { start, end } of typeof result === 'string' ? [] : result) {
          expect(Number.isSafeInteger(start) && Number.isSafeInteger(end)).toBe(true);
          expect(0 <= start && start <= end && end < size).toBe(true);
        }
      }),
    );
  });
});

/** The octets that the specs name, by looking at each octet of the file. */
function model(specs: readonly string[], size: number): number[] | 'ignore' | 'unsatisfiable' {
  const pairs = specs.map((spec) => spec.split('-'));
  if (pairs.some(([first, last]) => first !== '' && last !== '' && Number(last) < Number(first)))
    return 'ignore';
  const octets = span(0, size - 1).filter((octet) =>
    pairs.some(([first, last]) =>
      first === ''
        ? octet >= size - Number(last)
        : octet >= Number(first) && (last === '' || octet <= Number(last)),
    ),
  );
  return octets.length > 0 ? octets : 'unsatisfiable';
}

function span(start: number, end: number): number[] {
  return Array.from({ length: end - start + 1 }, (_, index) => start + index);
}

describe('contentRange', () => {
  it('MUST 63 (pure part): names the range and the size, or only the size', () => {
    expect(contentRange({ start: 0, end: 4 }, SIZE)).toBe('bytes 0-4/48');
    expect(contentRange(undefined, SIZE)).toBe('bytes */48');
  });
});

describe('multipartRanges', () => {
  const ranges = [
    { start: 0, end: 1 },
    { start: 4, end: 8 },
  ];

  it('frames the parts as RFC 9110 §14.6 shows', () => {
    const body = multipartRanges(ranges, SIZE, 'text/plain; charset=utf-8', 'B');
    expect(body.contentType).toBe('multipart/byteranges; boundary=B');
    expect(body.parts.map((part) => part.head)).toEqual([
      '\r\n--B\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Range: bytes 0-1/48\r\n\r\n',
      '\r\n--B\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Range: bytes 4-8/48\r\n\r\n',
    ]);
    expect(body.parts.map((part) => part.range)).toEqual(ranges);
    expect(body.tail).toBe('\r\n--B--\r\n');
  });

  it('announces exactly the length that it takes', () => {
    const range = fc
      .tuple(fc.nat(), fc.nat({ max: 999 }))
      .map(([start, more]) => ({ start, end: start + more }));
    fc.assert(
      fc.property(fc.array(range, { minLength: 1, maxLength: 16 }), (some) => {
        const body = multipartRanges(some, 2 ** 40, 'image/png', 'boundary');
        const written =
          body.parts.map((part) => part.head + 'x'.repeat(rangeLength(part.range))).join('') + body.tail;
        expect(body.contentLength).toBe(Buffer.byteLength(written));
      }),
    );
  });
});
