// The probes of the comparison judge rightly: each kind of answer, made up here, gets the verdict that is due.

import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FirstAnswer, parseAnswers } from '../../bench/compare/answer.js';
import { groups, type Outcome, type Probe, runProbe, signals } from '../../bench/compare/probes.js';

const TEXT = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUV';
const LONG_TEXT = 'The quick brown fox jumps over the lazy dog.\n'.repeat(400);
const PROBES = groups.flatMap(({ probes }) => probes);

type Fields = Readonly<Record<string, string>>;

function answer(
  status: number,
  body = '',
  fields: Fields = {},
  behind: Partial<FirstAnswer> = {},
): FirstAnswer {
  const own = new Map(Object.entries(fields).map(([name, value]) => [name.toLowerCase(), value]));
  const field = (name: string) => own.get(name.toLowerCase());
  return { status, body, names: [...own.keys()], field, others: [], rest: '', ...behind };
}

/** The only probe whose title begins like this. */
function probe(title: string): Probe {
  const found = PROBES.filter((one) => one.title.startsWith(title));
  if (found.length !== 1) throw new Error(`${found.length} probes begin with ${title}`);
  return found[0]!;
}

const whole = answer(200, TEXT);
const part = (range: string, body: string) => answer(206, body, { 'Content-Range': `bytes ${range}/48` });
const parts = (...ranges: readonly (readonly [range: string, body: string])[]) => {
  const texts = ranges.map(([range, body]) => `--x\r\nContent-Range: bytes ${range}/48\r\n\r\n${body}\r\n`);
  return answer(206, `${texts.join('')}--x--\r\n`, { 'Content-Type': 'multipart/byteranges; boundary=x' });
};
const packed = answer(200, gzipSync(LONG_TEXT).toString('latin1'), { 'Content-Encoding': 'gzip' });
const unpacked = answer(200, LONG_TEXT);
const redirect = (status: number, location: string) => answer(status, '', { Location: location });

/** Beginning of the title, verdict, answers. */
const CASES: readonly (readonly [string, Outcome['verdict'], ...FirstAnswer[]])[] = [
  ['`bytes=0-4`', 'right', part('0-4', 'abcde')],
  ['`bytes=0-4`', 'wrong', part('0-4', 'bcdef')],
  ['`bytes=0-4`', 'wrong', part('1-5', 'bcdef')],
  ['`bytes=0-4`', 'wrong', answer(206, 'abcde')],
  ['`bytes=0-4`', 'wrong', answer(416)],
  ['`bytes=0-4`', 'not offered', whole],
  ['`bytes=-5`', 'right', part('43-47', 'RSTUV')],
  ['`bytes=-5`', 'wrong', part('0-5', 'abcdef')],
  ['`bytes=0-1,4-5`', 'right', parts(['0-1', 'ab'], ['4-5', 'ef'])],
  ['`bytes=0-1,4-5`', 'wrong', parts(['0-1', 'ab'], ['4-5', 'xx'])],
  ['`bytes=0-1,4-5`', 'wrong', parts(['0-1', 'ab'])],
  ['`bytes=0-1,4-5`', 'not offered', part('0-1', 'ab')],
  ['`bytes=0-1,4-5`', 'wrong', part('0-1', 'ef')],
  ['`bytes=4-5,0-1`', 'wrong', parts(['0-1', 'ab'], ['4-5', 'ef'])],
  ['a hundred times', 'right', whole],
  ['a hundred times', 'wrong', answer(206, TEXT.repeat(100))],
  ['`bytes=99999-`', 'right', answer(416, 'no', { 'Content-Range': 'bytes */48' })],
  ['`bytes=99999-`', 'wrong', answer(416, 'no')],
  ['`bytes=99999-`', 'wrong', answer(416, TEXT, { 'Content-Range': 'bytes */48' })],
  ['`bytes=5-2`', 'right', whole],
  ['`bytes=5-2`', 'right', answer(416)],
  ['`bytes=5-2`', 'wrong', answer(206, TEXT)],
  ['`lines=0-1`', 'right', whole],
  ['`lines=0-1`', 'wrong', answer(416)],
  ['Range with HEAD', 'wrong', answer(206, '', { 'Content-Range': 'bytes 0-4/48' })],
  ['If-Range with another', 'wrong', part('0-4', 'abcde')],
  [
    '206 has',
    'wrong',
    answer(200, TEXT, { ETag: '"x"', Date: 'now' }),
    answer(206, 'abcde', { Date: 'now' }),
  ],
  [
    'a range of what',
    'right',
    packed,
    answer(206, packed.body.slice(0, 10), {
      'Content-Encoding': 'gzip',
      'Content-Range': `bytes 0-9/${packed.body.length}`,
    }),
  ],
  [
    'a range of what',
    'wrong',
    packed,
    answer(206, LONG_TEXT.slice(0, 10), {
      'Content-Encoding': 'gzip',
      'Content-Range': `bytes 0-9/${LONG_TEXT.length}`,
    }),
  ],

  ['If-None-Match with the', 'right', whole, answer(304)],
  ['If-None-Match with the', 'wrong', whole, whole],
  ['If-Match that fails', 'wrong', whole],
  ['304 has', 'right', answer(200, TEXT, { ETag: '"x"' }), answer(304, '', { ETag: '"x"' })],
  ['304 has', 'wrong', answer(200, TEXT, { ETag: '"x"' }), answer(304)],
  ['304 has', 'wrong', whole, answer(304, '', {}, { rest: TEXT })],
  [
    'Last-Modified of',
    'wrong',
    answer(200, '', {
      Date: 'Mon, 06 May 2024 07:08:09 GMT',
      'Last-Modified': 'Mon, 06 May 2024 07:08:10 GMT',
    }),
  ],
  ['a file that was edited', 'wrong', answer(200, 'before'), answer(200, 'after '), answer(200, 'after ')],
  ['an edit shows', 'right', answer(200, TEXT, { 'Cache-Control': 'no-cache' })],
  ['an edit shows', 'not offered', answer(200, TEXT, { 'Cache-Control': 'max-age=3600' })],

  ['`/%2e%2e/secret.txt`', 'right', answer(404), answer(400)],
  ['`/%2e%2e/secret.txt`', 'wrong', answer(404), answer(200, 'TOP-SECRET')],
  ['`/a.txt%00`', 'wrong', answer(400), answer(400), answer(500)],
  ['`/%252e', 'wrong', answer(404), answer(404), whole],
  ['`/b.html`', 'not offered', redirect(301, '/b')],
  ['`/a+b.txt`', 'wrong', answer(404)],
  ['`/.env`', 'wrong', answer(404), answer(404), answer(200, 'TOP-SECRET')],
  ['`//example.com/', 'right', redirect(301, '/example.com/'), answer(404)],
  ['`//example.com/', 'wrong', redirect(301, '//example.com/'), answer(404)],
  ['`//example.com/', 'wrong', redirect(301, '/\\example.com/'), answer(404)],
  ['`/dir?q=1`', 'right', redirect(301, 'http://localhost/dir/?q=1')],
  ['`/dir?q=1`', 'wrong', redirect(301, '/dir/')],
  ['`/dir?q=1`', 'wrong', redirect(301, '//dir/?q=1')],
  [
    'a listing with',
    'right',
    answer(200, '&quot;&gt;&lt;img src=x onerror=alert(1)&gt;', { 'Content-Type': 'text/html' }),
  ],
  ['a listing with', 'wrong', answer(200, '"><img src=x onerror=alert(1)>', { 'Content-Type': 'text/html' })],

  [
    '`.mjs`, `.wasm`',
    'wrong',
    answer(200, '', { 'Content-Type': 'text/plain' }),
    answer(200, '', { 'Content-Type': 'application/wasm' }),
  ],
  [
    'HEAD: the fields',
    'right',
    answer(200, TEXT, { 'Content-Length': '48', ETag: '"x"' }),
    answer(200, '', { 'Content-Length': '48', ETag: '"x"' }),
  ],
  ['HEAD: the fields', 'wrong', answer(200, TEXT, { ETag: '"x"' }), answer(200, '')],
  ['HEAD: the fields', 'wrong', answer(200, TEXT), answer(200, '', { 'Content-Length': '0' })],
  ['HEAD: the fields', 'wrong', answer(200, TEXT), answer(200, '', {}, { rest: TEXT })],
  ['a `.gz` beside', 'right', packed],
  ['a `.gz` beside', 'wrong', answer(200, 'broken', { 'Content-Encoding': 'gzip' })],
  ['a `.gz` beside', 'not offered', unpacked],
  ['`gzip;q=0`', 'wrong', unpacked, packed, unpacked],
  ['`identity;q=0, *;q=0`', 'right', answer(406)],
  ['`identity;q=0, *;q=0`', 'wrong', packed],
  ['`Vary', 'not offered', unpacked, unpacked, unpacked, unpacked],
  ['`Vary', 'wrong', packed, unpacked, unpacked, unpacked],
  [
    '`Vary',
    'wrong',
    answer(200, packed.body, { 'Content-Encoding': 'gzip', Vary: 'Accept-Encoding' }),
    unpacked,
    unpacked,
    unpacked,
  ],
  [
    'each coding',
    'wrong',
    answer(200, '', { 'Content-Encoding': 'gzip', ETag: '"x"' }),
    answer(200, '', { ETag: '"x"' }),
    unpacked,
    unpacked,
  ],
  [
    'each coding',
    'right',
    answer(200, '', { 'Content-Encoding': 'gzip', ETag: 'W/"x"' }),
    answer(200, '', { ETag: 'W/"x"' }),
    unpacked,
    unpacked,
  ],

  ['POST to a file', 'right', answer(405, '', { Allow: 'GET, HEAD' })],
  ['POST to a file', 'right', answer(501)],
  ['POST to a file', 'wrong', answer(405)],
  ['POST to a file', 'wrong', whole],
  ['POST to a file', 'not offered', answer(404)],
  ['HTTP/1.1 without Host', 'wrong', whole],
  ['a target of 70,000', 'wrong', answer(431)],
  ['two requests at once', 'wrong', whole],
  ['two requests at once', 'wrong', answer(200, 'b', {}, { others: [whole] })],
  ['a GET with a body', 'right', answer(200, TEXT, {}, { others: [answer(200, 'b')] })],
  ['a GET with a body', 'wrong', answer(200, TEXT, {}, { others: [answer(200, 'p { color: red }')] })],
  ['Content-Length and', 'wrong', answer(200, TEXT, {}, { others: [whole] })],
];

describe('a probe', () => {
  const cases = CASES.map(([title, verdict, ...answers]) => ({ title, verdict, answers }));

  it.each(cases)('$title: $verdict', ({ title, verdict, answers }) => {
    expect(probe(title).judge(...answers)).toMatchObject({ verdict });
  });

  it('has a title of its own, a basis and steps; all requests are whole', () => {
    expect(new Set(PROBES.map(({ title }) => title)).size).toBe(PROBES.length);
    expect(PROBES.length).toBeGreaterThan(80);
    for (const { title, basis, steps } of PROBES) {
      expect(basis, title).toMatch(/^(RFC \d{4} §[\d.]+|CWE-\d+|MIME Sniffing §\d+)$/);
      const bytes = steps.filter((step) => typeof step === 'string');
      expect(steps.length, title).toBeGreaterThan(0);
      for (const one of bytes) expect(one, title).toMatch(/^[A-Z]+ \S+ HTTP\/1\.[01]\r\n(?:\S.*\r\n)*\r\n/);
    }
  });

  it('judges whatever comes back', () => {
    const fields = fc.dictionary(
      fc.constantFrom(
        ...'content-range content-type content-encoding etag vary location date allow'.split(' '),
      ),
      fc.oneof(
        fc.string(),
        fc.constantFrom('bytes 0-4/48', 'multipart/byteranges; boundary=x', 'gzip', 'http://['),
      ),
    );
    const some = fc
      .tuple(fc.integer({ min: 200, max: 599 }), fc.constantFrom('', TEXT, 'TOP-SECRET', '--x'), fields)
      .map(([status, body, own]) => answer(status, body, own));
    fc.assert(
      fc.property(
        fc.constantFrom(...PROBES),
        fc.array(some, { minLength: 6, maxLength: 6 }),
        (one, answers) => {
          const { verdict, cell } = one.judge(...answers.slice(0, one.steps.length));
          expect(['right', 'wrong', 'not offered']).toContain(verdict);
          expect(cell).not.toBe('');
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe('running a probe', () => {
  const good = (): Outcome => ({ verdict: 'right', cell: 'yes' });

  it('sends its steps in turn, each made of the answers before it', async () => {
    const sent: string[] = [];
    const steps = ['one', (answers: readonly FirstAnswer[]) => `two ${answers[0]!.body}`];
    const send = async (bytes: string) => {
      sent.push(bytes);
      return whole;
    };
    expect(await runProbe({ steps, judge: good }, send, '/')).toEqual(good());
    expect(sent).toEqual(['one', `two ${TEXT}`]);
  });

  it('no answer is wrong, and says how', async () => {
    const send = async () => ({ failure: 'drops the connection' });
    const outcome = await runProbe({ steps: ['one'], judge: good }, send, '/');
    expect(outcome).toEqual({ verdict: 'wrong', cell: 'drops the connection' });
  });

  it('a step that cannot be taken is the outcome', async () => {
    const steps = [(): Outcome => ({ verdict: 'not offered', cell: 'no ETag' })];
    expect(await runProbe({ steps, judge: good }, async () => whole, '/')).toEqual(steps[0]!());
  });
});

describe('signals', () => {
  it.each([
    ['busy', { isWhole: true, exit: 0 }, 'right'],
    ['busy', { isWhole: true, exit: 'SIGTERM' }, 'not offered'],
    ['busy', { isWhole: false, exit: 0 }, 'not offered'],
    ['idle', { exit: 0 }, 'right'],
    ['idle', { exit: undefined }, 'not offered'],
    ['survival', { deaths: 0 }, 'right'],
    ['survival', { deaths: 1 }, 'wrong'],
  ] as const)('%s: %o: %s', (name, seen, verdict) => {
    expect(signals.probes.find((one) => one.name === name)!.judge(seen)).toMatchObject({ verdict });
  });
});

describe('the answers in what was received', () => {
  const summary = (text: string, method = 'GET', ended = true) => {
    const { answers, rest } = parseAnswers(text, method, ended);
    return [...answers.map(({ status, body }) => `${status} ${body}`), rest];
  };

  it.each([
    ['of known length', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab', ['200 ab', '']],
    [
      'chunked',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x\r\nab\r\n0\r\n\r\n',
      ['200 ab', ''],
    ],
    ['to the end', 'HTTP/1.0 200 OK\r\n\r\nab', ['200 ab', '']],
    ['an interim one', 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n', ['204 ', '']],
    ['two', 'HTTP/1.1 304 x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na', ['304 ', '200 a', '']],
    [
      'cut off',
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na',
      ['HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na'],
    ],
    ['a body behind a 304', 'HTTP/1.1 304 x\r\n\r\nab', ['304 ', 'ab']],
  ])('%s', (_, text, expected) => {
    expect(summary(text)).toEqual(expected);
  });

  it('HEAD has no body; one that goes to the end has none before it', () => {
    expect(summary('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n', 'HEAD')).toEqual(['200 ', '']);
    expect(summary('HTTP/1.0 200 OK\r\n\r\nab', 'GET', false)).toEqual(['HTTP/1.0 200 OK\r\n\r\nab']);
  });
});
