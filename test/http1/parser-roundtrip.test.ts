// Requests made at random from the grammar come out as they went in, however they are cut.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { defaultLimits } from '../../src/connection/limits.js';
import { CHUNKED } from '../../src/http1/framing.js';
import { octetsOf, type PlainEvent, parse } from '../support/events.js';

type Field = readonly [name: string, value: string];

interface Chunk {
  readonly data: string;
  /** The size line behind the size. */
  readonly extensions: string;
  readonly leadingZeros: number;
}

interface Request {
  readonly emptyLineBefore: boolean;
  readonly method: string;
  readonly target: string;
  readonly minor: number;
  readonly fields: readonly Field[];
  /** What stands around the values of fields. */
  readonly blanks: readonly [string, string];
  readonly content: string | undefined;
  readonly chunks: readonly Chunk[] | undefined;
  readonly trailers: readonly Field[];
}

const ALPHANUMERIC = [...'ABCXYZabcxyz0189'];
const text = (characters: readonly string[], size: { minLength?: number; maxLength?: number } = {}) =>
  fc.string({ unit: fc.constantFrom(...characters), ...size });
const octet = (from: number, to: number) =>
  fc.integer({ min: from, max: to }).map((code) => String.fromCharCode(code));

const tchar = [...ALPHANUMERIC, ..."!#$%&'*+-.^_`|~"];
const token = text(tchar, { minLength: 1, maxLength: 12 });
// No name that means something to the engine is without a digit.
const fieldName = token.map((name) => `${name}0`);
const blanks = text([' ', '\t'], { maxLength: 3 });
const fieldValue = fc
  .string({ unit: fc.oneof(octet(0x20, 0x7e), octet(0x80, 0xff), fc.constant('\t')), maxLength: 20 })
  .map((value) => value.replace(/^[ \t]+|[ \t]+$/g, ''));
const field = fc.tuple(fieldName, fieldValue);

const percentEncoded = octet(0, 0xff).map((code) => `%${code.charCodeAt(0).toString(16).padStart(2, '0')}`);
const targetPart = fc.oneof(
  text([...ALPHANUMERIC, ..."-._~!$&'()*+,;=:@/?^|{}[]`"], { maxLength: 8 }),
  percentEncoded,
  octet(0x80, 0xff),
);
const target = fc.array(targetPart, { maxLength: 6 }).map((parts) => `/${parts.join('')}`);

const quoted = fc
  .array(
    fc.oneof(
      octet(0x20, 0x21),
      octet(0x23, 0x5b),
      octet(0x80, 0xff),
      octet(0x20, 0x7e).map((one) => `\\${one}`),
    ),
    { maxLength: 6 },
  )
  .map((parts) => `"${parts.join('')}"`);
const extension = fc
  .tuple(blanks, blanks, token, fc.option(fc.tuple(blanks, blanks, fc.oneof(token, quoted))))
  .map(
    ([before, behind, name, value]) =>
      `${before};${behind}${name}${value === null ? '' : `${value[0]}=${value[1]}${value[2]}`}`,
  );
const anyOctets = fc.string({ unit: octet(0, 0xff), minLength: 1, maxLength: 40 });
const chunk: fc.Arbitrary<Chunk> = fc.record({
  data: anyOctets,
  extensions: fc.array(extension, { maxLength: 2 }).map((some) => some.join('')),
  leadingZeros: fc.nat(3),
});

const request: fc.Arbitrary<Request> = fc
  .record({
    emptyLineBefore: fc.boolean(),
    method: token.filter((method) => method !== 'CONNECT'),
    target,
    minor: fc.constantFrom(0, 1, 2),
    fields: fc.array(field, { maxLength: 5 }),
    blanks: fc.tuple(blanks, blanks),
    content: fc.option(fc.string({ unit: octet(0, 0xff), maxLength: 40 }), { nil: undefined }),
    chunks: fc.option(fc.array(chunk, { maxLength: 4 }), { nil: undefined }),
    trailers: fc.array(field, { maxLength: 3 }),
  })
  .map((each) => (each.content === undefined && each.minor > 0 ? each : { ...each, chunks: undefined }));

/** All fields of the head, in wire order. */
function fieldsOf({ fields, content, chunks }: Request): Field[] {
  const framing: Field[] = [];
  if (content !== undefined) framing.push(['Content-Length', String(content.length)]);
  if (chunks !== undefined) framing.push(['Transfer-Encoding', 'chunked']);
  return [['Host', 'a.example'], ...fields, ...framing];
}

function serialize(each: Request): string {
  const lines = (fields: readonly Field[]) =>
    fields.map(([name, value]) => `${name}:${each.blanks[0]}${value}${each.blanks[1]}\r\n`).join('');
  const start = `${each.emptyLineBefore ? '\r\n' : ''}${each.method} ${each.target} HTTP/1.${each.minor}\r\n`;
  const head = `${start}${lines(fieldsOf(each))}\r\n`;
  if (each.chunks === undefined) return head + (each.content ?? '');
  const chunks = each.chunks.map(({ data, extensions, leadingZeros }) => {
    const size = '0'.repeat(leadingZeros) + data.length.toString(16);
    return `${size}${extensions}\r\n${data}\r\n`;
  });
  return `${head}${chunks.join('')}0\r\n${lines(each.trailers)}\r\n`;
}

function expectedEvents(each: Request): PlainEvent[] {
  const data = each.content ?? each.chunks?.map((one) => one.data).join('') ?? '';
  const head = {
    method: each.method,
    target: each.target,
    path: each.target,
    minor: each.minor,
    fields: fieldsOf(each),
    bodyLength: each.chunks === undefined ? data.length : CHUNKED,
    persistent: each.minor > 0,
    keepAlive: false,
    expectsContinue: false,
    upgrade: false,
  };
  const trailers = each.chunks === undefined ? [] : each.trailers;
  return [{ head }, ...(data === '' ? [] : [{ data }]), { end: trailers }];
}

/** The octets, cut at these parts of their length. */
function cutAt(octets: Buffer, fractions: readonly number[]): Buffer[] {
  const cuts = fractions.map((fraction) => Math.floor(fraction * octets.length)).sort((a, b) => a - b);
  return [...cuts, octets.length].map((end, index) => octets.subarray(cuts[index - 1] ?? 0, end));
}

it('MUST 21: any requests, in any pieces, come out as they went in', () => {
  const fraction = fc.integer({ min: 0, max: 1000 }).map((thousandth) => thousandth / 1000);
  fc.assert(
    fc.property(
      fc.array(request, { minLength: 1, maxLength: 4 }),
      fc.array(fraction, { maxLength: 12 }),
      (requests, fractions) => {
        const octets = octetsOf(requests.map(serialize).join(''));
        expect(parse(cutAt(octets, fractions), defaultLimits)).toEqual(requests.flatMap(expectedEvents));
      },
    ),
    { numRuns: 500 },
  );
});

it('MUST 2: no text but digits is a Content-Length', () => {
  fc.assert(
    fc.property(
      fieldValue.filter((value) => !/^\d+$/.test(value)),
      (value) => {
        const head = octetsOf(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${value}\r\n\r\n`);
        expect(parse([head], defaultLimits)).toEqual([{ error: '400 BAD_CONTENT_LENGTH' }]);
      },
    ),
  );
});

it('MUST 3: digits are decimal, or too many', () => {
  fc.assert(
    fc.property(text([...'0123456789'], { minLength: 1, maxLength: 24 }), (digits) => {
      const head = octetsOf(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${digits}\r\n\r\n`);
      const [event] = parse([head], defaultLimits);
      const isTooLarge = digits.length > 16 || BigInt(digits) > BigInt(Number.MAX_SAFE_INTEGER);
      expect(event).toMatchObject(
        isTooLarge ? { error: '413 BODY_TOO_LARGE' } : { head: { bodyLength: Number(digits) } },
      );
    }),
  );
});

it('MUST 7: digits of a chunk size are hexadecimal, or too many', () => {
  fc.assert(
    fc.property(text([...'0123456789abcdefABCDEF'], { minLength: 1, maxLength: 20 }), (digits) => {
      const head = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
      const size = BigInt(`0x${digits}`);
      const expected = size > BigInt(Number.MAX_SAFE_INTEGER) ? [{ error: '400 BAD_CHUNK' }] : [];
      expect(parse([octetsOf(`${head}${digits}\r\n`)], defaultLimits).slice(1)).toEqual(expected);
      if (size > 0n && size < 1000n) {
        const data = 'x'.repeat(Number(size));
        expect(parse([octetsOf(`${head}${digits}\r\n${data}\r\n0\r\n\r\n`)], defaultLimits).slice(1)).toEqual(
          [{ data }, { end: [] }],
        );
      }
    }),
  );
});
