// Serving a directory until somebody says stop.

import { statSync } from 'node:fs';
import { constants, networkInterfaces } from 'node:os';
import { resolve } from 'node:path';
import { flushLog } from '../handlers/log-writer.js';
import { SimpleHTTPRequestHandler } from '../handlers/simple-handler.js';
import type { HTTPServer } from '../http-server.js';
import { isLoopback, serverUrls } from './address.js';
import { DEFAULT_PORT, type Settings } from './arguments.js';
import { CommandFailure } from './failure.js';
import { listen } from './listen.js';

/** How long answers in progress may take when the command is to end. */
const GRACE_MS = 10_000;
/** Whoever has waited for that long is told what for. */
const PATIENCE_MS = 500;
/** A Ctrl-C so soon behind another is the same one: npm passes on what the terminal has sent to both. */
const ECHO_MS = 100;

/**
 * Resolves when a signal has ended it.
 * @throws {CommandFailure} there is nothing to serve, or nowhere to listen.
 */
export async function serve({ bind, port, directory, protocol }: Settings): Promise<void> {
  const root = resolve(directory);
  checkDirectory(root);
  class Handler extends SimpleHTTPRequestHandler {
    override directory = root;
    override protocolVersion = protocol;
  }
  const httpd = await listen(bind, port, Handler);
  announce(httpd, root, port);
  stopOnSignals(httpd);
  await httpd.serveForever();
  flushLog();
}

function checkDirectory(root: string): void {
  let isDirectory: boolean | undefined;
  try {
    isDirectory = statSync(root, { throwIfNoEntry: false })?.isDirectory();
  } catch {
    throw new CommandFailure(`${root} cannot be read: name a directory that you may enter`);
  }
  if (isDirectory === undefined)
    throw new CommandFailure(`${root} does not exist: name a directory that does`);
  if (!isDirectory) throw new CommandFailure(`${root} is not a directory: name the one it is in`);
}

/** One line on standard output, for people and for programs that start the command; the rest is on standard error. */
function announce(httpd: HTTPServer, root: string, asked: number | undefined): void {
  const [address, port] = httpd.serverAddress;
  const interfaces = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  console.log(`Serving ${root} at ${serverUrls(address, port, interfaces).join(' ')} (Ctrl-C stops)`);
  if (asked === undefined && port !== DEFAULT_PORT)
    console.error(`Port ${DEFAULT_PORT} is in use: this is ${port}.`);
  if (!isLoopback(address)) console.error('Everybody who can reach this machine can read these files.');
}

/**
 * The first signal ends gracefully, the second at once. SIGHUP, when the terminal is closed, ends at once as it does by
 * default: to listen for it would undo `nohup`.
 */
function stopOnSignals(httpd: HTTPServer): void {
  let since: number | undefined;
  const stop = (signal: 'SIGINT' | 'SIGTERM'): void => {
    const now = performance.now();
    if (since !== undefined) {
      if (signal === 'SIGTERM' || now - since > ECHO_MS) process.exit(128 + constants.signals[signal]);
      return;
    }
    since = now;
    const notice = setTimeout(() => console.error('Answers are in progress: Ctrl-C ends them.'), PATIENCE_MS);
    void httpd.shutdown({ graceMs: GRACE_MS }).finally(() => clearTimeout(notice));
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
}
