// Servers and clients for the tests of socketserver/: whatever is made here is gone after the test.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach } from 'vitest';
import type { Address } from '../../src/socketserver/address.js';
import type { BaseServer } from '../../src/socketserver/base-server.js';
import { StreamRequestHandler } from '../../src/socketserver/request-handler.js';
import { built } from '../support/built.js';

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Has something done after the test, whatever becomes of it. */
export function afterTest(cleanup: () => unknown): void {
  cleanups.push(cleanup);
}

/** The server, which will be closed after the test. */
export function closing<S extends BaseServer>(server: S): S {
  afterTest(async () => {
    await server.shutdown({ graceMs: 0 });
    await server.serverClose();
  });
  return server;
}

/** The server, which serves until the end of the test. */
export async function serving<S extends BaseServer>(server: S): Promise<S> {
  const served = server.serveForever(0.01);
  afterTest(() => served);
  closing(server);
  await server.ready;
  return server;
}

/** A path in a new directory. */
export function temporaryPath(name: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'socketserver-'));
  afterTest(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, name);
}

/** A connected client. It may be reset without ado. */
export async function connected(address: Address): Promise<Socket> {
  const [host, port] = address;
  const socket = host.startsWith('/')
    ? connect(host)
    : connect(port, host === '0.0.0.0' ? '127.0.0.1' : host);
  afterTest(() => socket.destroy());
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  return socket.on('error', () => {});
}

/** Everything the server sends from now on. A reset is an end. */
export async function received(socket: Socket): Promise<string> {
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk) => {
    text += chunk;
  });
  await closed(socket);
  return text;
}

export function closed(socket: Socket): Promise<void> {
  return socket.closed ? Promise.resolve() : new Promise((resolve) => socket.once('close', () => resolve()));
}

/** Sends the text, then the end, and gives back the answer. */
export async function answer(address: Address, text: string): Promise<string> {
  const socket = await connected(address);
  socket.end(text);
  return received(socket);
}

/** Resolves when the condition holds, which is tried in every turn of the event loop. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(setImmediate);
}

/** A program that runs in a process of its own. */
export interface Program {
  readonly child: ChildProcess;
  /** The next line it prints. Rejects if it ends instead. */
  line(): Promise<string>;
  /** What it has printed to standard error. */
  readonly stderr: string;
  /** Its exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
}

/**
 * Runs an ES module with the built classes and a `LineHandler`, which sends back each line behind the number of its
 * process.
 */
export function run(body: string): Program {
  const path = temporaryPath('program.mjs');
  writeFileSync(
    path,
    `import cluster from 'node:cluster';
     import * as servers from '${built('socketserver/tcp-server.js')}';
     import * as mixins from '${built('socketserver/mixins.js')}';
     import { StreamRequestHandler } from '${built('socketserver/request-handler.js')}';
     class LineHandler extends StreamRequestHandler {
       async handle() {
         for await (const line of this.rfile.lines()) await this.wfile.write(process.pid + ' ' + line);
       }
     }
     ${body}`,
  );
  const child = spawn(process.execPath, [path], { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<number | string>((resolve) =>
    child.once('close', (code, signal) => resolve(signal ?? code ?? '')),
  );
  afterTest(() => {
    child.kill('SIGKILL');
    return ended;
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const program = {
    child,
    ended,
    stderr: '',
    async line() {
      const { value, done } = await lines.next();
      if (done) throw new Error(`The program ended (${await ended}): ${program.stderr}`);
      return value;
    },
  };
  child.stderr.setEncoding('utf8').on('data', (text) => {
    program.stderr += text;
  });
  return program;
}

/** How many file descriptors this process has; `undefined` where that cannot be known. */
export function openDescriptors(): number | undefined {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return undefined;
  }
}

/** Sends back what it receives. */
export class EchoHandler extends StreamRequestHandler {
  override async handle(): Promise<void> {
    for await (const chunk of this.rfile) await this.wfile.write(chunk);
  }
}

/** A promise to be resolved from outside. */
export class Gate {
  open!: () => void;
  readonly opened = new Promise<void>((resolve) => {
    this.open = resolve;
  });
}
