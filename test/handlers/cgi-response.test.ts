// The header of a program's output (RFC 3875 §6): what it means, and what it may not be.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type CGIAnswer,
  CGIOutputError,
  findCgiHead,
  MAX_CGI_HEAD_SIZE,
  parseCgiHead,
} from '../../src/handlers/cgi-response.js';

function parse(...lines: string[]): CGIAnswer {
  return parseCgiHead(lines.join('\n'));
}

describe('findCgiHead()', () => {
  it.each([
    ['A: b\n\nbody', 'A: b', 'body'],
    ['A: b\r\n\r\nbody', 'A: b', 'body'],
    ['A: b\r\nC: d\n\r\n\n', 'A: b\r\nC: d', '\n'],
    ['A: b\n\n', 'A: b', ''],
    ['\nbody', '', 'body'],
    ['\r\n\r\n', '', '\r\n'],
  ])('%j', (output, text, body) => {
    const head = findCgiHead(Buffer.from(output, 'latin1'));
    expect(head?.text).toBe(text);
    expect(output.slice(head?.bodyStart)).toBe(body);
  });

  it.each(['', 'A', 'A: b', 'A: b\n', 'A: b\r\n', 'A: b\r\n\r', 'A: b\r\r'])(
    '%j: it has not ended',
    (output) => {
      expect(findCgiHead(Buffer.from(output))).toBeUndefined();
    },
  );

  it('finds the same wherever the output is cut', () => {
    const output = Buffer.from('Content-Type: text/plain\r\nX: y\r\n\r\n\nbody');
    const whole = findCgiHead(output)!;
    for (let length = 0; length < output.length; length++) {
      const head = findCgiHead(output.subarray(0, length));
      if (length < whole.bodyStart) expect(head).toBeUndefined();
      else expect(head).toEqual(whole);
    }
  });

  it('MUST 75: refuses a header of more than 8 KiB, whether its end has come or not', () => {
    const line = (size: number) => Buffer.from(`A: ${'x'.repeat(size - 5)}\n\n`);
    expect(findCgiHead(line(MAX_CGI_HEAD_SIZE))?.bodyStart).toBe(MAX_CGI_HEAD_SIZE);
    expect(() => findCgiHead(line(MAX_CGI_HEAD_SIZE + 1))).toThrow(CGIOutputError);
    expect(() => findCgiHead(Buffer.alloc(MAX_CGI_HEAD_SIZE, 'x'))).toThrow(/8192/);
  });
});

describe('parseCgiHead()', () => {
  it('a document', () => {
    expect(parse('Content-Type: text/html', 'X-A:  b\t')).toEqual({
      kind: 'response',
      status: 200,
      reason: undefined,
      fields: [
        ['Content-Type', 'text/html'],
        ['X-A', 'b'],
      ],
      contentLength: undefined,
      hasContentType: true,
    });
  });

  it.each([
    ['404 Not Here', 404, 'Not Here'],
    ['404', 404, undefined],
    ['299   Odd', 299, 'Odd'],
    ['999', 999, undefined],
  ])('Status: %s', (value, status, reason) => {
    expect(parse(`Status: ${value}`, 'Content-Type: a/b')).toMatchObject({ status, reason });
  });

  it.each([
    '',
    'OK',
    '99',
    '100',
    '101 Switching Protocols',
    '1000',
    '20x',
    '200OK',
    '+200',
    'HTTP/1.1 200 OK',
  ])('MUST 75: Status: %s is malformed', (value) =>
    expect(() => parse(`Status: ${value}`)).toThrow(CGIOutputError),
  );

  it('Location with a path is a local redirect (§6.2.2), and what a client would ask for', () => {
    const at = (location: string) => parse(`Location: ${location}`);
    expect(at('/a/b?c=d?e')).toEqual({ kind: 'local-redirect', location: '/a/b?c=d?e' });
    expect(at('/a/../b/./c')).toEqual({ kind: 'local-redirect', location: '/b/c' });
    expect(at('/%61%20b/\xc3\xa4 x')).toMatchObject({ location: '/a%20b/%C3%A4%20x' });
    expect(at('/cgi-bin/x?\xe4')).toMatchObject({ location: '/cgi-bin/x?%e4' });
    expect(() => at('/../x')).toThrow(/above the root/);
  });

  it('also beside fields of a body that will not be looked at', () => {
    expect(parse('Content-type: text/html', 'location: /a/b', 'Content-Length: 0')).toMatchObject({
      kind: 'local-redirect',
    });
  });

  it.each([
    ['https://example.org/', []],
    ['mailto:x@example.org', []],
    ['/a/b#c', []],
    ['other.html', []],
    ['/a/b', ['Set-Cookie: a=b']],
  ])('Location: %s %j is a redirect for the client: 302', (location, more) => {
    expect(parse(`Location: ${location}`, ...more)).toMatchObject({ kind: 'response', status: 302 });
  });

  it('Status beside Location is for the client (§6.2.4)', () => {
    expect(parse('Status: 301 Gone There', 'Location: /a/b', 'Content-Type: text/plain')).toEqual({
      kind: 'response',
      status: 301,
      reason: 'Gone There',
      fields: [
        ['Location', '/a/b'],
        ['Content-Type', 'text/plain'],
      ],
      contentLength: undefined,
      hasContentType: true,
    });
    expect(parse('Status: 201', 'Location: /new')).toMatchObject({ status: 201 });
  });

  it('MUST 75: fields of the connection are left out, and those that the server sends itself', () => {
    const answer = parse(
      'Connection: close',
      'Keep-Alive: 1',
      'Transfer-Encoding: chunked',
      'TE: x',
      'Trailer: y',
      'Upgrade: z',
      'Proxy-Connection: close',
      'Server: mine',
      'Date: today',
      'Set-Cookie: a=1',
      'Set-Cookie: b=2',
    );
    expect(answer).toMatchObject({
      fields: [
        ['Set-Cookie', 'a=1'],
        ['Set-Cookie', 'b=2'],
      ],
    });
  });

  it('MUST 76: tells whether there is a Content-Type', () => {
    expect(parse('Status: 200')).toMatchObject({ hasContentType: false });
    expect(parse('CONTENT-TYPE: x/y')).toMatchObject({ hasContentType: true });
  });

  it('Content-Length is a number', () => {
    expect(parse('Content-Length: 12')).toMatchObject({
      contentLength: 12,
      fields: [['Content-Length', '12']],
    });
    for (const value of ['', '-1', '1.5', '0x10', '1,1', '9'.repeat(16)])
      expect(() => parse(`Content-Length: ${value}`)).toThrow(CGIOutputError);
  });

  it.each([
    ['nothing', ''],
    ['no colon', 'Content-Type text/plain'],
    ['a space before the colon', 'Content-Type : text/plain'],
    ['no name', ': x'],
    ['a folded line', 'A: b\n c'],
    ['a carriage return in a value', 'A: b\rSet-Cookie: evil=1'],
    ['NUL', 'A: b\0c'],
    ['another control', 'A: \x1b[2J'],
    ['a control in a name', 'A\x01: b'],
    ['two types', 'Content-Type: a/b\ncontent-type: c/d'],
    ['two statuses', 'Status: 200\nStatus: 404'],
    ['two locations', 'Location: /a\nLocation: /b'],
    ['an empty location', 'Location:'],
    ['a status line', 'HTTP/1.1 200 OK\nContent-Type: a/b'],
    ['a page', '<html>'],
  ])('MUST 75: %s is malformed', (_, text) => expect(() => parseCgiHead(text)).toThrow(CGIOutputError));

  it('never throws anything else, and what it lets through can be sent', () => {
    const octets = fc.string({
      unit: fc.integer({ min: 0, max: 255 }).map((octet) => String.fromCharCode(octet)),
    });
    const line = fc.oneof(
      octets,
      fc
        .tuple(fc.constantFrom('A', 'Status', 'Location', 'Content-Length'), octets)
        .map((pair) => pair.join(': ')),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 5 }), (lines) => {
        let answer: CGIAnswer;
        try {
          answer = parseCgiHead(lines.join('\n'));
        } catch (error) {
          expect(error).toBeInstanceOf(CGIOutputError);
          return;
        }
        if (answer.kind === 'local-redirect') expect(answer.location).toMatch(/^\/[\x21-\x7e]*$/);
        else {
          expect(answer.reason ?? '').toMatch(/^[\t\x20-\x7e\x80-\xff]*$/);
          for (const [name, value] of answer.fields)
            expect(name + value).toMatch(/^[\t\x20-\x7e\x80-\xff]*$/);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
