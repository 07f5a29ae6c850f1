// HTTPS, with a certificate of its own and with those it is given.

import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { get as httpsGet } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { connect } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { runCommand, startCommand } from '../support/command.js';
import { RawClient, request } from '../support/raw-client.js';
import { TemporaryDirectory } from '../support/site.js';

vi.setConfig({ testTimeout: 60_000 }); // each starts several commands, and the machine may be busy

const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/tls/${name}`, import.meta.url));
const [CERT, KEY, ENCRYPTED_KEY] = [fixture('cert.pem'), fixture('key.pem'), fixture('encrypted-key.pem')];
const GIVEN = ['--tls-cert', CERT, '--tls-key', KEY];

let site: TemporaryDirectory;
let place: TemporaryDirectory;
let state: { readonly XDG_STATE_HOME: string };

beforeAll(() => {
  site = new TemporaryDirectory({ 'a.txt': 'hello' });
  place = new TemporaryDirectory();
  state = { XDG_STATE_HOME: join(place.path, 'state') };
});

afterAll(() => {
  site[Symbol.dispose]();
  place[Symbol.dispose]();
});

/** What a client that trusts nothing else gets. */
async function ask(url: string, ca: string | Buffer): Promise<string> {
  const asking = httpsGet(url, { ca, agent: false });
  const [answer] = await once(asking, 'response');
  return text(answer);
}

/** The certificate that a server shows. */
async function shown(port: number, minVersion?: 'TLSv1.3', maxVersion?: 'TLSv1.1' | 'TLSv1.2') {
  const socket = connect({
    port,
    host: '127.0.0.1',
    rejectUnauthorized: false,
    ciphers: 'DEFAULT:@SECLEVEL=0',
    ...(minVersion && { minVersion }),
    ...(maxVersion && { maxVersion, minVersion: 'TLSv1' }),
  });
  try {
    await once(socket, 'secureConnect');
    return { version: socket.getProtocol(), certificate: socket.getPeerX509Certificate()! };
  } finally {
    socket.destroy();
  }
}

describe('--tls', () => {
  it('speaks HTTPS with a certificate of its own, and says how to trust it', async () => {
    await using command = await startCommand(['0', site.path, '--tls'], undefined, state);
    expect(command.url).toBe(`https://127.0.0.1:${command.port}/`);
    const file = join(state.XDG_STATE_HOME, 'basehttp/certificate.pem');
    const certificate = new X509Certificate(readFileSync(file));
    await expect.poll(() => command.stderr).toContain(`its SHA-256 is ${certificate.fingerprint256}.\n`);
    expect(command.stderr).toContain(`import ${file}.\n`);
    for (const name of ['127.0.0.1', 'localhost'])
      expect(await ask(`https://${name}:${command.port}/a.txt`, readFileSync(file))).toBe('hello');
    expect(readdirSync(site.path)).toEqual(['a.txt']);
  });

  it('keeps it for next time', async () => {
    await using first = await startCommand(['0', site.path, '--tls'], undefined, state);
    await using second = await startCommand(['0', site.path, '--tls'], undefined, state);
    const [one, two] = await Promise.all([shown(first.port), shown(second.port)]);
    expect(one.certificate.fingerprint256).toBe(two.certificate.fingerprint256);
  });

  it('never where it would be served', () => {
    mkdirSync(join(place.path, 'home'));
    const home = { XDG_STATE_HOME: join(place.path, 'home') };
    const { status, stderr } = runCommand(['0', place.path, '--tls'], home);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^basehttp: the key of the certificate, [^\n]+, would be served: [^\n]+\n$/);
  });

  it('in a hidden directory it would not be', async () => {
    const hidden = { XDG_STATE_HOME: join(site.path, '.local/state') };
    await using command = await startCommand(['0', site.path, '--tls'], undefined, hidden);
    const file = join(hidden.XDG_STATE_HOME, 'basehttp/certificate.pem');
    expect(existsSync(file)).toBe(true);
    const answer = await ask(`${command.url}.local/state/basehttp/server.pem`, readFileSync(file));
    expect(answer).toContain('404');
    expect(answer).not.toContain('PRIVATE');
    expect(runCommand(['0', site.path, '--tls', '--dotfiles'], hidden).stderr).toContain('would be served');
  });

  it('MUST 86: says so if it cannot be kept', () => {
    const nowhere = { XDG_STATE_HOME: join(site.path, 'a.txt') };
    const { status, stdout, stderr } = runCommand(['0', site.path, '--tls'], nowhere);
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^basehttp: the certificate cannot be kept in [^\n]+XDG_STATE_HOME\n$/);
  });

  it.skipIf(process.platform !== 'linux')(
    'MUST 86: where nothing can be made, it does not try for ever',
    () => {
      const { status, stderr } = runCommand(['0', site.path, '--tls'], { XDG_STATE_HOME: '/proc' });
      expect(status).toBe(1);
      expect(stderr).toMatch(/^basehttp: the certificate cannot be kept in \/proc\/basehttp: [^\n]+\n$/);
    },
  );
});

describe('--tls-cert', () => {
  it('with --tls-key: the certificate it is given', async () => {
    await using command = await startCommand(['0', site.path, ...GIVEN]);
    expect(await ask(`https://localhost:${command.port}/a.txt`, readFileSync(CERT))).toBe('hello');
    expect(command.stderr).not.toContain('self-signed');
  });

  it('with --tls-password-file: the key may be encrypted', async () => {
    const password = place.write('password', 'spam\n');
    const args = ['--tls-cert', CERT, '--tls-key', ENCRYPTED_KEY, '--tls-password-file', password];
    await using command = await startCommand(['0', site.path, ...args]);
    expect(await ask(`https://localhost:${command.port}/a.txt`, readFileSync(CERT))).toBe('hello');
  });

  it('speaks TLS 1.2 and 1.3, and nothing older', async () => {
    await using command = await startCommand(['0', site.path, ...GIVEN]);
    expect((await shown(command.port, 'TLSv1.3')).version).toBe('TLSv1.3');
    expect((await shown(command.port, undefined, 'TLSv1.2')).version).toBe('TLSv1.2');
    await expect(shown(command.port, undefined, 'TLSv1.1')).rejects.toThrow();
  });

  it.each([
    ['no such certificate', () => ['--tls-cert', 'no-such-file'], 'no-such-file cannot be read'],
    [
      'no certificate in it',
      () => ['--tls-cert', join(site.path, 'a.txt')],
      'cannot be used: there is none in PEM',
    ],
    ['no such key', () => ['--tls-cert', CERT, '--tls-key', 'no-such-file'], 'no-such-file cannot be read'],
    [
      'another key',
      () => ['--tls-cert', CERT, '--tls-key', fixture('renewed-key.pem')],
      'they do not belong together',
    ],
    [
      'no password',
      () => ['--tls-cert', CERT, '--tls-key', ENCRYPTED_KEY],
      'the password is missing or wrong',
    ],
    [
      'a wrong password',
      () => [
        ...['--tls-cert', CERT, '--tls-key', ENCRYPTED_KEY],
        ...['--tls-password-file', place.write('wrong', 'eggs')],
      ],
      'the password is missing or wrong',
    ],
    [
      'no such password file',
      () => ['--tls-cert', CERT, '--tls-key', KEY, '--tls-password-file', 'no-such-file'],
      'the password of the key cannot be read',
    ],
  ])('MUST 86: %s', (_title, args, sentence) => {
    const { status, stdout, stderr } = runCommand(['0', site.path, ...args()]);
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^basehttp: [^\n]+\n$/);
    expect(stderr).toContain(sentence);
  });
});

describe('MUST 89: what is no TLS', () => {
  it('ends its connection, and no other', async () => {
    await using command = await startCommand(['0', site.path, ...GIVEN]);
    for (const octets of [request('GET /'), '\x16\x03\x01\x00\x05spam!', '\0'.repeat(500)]) {
      using client = await RawClient.connect(command.port);
      client.send(octets);
      await client.closed;
    }
    expect(await ask(`https://localhost:${command.port}/a.txt`, readFileSync(CERT))).toBe('hello');
  });
});

describe.skipIf(process.platform === 'win32')('SIGHUP', () => {
  /** Puts a certificate and its key in place at once, each. */
  function install(name: '' | 'renewed-', directory: string): string[] {
    return ['cert.pem', 'key.pem'].map((file) => {
      const path = join(directory, file);
      copyFileSync(fixture(`${name}${file}`), `${path}.new`);
      renameSync(`${path}.new`, path);
      return path;
    });
  }

  it('MUST 83: with TLS and without a terminal: the certificate is read again', async () => {
    const directory = join(place.path, 'certificates');
    mkdirSync(directory);
    const [cert = '', key = ''] = install('', directory);
    await using command = await startCommand(['0', site.path, '--tls-cert', cert, '--tls-key', key]);
    const before = new X509Certificate(readFileSync(cert)).fingerprint256;
    expect((await shown(command.port)).certificate.fingerprint256).toBe(before);
    install('renewed-', directory);
    command.child.kill('SIGHUP');
    const after = new X509Certificate(readFileSync(cert)).fingerprint256;
    expect(after).not.toBe(before);
    await expect.poll(async () => (await shown(command.port)).certificate.fingerprint256).toBe(after);
    copyFileSync(join(site.path, 'a.txt'), cert);
    command.child.kill('SIGHUP');
    await expect.poll(() => command.stderr).toContain('The old certificate stays');
    expect((await shown(command.port)).certificate.fingerprint256).toBe(after);
  });

  it('MUST 83: without TLS it ends the command at once', async () => {
    await using command = await startCommand(['0', site.path]);
    command.child.kill('SIGHUP');
    expect(await command.exited).toBe('SIGHUP');
  });
});
