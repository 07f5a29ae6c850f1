// What the command says when it has begun to serve: one line on standard output, for people and for programs that start
// it; the rest on standard error.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { encodePath, encodeSegment } from '../files/path.js';
import type { Address } from '../socketserver/address.js';
import { type InterfaceAddress, isLoopback, serverUrls } from './address.js';
import type { KeptCertificate } from './certificate.js';
import { DEFAULT_PORT, hasPasswords, type Settings, speaksTls } from './settings.js';
import { directoriesIn, mayBeServed, type Site } from './site.js';

/** What there is to say. */
export interface Announcement {
  readonly settings: Settings;
  readonly site: Site;
  /** Where it listens. */
  readonly address: Address;
  readonly interfaces: readonly InterfaceAddress[];
  /** The certificate of its own. */
  readonly kept: KeptCertificate | undefined;
  /** Where programs are run, if there are any; empty if they are not. */
  readonly cgiDirectories: readonly string[];
  /** URL path of the page that is sent for paths that name no file, if there is to be one. */
  readonly fallbackPage: string | undefined;
}

/** Says where it serves, and what somebody should know who does; opens it and shows it as a picture, if asked to. */
export async function announce(announcement: Announcement): Promise<void> {
  const { settings, site } = announcement;
  const urls = urlsOf(announcement);
  if (!settings.quiet) {
    const what = site.file === undefined ? site.directory : join(site.directory, site.file);
    console.log(`Serving ${what} at ${urls.join(' ')} (Ctrl-C stops)`);
    for (const notice of notices(announcement)) console.error(notice);
  }
  if (settings.qr) await showPicture(urls[1] ?? urls[0]!, announcement);
  if (settings.open) await show(urls[0]!);
}

function urlsOf({ settings, site, address: [host, port], interfaces }: Announcement): string[] {
  const file = site.file === undefined ? '' : encodeSegment(site.file);
  const path = `${encodePath(settings.base)}/${file}`;
  return serverUrls(host, port, interfaces, { scheme: speaksTls(settings) ? 'https' : 'http', path });
}

function notices(announcement: Announcement): string[] {
  const { settings, site, address, kept, cgiDirectories, fallbackPage } = announcement;
  const [host, port] = address;
  const secrets = servedSecrets(announcement);
  const isLocal = isLoopback(host);
  const places = directoriesIn(site, cgiDirectories);
  const page = fallbackPage && join(site.directory, fallbackPage);
  const all: readonly (readonly [boolean, string])[] = [
    [
      settings.port === undefined && port !== DEFAULT_PORT,
      `Port ${DEFAULT_PORT} is in use: this is ${port}.`,
    ],
    [!isLocal && !hasPasswords(settings), 'Everybody who can reach this machine can read these files.'],
    [
      !isLocal && hasPasswords(settings) && !speaksTls(settings),
      'Passwords are sent in clear: everybody on the way can read them. Add --tls.',
    ],
    [
      secrets.length > 0,
      `Whoever may read these files can read ${secrets.join(', ')}, too: keep secrets elsewhere.`,
    ],
    [places.length > 0, `Programs are run in ${places.map((one) => settings.base + one).join(', ')}.`],
    [
      cgiDirectories.length > 0 && places.length === 0,
      `There are no programs: make the directory ${join(site.directory, cgiDirectories[0] ?? '')}, or name another with --cgi-dir.`,
    ],
    [
      page !== undefined && !existsSync(page),
      `The app's page, ${page}, is not there yet: paths that name no file get 404 until it is.`,
    ],
    [kept !== undefined, `The certificate is self-signed; its SHA-256 is ${kept?.fingerprint}.`],
    [
      kept !== undefined,
      `Browsers ask before they trust it; to be trusted for good, import ${kept?.publicFile}.`,
    ],
  ];
  return all.filter(([applies]) => applies).map(([, notice]) => notice);
}

/** The files with passwords and keys that are served with the others. */
function servedSecrets({ settings, site }: Announcement): string[] {
  const { authFile, tlsCert, tlsKey = tlsCert, tlsPasswordFile, dotfiles } = settings;
  return [authFile, tlsKey, tlsPasswordFile].filter(
    (file) => file !== undefined && mayBeServed(file, site, dotfiles),
  ) as string[];
}

/** For the camera of another machine, which has to be able to come here. */
async function showPicture(url: string, { address: [host] }: Announcement): Promise<void> {
  const { renderUnicodeCompact } = await import('uqr');
  console.error(`${renderUnicodeCompact(url, { border: 2 })}\n${url}`);
  if (isLoopback(host)) console.error('Only this machine can reach it: --lan is for others.');
}

async function show(url: string): Promise<void> {
  const { openInBrowser, whyNoBrowser } = await import('./browser.js');
  const reason = whyNoBrowser({ platform: process.platform, variables: process.env });
  const giveUp = (why: string) => console.error(`No browser is opened, because ${why}: go to ${url}`);
  if (reason !== undefined) giveUp(reason);
  else openInBrowser(url, () => giveUp('none can be started'));
}
