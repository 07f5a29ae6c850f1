#!/usr/bin/env node
// The command `basehttp`: serves a directory. The only place that knows argv, the console and exit codes.

import { statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { Command } from 'commander';
import { flushLog } from '../handlers/log-writer.js';
import { SimpleHTTPRequestHandler } from '../handlers/simple-handler.js';
import { HTTPServer } from '../http-server.js';
import { portUrl } from './address.js';

/** Wrong usage, as most commands say it. */
const EXIT_USAGE = 2;
const DEFAULT_PORT = 8000;
const GRACE_MS = 10_000;
/** Ports tried behind the default one before giving up. */
const PORTS_TRIED = 20;

interface Options {
  readonly bind: string;
  readonly directory?: string;
}

const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };

const command = new Command('basehttp')
  .description('Serves a directory over HTTP, on this machine only unless --bind says otherwise.')
  .argument('[port]', 'port to listen on; 0 for any free one (default: 8000, or the next free one)')
  .argument('[directory]', 'directory to serve (default: the current one); may stand alone, or first')
  .option('-b, --bind <address>', 'address to listen on', '127.0.0.1')
  .option('-d, --directory <directory>', 'the same as the argument')
  .version(version, '-V, --version')
  .addHelpText('after', '\nExamples:\n  basehttp\n  basehttp 9000 public\n  basehttp --bind 0.0.0.0\n')
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : EXIT_USAGE))
  .action(serve);

await command.parseAsync();

async function serve(first: string | undefined, second: string | undefined, options: Options): Promise<void> {
  const [portText, directory] =
    isPort(first) || (first === undefined && second === undefined) ? [first, second] : [second, first];
  const port = portText === undefined ? undefined : parsePort(portText);
  const root = resolve(directory ?? options.directory ?? '.');
  if (!statSync(root, { throwIfNoEntry: false })?.isDirectory()) fail(`${root} is not a directory`);

  class Handler extends SimpleHTTPRequestHandler {
    override protocolVersion = 'HTTP/1.1';
    override directory = root;
  }

  const httpd = await listen(options.bind, port, Handler);
  console.log(`Serving ${root} at ${portUrl(options.bind, httpd.serverPort)} (Ctrl-C stops)`);
  stopOnSignals(httpd);
  await httpd.serveForever();
  await httpd.serverClose();
  flushLog();
}

/** Binds to the port asked for; without one, to the default port or the next free one behind it. */
async function listen(
  host: string,
  port: number | undefined,
  Handler: typeof SimpleHTTPRequestHandler,
): Promise<HTTPServer> {
  const first = port ?? DEFAULT_PORT;
  const last = port === undefined ? first + PORTS_TRIED : first;
  for (let candidate = first; ; candidate++) {
    const httpd = new HTTPServer([host, candidate], Handler);
    try {
      await httpd.ready;
      if (candidate !== first) console.log(`Port ${first} is in use`);
      return httpd;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'EADDRINUSE' || candidate === last)
        fail(explain(error as NodeJS.ErrnoException, host, candidate));
    }
  }
}

function explain({ code, message }: NodeJS.ErrnoException, host: string, port: number): string {
  switch (code) {
    case 'EADDRINUSE':
      return `port ${port} is in use: name another, or 0 for any free one`;
    case 'EACCES':
      return `port ${port} may not be used: ports below 1024 need more rights`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `${host} is not an address of this machine`;
    default:
      return message;
  }
}

/** The first signal ends gracefully, the second at once. */
function stopOnSignals(httpd: HTTPServer): void {
  let stopping = false;
  const stop = (): void => {
    if (stopping) process.exit(1);
    stopping = true;
    void httpd.shutdown({ graceMs: GRACE_MS });
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
}

function isPort(text: string | undefined): boolean {
  return text !== undefined && /^\d+$/.test(text);
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!isPort(text) || port > 65535)
    fail(`'${text}' is not a port: name a number from 0 to 65535`, EXIT_USAGE);
  return port;
}

function fail(message: string, exitCode = 1): never {
  console.error(`basehttp: ${message}`);
  process.exit(exitCode);
}
