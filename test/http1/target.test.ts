import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtocolError } from '../../src/http1/errors.js';
import { isAuthority, parseTarget } from '../../src/http1/target.js';

/** The parts of a target as text; `undefined` for origin- and asterisk-form. */
function partsOf(method: string, target: string): { authority: string; path: string } | undefined {
  const text = `${method} ${target} HTTP/1.1\r\nHost: x:]%41\r\n\r\n`;
  const start = method.length + 1;
  const end = start + target.length;
  const parts = parseTarget(method, text, start, end);
  if (parts === undefined) return undefined;
  return {
    authority: text.slice(parts.authorityStart, parts.authorityEnd),
    path: text.slice(parts.pathStart, end),
  };
}

/** Whether it is an authority, whatever stands around it. */
function acceptsAuthority(authority: string): boolean {
  const accepts = isAuthority(`>${authority}]:80`, 1, 1 + authority.length);
  expect(isAuthority(`[${authority}41:`, 1, 1 + authority.length)).toBe(accepts);
  return accepts;
}

describe('parseTarget', () => {
  it.each(['/', '/a', '//b/c', '/?', '/a?b', '/http://b'])('origin-form has no parts: %s', (target) => {
    expect(partsOf('GET', target)).toBeUndefined();
    expect(partsOf('OPTIONS', target)).toBeUndefined();
  });

  it('asterisk-form is for OPTIONS, and has no parts', () => {
    expect(partsOf('OPTIONS', '*')).toBeUndefined();
    expect(() => partsOf('GET', '*')).toThrow(ProtocolError);
  });

  it.each([
    ['http://b', 'b', ''],
    ['http://b/', 'b', '/'],
    ['HTTPS://b:8/c?d', 'b:8', '/c?d'],
    ['http://b?c', 'b', '?c'],
    ['http://b?c/d@e:f', 'b', '?c/d@e:f'],
    ['http://[::1]:80/c', '[::1]:80', '/c'],
    ['http://b%2e/c', 'b%2e', '/c'],
  ])('absolute-form: %s', (target, authority, path) => {
    expect(partsOf('GET', target)).toEqual({ authority, path });
  });

  it('authority-form is for CONNECT, which has no other', () => {
    expect(partsOf('CONNECT', 'b:443')).toEqual({ authority: 'b:443', path: '' });
    expect(() => partsOf('GET', 'b:443')).toThrow(ProtocolError);
    for (const target of ['/', '*', 'http://b:443', 'b', 'b:', '[::1]', '1.2.3.4', ':443']) {
      expect(() => partsOf('CONNECT', target), target).toThrow(ProtocolError);
    }
  });

  it.each([
    '',
    'a',
    '?a',
    './a',
    'http:',
    'http://',
    'http:///a',
    'http://?a',
    'http://u@b',
    'http://b,c',
    'ws://b',
  ])('none of the forms: %j', (target) => {
    expect(() => partsOf('GET', target)).toThrow(
      expect.objectContaining({ status: 400, code: 'BAD_TARGET' }),
    );
  });

  it('a percent sign must stand before two hexadecimal digits', () => {
    const isHex = /^[0-9A-Fa-f]{2}$/;
    for (const first of '%/09afgAFG@`') {
      for (const second of '%/09afgAFG@`') {
        const accepts = () => partsOf('GET', `/%${first}${second}`);
        if (isHex.test(first + second)) expect(accepts()).toBeUndefined();
        else expect(accepts, first + second).toThrow(ProtocolError);
      }
    }
  });
});

describe('MUST 16: isAuthority', () => {
  it.each([
    'a',
    'a.b.',
    'a_b',
    'A',
    '1.2.3.4',
    '999.1.1.1',
    "-._~!$&'()*+;=",
    '%41',
    'a%2Fb',
    'a:',
    'a:0',
    'a:65535',
    'a:00080',
  ])('accepts %s', (authority) => {
    expect(acceptsAuthority(authority)).toBe(true);
  });

  it.each([
    '',
    ':',
    ':80',
    'a b',
    'a,b',
    'a/b',
    'a@b',
    'a\\b',
    'a#b',
    'a?b',
    'a:b',
    'a:8:0',
    'a:65536',
    'a:99999999999999999999',
    'a:-1',
    'a:8 ',
    '%',
    '%4',
    '%4g',
    'a%',
    'caf\u00e9',
    '"a"',
    '<a>',
    'a|b',
    'a^b',
    '{a}',
    'a`',
  ])('refuses %j', (authority) => {
    expect(acceptsAuthority(authority)).toBe(false);
  });

  it.each([
    '[::]',
    '[::1]',
    '[1::]',
    '[1:2:3:4:5:6:7:8]',
    '[1::8]',
    '[1:2:3:4:5:6:7::]',
    '[::2:3:4:5:6:7:8]',
    '[1:2:3::6:7:8]',
    '[ABCD:EF01:2345:6789:abcd:ef01:2345:6789]',
    '[1:2:3:4:5:6:1.2.3.4]',
    '[::1.2.3.4]',
    '[::ffff:255.255.255.255]',
    '[1:2:3:4:5::1.2.3.4]',
    '[0000:0000:0000:0000:0000:0000:255.255.255.255]',
    '[::1]:',
    '[::1]:80',
  ])('accepts the IPv6 address %s', (authority) => {
    expect(acceptsAuthority(authority)).toBe(true);
  });

  it.each([
    '[]',
    '[:]',
    '[:::]',
    '[::1',
    '::1]',
    '::1',
    '[[::1]]',
    '[1:2:3:4:5:6:7]',
    '[1:2:3:4:5:6:7:8:9]',
    '[1:2:3:4:5:6:7::8]',
    '[1::2::3]',
    '[:1:2:3:4:5:6:7:8]',
    '[1:2:3:4:5:6:7:]',
    '[12345::]',
    '[g::]',
    '[::1.2.3]',
    '[::1.2.3.256]',
    '[::01.2.3.4]',
    '[::1.2.3.4.5]',
    '[1.2.3.4::]',
    '[1.2.3.4]',
    '[1:2:3:4:5:6:7:1.2.3.4]',
    '[::1.2.3.4:5]',
    '[::1%25eth0]',
    '[v1.a]',
    '[a]',
    '[::1]a',
    '[::1]80',
    '[::1]:a',
    '[ ::1]',
    `[${'0'.repeat(60)}::1]`,
  ])('refuses the IPv6 address %s', (authority) => {
    expect(acceptsAuthority(authority)).toBe(false);
  });

  it('accepts each IPv6 address however it is shortened', () => {
    fc.assert(
      fc.property(fc.ipV6(), (address) => {
        expect(acceptsAuthority(`[${address}]`)).toBe(true);
      }),
    );
  });

  it('is of one mind with URL about what is an IPv6 address', () => {
    const piece = fc.constantFrom(
      '',
      '0',
      '1',
      'ff',
      'FFFF',
      '00000',
      'g',
      '1.2.3.4',
      '1.2.3',
      '256.0.0.1',
      '::',
    );
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 10 }), (pieces) => {
        const authority = `[${pieces.join(':')}]`;
        expect(acceptsAuthority(authority), authority).toBe(URL.canParse(`http://${authority}/`));
      }),
      { numRuns: 2000 },
    );
  });

  it('has no port above 65535, and no other', () => {
    fc.assert(
      fc.property(fc.nat(200_000), (port) => {
        expect(acceptsAuthority(`a:${port}`)).toBe(port <= 65535);
      }),
    );
  });
});
