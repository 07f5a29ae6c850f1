// The server of test/robustness/server.js in a process of its own, as a test sees it.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { HTTPServerOptions } from '../../src/index.js';
import { built } from './built.js';

/** What the process holds, after garbage collection, and what its handlers did. */
export interface Stats {
  /** Octets. */
  readonly rss: number;
  /** Octets. */
  readonly heapUsed: number;
  readonly descriptors: number;
  readonly timers: number;
  /** Sockets that node holds open. */
  readonly sockets: number;
  /** Connections that have a deadline. */
  readonly connections: number;
  /** Octets written to the connections that are open. */
  readonly written: number;
  /** Calls of handlers so far. */
  readonly handled: number;
  /** Handlers at work. */
  readonly active: number;
  /** Handlers that wait for a client to take what they wrote. */
  readonly waiting: number;
  /** Handlers that heard of their client's end by the signal. */
  readonly aborted: number;
  /** Calls of `handleError()`. */
  readonly failed: number;
  readonly uncaught: number;
}

export interface ServeOptions {
  readonly options?: HTTPServerOptions;
  /** Served below `/files/`. */
  readonly directory?: string;
  /** Serves the directory with the CGI handler, whose class has these attributes. */
  readonly cgi?: Readonly<Record<string, unknown>>;
  /** The most descriptors that the process may have. */
  readonly maxDescriptors?: number;
}

const program = fileURLToPath(new URL('../robustness/server.js', import.meta.url));

/** Whether a process can be looked at from outside as these tests do it. */
export const canMeasure = process.platform === 'linux';

/** Whether the heavy tests are to be run in full size. */
export const isFull = process.env['BASEHTTP_FULL'] === '1';

const POLL_MS = 20;
const STUCK_MS = 250;
/** Longer than anything takes, on a busy machine too. */
const PATIENCE_MS = 120_000;

/** A running server; dispose of it. */
export class ServerProcess implements AsyncDisposable {
  readonly port: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  static async start({ maxDescriptors, ...what }: ServeOptions = {}): Promise<ServerProcess> {
    const child = fork(program, [], {
      execArgv: ['--expose-gc'],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      serialization: 'advanced', // a time limit may be Infinity
      ...(maxDescriptors !== undefined && limited(maxDescriptors)),
    });
    child.send({ module: built('index.js'), ...what });
    const { port } = await answer<{ port: number }>(child);
    return new ServerProcess(child, port);
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** Behind a garbage collection. */
  stats(): Promise<Stats> {
    return this.#ask('collected');
  }

  /** The stats, once they are as wanted. */
  async until(wanted: (stats: Stats) => boolean): Promise<Stats> {
    let stats = await this.#ask('as they are');
    for (const giveUpAt = Date.now() + PATIENCE_MS; !wanted(stats); stats = await this.#ask('as they are')) {
      if (Date.now() > giveUpAt) throw new Error(`Not as wanted: ${JSON.stringify(stats)}`);
      await setTimeout(POLL_MS);
    }
    return this.stats();
  }

  /** The stats, once the server can go no further: it has begun, and two looks at it see the same. */
  async stuck(count: 'handled' | 'written'): Promise<Stats> {
    let last = await this.until((stats) => stats[count] > 0);
    for (;;) {
      await setTimeout(STUCK_MS);
      const stats = await this.stats();
      if (stats[count] === last[count]) return stats;
      last = stats;
    }
  }

  async #ask(wish: 'collected' | 'as they are'): Promise<Stats> {
    this.#child.send(wish);
    return (await answer<{ stats: Stats }>(this.#child)).stats;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }
}

async function answer<T>(child: ChildProcess): Promise<T> {
  const exited = new AbortController();
  const onExit = () => exited.abort(new Error('The server process has ended'));
  child.once('exit', onExit);
  try {
    const [message] = await once(child, 'message', { signal: exited.signal });
    return message;
  } finally {
    child.off('exit', onExit);
  }
}

/** Node itself would raise its limit of descriptors again, so the hard one is lowered. */
function limited(maxDescriptors: number) {
  return {
    execPath: '/bin/sh',
    execArgv: ['-c', `ulimit -n ${maxDescriptors}; exec "$0" --expose-gc "$@"`, process.execPath],
  };
}
