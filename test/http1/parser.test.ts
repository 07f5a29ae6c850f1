// The parser as a cursor, and what the corpus cannot say: every octet in every place, the limits as they are set, and
// requests made at random. The cases are in corpus.test.ts.

import { afterEach, describe, expect, it, vi } from 'vitest';
import { defaultLimits } from '../../src/connection/limits.js';
import { DATA, END, HEAD, NEED_DATA, RequestParser } from '../../src/http1/parser.js';
import { eventsOf, octetByOctet, octetsOf, type PlainEvent, parse } from '../support/events.js';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const CHUNKED_HEAD = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
const TCHAR = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]$/;

function parserOf(text: string): RequestParser {
  const parser = new RequestParser(defaultLimits);
  parser.feed(octetsOf(text));
  return parser;
}

function parseText(text: string): PlainEvent[] {
  return parse([octetsOf(text)], defaultLimits);
}

/** The error that the text makes, like `400 BAD_HOST`, or `''`. */
function errorOf(text: string): string {
  const last = parseText(text).at(-1);
  return last !== undefined && 'error' in last ? last.error : '';
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('the cursor', () => {
  it('needs data before it is fed, and says so as often as it is asked', () => {
    const parser = new RequestParser(defaultLimits);
    expect([parser.next(), parser.next()]).toEqual([NEED_DATA, NEED_DATA]);
    parser.feed(Buffer.alloc(0));
    expect(parser.next()).toBe(NEED_DATA);
    expect(parser.idle).toBe(true);
  });

  it('says one thing at a time', () => {
    const parser = parserOf(`${CHUNKED_HEAD}2\r\nab\r\n1\r\nc\r\n0\r\n\r\n`);
    const said = Array.from({ length: 6 }, () => parser.next());
    expect(said).toEqual([HEAD, DATA, DATA, END, NEED_DATA, NEED_DATA]);
  });

  it('does not look ahead of the question', () => {
    const parser = parserOf(`${GET}not a request`);
    expect([parser.next(), parser.next()]).toEqual([HEAD, END]);
    expect(() => parser.next()).toThrow('Bad HTTP version');
  });

  it('may be fed several times between two questions', () => {
    const parser = new RequestParser(defaultLimits);
    for (const octet of octetByOctet(octetsOf(`${CHUNKED_HEAD}3\r\nabc\r\n0\r\nX: y\r\n\r\n${GET}`)))
      parser.feed(octet);
    expect(eventsOf(parser)).toMatchObject([
      { head: { method: 'POST' } },
      { data: 'abc' },
      { end: [['X', 'y']] },
      { head: { method: 'GET' } },
      { end: [] },
    ]);
  });

  it('gives data as a view of what was fed', () => {
    const parser = parserOf('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\n');
    parser.next();
    const whole = octetsOf('abcd');
    parser.feed(whole);
    expect(parser.next()).toBe(DATA);
    expect(parser.data).toBe(whole);
    const more = octetsOf('efghGET');
    parser.feed(more);
    expect(parser.next()).toBe(DATA);
    expect(parser.data.buffer).toBe(more.buffer);
    expect(parser.data.toString()).toBe('efgh');
  });

  it('does not write into data that it has given out', () => {
    const parser = new RequestParser(defaultLimits);
    for (const octet of octetByOctet(octetsOf(`${CHUNKED_HEAD}3\r\nabc\r\n3\r\nd`))) parser.feed(octet);
    const given: Buffer[] = [];
    const collect = () => {
      for (let event = parser.next(); event !== NEED_DATA; event = parser.next()) {
        if (event === DATA) given.push(parser.data);
      }
    };
    collect();
    for (const octet of octetByOctet(octetsOf('ef\r\n0\r\n\r\n'))) parser.feed(octet);
    collect();
    expect(given.map(String)).toEqual(['abc', 'd', 'ef']);
  });

  it('keeps the head while the next one has not arrived, and nothing once it is idle', () => {
    const parser = parserOf(`${CHUNKED_HEAD}1\r\na\r\n0\r\nX: y\r\n\r\nGET /2`);
    for (let i = 0; i < 3; i++) parser.next();
    const { head } = parser;
    expect(parser.next()).toBe(NEED_DATA);
    expect(parser.head).toBe(head);
    parser.feed(octetsOf(' HTTP/1.1\r\nHost: a\r\n\r\n'));
    expect([parser.next(), parser.head?.target, parser.trailers]).toEqual([HEAD, '/2', undefined]);
    expect([parser.next(), parser.next()]).toEqual([END, NEED_DATA]);
    expect([parser.head, parser.data.length]).toEqual([undefined, 0]);
  });

  it('has trailers from the end of their request on', () => {
    const parser = parserOf(`${CHUNKED_HEAD}0\r\nX: y\r\n\r\n`);
    parser.next();
    expect(parser.trailers).toBeUndefined();
    expect(parser.next()).toBe(END);
    expect([...parser.trailers!]).toEqual([['X', 'y']]);
  });

  it('counts what is unread', () => {
    const parser = parserOf('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab');
    expect(parser.unread).toBe(47 + 'ab'.length);
    parser.next();
    expect(parser.unread).toBe(2);
    parser.next();
    expect(parser.unread).toBe(0);
    parser.feed(octetsOf('cdGET'));
    expect([parser.next(), parser.next(), parser.unread]).toEqual([DATA, END, 3]);
  });

  it.each([
    ['', true],
    ['\r', true],
    ['\r\n', true],
    ['G', false],
    ['\r\nG', false],
    [GET.slice(0, -1), false],
    [GET, true],
    [`${GET}\r\n`, true],
    [`${GET}G`, false],
    [CHUNKED_HEAD, false],
    [`${CHUNKED_HEAD}1\r\na\r\n`, false],
    [`${CHUNKED_HEAD}0\r\n`, false],
    [`${CHUNKED_HEAD}0\r\n\r\n`, true],
  ])('after %j: idle %s', (text, idle) => {
    const parser = parserOf(text);
    eventsOf(parser);
    expect(parser.idle).toBe(idle);
  });

  it('is not idle while there is something to ask for', () => {
    const parser = parserOf(GET);
    expect(parser.idle).toBe(false);
    parser.next();
    expect(parser.idle).toBe(false);
    parser.next();
    expect(parser.idle).toBe(true);
  });

  it('gives up what it has not read, to another protocol', () => {
    const parser = parserOf(
      'GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\nContent-Length: 2\r\n\r\nab\u0000\u00ff',
    );
    expect([parser.next(), parser.next(), parser.next()]).toEqual([HEAD, DATA, END]);
    expect(parser.take()).toEqual(Buffer.of(0, 255));
    expect(parser.unread).toBe(0);
    expect(parser.take().length).toBe(0);
  });

  it('gives up what was fed in many pieces', () => {
    const parser = parserOf(GET);
    parser.next();
    parser.next();
    for (const octet of octetByOctet(octetsOf('PRI * x'))) parser.feed(octet);
    expect(parser.take().toString()).toBe('PRI * x');
  });

  it('serves what had arrived before the end', () => {
    const parser = parserOf(`${GET}${GET}GET`);
    parser.finish();
    expect(eventsOf(parser)).toMatchObject([
      { head: {} },
      { end: [] },
      { head: {} },
      { end: [] },
      { error: '400 INCOMPLETE' },
    ]);
  });

  it('gives the data that had arrived before the end', () => {
    const parser = parserOf('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc');
    parser.finish();
    expect(eventsOf(parser)).toMatchObject([{ head: {} }, { data: 'abc' }, { error: '400 INCOMPLETE' }]);
  });
});

describe('the head that stands in for a request that was rejected', () => {
  function rejected(text: string, limits = defaultLimits): RequestParser {
    const parser = new RequestParser(limits);
    for (const octet of octetByOctet(octetsOf(text))) parser.feed(octet);
    const events = eventsOf(parser);
    expect(events.at(-1)).toHaveProperty('error');
    return parser;
  }

  it('has the request line, and nothing else', () => {
    const head = rejected('POST /a?b HTTP/1.1\r\nHost: a b\r\nContent-Length: 5\r\n\r\n').rejectedHead();
    expect([head.method, head.target, head.path, head.requestLine]).toEqual([
      'POST',
      '/a?b',
      '/a?b',
      'POST /a?b HTTP/1.1',
    ]);
    expect([head.fields.length, head.bodyLength, head.persistent]).toEqual([0, 0, false]);
    expect([head.keepAlive, head.expectsContinue, head.upgrade]).toEqual([false, false, false]);
  });

  it('has as much of the line as has come', () => {
    expect(rejected('GET / HTTP/x').rejectedHead().requestLine).toBe('GET / HTTP/x');
    expect(rejected('GET /\u0000').rejectedHead().requestLine).toBe('GET /\u0000');
  });

  it('has no more of the line than may be sent', () => {
    const limits = { ...defaultLimits, maxRequestLineSize: 10 };
    expect(rejected('GET /23456789 HTTP/1.1\r\n', limits).rejectedHead().requestLine).toBe('GET /23456');
  });

  it('is that of the request that failed, not of the one before', () => {
    expect(rejected(`${GET}PUT /2 HTTP/2.0\r\n`).rejectedHead().requestLine).toBe('PUT /2 HTTP/2.0');
  });

  it('is empty if nothing can be told', () => {
    expect(rejected('\r\n\r\n').rejectedHead()).toMatchObject({ method: '', target: '', requestLine: '' });
  });
});

describe('every octet', () => {
  const octets = Array.from({ length: 256 }, (_, octet) => String.fromCharCode(octet));
  const isField = (octet: string) => /[\t\x20-\x7e\x80-\xff]/.test(octet);
  const isBlank = (octet: string) => octet === '\t' || octet === ' ';

  function expectError(text: string, error: string): void {
    expect(errorOf(text), JSON.stringify(text)).toBe(error);
  }

  function expectServed(text: string, isServed: boolean): void {
    expect(errorOf(text) === '', JSON.stringify(text)).toBe(isServed);
  }

  it('MUST 13: in a field name', () => {
    for (const octet of octets) {
      const error = TCHAR.test(octet) ? '' : '400 BAD_FIELD_NAME';
      const errorBehind = octet === ':' ? '' : error;
      expectError(`GET / HTTP/1.1\r\nHost: a\r\nX${octet}Y: z\r\n\r\n`, errorBehind);
      expectError(`GET / HTTP/1.1\r\nHost: a\r\nX${octet}: z\r\n\r\n`, errorBehind);
      expectError(
        `GET / HTTP/1.1\r\nHost: a\r\n${octet}X: z\r\n\r\n`,
        octet === '\r' ? '400 BAD_LINE_END' : error,
      );
    }
  });

  it('MUST 15: in a field value', () => {
    for (const octet of octets) {
      const error = octet === '\r' || octet === '\n' ? '400 BAD_LINE_END' : '400 BAD_FIELD_VALUE';
      for (const value of [`a${octet}b`, `${octet}b`, `a${octet}`, octet]) {
        const fields = [
          ['Host', 'a'],
          ['X', value.replace(/^[\t ]+|[\t ]+$/g, '')],
        ];
        expect(parseText(`GET / HTTP/1.1\r\nHost: a\r\nX: ${value}\r\n\r\n`)[0]).toMatchObject(
          isField(octet) ? { head: { fields } } : { error },
        );
      }
    }
  });

  it('MUST 16: in Host', () => {
    for (const octet of octets) {
      const isRegName = /[-._~!$&'()*+;=0-9A-Za-z]/.test(octet);
      expectServed(`GET / HTTP/1.1\r\nHost: ${octet}a\r\n\r\n`, isRegName || isBlank(octet));
      expectServed(`GET / HTTP/1.1\r\nHost: a${octet}b\r\n\r\n`, isRegName);
      expectServed(`GET / HTTP/1.1\r\nHost: a${octet}\r\n\r\n`, isRegName || isBlank(octet) || octet === ':');
      expectServed(`GET / HTTP/1.1\r\nHost: a:8${octet}\r\n\r\n`, /[0-9\t ]/.test(octet));
    }
  });

  it('MUST 2: in Content-Length', () => {
    for (const octet of octets) {
      const isDigit = /[0-9]/.test(octet);
      const head = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length:';
      expectServed(`${head}${octet}\r\n\r\n`, isDigit);
      expectServed(`${head}${octet}1\r\n\r\n`, isDigit || isBlank(octet));
      expectServed(`${head}1${octet}1\r\n\r\n`, isDigit);
      expectServed(`${head}1${octet}\r\n\r\n`, isDigit || isBlank(octet));
    }
  });

  it('MUST 5: around and in Transfer-Encoding', () => {
    for (const octet of octets) {
      const head = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:';
      expectServed(`${head}${octet}chunked\r\n\r\n0\r\n\r\n`, isBlank(octet));
      expectServed(`${head}chunked${octet}\r\n\r\n0\r\n\r\n`, isBlank(octet));
      expectServed(`${head}chu${octet}ked\r\n\r\n0\r\n\r\n`, /n/i.test(octet));
    }
  });

  it('MUST 7: in a chunk size', () => {
    for (const octet of octets) {
      const isHex = /[0-9A-Fa-f]/.test(octet);
      expectServed(`${CHUNKED_HEAD}${octet}`, isHex);
      expectServed(`${CHUNKED_HEAD}1${octet}\r\n`, isHex);
      expectServed(`${CHUNKED_HEAD}1${octet}1\r\n`, isHex || octet === ';');
    }
  });

  it('MUST 8: in place of CR and LF after the size and after the data', () => {
    for (const octet of octets) {
      expectServed(`${CHUNKED_HEAD}1${octet}\na\r\n`, octet === '\r');
      expectServed(`${CHUNKED_HEAD}1\r${octet}a\r\n`, octet === '\n');
      expectServed(`${CHUNKED_HEAD}1\r\na${octet}\n`, octet === '\r');
      expectServed(`${CHUNKED_HEAD}1\r\na\r${octet}`, octet === '\n');
    }
  });

  it('MUST 12: in place of the CR and LF that end the head', () => {
    for (const octet of octets) {
      expectServed(`GET / HTTP/1.1\r\nHost: a\r\n\r${octet}`, octet === '\n');
      expectServed(`GET / HTTP/1.1\r\nHost: a\r\n${octet}\n`, octet === '\r');
    }
  });

  it('MUST 17: in a method', () => {
    for (const octet of octets) {
      const error = octet === ' ' ? '400 BAD_VERSION' : '400 BAD_METHOD';
      expectError(`A${octet}/ / HTTP/1.1\r\nHost: a\r\n\r\n`, error);
      expectError(`A${octet}B / HTTP/1.1\r\nHost: a\r\n\r\n`, TCHAR.test(octet) ? '' : error);
    }
  });

  it('MUST 17: in the place of each octet of the version', () => {
    for (const octet of octets) {
      for (let at = 0; at < 'HTTP/1.1'.length; at++) {
        const version = `${'HTTP/1.1'.slice(0, at)}${octet}${'HTTP/1.1'.slice(at + 1)}`;
        const isOther = /^HTTP\/\d\.\d$/.test(version);
        const error = isOther ? '505 UNSUPPORTED_VERSION' : '400 BAD_VERSION';
        expectError(`GET / ${version}\r\nHost: a\r\n\r\n`, /^HTTP\/1\.\d$/.test(version) ? '' : error);
      }
    }
  });

  it('MUST 18: in a target', () => {
    for (const octet of octets) {
      const isAllowed = /[-._~:/?@!$&'()*+,;=0-9A-Za-z^|{}[\]`\x80-\xff]/.test(octet);
      expectServed(`GET /a${octet}b HTTP/1.1\r\nHost: a\r\n\r\n`, isAllowed);
      expectServed(`GET /${octet} HTTP/1.1\r\nHost: a\r\n\r\n`, isAllowed);
      expectServed(`GET ${octet} HTTP/1.1\r\nHost: a\r\n\r\n`, octet === '/');
    }
  });
});

describe('the limits as they are set', () => {
  const cuts = (text: string) => [[octetsOf(text)], octetByOctet(octetsOf(text))];

  it.each([0, 1])('MUST 27: a request line of 8 KiB and %i', (more) => {
    const line = `GET /${'a'.repeat(8192 - 14 + more)} HTTP/1.1`;
    expect(line.length).toBe(8192 + more);
    for (const pieces of cuts(`${line}\r\nHost: a\r\n\r\n`)) {
      expect(parse(pieces, defaultLimits)).toMatchObject(
        more === 0 ? [{ head: {} }, { end: [] }] : [{ error: '414 REQUEST_LINE_TOO_LONG' }],
      );
    }
  });

  it.each([0, 1])('MUST 28: a header section of 16 KiB and %i', (more) => {
    const section = `Host: a\r\nX: ${'a'.repeat(16384 - 14 + more)}\r\n`;
    expect(section.length).toBe(16384 + more);
    for (const pieces of cuts(`GET / HTTP/1.1\r\n${section}\r\n`)) {
      expect(parse(pieces, defaultLimits)).toMatchObject(
        more === 0 ? [{ head: {} }, { end: [] }] : [{ error: '431 HEADER_TOO_LARGE' }],
      );
    }
  });

  it.each([0, 1])('MUST 28: 100 fields and %i', (more) => {
    const fields = `Host: a\r\n${'X: y\r\n'.repeat(99 + more)}`;
    for (const pieces of cuts(`GET / HTTP/1.1\r\n${fields}\r\n`)) {
      const events = parse(pieces, defaultLimits);
      if (more > 0) expect(events).toEqual([{ error: '431 TOO_MANY_FIELDS' }]);
      else expect(events[0]).toHaveProperty('head.fields.length', 100);
    }
  });

  it.each([0, 1])('MUST 9: a chunk-size line of 4 KiB and %i', (more) => {
    const line = `0;${'a'.repeat(4096 - 2 + more)}`;
    for (const pieces of cuts(`${CHUNKED_HEAD}${line}\r\n\r\n`)) {
      expect(parse(pieces, defaultLimits).at(-1)).toEqual(
        more === 0 ? { end: [] } : { error: '413 BODY_TOO_LARGE' },
      );
    }
  });

  it.each([
    ['extensions', `1;${'a'.repeat(4000)}\r\nx\r\n`],
    ['short extensions', '1;a\r\nx\r\n'],
    ['blanks', `1${' '.repeat(4000)};a\r\nx\r\n`],
    ['zeros', `${'0'.repeat(4000)}1\r\nx\r\n`],
  ])('MUST 9: chunks with much ado about one octet: %s', (_, chunk) => {
    const parser = parserOf(CHUNKED_HEAD);
    parser.next();
    let overhead = 0;
    let error: unknown;
    while (error === undefined && overhead < 1e6) {
      parser.feed(octetsOf(chunk));
      overhead += chunk.length - '1\r\nx\r\n'.length;
      const last = eventsOf(parser).at(-1)!;
      if ('error' in last) error = last.error;
    }
    expect(error).toBe('413 BODY_TOO_LARGE');
    expect(overhead).toBeLessThan(16384 + chunk.length);
  });

  it('MUST 3: a large length costs nothing until its octets come', () => {
    const allocations = [
      vi.spyOn(Buffer, 'alloc'),
      vi.spyOn(Buffer, 'allocUnsafe'),
      vi.spyOn(Buffer, 'allocUnsafeSlow'),
    ];
    const length = octetsOf('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9007199254740991\r\n\r\nx');
    const chunk = octetsOf(`${CHUNKED_HEAD}1fffffffffffff\r\nx`);
    expect(parse([length], defaultLimits)).toMatchObject([
      { head: { bodyLength: 2 ** 53 - 1 } },
      { data: 'x' },
    ]);
    expect(parse([chunk], defaultLimits)).toMatchObject([{ head: {} }, { data: 'x' }]);
    for (const allocation of allocations) expect(allocation).not.toHaveBeenCalled();
  });
});

describe('names that are not only names', () => {
  it('MUST 20: nothing is polluted by fields, trailers, methods or hosts', () => {
    const names = [
      '__proto__',
      'constructor',
      'prototype',
      'toString',
      'valueOf',
      'hasOwnProperty',
      '0',
      '1',
    ];
    const before = Reflect.ownKeys(Object.prototype);
    for (const name of names) {
      const text = `${name} /${name} HTTP/1.1\r\nHost: ${name}\r\n${name}: polluted\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n${name}: polluted\r\n\r\n`;
      const [head, end] = parseText(text);
      expect(head).toMatchObject({
        head: {
          method: name,
          fields: [
            ['Host', name],
            [name, 'polluted'],
            ['Transfer-Encoding', 'chunked'],
          ],
        },
      });
      expect(end).toEqual({ end: [[name, 'polluted']] });
    }
    expect(Reflect.ownKeys(Object.prototype)).toEqual(before);
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });

  it('MUST 20: 98 names that are integers are fields like any other', () => {
    const names = Array.from({ length: 98 }, (_, index) => String(index * 1_000_003));
    const parser = parserOf(
      `GET / HTTP/1.1\r\nHost: a\r\n${names.map((name) => `${name}: ${name}\r\n`).join('')}\r\n`,
    );
    expect(parser.next()).toBe(HEAD);
    const { fields } = parser.head!;
    expect([...fields].slice(1)).toEqual(names.map((name) => [name, name]));
    for (const name of names) expect(fields.value(fields.indexOf(name))).toBe(name);
  });
});
