import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { negotiateEncoding, prefers } from '../../src/files/negotiation.js';

const AVAILABLE = ['br', 'gzip'] as const;

describe('negotiateEncoding', () => {
  it.each([
    [undefined, 'identity'],
    ['', 'identity'],
    ['gzip', 'gzip'],
    ['GZip', 'gzip'],
    ['x-gzip', 'gzip'],
    ['gzip, deflate, br', 'br'],
    ['gzip;q=1.0, br;q=0.9', 'gzip'],
    ['gzip ; Q=0.5 , br ; q=0.4', 'gzip'],
    ['gzip;q=0', 'identity'],
    ['gzip;q=0.000', 'identity'],
    ['deflate', 'identity'],
    ['*', 'br'],
    ['br;q=0, *', 'gzip'],
    ['gzip;q=0.001', 'gzip'],
    ['identity', 'identity'],
    ['identity;q=0.5, gzip;q=0.4', 'identity'],
    ['identity, gzip', 'gzip'],
    ['identity;q=0', undefined],
    ['identity;q=0, gzip', 'gzip'],
    ['*;q=0', undefined],
    ['*;q=0, gzip', 'gzip'],
    ['*;q=0, identity', 'identity'],
    ['identity;q=0, *;q=0', undefined],
    ['gzip;q=2', 'identity'],
    ['gzip;q=', 'identity'],
    ['gzip;q=0.1234', 'identity'],
    ['gzip;q=-1', 'identity'],
    ['gzip;q=abc, br', 'br'],
    [',,;,;q=1,', 'identity'],
    ['gzip, q=0', 'gzip'],
    ['gzip;x=";q=0"', 'gzip'],
    ['gzip;x="a,br"', 'gzip'],
    ['gzip;x="\\",br,"', 'gzip'],
    ['__proto__, constructor', 'identity'],
  ])('RFC 9110 §12.5.3: %j chooses %s', (field, coding) => {
    expect(negotiateEncoding(field, AVAILABLE)).toBe(coding);
  });

  it('has only identity to choose when nothing is available', () => {
    expect(negotiateEncoding('gzip', [])).toBe('identity');
    expect(negotiateEncoding('identity;q=0', [])).toBeUndefined();
  });

  it('never chooses a coding that was refused, nor one that is not there', () => {
    const coding = fc.constantFrom('gzip', 'br', 'zstd', 'identity', '*');
    const weight = fc.constantFrom('', ';q=0', ';q=0.0', ';q=0.5', ';q=1');
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(coding, weight), { selector: ([name]) => name }), (list) => {
        const chosen = negotiateEncoding(list.map((pair) => pair.join('')).join(', '), AVAILABLE);
        const refused = new Set(
          list.filter(([, q]) => q.startsWith(';q=0') && q !== ';q=0.5').map(([name]) => name),
        );
        const listed = new Set(list.map(([name]) => name));
        const allowed = ([...AVAILABLE, 'identity'] as const).filter((name) =>
          listed.has(name) ? !refused.has(name) : listed.has('*') ? !refused.has('*') : name === 'identity',
        );
        if (chosen === undefined) expect(allowed).toEqual([]);
        else expect(allowed).toContain(chosen);
      }),
    );
  });
});

describe('prefers', () => {
  const TYPES = ['text/html', 'application/json'] as const;

  it.each([
    [undefined, 'text/html'],
    [' ', 'text/html'],
    ['*/*', 'text/html'],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'text/html'],
    ['application/json', 'application/json'],
    ['Application/JSON; charset=utf-8', 'application/json'],
    ['application/*', 'application/json'],
    ['application/json, text/plain, */*', 'application/json'],
    ['application/json;q=0.5, text/html;q=0.4', 'application/json'],
    ['*/*, text/html;q=0.5', 'application/json'],
    ['text/*;q=0.9, text/html;q=0.1, application/json;q=0.5', 'application/json'],
    ['text/html;q=0, */*', 'application/json'],
    ['image/png', undefined],
    ['*/*;q=0', undefined],
    ['garbage', undefined],
    ['text/html;x="q=0,";q=0.9, application/json', 'application/json'],
    ['image/png;x="unterminated, text/html', undefined],
  ])('RFC 9110 §12.5.1: %j chooses %s', (field, type) => {
    expect(prefers(field, TYPES)).toBe(type);
  });

  it('has nothing to choose from nothing', () => {
    expect(prefers('*/*', [])).toBeUndefined();
  });
});

describe('both', () => {
  it('take any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (field) => {
        expect([...AVAILABLE, 'identity', undefined]).toContain(negotiateEncoding(field, AVAILABLE));
        expect(['text/html', undefined]).toContain(prefers(field, ['text/html']));
      }),
    );
  });

  it('MUST 66 (pure part): long fields cost linear time', () => {
    const n = 500_000;
    expect(negotiateEncoding('"\\'.repeat(n), AVAILABLE)).toBe('identity');
    expect(negotiateEncoding(`${'"'.repeat(n)},${';'.repeat(n)},gzip`, AVAILABLE)).toBe('gzip');
    expect(negotiateEncoding(`gzip;q${' '.repeat(n)}x`, AVAILABLE)).toBe('gzip');
    expect(negotiateEncoding(`${'a,'.repeat(n)}br`, AVAILABLE)).toBe('br');
  });
});
