// The certificate of `--tls`: made at once for the names of this machine, and kept for next time where nobody else can
// read its key. Loaded only when it is asked for.

import { createPrivateKey, generateKeyPairSync, randomBytes, X509Certificate } from 'node:crypto';
import {
  chmodSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Environment } from './environment.js';
import { CommandFailure } from './failure.js';
import { isDirectory } from './site.js';
import { isAddress, selfSignedCertificate } from './x509.js';

/** A certificate, and where it is. */
export interface KeptCertificate {
  /** The certificate and its key. */
  readonly file: string;
  /** The certificate alone, to be given to whoever is to trust it. */
  readonly publicFile: string;
  /** SHA-256, as browsers show it: `AB:CD:…`. */
  readonly fingerprint: string;
}

/** For whom things are kept, and on what system; part of what `process` and `os` tell. */
export interface Account {
  readonly platform: string;
  readonly home: string;
  readonly variables: Environment;
}

/**
 * The certificate kept in a directory, if it is for all of these names and has some time left; else a new one.
 * @param names DNS names in ASCII, and IP addresses. @param now milliseconds since the epoch.
 * @throws {CommandFailure} it cannot be kept there.
 */
export function keepCertificate(directory: string, names: readonly string[], now: number): KeptCertificate {
  try {
    makeDirectory(directory);
    chmodSync(directory, 0o700); // of one that was there already, too
    const file = join(realpathSync(directory), 'server.pem');
    const publicFile = join(realpathSync(directory), 'certificate.pem');
    const kept = readKept(file);
    const certificate = kept !== undefined && isGood(kept, names, now) ? kept : renew(file, names, now);
    if (readKept(publicFile, false)?.fingerprint256 !== certificate.fingerprint256)
      replace(publicFile, certificate.toString());
    return { file, publicFile, fingerprint: certificate.fingerprint256 };
  } catch (error) {
    const { message } = error as Error;
    throw new CommandFailure(
      `the certificate cannot be kept in ${directory}: ${message}; name a directory that you may write to in XDG_STATE_HOME`,
    );
  }
}

/** Where what is kept from one run to the next belongs. */
export function stateDirectory({ platform, home, variables }: Account): string {
  const { XDG_STATE_HOME, LOCALAPPDATA } = variables;
  if (XDG_STATE_HOME?.startsWith('/')) return join(XDG_STATE_HOME, 'basehttp');
  if (platform === 'win32') return join(LOCALAPPDATA ?? join(home, 'AppData', 'Local'), 'basehttp');
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'basehttp');
  return join(home, '.local', 'state', 'basehttp');
}

const DAY_MS = 24 * 60 * 60 * 1000;
/** Browsers of Apple take nothing that is longer than 398 days, clocks that are a day late included. */
const VALID_DAYS = 396;
/** A certificate that has less than that left is made anew. */
const LEAST_DAYS = 30;

/** And what it lies in. In /proc, where nothing can be made, `recursive` would have Node try for ever. */
function makeDirectory(path: string): void {
  if (isDirectory(path)) return;
  const parent = dirname(path);
  if (parent !== path) makeDirectory(parent);
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (!isDirectory(path)) throw error; // another one of us may have been quicker
  }
}

/** What a file holds, with the key that belongs to it; `undefined` if there is nothing that can be used. */
function readKept(file: string, withKey = true): X509Certificate | undefined {
  try {
    if (withKey && isReadByOthers(file)) return undefined;
    const pem = readFileSync(file);
    const certificate = new X509Certificate(pem);
    return !withKey || certificate.checkPrivateKey(createPrivateKey(pem)) ? certificate : undefined;
  } catch {
    return undefined;
  }
}

/** Somebody has changed that, and may have read the key. Windows keeps what is in a profile to its user. */
function isReadByOthers(file: string): boolean {
  const { mode, uid } = statSync(file);
  return process.platform !== 'win32' && ((mode & 0o077) !== 0 || uid !== process.geteuid?.());
}

function isGood(certificate: X509Certificate, names: readonly string[], now: number): boolean {
  const alternatives = certificate.subjectAltName?.split(', ') ?? [];
  return (
    Date.parse(certificate.validFrom) <= now &&
    Date.parse(certificate.validTo) >= now + LEAST_DAYS * DAY_MS &&
    names.every((name) =>
      isAddress(name) ? certificate.checkIP(name) !== undefined : alternatives.includes(`DNS:${name}`),
    )
  );
}

function renew(file: string, names: readonly string[], now: number): X509Certificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const contents = {
    commonName: 'basehttp, self-signed',
    names,
    notBefore: new Date(now - DAY_MS),
    notAfter: new Date(now + VALID_DAYS * DAY_MS),
  };
  const pem = selfSignedCertificate(contents, publicKey, privateKey);
  replace(file, pem + privateKey.export({ type: 'pkcs8', format: 'pem' }));
  return new X509Certificate(pem);
}

/** At once: whoever reads the file meanwhile, as another one of us, has the old one or the new. */
function replace(file: string, text: string): void {
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    writeFileSync(draft, text, { mode: 0o600, flag: 'wx' });
    renameSync(draft, file);
  } finally {
    rmSync(draft, { force: true });
  }
}
