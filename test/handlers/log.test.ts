import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapeControls, escapeQuoted, formatLogMessage, formatMessage } from '../../src/handlers/log.js';

describe('formatMessage', () => {
  it.each<[format: string, args: unknown[], message: string]>([
    ['"%s" %s %s', ['GET / HTTP/1.1', 200, '-'], '"GET / HTTP/1.1" 200 -'],
    ['code %d, message %s', [404, 'File not found'], 'code 404, message File not found'],
    ['%(code)d %(message)s', [{ code: 404, message: 'Not Found' }], '404 Not Found'],
    ['%(code)03d', [{ code: 7, unused: 1 }], '007'],
    ['%5d|%-5s|%05.1f|%x|%X|%o|%c', [42, 'a', 2.25, 255, 255, 8, 65], '   42|a    |002.3|ff|FF|10|A'],
    ['%+d %i %u', [5, -3, 7], '+5 -3 7'],
    ['%r %r', ['it', 7], "'it' 7"],
    ['100%%', [], '100%'],
    ['%d%%', [5], '5%'],
    ['nothing', [], 'nothing'],
    ['%s', [undefined], 'undefined'],
    ['', [], ''],
  ])('formats %j with %j', (format, args, message) => {
    expect(formatMessage(format, args)).toBe(message);
  });

  it.each<[format: string, args: unknown[], message: string]>([
    ['%s %s', ['one'], '%s %s one'],
    ['%s', ['one', 'two'], '%s one two'],
    ['%s', [], '%s'],
    ['%d', ['no number'], '%d no number'],
    ['%(name)s', [{ other: 1 }], '%(name)s { other: 1 }'],
    ['%(constructor)s', [{}], '%(constructor)s {}'],
    ['%(name)s', [undefined], '%(name)s undefined'],
    ['%(name)s', [], '%(name)s'],
    ['%(a)s %s', [{ a: 1 }], '%(a)s %s { a: 1 }'],
    ['%s', [Object.create(null)], '%s [Object: null prototype] {}'],
    ['GET /%e4%20%zz', [], 'GET /%e4%20%zz'],
    ['100%', [], '100%'],
    ['%z', ['one'], '%z one'],
  ])(
    'gives the format as it stands, and the arguments, where %j does not fit %j',
    (format, args, message) => {
      expect(formatMessage(format, args)).toBe(message);
    },
  );

  it('makes no line of a gigabyte from the width in a format', () => {
    expect(formatMessage('%999999999d', [1])).toBe('%999999999d 1');
  });

  it('does not call a function it is given', () => {
    const called: string[] = [];
    const noisy = () => called.push('called');
    formatMessage('%s %10s %d %x %r', [noisy, noisy, noisy, noisy, noisy]);
    formatMessage('%(f)s %(f)5s', [{ f: noisy }]);
    expect(called).toEqual([]);
  });

  it('never throws, whatever it is given', () => {
    const hostile: unknown[] = [
      Symbol('s'),
      10n,
      Proxy.revocable({}, {}).proxy,
      Object.create(null),
      {
        toString: () => {
          throw new Error('toString');
        },
      },
      {
        [Symbol.for('nodejs.util.inspect.custom')]: () => {
          throw new Error('inspect');
        },
      },
      new Proxy(
        {},
        {
          get: () => {
            throw new Error('get');
          },
        },
      ),
    ];
    const value = fc.oneof(
      fc.anything({ withNullPrototype: true, withBigInt: true }),
      fc.constantFrom(...hostile),
    );
    const piece = fc.oneof(
      fc.constantFrom('%s', '%d', '%r', '%(a)s', '%5.2f', '%c', '%%', '%', '"'),
      fc.string(),
    );
    const format = fc.array(piece).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(format, fc.array(value, { maxLength: 4 }), (text, args) => {
        expect(typeof formatMessage(text, args)).toBe('string');
        expect(typeof formatLogMessage(text, args)).toBe('string');
      }),
    );
  });

  it('formats what Python’s % operator formats, the same', ({ skip }) => {
    const cases: [format: string, args: (string | number)[]][] = [
      ['"%s" %s %s', ['GET / HTTP/1.1', 200, '-']],
      ['code %d, message %s', [404, "Bad request syntax ('x')"]],
      ['Bad request version (%r)', ['HTTP/x']],
      ['%5s|%-5s|%05d|%+d|%x|%.2f|%.3s|%%', ['a', 'b', 42, 7, 255, 1.5, 'abcdef']],
    ];
    const script = 'import json,sys\nfor f, a in json.load(sys.stdin): print(f % tuple(a))';
    const python = spawnSync('python3', ['-c', script], { input: JSON.stringify(cases), encoding: 'utf8' });
    if (python.error) skip('python3 is not installed');
    expect(cases.map(([format, args]) => formatMessage(format, args))).toEqual(
      python.stdout.trimEnd().split('\n'),
    );
  });
});

describe('escapeControls', () => {
  it('MUST 87: writes C0, DEL, C1 and backslash so that a terminal does not obey them', () => {
    expect(escapeControls('GET /\x1b[2J\x00\x7f\x9b\n')).toBe('GET /\\x1b[2J\\x00\\x7f\\x9b\\x0a');
    expect(escapeControls('\\x1b')).toBe('\\\\x1b');
    expect(escapeControls('say "ä\u{1f600}"')).toBe('say "ä\u{1f600}"');
  });

  it('MUST 87: leaves no control character in any text, and can be undone', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const escaped = escapeQuoted(text);
        expect(escaped).not.toMatch(/[\x00-\x1f\x7f-\x9f"]/);
        expect(restored(escaped)).toBe(text);
        expect(restored(escapeControls(text))).toBe(text);
      }),
    );
  });

  function restored(text: string): string {
    return text.replace(/\\(?:x([0-9a-f]{2})|\\)/g, (_, hex) =>
      hex === undefined ? '\\' : String.fromCharCode(Number.parseInt(hex, 16)),
    );
  }
});

describe('formatLogMessage', () => {
  it('MUST 87: lets no argument end the quotes it stands in', () => {
    const requestline = 'GET /" 200 "\\ HTTP/1.1';
    expect(formatLogMessage('"%s" %s %s', [requestline, 404, '-'])).toBe(
      '"GET /\\x22 200 \\x22\\\\ HTTP/1.1" 404 -',
    );
  });

  it('leaves quotes alone where the format has none', () => {
    expect(formatLogMessage('message %s', ['Unsupported method ("X")'])).toBe(
      'message Unsupported method ("X")',
    );
  });

  it('MUST 87: escapes format, arguments, and what does not fit', () => {
    expect(formatLogMessage('a\nb %s', ['c\x1b'])).toBe('a\\x0ab c\\x1b');
    expect(formatLogMessage('a\nb %s', [])).toBe('a\\x0ab %s');
    expect(formatLogMessage('a %d\n', ['x\r'])).toBe('a %d\\x0a x\\x0d');
  });
});
