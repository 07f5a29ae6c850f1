import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../src/connection/limits.js';
import { HTTPMessage } from '../../src/http1/message.js';
import { HEAD, RequestParser } from '../../src/http1/parser.js';
import { type RequestHead, unparsedHead } from '../../src/http1/request-head.js';
import { octetsOf } from '../support/events.js';

function headOf(text: string): RequestHead {
  const parser = new RequestParser(defaultLimits);
  parser.feed(octetsOf(text));
  expect(parser.next()).toBe(HEAD);
  return parser.head!;
}

describe('RequestHead', () => {
  it('has the request line as it was sent', () => {
    const head = headOf('\r\nPOST /a?b HTTP/1.0\r\nX: POST / HTTP/1.1\r\n\r\n');
    expect(head.requestLine).toBe('POST /a?b HTTP/1.0');
    expect([head.method, head.target, head.version, head.minor]).toEqual(['POST', '/a?b', 'HTTP/1.0', 0]);
  });

  it.each([0, 1, 2, 9])('has the version as it was sent: HTTP/1.%d', (minor) => {
    expect(headOf(`GET / HTTP/1.${minor}\r\nHost: a\r\n\r\n`).version).toBe(`HTTP/1.${minor}`);
  });

  it.each(['GET', 'HEAD', 'POST', 'PUT', 'GETS', 'get', 'G', 'POSH', 'HEAP', 'GEX'])(
    'has the method %s',
    (method) => {
      expect(headOf(`${method} / HTTP/1.1\r\nHost: a\r\n\r\n`).method).toBe(method);
    },
  );

  it.each([
    ['GET', '/a/../b?c', '/a/../b?c'],
    ['GET', '//evil.example/', '//evil.example/'],
    ['GET', 'http://b/c?d', '/c?d'],
    ['GET', 'http://b', '/'],
    ['GET', 'http://b?c', '/?c'],
    ['GET', 'http://b//c', '//c'],
    ['OPTIONS', '*', '*'],
    ['CONNECT', 'b:1', 'b:1'],
  ])('%s %s has the path %s', (method, target, path) => {
    const head = headOf(`${method} ${target} HTTP/1.1\r\nHost: a\r\n\r\n`);
    expect([head.target, head.path]).toEqual([target, path]);
  });

  it('MUST 19: reads Host as the authority of absolute-form, wherever it stands', () => {
    const head = headOf('GET http://b.example:81/c HTTP/1.1\r\nA: 1\r\nhOst:  a.example:80 \r\nZ: 2\r\n\r\n');
    expect([...head.fields]).toEqual([
      ['A', '1'],
      ['hOst', 'b.example:81'],
      ['Z', '2'],
    ]);
    expect(new HTTPMessage(head.fields).getAll('host')).toEqual(['b.example:81']);
    expect(head.requestLine).toBe('GET http://b.example:81/c HTTP/1.1');
  });

  it('MUST 19: leaves Host alone in the other forms', () => {
    expect(headOf('GET //b/ HTTP/1.1\r\nHost: a\r\n\r\n').fields.value(0)).toBe('a');
    expect(headOf('OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n').fields.value(0)).toBe('a');
    expect(headOf('CONNECT b:1 HTTP/1.1\r\nHost: a\r\n\r\n').fields.value(0)).toBe('a');
  });

  it('stays what it is while its connection goes on', () => {
    const parser = new RequestParser(defaultLimits);
    const octets = octetsOf('GET /1 HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\nGET /2 HTTP/1.1\r\nHost: b\r\n\r\n');
    parser.feed(octets);
    parser.next();
    const head = parser.head!;
    parser.next();
    parser.next();
    octets.fill(0);
    expect([head.requestLine, head.path, ...head.fields]).toEqual([
      'GET /1 HTTP/1.1',
      '/1',
      ['Host', 'a'],
      ['X', 'y'],
    ]);
    expect(parser.head).not.toBe(head);
  });
});

describe('unparsedHead', () => {
  it.each([
    ['GET /a HTTP/9.9', 'GET', '/a'],
    ['GET  /a', 'GET', ''],
    ['GET', 'GET', ''],
    ['', '', ''],
    ['\u0016\u0003\u0001', '\u0016\u0003\u0001', ''],
  ])('of %j', (line, method, target) => {
    const head = unparsedHead(line);
    expect([head.requestLine, head.method, head.target, head.path]).toEqual([line, method, target, target]);
    expect([head.fields.length, head.bodyLength, head.persistent, head.version]).toEqual([
      0,
      0,
      false,
      'HTTP/1.1',
    ]);
  });
});
