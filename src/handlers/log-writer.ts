// How log lines reach standard error: in batches, without making a request wait, whatever becomes of the reader.
// Knows nothing of what the lines say.

import { constants, fstatSync, openSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { SonicBoom } from 'sonic-boom';

/**
 * Writes a line to standard error, soon: within {@link FLUSH_AFTER_MS}, together with its neighbours. It never waits
 * and never throws. See {@link LogWriter} for what happens if nobody reads.
 *
 * @param line escaped text, without a line end
 */
export function writeToStderr(line: string): void {
  if (stderr === undefined) {
    stderr = new LogWriter(2);
    process.on('exit', () => stderr?.finish());
  }
  stderr.write(line);
}

/** Writes now what {@link writeToStderr} has kept back, as far as possible without waiting. */
export function flushLog(): void {
  stderr?.flush();
}

/**
 * Writes lines to a file descriptor in batches, without ever waiting for whoever reads them. While they are not read,
 * or cannot be written, up to {@link MAX_KEPT} bytes are kept and tried again; further lines are dropped, counted,
 * and the loss is reported in a line of its own once there is room again. No batch is above {@link LONGEST_WRITE},
 * so processes that share a pipe do not tear each other's lines.
 */
export class LogWriter {
  readonly #fd: number;
  #opened: SonicBoom | undefined;
  #batch = '';
  #batchBytes = 0;
  #timed = false;
  /** Whether the last write failed, and with it what is kept has to wait. */
  #stuck = false;
  #finishing = false;
  #retryUntil = 0;
  #dropped = 0;

  /** @param fd stays open, and belongs to the caller */
  constructor(fd: number) {
    this.#fd = fd;
  }

  /** Lines lost and not yet reported. */
  get dropped(): number {
    return this.#dropped;
  }

  /** @param line escaped text without a line end; cut to 4 KiB with `...` at the end of it */
  write(line: string): void {
    const text = `${shorten(line)}\n`;
    const bytes = Buffer.byteLength(text);
    if (this.#batchBytes + bytes > LONGEST_WRITE) this.#handOver();
    this.#batch += text;
    this.#batchBytes += bytes;
    if (this.#finishing) this.#flushSync();
    else this.#flushLater();
  }

  /** Writes what there is, as far as possible without waiting. */
  flush(): void {
    this.#handOver();
    if (this.#stuck) this.#opened?.flush();
    if (!this.#stuck && this.#dropped > 0) this.#reportLoss();
  }

  /**
   * For the end of the process: writes what there is, and unless the reader had stopped before, waits up to
   * {@link LAST_WORDS_MS} for it to keep up. A line that comes later still is written at once.
   */
  finish(): void {
    this.#finishing = true;
    if (!this.#stuck) this.#retryUntil = Date.now() + LAST_WORDS_MS;
    this.#flushSync();
  }

  #flushSync(): void {
    this.#handOver();
    try {
      this.#opened?.flushSync();
    } catch {
      // There is nobody left to tell.
    }
  }

  /**
   * Opened, and its package loaded, for the first batch: neither holds up the start of a server.
   * @returns `undefined` while descriptors have run out, of which both take one.
   */
  get #out(): SonicBoom | undefined {
    try {
      this.#opened ??= this.#open();
    } catch {
      this.#stuck = true;
    }
    return this.#opened;
  }

  #open(): SonicBoom {
    const sonic = createRequire(import.meta.url)('sonic-boom') as typeof import('sonic-boom');
    const out = new sonic.SonicBoom({
      ...openForLog(this.#fd),
      maxWrite: LONGEST_WRITE,
      maxLength: MAX_KEPT,
      retryEAGAIN: () => Date.now() < this.#retryUntil,
    });
    out.on('error', () => {
      this.#stuck = true;
    });
    out.on('write', () => {
      this.#stuck = false;
    });
    out.on('drop', (lines: string) => this.#drop(lines));
    return out;
  }

  #handOver(): void {
    if (this.#batch === '') return;
    const out = this.#out;
    if (out === undefined && this.#batchBytes < MAX_KEPT) return;
    const batch = this.#batch;
    this.#batch = '';
    this.#batchBytes = 0;
    if (out === undefined) this.#drop(batch);
    else out.write(batch);
  }

  #drop(lines: string): void {
    this.#dropped += lines.split('\n').length - 1;
  }

  /** One timer a batch, not one a line; it does not keep the process alive. */
  #flushLater(): void {
    if (this.#timed) return;
    this.#timed = true;
    setTimeout(() => {
      this.#timed = false;
      this.flush();
      if (this.#stuck) this.#flushLater();
    }, FLUSH_AFTER_MS).unref();
  }

  #reportLoss(): void {
    const lost = this.#dropped;
    this.#dropped = 0;
    this.write(`${lost} log lines were lost here, because they were not read fast enough`);
  }
}

/** How long a line may be kept back to be written together with others. */
const FLUSH_AFTER_MS = 100;

/** PIPE_BUF of Linux: up to here a write to a pipe is never split, nor mixed with that of another process. */
const LONGEST_WRITE = 4096;

/** What is kept for a reader that has stopped: some 10,000 lines. */
const MAX_KEPT = 1024 * 1024;

/** How long the end of the process may wait for a reader that is slow. */
const LAST_WORDS_MS = 1000;

let stderr: LogWriter | undefined;

/**
 * How to write to `fd` without waiting. A write to a pipe whose reader has stopped waits for ever; on a thread that
 * spares the event loop, but the process could not end. So a pipe or a terminal is opened a second time, as
 * non-blocking, which does not change it for the processes it is shared with, and is then written to directly.
 */
function openForLog(fd: number): { fd: number; sync: boolean } {
  try {
    if (fstatSync(fd).isFile()) return { fd, sync: true };
    const flags = constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY;
    if (process.platform === 'linux') return { fd: openSync(`/proc/self/fd/${fd}`, flags), sync: true };
  } catch {
    // A socket, a pipe without a reader, one of another user, or not open at all.
  }
  return { fd, sync: isNonBlockingStderr(fd) };
}

/**
 * Node makes standard error non-blocking when `process.stderr` is first looked at; not on Windows, and not in a
 * worker, where `process.stderr.fd` does not exist. What stays blocking is left to a thread.
 */
function isNonBlockingStderr(fd: number): boolean {
  return process.stderr.fd === fd && process.platform !== 'win32';
}

const CUT = '...';
const encoder = new TextEncoder();
const room = new Uint8Array(LONGEST_WRITE - CUT.length - 1);

/** The line as it is if it fits, with its line end, into one write; else as many of its characters as do. */
function shorten(line: string): string {
  if (line.length < LONGEST_WRITE / 3 || Buffer.byteLength(line) < LONGEST_WRITE) return line;
  return line.slice(0, encoder.encodeInto(line, room).read) + CUT;
}
