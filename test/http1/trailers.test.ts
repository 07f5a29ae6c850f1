import { describe, expect, it } from 'vitest';
import { FieldLines } from '../../src/http1/message.js';
import { withoutForbidden } from '../../src/http1/trailers.js';

describe('MUST 10: withoutForbidden', () => {
  it('gives trailers back as they are if nothing is wrong with them', () => {
    const trailers = FieldLines.from([
      ['Digest', 'x'],
      ['Server-Timing', 'y'],
      ['__proto__', 'z'],
    ]);
    expect(withoutForbidden(trailers)).toBe(trailers);
  });

  it.each([
    ['framing', ['Content-Length', 'Transfer-Encoding', 'Trailer', 'TE']],
    ['the connection', ['Connection', 'Keep-Alive', 'Upgrade', 'Expect', 'Proxy-Connection']],
    [
      'routing',
      ['Host', 'Max-Forwards', 'Forwarded', 'X-Forwarded-For', 'X-Forwarded-Host', 'X-Forwarded-Proto'],
    ],
    ['authentication', ['Authorization', 'Proxy-Authorization', 'Cookie']],
    ['what the content is', ['Content-Type', 'Content-Encoding', 'Content-Range', 'Range', 'Cache-Control']],
  ])('drops what would change %s', (_, names) => {
    for (const name of names.flatMap((each) => [each, each.toLowerCase(), each.toUpperCase()])) {
      const trailers = FieldLines.from([
        ['X', '1'],
        [name, '2'],
        ['Y', '3'],
      ]);
      expect([...withoutForbidden(trailers)], name).toEqual([
        ['X', '1'],
        ['Y', '3'],
      ]);
    }
  });

  it('drops each of several', () => {
    const trailers = FieldLines.from([
      ['host', 'a'],
      ['host', 'b'],
    ]);
    expect(withoutForbidden(trailers).length).toBe(0);
  });
});
