// Serving until somebody says stop.

import { constants, networkInterfaces } from 'node:os';
import { flushLog } from '../handlers/log-writer.js';
import { HTTPServer } from '../http-server.js';
import { type InterfaceAddress, isLoopback } from './address.js';
import { announce } from './announce.js';
import { makeHandler, programDirectories, programsEndMs } from './handler.js';
import type { HandlerClass } from './handler-class.js';
import { listen, listeningAddress } from './listen.js';
import { type Settings, speaksTls } from './settings.js';
import { findSite } from './site.js';

/** How long the command may take to end. */
const END_MS = 10_000;
/** Whoever has waited for that long is told what for. */
const PATIENCE_MS = 500;
/** A signal so soon behind another is the same one: npm, and others, pass on what their whole group has been sent. */
const ECHO_MS = 100;

/**
 * Resolves when a signal has ended it.
 * @throws {CommandFailure} there is nothing to serve, nowhere to listen, or something that was asked for is missing.
 */
export async function serve(settings: Settings): Promise<void> {
  const site = findSite(settings.directory);
  const host = await listeningAddress(settings);
  const Handler = await makeHandler(settings, site, isLoopback(host));
  const interfaces = interfaceAddresses();
  const tls = speaksTls(settings)
    ? (await import('./tls.js')).prepareTls(settings, site, interfaces)
    : undefined;
  const httpd = await listen(host, settings, (address) =>
    tls === undefined ? new HTTPServer(address, Handler) : tls.makeServer(address, Handler),
  );
  stopOnSignals(httpd, answersMs(Handler));
  if (tls !== undefined) await reloadOnHangUp(() => tls.reload(httpd));
  const announcement = {
    settings,
    site,
    address: httpd.serverAddress,
    interfaces,
    kept: tls?.kept,
    cgiDirectories: programDirectories(Handler),
    fallbackPage: Handler.prototype.fallbackPage,
  };
  await Promise.all([httpd.serveForever(), announce(announcement)]);
  flushLog();
}

/** How long answers in progress may take, in milliseconds: with time left for programs to end, or to be killed. */
export function answersMs(Handler: HandlerClass): number {
  return END_MS - programsEndMs(Handler);
}

function interfaceAddresses(): InterfaceAddress[] {
  return Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) =>
    addresses.map((one) => ({ ...one, name })),
  );
}

/** The first signal ends gracefully, the second at once. */
function stopOnSignals(httpd: HTTPServer, graceMs: number): void {
  let since: number | undefined;
  const stop = (signal: 'SIGINT' | 'SIGTERM'): void => {
    const now = performance.now();
    if (since !== undefined) {
      if (now - since > ECHO_MS) process.exit(128 + constants.signals[signal]);
      return;
    }
    since = now;
    const notice = setTimeout(() => console.error('Answers are in progress: Ctrl-C ends them.'), PATIENCE_MS);
    void httpd.shutdown({ graceMs }).finally(() => clearTimeout(notice));
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
}

/**
 * SIGHUP is what a terminal sends when it is closed, and what others send to those who have none. On a terminal it ends
 * the command at once, as it does by default; so it does without TLS, since to listen for it would undo `nohup`.
 */
async function reloadOnHangUp(reload: () => void): Promise<void> {
  const { isatty } = await import('node:tty');
  if (![0, 1, 2].some(isatty)) process.on('SIGHUP', reload);
}
