// The certificate of --tls: what it says, who takes it, how it is kept.

import { execFileSync } from 'node:child_process';
import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect, createServer } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keepCertificate, stateDirectory } from '../../src/cli/certificate.js';
import { CommandFailure } from '../../src/cli/failure.js';
import { selfSignedCertificate } from '../../src/cli/x509.js';
import { hasProgram } from '../support/command.js';
import { TemporaryDirectory } from '../support/site.js';

const DAY = 24 * 60 * 60 * 1000;
const NOW = Date.UTC(2030, 0, 1);
const NAMES = ['localhost', '*.localhost', '127.0.0.1', '::1', 'spam', '192.0.2.7', '2001:db8::7:0'];

function make(names = NAMES, notAfter = NOW + DAY) {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const contents = { commonName: 'spam', names, notBefore: new Date(NOW), notAfter: new Date(notAfter) };
  return { pem: selfSignedCertificate(contents, publicKey, privateKey), privateKey };
}

describe('a self-signed certificate', () => {
  const { pem, privateKey } = make();
  const certificate = new X509Certificate(pem);

  it('says for whom it is', () => {
    for (const name of ['localhost', 'spam']) expect(certificate.checkHost(name)).toBe(name);
    for (const address of ['127.0.0.1', '::1', '192.0.2.7', '2001:db8::7:0'])
      expect(certificate.checkIP(address)).toBe(address);
    expect(certificate.subjectAltName).toContain('DNS:*.localhost');
    expect(certificate.checkHost('evil.example')).toBeUndefined();
    expect(certificate.checkIP('192.0.2.8')).toBeUndefined();
  });

  it('is signed with its own key, and is no authority', () => {
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(certificate.checkPrivateKey(privateKey)).toBe(true);
    expect(certificate.ca).toBe(false);
    expect(certificate.publicKey.asymmetricKeyDetails?.namedCurve).toBe('prime256v1');
  });

  it('has the dates it is given, behind 2049 too', () => {
    expect(Date.parse(certificate.validFrom)).toBe(NOW);
    expect(Date.parse(certificate.validTo)).toBe(NOW + DAY);
    const late = Date.UTC(2060, 5, 7, 8, 9, 10);
    expect(Date.parse(new X509Certificate(make(NAMES, late).pem).validTo)).toBe(late);
  });

  it('has a serial number of its own, always positive and of one length', () => {
    const serials = Array.from({ length: 20 }, () => new X509Certificate(make().pem).serialNumber);
    expect(new Set(serials).size).toBe(20);
    for (const serial of serials) expect(serial).toMatch(/^[4-7][0-9A-F]{31}$/);
  });

  it.each([1, 5, 6, 7, 100, 1000])('may be for %i names', (count) => {
    const names = Array.from({ length: count }, (_, index) => `name-${index}.example`);
    const many = new X509Certificate(make(names).pem);
    for (const name of names) expect(many.checkHost(name)).toBe(name);
  });

  it.skipIf(!hasProgram('openssl'))('is one for OpenSSL, too (skipped where it is not installed)', () => {
    const run = (args: string[]) => execFileSync('openssl', args, { input: pem, encoding: 'utf8' });
    const text = run(['x509', '-noout', '-text']);
    expect(text).toContain('Version: 3');
    expect(text).toMatch(/Basic Constraints: critical\s+CA:FALSE/);
    expect(text).toMatch(/Key Usage: critical\s+Digital Signature/);
    expect(text).toContain('TLS Web Server Authentication');
    expect(run(['x509', '-outform', 'PEM'])).toBe(pem);
  });

  it('is taken by a client that trusts it, and by no other', async () => {
    const { publicKey, privateKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const contents = {
      commonName: 'spam',
      names: NAMES,
      notBefore: new Date(Date.now() - DAY),
      notAfter: new Date(Date.now() + DAY),
    };
    const cert = selfSignedCertificate(contents, publicKey, key);
    const server = createServer({ cert, key: key.export({ type: 'pkcs8', format: 'pem' }) });
    server.on('tlsClientError', () => {}).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const ask = async (ca?: string) => {
      const socket = connect({ port, host: '127.0.0.1', ...(ca !== undefined && { ca }) });
      try {
        await once(socket, 'secureConnect');
        return 'taken';
      } catch (error) {
        return (error as NodeJS.ErrnoException).code;
      } finally {
        socket.destroy();
      }
    };
    try {
      expect(await ask(cert)).toBe('taken');
      expect(await ask()).toBe('DEPTH_ZERO_SELF_SIGNED_CERT');
    } finally {
      server.close();
    }
  });
});

describe('how it is kept', () => {
  let place: TemporaryDirectory;
  let directory: string;
  beforeEach(() => {
    place = new TemporaryDirectory();
    directory = join(place.path, 'state/basehttp');
  });
  afterEach(() => place[Symbol.dispose]());

  it('with its key, in a directory for nobody else; the certificate alone beside it', () => {
    const { file, publicFile, fingerprint } = keepCertificate(directory, NAMES, NOW);
    expect(readdirSync(directory).sort()).toEqual(['certificate.pem', 'server.pem']);
    const certificate = new X509Certificate(readFileSync(file));
    expect(certificate.checkPrivateKey(createPrivateKey(readFileSync(file)))).toBe(true);
    expect(certificate.fingerprint256).toBe(fingerprint);
    expect(readFileSync(publicFile, 'utf8')).toBe(certificate.toString());
    expect(Date.parse(certificate.validTo) - Date.parse(certificate.validFrom)).toBeLessThan(398 * DAY);
    if (process.platform === 'win32') return;
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('is the same next time, for some of its names too', () => {
    const first = keepCertificate(directory, NAMES, NOW);
    expect(keepCertificate(directory, NAMES, NOW + DAY)).toEqual(first);
    expect(keepCertificate(directory, ['localhost', '192.0.2.7'], NOW + 300 * DAY)).toEqual(first);
  });

  it.each([
    ['for another address', (file: string) => [file, [...NAMES, '192.0.2.8'], NOW]],
    ['for another name', (file: string) => [file, [...NAMES, 'eggs'], NOW]],
    ['when it has little time left', (file: string) => [file, NAMES, NOW + 370 * DAY]],
    ['when the clock is behind it', (file: string) => [file, NAMES, NOW - 10 * DAY]],
    [
      'when it cannot be read any more',
      (file: string) => {
        writeFileSync(file, 'spam');
        return [file, NAMES, NOW];
      },
    ],
    [
      'when others could read its key',
      (file: string) => {
        chmodSync(file, 0o644);
        return [file, NAMES, NOW];
      },
    ],
  ] as const)('is made anew %s', (_title, prepare) => {
    const first = keepCertificate(directory, NAMES, NOW);
    const [, names, now] = prepare(first.file) as [string, string[], number];
    const second = keepCertificate(directory, names, now);
    expect(second.fingerprint).not.toBe(first.fingerprint);
    expect(new X509Certificate(readFileSync(second.publicFile)).fingerprint256).toBe(second.fingerprint);
    expect(readdirSync(directory)).toHaveLength(2);
  });

  it('in a directory that others could look into, it is closed to them', () => {
    keepCertificate(directory, NAMES, NOW);
    chmodSync(directory, 0o755);
    keepCertificate(directory, NAMES, NOW);
    if (process.platform !== 'win32') expect(statSync(directory).mode & 0o777).toBe(0o700);
  });

  it('where it cannot be kept, that is what is said', () => {
    const path = place.write('file');
    for (const nowhere of [path, join(path, 'basehttp')])
      expect(() => keepCertificate(nowhere, NAMES, NOW)).toThrow(CommandFailure);
  });
});

it('is kept where the system keeps such things', () => {
  const home = '/home/eve';
  const at = (platform: string, variables = {}) => stateDirectory({ platform, home, variables });
  expect(at('linux')).toBe('/home/eve/.local/state/basehttp');
  expect(at('linux', { XDG_STATE_HOME: '/var/eve' })).toBe('/var/eve/basehttp');
  expect(at('linux', { XDG_STATE_HOME: 'relative' })).toBe('/home/eve/.local/state/basehttp');
  expect(at('darwin')).toBe('/home/eve/Library/Application Support/basehttp');
  expect(at('win32', { LOCALAPPDATA: '/local' })).toBe('/local/basehttp');
});
