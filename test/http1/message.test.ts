import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FieldLines, HTTPMessage } from '../../src/http1/message.js';

const oddNames = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', '0', '1', '-1', '4294967295'];

const tchar = fc.constantFrom(...'abcXYZ019!#$%&*+-.^_`|~');
const fieldName = fc.oneof(
  fc.string({ unit: tchar, minLength: 1, maxLength: 12 }),
  fc.constantFrom(...oddNames),
);
const pairs = fc.array(
  fc.tuple(fieldName, fc.string({ unit: fc.constantFrom(...'ab :;="\\é\t'), maxLength: 9 })),
);

describe('FieldLines', () => {
  const head = 'GET / HTTP/1.1\r\nHost:  a.example \r\nX:\r\n\r\n';
  const lines = new FieldLines(head, [16, 20, 23, 32, 35, 36, 37, 37]);

  it('slices names and values out of the head', () => {
    expect([...lines]).toEqual([
      ['Host', 'a.example'],
      ['X', ''],
    ]);
    expect(lines.length).toBe(2);
  });

  it('finds a name in any case, from an index on', () => {
    expect(lines.indexOf('host')).toBe(0);
    expect(lines.indexOf('x')).toBe(1);
    expect(lines.indexOf('x', 2)).toBe(-1);
    expect(lines.indexOf('hos')).toBe(-1);
    expect(lines.indexOf('')).toBe(-1);
  });

  it('folds the letters A to Z only', () => {
    const odd = FieldLines.from([
      ['@[^', '1'],
      ['`{~', '2'],
    ]);
    expect(odd.indexOf('`{~')).toBe(1);
    expect(FieldLines.from([['\u212aey', '1']]).indexOf('key')).toBe(-1);
  });

  it.each([-1, 2, 0.5, Number.NaN])('has no line %s', (index) => {
    expect(() => lines.name(index)).toThrow(RangeError);
    expect(() => lines.value(index)).toThrow(RangeError);
  });

  it('gives back the pairs it was made from', () => {
    fc.assert(
      fc.property(pairs, (some) => {
        expect([...FieldLines.from(some)]).toEqual(some);
      }),
    );
  });
});

describe('HTTPMessage', () => {
  const message = new HTTPMessage([
    ['Host', 'a.example'],
    ['Accept', 'text/html'],
    ['ACCEPT', 'text/plain'],
  ]);

  it('gives the first value of a name, in any case', () => {
    expect(message.get('accept')).toBe('text/html');
    expect(message.get('HOST')).toBe('a.example');
  });

  it('gives the fallback, or undefined, for a name that is not there', () => {
    expect(message.get('cookie')).toBeUndefined();
    expect(message.get('cookie', 'none')).toBe('none');
    expect(message.get('host', 'none')).toBe('a.example');
  });

  it('gives all values of a name', () => {
    expect(message.getAll('Accept')).toEqual(['text/html', 'text/plain']);
    expect(message.getAll('cookie')).toEqual([]);
  });

  it('iterates in wire order, duplicates and case kept', () => {
    const lines = [
      ['Host', 'a.example'],
      ['Accept', 'text/html'],
      ['ACCEPT', 'text/plain'],
    ];
    expect([...message]).toEqual(lines);
    expect([...message.entries()]).toEqual(lines);
    expect([...message.keys()]).toEqual(['Host', 'Accept', 'ACCEPT']);
    expect([...message.values()]).toEqual(['a.example', 'text/html', 'text/plain']);
    expect(message.size).toBe(3);
  });

  it('writes itself as field lines', () => {
    expect(String(message)).toBe('Host: a.example\r\nAccept: text/html\r\nACCEPT: text/plain');
    expect(String(new HTTPMessage([]))).toBe('');
  });

  it('MUST 20: has no field that was not sent, whatever its name, and every field that was', () => {
    const empty = new HTTPMessage([]);
    for (const name of oddNames) {
      expect(empty.has(name), name).toBe(false);
      expect(empty.get(name), name).toBeUndefined();
      expect(new HTTPMessage([[name, 'v']]).get(name.toUpperCase()), name).toBe('v');
    }
    expect(({} as Record<string, unknown>)['v']).toBeUndefined();
  });

  it('MUST 20: finds what a search through the lower-cased pairs finds', () => {
    fc.assert(
      fc.property(pairs, fieldName, (some, name) => {
        const values = some.filter(([key]) => key.toLowerCase() === name.toLowerCase()).map(([, v]) => v);
        const fields = new HTTPMessage(some);
        expect(fields.getAll(name)).toEqual(values);
        expect(fields.get(name)).toBe(values[0]);
        expect(fields.has(name)).toBe(values.length > 0);
      }),
    );
  });
});

describe('HTTPMessage, content type', () => {
  const typed = (value: string) => new HTTPMessage([['Content-Type', value]]);

  it.each([
    ['text/html', 'text/html'],
    ['Text/HTML; charset=utf-8', 'text/html'],
    ['application/vnd.api+json ;a=b', 'application/vnd.api+json'],
    ['text', 'text/plain'],
    ['a/b/c', 'text/plain'],
    ['/', 'text/plain'],
    ['text/ html', 'text/plain'],
    ['', 'text/plain'],
  ])('getContentType of %j is %s', (value, type) => {
    expect(typed(value).getContentType()).toBe(type);
  });

  it('is text/plain where there is none', () => {
    const none = new HTTPMessage([]);
    expect(none.getContentType()).toBe('text/plain');
    expect(none.getContentCharset()).toBeUndefined();
    expect(none.getParam('charset')).toBeUndefined();
    expect(none.getParams()).toEqual([]);
  });

  it('splits it at the slash', () => {
    expect(typed('Image/SVG+XML').getContentMaintype()).toBe('image');
    expect(typed('Image/SVG+XML').getContentSubtype()).toBe('svg+xml');
  });

  it('knows the charset, in lower case', () => {
    expect(typed('text/html; Charset="UTF-8"').getContentCharset()).toBe('utf-8');
  });

  it.each([
    ['a/b', []],
    ['a/b;', []],
    ['a/b; ; ;x=1', [['x', '1']]],
    ['a/b; X=Y', [['x', 'Y']]],
    [
      'a/b;x=1;y=2',
      [
        ['x', '1'],
        ['y', '2'],
      ],
    ],
    [
      'a/b; x="a;b=c"; y=2',
      [
        ['x', 'a;b=c'],
        ['y', '2'],
      ],
    ],
    [
      'a/b; x="a\\"b\\\\"; y=2',
      [
        ['x', 'a"b\\'],
        ['y', '2'],
      ],
    ],
    ['a/b; x="a', [['x', 'a']]],
    ['a/b; x="a\\', [['x', 'a\\']]],
    [
      'a/b; x="a" junk; y=2',
      [
        ['x', 'a'],
        ['y', '2'],
      ],
    ],
    ['a/b; x = "a b" ', [['x', 'a b']]],
    ['a/b; x=', [['x', '']]],
    [
      'a/b; x; y=2',
      [
        ['x', ''],
        ['y', '2'],
      ],
    ],
    ['a/b; =1; y=2', [['y', '2']]],
    [
      'a/b; __proto__=1; 0=2',
      [
        ['__proto__', '1'],
        ['0', '2'],
      ],
    ],
  ])('getParams of %j', (value, parameters) => {
    expect(typed(value).getParams()).toEqual(parameters);
  });

  it('gives the first parameter of a name, of any field', () => {
    const message = new HTTPMessage([['Content-Disposition', 'form-data; NAME="a b"; name=c']]);
    expect(message.getParam('Name', 'content-disposition')).toBe('a b');
    expect(message.getParam('filename', 'content-disposition')).toBeUndefined();
  });

  it('unquotes what was quoted', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'a;="\\ é') }), (text) => {
        const quoted = `"${text.replace(/["\\]/g, '\\$&')}"`;
        expect(typed(`a/b; x=${quoted}; y=2`).getParams()).toEqual([
          ['x', text],
          ['y', '2'],
        ]);
      }),
    );
  });
});
