// What goes to and fro between a request and its program, both ways at once: the program may answer before it has read
// everything, or never read at all. Keeps the time, and remembers what went wrong first. Writes no response.

import type { ByteSource } from '../streams/byte-reader.js';
import { CGIError } from './cgi-error.js';
import type { CGIExit, CGIProcess } from './cgi-process.js';
import { type CGIAnswer, CGIOutputError, findCgiHead, parseCgiHead } from './cgi-response.js';

/** A program is ended by now, or has this long, in milliseconds, for what it does behind its output. */
const EXIT_MS = 1000;

/** So long, in milliseconds, the first octets of an answer wait for the last, */
const GATHER_MS = 2;
/** while there are fewer than these. */
const GATHER_MAX = 32 * 1024;

/** One program, and the request that it answers. Close it, whatever becomes of it. */
export class CGIConversation {
  readonly #program: CGIProcess;
  readonly #patience: Patience;
  /** Output that has been read but not been given out. */
  #rest: Buffer = EMPTY;
  /** What comes behind it, if that has been asked for already. */
  #ahead: Promise<Buffer | undefined> | undefined;
  /** Why the program was stopped, which is why all else fails. */
  #failure: unknown;

  /**
   * Begins to give the program its input.
   * @param input the body of the request; it is read until the program wants no more.
   * @param patienceMs how long the program may take to begin its answer, and then be silent; time in which the client
   * has to be waited for does not count.
   */
  constructor(program: CGIProcess, input: ByteSource | undefined, patienceMs: number) {
    this.#program = program;
    this.#patience = new Patience(patienceMs, () =>
      this.#fail(new CGIError(504, 'CGI script took too long')),
    );
    if (input !== undefined) {
      this.#feed(input).catch((error) => {
        if (!program.stdin.closed) this.#fail(error);
      });
    }
  }

  /**
   * Reads the header.
   * @throws {CGIOutputError} it is malformed, or there is none.
   * @throws {CGIError} it did not come in time.
   */
  async readHead(): Promise<CGIAnswer> {
    let octets: Buffer = EMPTY;
    for (;;) {
      const chunk = await this.#read();
      if (chunk === undefined) throw await this.#headless(octets.length);
      octets = join(octets, chunk);
      const head = findCgiHead(octets);
      if (head === undefined) continue;
      this.#rest = octets.subarray(head.bodyStart);
      this.#patience.renew();
      return parseCgiHead(head.text);
    }
  }

  /**
   * Waits a moment for the program to end, as most do: then the length of the answer is known before it begins, and so
   * is what the program exited with; and the client is sent one piece.
   */
  async gather(): Promise<void> {
    const limit = timeLimit(GATHER_MS);
    try {
      while (this.#rest.length < GATHER_MAX) {
        this.#ahead = this.#read();
        this.#ahead.catch(() => {}); // whoever reads next is told
        const chunk = await Promise.race([this.#ahead, limit.over]);
        if (chunk === 'late') return;
        this.#ahead = undefined;
        if (chunk === undefined) {
          await Promise.race([this.#program.exited, limit.over]);
          return;
        }
        this.#rest = join(this.#rest, chunk);
      }
    } finally {
      limit.clear();
    }
  }

  /** Whether there is anything behind the header. */
  async hasBody(): Promise<boolean> {
    this.#rest = (await this.readBody()) ?? EMPTY;
    return this.#rest.length > 0;
  }

  /** The next octets of the body, at least one; `undefined` at the end. */
  async readBody(): Promise<Buffer | undefined> {
    const rest = this.#rest;
    this.#rest = EMPTY;
    if (rest.length > 0) return rest;
    const chunk = await (this.#ahead ?? this.#read());
    this.#ahead = undefined;
    this.#patience.renew();
    return chunk;
  }

  /** Waits for the client, which is not the program's fault. */
  forClient<T>(promise: Promise<T>): Promise<T> {
    return this.#patience.during(promise);
  }

  /** How the program has ended, behind its output; `undefined` if it does not end soon. */
  async exit(): Promise<CGIExit | undefined> {
    const limit = timeLimit(EXIT_MS);
    const exit = await Promise.race([this.#program.exited, limit.over]);
    limit.clear();
    return exit === 'late' ? undefined : exit;
  }

  /** The program is stopped, should it still run. */
  close(): void {
    this.#patience.end();
    this.#program.stop();
  }

  async #read(): Promise<Buffer | undefined> {
    try {
      const chunk = await this.#program.stdout.read();
      return chunk === undefined ? undefined : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    } catch (error) {
      throw this.#failure ?? error;
    }
  }

  async #feed(input: ByteSource): Promise<void> {
    const { stdin } = this.#program;
    while (!stdin.closed) {
      const next = input.read();
      const chunk = next instanceof Promise ? await this.forClient(next) : next;
      if (chunk === undefined) break;
      await stdin.write(chunk);
      this.#patience.renew();
    }
    stdin.end();
  }

  #fail(reason: unknown): void {
    this.#failure ??= reason;
    this.#program.stop();
  }

  async #headless(length: number): Promise<CGIOutputError> {
    const exit = await this.exit();
    const ending = exit === undefined ? 'it closed its output' : describeExit(exit);
    const written = length === 0 ? 'without any output' : 'in the middle of its header';
    return new CGIOutputError(`${ending} ${written}`);
  }
}

/** For the log. */
export function describeExit({ code, signal }: CGIExit): string {
  return signal === undefined ? `it exited with status ${code}` : `it was ended by ${signal}`;
}

const EMPTY: Buffer = Buffer.alloc(0);

function join(first: Buffer, second: Buffer): Buffer {
  return first.length === 0 ? second : Buffer.concat([first, second]);
}

/** Resolves when the time is over, unless it is cleared. */
function timeLimit(milliseconds: number): { readonly over: Promise<'late'>; clear(): void } {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<'late'>((resolve) => {
    timer = setTimeout(resolve, milliseconds, 'late');
  });
  return { over, clear: () => clearTimeout(timer) };
}

/** Runs out if nothing happens for some time, unless somebody else is waited for meanwhile. */
class Patience {
  readonly #timer: NodeJS.Timeout;
  #excuses = 0;
  #ended = false;

  constructor(milliseconds: number, onEnd: () => void) {
    this.#timer = setTimeout(() => {
      if (this.#excuses > 0) this.renew();
      else onEnd();
    }, milliseconds);
  }

  renew(): void {
    if (!this.#ended) this.#timer.refresh(); // which would begin again what was cleared
  }

  async during<T>(promise: Promise<T>): Promise<T> {
    this.#excuses++;
    try {
      return await promise;
    } finally {
      this.#excuses--;
      this.renew();
    }
  }

  end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
  }
}
