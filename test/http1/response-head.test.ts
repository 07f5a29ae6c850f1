import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ResponseHead } from '../../src/http1/response-head.js';

/** The head as its lines, without the empty one, which must be there. */
function linesOf(head: ResponseHead, ...how: Partial<Parameters<ResponseHead['serialize']>>): string[] {
  const text = head.serialize(how[0] ?? 'length', how[1], how[2] ?? 65);
  expect(text.endsWith('\r\n\r\n')).toBe(true);
  return text.slice(0, -4).split('\r\n');
}

describe('ResponseHead', () => {
  it('is a status line and field lines in the order in which they were added', () => {
    const head = new ResponseHead(200).append('B', '1').append('a', 2).append('B', '3').append('Empty', '');
    expect(linesOf(head)).toEqual(['HTTP/1.1 200 OK', 'B: 1', 'a: 2', 'B: 3', 'Empty: ']);
  });

  it.each([
    [new ResponseHead(404), 'HTTP/1.1 404 Not Found'],
    [new ResponseHead(404, 'Gone fishing'), 'HTTP/1.1 404 Gone fishing'],
    [new ResponseHead(404, ''), 'HTTP/1.1 404 '],
    [new ResponseHead(299), 'HTTP/1.1 299 '],
    [new ResponseHead(999, 'Odd', 'HTTP/1.0'), 'HTTP/1.0 999 Odd'],
    [new ResponseHead(200, 'd\u00e9j\u00e0\tvu'), 'HTTP/1.1 200 d\u00e9j\u00e0\tvu'],
  ])('%#: the status line is %3$s', (head, line) => {
    expect(linesOf(head)).toEqual([line]);
  });

  it.each([99, 1000, 0, -200, 200.5, Number.NaN, Number.POSITIVE_INFINITY])('has no status %s', (status) => {
    expect(() => new ResponseHead(status)).toThrow(RangeError);
    expect(() => new ResponseHead(status)).toThrow(`A status is an integer from 100 to 999, not ${status}`);
  });

  it('tells two heads with the same status or name apart', () => {
    const first = new ResponseHead(200, 'One').append('X', '1');
    const second = new ResponseHead(200, 'One', 'HTTP/1.0').append('X', '2').append('X', '');
    const third = new ResponseHead(200, 'Three', 'HTTP/1.0').append('x', '');
    expect(linesOf(first)).toEqual(['HTTP/1.1 200 One', 'X: 1']);
    expect(linesOf(second)).toEqual(['HTTP/1.0 200 One', 'X: 2', 'X: ']);
    expect(linesOf(third)).toEqual(['HTTP/1.0 200 Three', 'x: ']);
  });
});

describe('framing', () => {
  it('knows the length that it was told', () => {
    expect(new ResponseHead(200).contentLength).toBeUndefined();
    expect(new ResponseHead(200).append('content-length', '05').contentLength).toBe(5);
    const head = new ResponseHead(200).append('Content-Length', 2 ** 53 - 1);
    expect(head.contentLength).toBe(2 ** 53 - 1);
    expect(linesOf(head)).toEqual(['HTTP/1.1 200 OK', 'Content-Length: 9007199254740991']);
  });

  it.each([
    '',
    '-1',
    '+1',
    '1.5',
    '0x1',
    '1e3',
    'NaN',
    ' 1',
    '1 ',
    '1,1',
    '9007199254740992',
    '99999999999999999',
    'five',
    -1,
    0.5,
    Number.NaN,
    2 ** 53,
    1e21,
  ])('has no Content-Length %j', (value) => {
    const head = new ResponseHead(200);
    expect(() => head.append('Content-Length', value)).toThrow(TypeError);
    expect(() => head.append('Content-Length', value), 'again').toThrow(TypeError);
    expect(head.contentLength).toBeUndefined();
    expect(linesOf(head)).toEqual(['HTTP/1.1 200 OK']);
  });

  it('has one Content-Length', () => {
    const head = new ResponseHead(200).append('Content-Length', 5);
    expect(() => head.append('Content-Length', 5)).toThrow('Content-Length has been set already');
    expect(() => head.append('content-length', 6)).toThrow(TypeError);
    expect(linesOf(head)).toEqual(['HTTP/1.1 200 OK', 'Content-Length: 5']);
  });

  it('MUST 44: leaves Content-Length out where it may not be', () => {
    for (const status of [100, 103, 204]) {
      expect(linesOf(new ResponseHead(status, 'x').append('Content-Length', 5), 'none')).toEqual([
        `HTTP/1.1 ${status} x`,
      ]);
    }
    expect(linesOf(new ResponseHead(304, 'x').append('Content-Length', 5), 'none')).toEqual([
      'HTTP/1.1 304 x',
      'Content-Length: 5',
    ]);
  });

  it('MUST 44: a response 205 has a body of no octets', () => {
    expect(linesOf(new ResponseHead(205, 'x').append('Content-Length', 5), 'none')).toEqual([
      'HTTP/1.1 205 x',
      'Content-Length: 0',
    ]);
  });

  it('says chunked when the engine does, once', () => {
    const head = new ResponseHead(200).append('Transfer-Encoding', 'Chunked');
    expect(linesOf(head, 'chunked')).toEqual(['HTTP/1.1 200 OK', 'Transfer-Encoding: chunked']);
    expect(linesOf(head, 'close')).toEqual(['HTTP/1.1 200 OK']);
    expect(() => head.append('transfer-encoding', 'gzip')).toThrow('The only transfer coding is chunked');
  });
});

describe('Connection', () => {
  it('is the decision of the engine', () => {
    expect(linesOf(new ResponseHead(200), 'length', 'close')).toEqual([
      'HTTP/1.1 200 OK',
      'Connection: close',
    ]);
    expect(linesOf(new ResponseHead(200), 'length', 'keep-alive', 5)).toEqual([
      'HTTP/1.1 200 OK',
      'Connection: keep-alive',
      'Keep-Alive: timeout=5',
    ]);
    expect(linesOf(new ResponseHead(200).append('Connection', 'close'))).toEqual(['HTTP/1.1 200 OK']);
  });

  it('knows what the application asks for', () => {
    expect(new ResponseHead(200).persistence).toBeUndefined();
    expect(new ResponseHead(200).append('connection', 'Close').persistence).toBe('close');
    expect(new ResponseHead(200).append('connection', 'keep-alive').persistence).toBe('keep-alive');
    expect(new ResponseHead(200).append('connection', 'keep-alive, close').persistence).toBe('close');
    const both = new ResponseHead(200).append('connection', 'close').append('connection', 'keep-alive');
    expect(both.persistence).toBe('close');
  });

  it('carries the other options of the application', () => {
    const head = new ResponseHead(101).append('Connection', 'Upgrade').append('Upgrade', 'websocket');
    expect(linesOf(head, 'none')).toEqual([
      'HTTP/1.1 101 Switching Protocols',
      'Upgrade: websocket',
      'Connection: Upgrade',
    ]);
    const more = new ResponseHead(200).append('Connection', 'X-A ,\tclose,,X-B');
    expect(linesOf(more, 'length', 'close')).toEqual(['HTTP/1.1 200 OK', 'Connection: X-A, X-B, close']);
  });
});

describe('MUST 24: nothing unsafe becomes a head', () => {
  const isUnsafe = (text: string) => /[^\t\x20-\x7e\x80-\xff]/.test(text);
  const unsafe = fc.oneof(
    fc.constantFrom(
      '\r',
      '\n',
      '\u0000',
      '\r\n',
      '\r\nX: y',
      '\u0100',
      '\u010d',
      '\u010a',
      '\u560a',
      '\ud800',
      '\u{1f600}',
      '\u007f',
      '\u0008',
      '\u2028',
    ),
    fc.string({ unit: 'binary', minLength: 1 }).filter(isUnsafe),
  );
  const any = fc.string({ unit: 'grapheme', maxLength: 5 });
  const text = fc.tuple(any, unsafe, any).map((parts) => parts.join(''));

  it('in values', () => {
    fc.assert(
      fc.property(
        text,
        fc.constantFrom('X', 'Set-Cookie', 'Connection', 'Content-Length', 'Transfer-Encoding'),
        (value, name) => {
          const head = new ResponseHead(200).append('X', 'before');
          expect(() => head.append(name, value)).toThrow(TypeError);
          expect(() => head.append(name, value), 'again').toThrow(TypeError);
          expect(linesOf(head.append('X', 'after'))).toEqual(['HTTP/1.1 200 OK', 'X: before', 'X: after']);
        },
      ),
    );
  });

  it('in reasons', () => {
    fc.assert(
      fc.property(text, fc.constantFrom(200, 404, 999), (reason, status) => {
        expect(() => new ResponseHead(status, reason)).toThrow(TypeError);
        expect(() => new ResponseHead(status, reason), 'again').toThrow(TypeError);
      }),
    );
  });

  it('in names, which are tokens', () => {
    const separator = fc.constantFrom(...'()<>@,;:\\"/[]?={} \t', '', '\u00e9');
    const name = fc.oneof(
      text,
      fc.tuple(fc.constantFrom('', 'X'), separator, fc.constantFrom('', ' ')).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(
        name.filter((each) => !/^[\w!#$%&'*+.^`|~-]+$/.test(each)),
        (each) => {
          const head = new ResponseHead(200);
          expect(() => head.append(each, 'x')).toThrow(TypeError);
          expect(() => head.append(each, 'x'), 'again').toThrow(TypeError);
          expect(linesOf(head)).toEqual(['HTTP/1.1 200 OK']);
        },
      ),
    );
  });

  it('but everything that is safe is sent as it is', () => {
    const octet = fc.oneof(
      fc.integer({ min: 0x20, max: 0x7e }),
      fc.integer({ min: 0x80, max: 0xff }),
      fc.constant(9),
    );
    const safe = fc.array(octet).map((codes) => String.fromCharCode(...codes));
    fc.assert(
      fc.property(safe, safe, (value, reason) => {
        const head = new ResponseHead(200, reason).append('X-Safe', value);
        const sent = Buffer.from(head.serialize('length', undefined, 0), 'latin1').toString('latin1');
        expect(sent).toBe(`HTTP/1.1 200 ${reason}\r\nX-Safe: ${value}\r\n\r\n`);
      }),
    );
  });

  it('also in place of what has ended a head before', () => {
    const head = () => new ResponseHead(200, 'Remembered').append('X-One', '1');
    head().serialize('none', undefined, 0);
    expect(() => head().append('', '')).toThrow(TypeError);
  });

  it('also after more names than are remembered', () => {
    const head = new ResponseHead(200);
    const names = Array.from({ length: 600 }, (_, index) => `X-Many-${index}`);
    for (const name of names) head.append(name, name);
    expect(linesOf(head).slice(1)).toEqual(names.map((name) => `${name}: ${name}`));
    expect(() => head.append('X-Many-599', 'a\r\nb')).toThrow(TypeError);
    expect(() => head.append('X-Many\r\n-601', 'a')).toThrow(TypeError);
  });
});
