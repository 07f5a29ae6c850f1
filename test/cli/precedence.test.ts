// What counts when options are said in several places: the command line, the environment, the configuration file.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failureOf, settingsOf } from '../support/options.js';
import { TemporaryDirectory } from '../support/site.js';

let place: TemporaryDirectory;

beforeAll(() => {
  place = new TemporaryDirectory();
});

afterAll(() => place[Symbol.dispose]());

/** What is said on the command line, in the environment, and in the file. */
function settle(line: string, env: Readonly<Record<string, string>>, file: object) {
  return settingsOf(`${line} --config ${place.write('site.json', JSON.stringify(file))}`, env);
}

describe('the command line, then the environment, then the file, then the default', () => {
  it.each([
    ['--bind 1.1.1.1', { BASEHTTP_BIND: '2.2.2.2' }, { bind: '3.3.3.3' }, '1.1.1.1'],
    ['', { BASEHTTP_BIND: '2.2.2.2' }, { bind: '3.3.3.3' }, '2.2.2.2'],
    ['', { BASEHTTP_BIND: '' }, { bind: '3.3.3.3' }, '3.3.3.3'],
    ['', {}, {}, '127.0.0.1'],
  ])('%j %j %j', (line, env, file, bind) => {
    expect(settle(line, env, file).bind).toBe(bind);
  });

  it('for the arguments, too', () => {
    const settings = settle(
      '1 x',
      { BASEHTTP_PORT: '2', BASEHTTP_DIRECTORY: 'y' },
      { port: 3, directory: 'z' },
    );
    expect(settings).toMatchObject({ port: 1, directory: 'x' });
    expect(settle('', { BASEHTTP_PORT: '2' }, { port: 3 }).port).toBe(2);
  });

  it('for each option by itself', () => {
    const settings = settle('--spa', { BASEHTTP_CORS: '1' }, { dotfiles: true });
    expect(settings).toMatchObject({ spa: true, cors: true, dotfiles: true, coop: false });
  });

  it('a list is that of one place', () => {
    expect(settle('--index a --index b', { BASEHTTP_INDEX: 'c' }, { index: ['d', 'e'] }).index).toEqual([
      'a',
      'b',
    ]);
    expect(settle('', { BASEHTTP_INDEX: 'c' }, { index: ['d', 'e'] }).index).toEqual(['c']);
  });

  it('what is on can be turned off', () => {
    expect(settle('--no-spa', { BASEHTTP_SPA: '1' }, { spa: true }).spa).toBe(false);
    expect(settle('', { BASEHTTP_SPA: '0' }, { spa: true }).spa).toBe(false);
    expect(settle('--listing', { BASEHTTP_LISTING: 'no' }, { listing: false }).listing).toBe(true);
  });

  it('a value that does not count need not fit', () => {
    expect(settle('--port 1', { BASEHTTP_PORT: 'tcp://10.0.0.1:80' }, {}).port).toBe(1);
  });
});

describe('options that exclude each other', () => {
  it.each([
    ['--lan --bind ::1', '--bind and --lan contradict each other: say one of them'],
    ['--tls --tls-cert c.pem', '--tls and --tls-cert contradict each other: say one of them'],
    ['--tls --tls-key k.pem', '--tls and --tls-key contradict each other'],
    ['--tls --tls-password-file p', '--tls and --tls-password-file contradict each other'],
    ['--auth a:b --auth-file f', '--auth and --auth-file contradict each other'],
  ])('%s: an error', (line, sentence) => {
    expect(failureOf(() => settingsOf(line))).toMatchObject({
      message: expect.stringContaining(sentence),
      exitCode: 2,
    });
  });

  it('an error that names the variables, if it is they', () => {
    const env = { BASEHTTP_LAN: '1', BASEHTTP_BIND: '::1' };
    expect(failureOf(() => settingsOf('', env)).message).toContain(
      'BASEHTTP_BIND and BASEHTTP_LAN contradict',
    );
  });

  it('no error if one of them is said in order to turn it off', () => {
    expect(settingsOf('--no-lan --bind ::1')).toMatchObject({ lan: false, bind: '::1' });
    expect(settle('', {}, { tls: false, tlsCert: '/c.pem' })).toMatchObject({
      tls: false,
      tlsCert: '/c.pem',
    });
  });

  it('in two places: the stronger sets aside what the weaker says', () => {
    expect(settle('--lan', {}, { bind: '::1' })).toMatchObject({ lan: true, bind: '127.0.0.1' });
    expect(settle('--bind ::1', { BASEHTTP_LAN: '1' }, {})).toMatchObject({ lan: false, bind: '::1' });
    const file = { tlsCert: '/c.pem', tlsKey: '/k.pem', tlsPasswordFile: '/p' };
    const none = { tlsCert: undefined, tlsKey: undefined, tlsPasswordFile: undefined };
    expect(settle('--tls', {}, file)).toMatchObject({ tls: true, ...none });
    expect(settle('--no-tls', {}, file)).toMatchObject({ tls: false, ...none });
    expect(settle('--auth a:b', {}, { authFile: '/f' })).toMatchObject({ auth: 'a:b', authFile: undefined });
    expect(settle('--auth-file f', { BASEHTTP_AUTH: 'a:b' }, {})).toMatchObject({
      auth: undefined,
      authFile: 'f',
    });
  });
});

describe('options that mean nothing alone', () => {
  it.each([
    ['--tls-key k.pem', '--tls-key means nothing without --tls-cert: say that, too, or leave it out'],
    ['--tls-password-file p', '--tls-password-file means nothing without --tls-cert'],
    ['--cgi-dir /a', '--cgi-dir means nothing without --cgi'],
    ['--cgi-timeout 1', '--cgi-timeout means nothing without --cgi'],
    ['--cgi-env A', '--cgi-env means nothing without --cgi'],
    ['--cgi-interpreter .a=b', '--cgi-interpreter means nothing without --cgi'],
  ])('%s', (line, sentence) => {
    expect(failureOf(() => settingsOf(line)).message).toContain(sentence);
  });

  it('the other may be said elsewhere, or be turned off', () => {
    expect(settle('--cgi', {}, { cgi: false, cgiTimeout: 5 })).toMatchObject({ cgi: true, cgiTimeout: 5 });
    expect(settle('--no-cgi', {}, { cgi: true, cgiTimeout: 5 }).cgi).toBe(false);
    expect(settle('--tls-key k.pem', {}, { tlsCert: '/c.pem' }).tlsKey).toBe('k.pem');
  });
});

describe('in the environment', () => {
  it('lists stand between commas or in lines, pairs in lines', () => {
    expect(settingsOf('', { BASEHTTP_INDEX: 'a.html, b.html\nc.html,' }).index).toEqual([
      'a.html',
      'b.html',
      'c.html',
    ]);
    expect(settingsOf('', { BASEHTTP_CACHE: '*=public, max-age=1\n' }).cache).toEqual([
      { pattern: '*', value: 'public, max-age=1' },
    ]);
  });

  it.each(['2', 'tru', 'enabled'])('a flag is not %j', (text) => {
    expect(failureOf(() => settingsOf('', { BASEHTTP_SPA: text }))).toMatchObject({
      message: `BASEHTTP_SPA: '${text}' is neither on nor off: say 1 or 0`,
      exitCode: 2,
    });
  });

  it.each([
    ['BASEHTTP_AUHT', 'BASEHTTP_AUTH'],
    ['BASEHTTP_CLEANURLS', 'BASEHTTP_CLEAN_URLS'],
    ['BASEHTTP_HEADERS', 'BASEHTTP_HEADER'],
    ['BASEHTTP_CONFG', 'BASEHTTP_CONFIG'],
    ['BASEHTTP_AUTHFILE', 'BASEHTTP_AUTH_FILE'],
  ])('%s is refused: it might keep people out', (name, meant) => {
    expect(failureOf(() => settingsOf('', { [name]: 'x' }))).toMatchObject({
      message: `${name} is no option: did you mean ${meant}? If not, unset it`,
      exitCode: 2,
    });
  });

  it.each([
    'BASEHTTP_SERVICE_HOST',
    'BASEHTTP_SERVICE_PORT',
    'BASEHTTP_PORT_80_TCP',
    'BASEHTTP_PORT_80_TCP_ADDR',
    'BASEHTTP_HOME',
    'PORT',
  ])('%s is left alone: it is somebody else’s', (name) => {
    expect(() => settingsOf('', { [name]: 'x' })).not.toThrow();
  });
});
