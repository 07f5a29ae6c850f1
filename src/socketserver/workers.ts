// The worker processes of a forking server: how the primary process starts, replaces and ends them, and what a worker
// and its primary say to each other.

import cluster, { type Worker } from 'node:cluster';
import type { Address } from './address.js';

/** What a worker tells its primary about the server it runs. */
type WorkerMessage =
  | { readonly socketserver: 'bound'; readonly address: Address }
  | { readonly socketserver: 'failed'; readonly message: string; readonly code: string | undefined };

/** What the primary tells a worker. */
interface PrimaryMessage {
  readonly socketserver: 'shutdown';
  /** Null stands for Infinity, which does not survive the way. */
  readonly graceMs: number | null;
}

/** Keeps a number of workers running, each of which runs the program from its beginning. */
export class Workers {
  readonly #born = new Map<Worker, number>();
  #count = 0;
  #retry: NodeJS.Timeout | undefined;
  #retryMs = FIRST_RETRY_MS;
  /** What workers are told that have to end. */
  #shutdown: PrimaryMessage | undefined;
  #bound = false;
  #onBound: (address: Address) => void = () => {};
  #onFailed: (error: Error) => void = () => {};
  #onEnded: (() => void)[] = [];

  /**
   * Starts so many workers. Resolves with the address of the first that is bound.
   * @throws {Error} a worker cannot be bound, or ends before it is.
   */
  start(count: number): Promise<Address> {
    return new Promise((resolve, reject) => {
      this.#onBound = resolve;
      this.#onFailed = reject;
      this.#count = count;
      this.#fork();
    });
  }

  /** Gives up waiting for workers that are not bound yet. */
  giveUp(): void {
    this.#onFailed(new Error('The server was closed before it was bound'));
  }

  /** Has all workers shut down within `graceMs`, and kills those that have not. */
  end(graceMs = 30_000): Promise<void> {
    clearTimeout(this.#retry);
    this.#shutdown = { socketserver: 'shutdown', graceMs };
    for (const worker of this.#born.keys()) send(worker, this.#shutdown);
    return new Promise((resolve) => {
      const timer =
        graceMs + EXIT_MS > LONGEST_TIMER ? undefined : setTimeout(() => this.#kill(), graceMs + EXIT_MS);
      this.#onEnded.push(() => {
        clearTimeout(timer);
        resolve();
      });
      this.#noticeEnd();
    });
  }

  #fork(): void {
    while (this.#born.size < this.#count) this.#forkOne();
  }

  #forkOne(): void {
    const worker = cluster.fork();
    this.#born.set(worker, performance.now());
    worker.on('message', (message: WorkerMessage) => this.#onMessage(worker, message));
    worker.on('exit', (code, signal) => this.#onExit(worker, signal ?? `exit code ${code}`));
    // A message that could not be sent: the worker is about to exit.
    worker.on('error', ignore);
  }

  #onMessage(worker: Worker, message: WorkerMessage): void {
    if (message?.socketserver === 'bound') {
      this.#bound = true;
      this.#onBound(message.address);
      // It may have been told before it listened to its primary.
      if (this.#shutdown !== undefined) send(worker, this.#shutdown);
    } else if (message?.socketserver === 'failed') {
      this.#onFailed(Object.assign(new Error(message.message), { code: message.code }));
    }
  }

  #onExit(worker: Worker, reason: string): void {
    const livedMs = performance.now() - (this.#born.get(worker) ?? 0);
    this.#born.delete(worker);
    if (this.#shutdown !== undefined) this.#noticeEnd();
    else if (this.#bound) this.#replace(livedMs);
    else this.#onFailed(new Error(`A worker ended before it was bound: ${reason}`));
  }

  /** Soon; later, the more often workers have ended young. */
  #replace(livedMs: number): void {
    if (livedMs > OLD_MS) this.#retryMs = FIRST_RETRY_MS;
    if (this.#retry !== undefined) return;
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.#fork();
    }, this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, LAST_RETRY_MS);
  }

  #kill(): void {
    for (const worker of this.#born.keys()) worker.process.kill('SIGKILL');
  }

  #noticeEnd(): void {
    if (this.#born.size === 0) for (const tell of this.#onEnded.splice(0)) tell();
  }
}

/**
 * In a worker: tells the primary how binding went.
 * @throws what `bind` throws
 */
export async function reportBinding(bind: () => Promise<Address>): Promise<void> {
  try {
    await tell({ socketserver: 'bound', address: await bind() });
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException;
    await tell({ socketserver: 'failed', message, code });
    throw error;
  }
}

/** In a worker: calls `shutdown` when the primary wants the worker to end. */
export function onShutdown(shutdown: (graceMs: number) => void): void {
  process.on('message', (message: PrimaryMessage) => {
    if (message?.socketserver === 'shutdown') shutdown(message.graceMs ?? Number.POSITIVE_INFINITY);
  });
}

/** In a worker: lets the process end, as nothing but its primary keeps it alive. */
export function leave(): void {
  const { worker } = cluster;
  // Twice would be an error.
  if (worker?.isConnected() && !worker.exitedAfterDisconnect) worker.disconnect();
}

/** Resolves when the message is on its way, or never will be. */
function tell(message: WorkerMessage): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined) resolve();
    else process.send(message, undefined, undefined, () => resolve());
  });
}

const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 30_000;
/** A worker that has lived so long did not end because of how it was started. */
const OLD_MS = 60_000;
/** How long a worker whose server has shut down may take to exit. */
const EXIT_MS = 2_000;
const LONGEST_TIMER = 2 ** 31 - 1;

function send(worker: Worker, message: PrimaryMessage): void {
  if (worker.isConnected()) worker.send(message, ignore);
}

function ignore(): void {}
