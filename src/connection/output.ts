// What waits to be written to one transport. The output of a turn gathers here and leaves in one write; what the peer
// does not take stays here, in order.

import type { Transport } from './transport.js';

/** Octets up to this are copied into the text around them, so that they leave in one write. */
const JOIN_MAX = 4 * 1024;
/** The largest single write, whose size is the step in which progress of a slow peer is seen: */
const PIECE_SIZE = 64 * 1024;
/** to a peer that has taken so much as fast as it was written, */
const FAST = 1024 * 1024;
/** the largest is this, which costs less. */
const LARGE_PIECE_SIZE = 512 * 1024;
/** This much is not gathered any longer, but sent. */
const GATHER_MAX = 64 * 1024;

/** The outgoing half of a connection: the only one that writes to the transport. */
export class Output {
  readonly #transport: Transport;
  /** Called when a write begins to wait for the peer, and each time the peer takes something. */
  readonly #onProgress: () => void;
  /** What comes before #text. */
  #parts: (string | Uint8Array)[] = [];
  /** The latest octets, as latin1. */
  #text = '';
  /** Octets in both. */
  #size = 0;
  #blocked = false;
  /** Octets of large parts that the peer has taken as fast as they were written, since it last did not. */
  #taken = 0;
  #drained: PromiseWithResolvers<void> | undefined;
  #failure: Error | undefined;

  constructor(transport: Transport, onProgress: () => void) {
    this.#transport = transport;
    this.#onProgress = onProgress;
  }

  /** Whether the peer must be waited for before anything more can be sent. */
  get blocked(): boolean {
    return this.#blocked;
  }

  /** Whether there is something that has not been given to the transport. */
  get pending(): boolean {
    return this.#text !== '' || this.#parts.length > 0;
  }

  /** Whether octets that were written may still be looked at, here or in the transport: then they must be left alone. */
  get inUse(): boolean {
    return this.pending || this.#transport.pending;
  }

  /** Adds octets behind all others, text as latin1. Large arrays are not copied: leave them alone until they are sent. */
  write(data: string | Uint8Array): void {
    if (this.#failure !== undefined) return;
    this.#size += data.length;
    if (typeof data === 'string') this.#text += data;
    else if (data.length <= JOIN_MAX) this.#text += latin1(data);
    else this.#push(data);
    // Whoever writes on and on without ever giving up the turn meets the back-pressure here.
    if (this.#size >= GATHER_MAX) this.flush();
  }

  /** Gives to the transport what it takes. */
  flush(): void {
    if (this.#blocked || this.#failure !== undefined) return;
    if (this.#parts.length === 0 && this.#text.length <= PIECE_SIZE) {
      if (this.#text === '') return;
      const text = this.#text;
      this.#text = '';
      this.#size = 0;
      this.#blocked = !this.#transport.write(text);
    } else {
      this.#flushParts();
    }
    if (this.#blocked) this.#onProgress();
  }

  /**
   * A promise only if the peer must be waited for: it resolves when the peer has taken everything, and rejects when it
   * never will. Never an unhandled rejection.
   */
  ready(): void | Promise<void> {
    if (this.#failure !== undefined) return handled(Promise.reject(this.#failure));
    if (!this.#blocked) return;
    this.#drained ??= withResolvers();
    return this.#drained.promise;
  }

  /** The transport is ready for more. */
  onDrain(): void {
    this.#blocked = false;
    this.flush();
    if (this.#blocked) return;
    this.#drained?.resolve();
    this.#drained = undefined;
  }

  /** Gives the transport everything, whether it takes it or not, before somebody else writes to it; then fails. */
  handOver(error: Error): void {
    for (const part of this.#parts) this.#transport.write(part);
    if (this.#text !== '') this.#transport.write(this.#text);
    this.fail(error);
  }

  /** The transport is gone: what is left is dropped, and who waits is told. */
  fail(error: Error): void {
    this.#failure ??= error;
    this.#blocked = false;
    this.#parts = [];
    this.#text = '';
    this.#size = 0;
    this.#drained?.reject(error);
    this.#drained = undefined;
  }

  #push(bytes: Uint8Array): void {
    if (this.#text !== '') this.#parts.push(this.#text);
    this.#text = '';
    this.#parts.push(bytes);
  }

  #flushParts(): void {
    const parts = this.#parts;
    if (this.#text !== '') parts.push(this.#text);
    this.#text = '';
    let sent = 0;
    let written = 0;
    const most = this.#taken >= FAST ? LARGE_PIECE_SIZE : PIECE_SIZE;
    const isCorked = parts.length > 1; // a single write needs no gathering, which takes a detour
    if (isCorked) this.#transport.cork();
    while (!this.#blocked && sent < parts.length) {
      const part = parts[sent]!;
      const piece = part.length <= most ? part : cut(part, 0, most);
      if (piece === part) sent++;
      else parts[sent] = cut(part, most);
      written += piece.length;
      this.#blocked = !this.#transport.write(piece);
    }
    if (isCorked) this.#transport.uncork();
    parts.splice(0, sent);
    this.#size -= written;
    this.#taken = this.#transport.pending ? 0 : this.#taken + written;
  }
}

function cut(part: string | Uint8Array, start: number, end?: number): string | Uint8Array {
  return typeof part === 'string' ? part.slice(start, end) : part.subarray(start, end);
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

interface PromiseWithResolvers<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: Error): void;
}

function withResolvers(): PromiseWithResolvers<void> {
  let resolve!: () => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<void>((onResolved, onRejected) => {
    resolve = onResolved;
    reject = onRejected;
  });
  return { promise: handled(promise), resolve, reject };
}

/** Nobody has to await a write: that it failed shows elsewhere too. */
function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}
