import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hostName, isTrustedHost } from '../../src/files/host.js';

describe('MUST 82: a server on the loopback interface answers under', () => {
  it.each([
    'localhost',
    'LOCALHOST:8000',
    'localhost.',
    'localhost.:80',
    'app.localhost',
    'a.b.LocalHost:1',
    '127.0.0.1',
    '127.0.0.1:8000',
    '127.0.0.1:',
    '192.168.0.255',
    '0.0.0.0',
    '[::1]',
    '[::1]:8000',
    '[::ffff:127.0.0.1]:8000',
  ])('%s', (host) => {
    expect(isTrustedHost(host, [])).toBe(true);
  });
});

describe('MUST 82: and not under', () => {
  it.each([
    '',
    '.',
    'a',
    'evil.example',
    'evil.example:8000',
    'localhost6',
    'notlocalhost',
    'localhost.evil.example',
    'localhost..',
    'localhost%2e',
    '%6cocalhost',
    'localhost:80:80',
    '127.0.0.1.evil.example',
    '127.0.0.1.',
    '127.0.0.1:80:80',
    '0177.0.0.1',
    '0x7f.0.0.1',
    '0x7f000001',
    '2130706433',
    '127.1',
    '127.0.0',
    '127.0.0.256',
    '127.0.0.01',
    '127.0.0.0.1',
    '１２７.0.0.1',
    '::1',
    '[::1].evil.example',
    '[evil.example]',
  ])('%j', (host) => {
    expect(isTrustedHost(host, [])).toBe(false);
  });

  it('any name that is not local', () => {
    fc.assert(
      fc.property(fc.domain(), (name) => {
        fc.pre(!name.endsWith('localhost'));
        expect(isTrustedHost(name, [])).toBe(false);
        expect(isTrustedHost(`localhost.${name}:80`, [])).toBe(false);
        expect(isTrustedHost(name, [name.toLowerCase()])).toBe(true);
      }),
    );
  });
});

describe('what is allowed', () => {
  it('a name is that name', () => {
    const allowed = ['spam.example'];
    expect(isTrustedHost('Spam.Example:81', allowed)).toBe(true);
    expect(isTrustedHost('spam.example.', allowed)).toBe(true);
    for (const other of ['a.spam.example', 'xspam.example', 'spam.example.evil.example'])
      expect(isTrustedHost(other, allowed), other).toBe(false);
  });

  it('a dot in front is every name below it, too', () => {
    const allowed = ['.spam.example'];
    for (const name of ['spam.example', 'a.spam.example', 'b.a.spam.example'])
      expect(isTrustedHost(name, allowed), name).toBe(true);
    for (const other of ['xspam.example', 'spam.example.evil.example'])
      expect(isTrustedHost(other, allowed), other).toBe(false);
  });

  it('* is any name', () => expect(isTrustedHost('evil.example', ['*'])).toBe(true));
});

it('the name in a Host', () => {
  expect(hostName('Spam.Example.:8000')).toBe('spam.example');
  expect(hostName('[::1]:8000')).toBe('[::1]');
});
