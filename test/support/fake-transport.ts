// A transport without a socket: it records what a connection does to it, and does to the connection what a test says.

import type { Transport, TransportListener } from '../../src/connection/transport.js';

/** Waits until everything that can happen without the outside world has happened: microtasks, ticks, and what they start. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** The peer of a connection, and the network between. It keeps the contract of `Transport` as Node's sockets do. */
export class FakeTransport implements Transport {
  /** What was written, as latin1; what was written between `cork` and `uncork` is one. */
  readonly writes: string[] = [];
  /** How many octets each call of `write` had, corked or not. */
  readonly sizes: number[] = [];
  /** How it went with reading and ending: `pause`, `resume`, `end`, `destroy`, `reset`, `close`. */
  readonly calls: string[] = [];
  /** While true, `write` takes octets but returns false: the peer is to be waited for. See `drain`. */
  blocked = false;
  /** While true, what `end` waits for does not happen: the last octets are on their way. See `finish`. */
  holdsEnd = false;
  paused = false;
  ended = false;
  destroyed = false;
  closed = false;
  peerEnded = false;
  #listener: TransportListener | undefined;
  #corked: string | undefined;
  #needsDrain = false;
  #unread: Buffer[] = [];
  #onSent: (() => void) | undefined;

  // ── What a test does ─────────────────────────────────────────────────────────────────────────────────────────────

  /** Everything that was written. */
  get sent(): string {
    return this.writes.join('');
  }

  /** What was written since the last call. */
  take(): string {
    return this.writes.splice(0).join('');
  }

  get listened(): boolean {
    return this.#listener !== undefined;
  }

  /** The peer sends. What arrives while reading is paused waits until it is resumed. */
  feed(data: string | Uint8Array): void {
    if (this.destroyed || this.closed) return;
    const chunk = typeof data === 'string' ? Buffer.from(data, 'latin1') : Buffer.from(data);
    if (this.paused || this.#listener === undefined) this.#unread.push(chunk);
    else this.#listener.onData(chunk);
  }

  /** The peer takes what it was waited for with; `blocked` says whether it will take the next octets at once. */
  drain(): void {
    if (!this.#needsDrain || this.destroyed) return;
    this.#needsDrain = false;
    this.#listener?.onDrain();
  }

  /** The peer half-closes. */
  fin(): void {
    this.peerEnded = true;
    this.#listener?.onEnd();
    this.#closeIfBothEnded();
  }

  /** The last octets, which `holdsEnd` held back, have left. */
  finish(): void {
    this.#onSent?.();
    this.#onSent = undefined;
    this.#closeIfBothEnded();
  }

  /** The connection is gone: the peer has reset it, or both have ended. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.calls.push('close');
    this.#listener?.onClose();
  }

  // ── What a connection does ───────────────────────────────────────────────────────────────────────────────────────

  write(data: string | Uint8Array): boolean {
    const text = typeof data === 'string' ? data : Buffer.from(data).toString('latin1');
    if (this.ended) throw new Error('Written behind the end');
    this.sizes.push(text.length);
    if (this.destroyed) return false;
    if (this.#corked === undefined) this.writes.push(text);
    else this.#corked += text;
    this.#needsDrain ||= this.blocked;
    return !this.blocked;
  }

  /** The peer takes everything, sooner or later. */
  get pending(): boolean {
    return this.#needsDrain;
  }

  cork(): void {
    this.#corked ??= '';
  }

  uncork(): void {
    if (this.#corked) this.writes.push(this.#corked);
    this.#corked = undefined;
  }

  pause(): void {
    this.calls.push('pause');
    this.paused = true;
  }

  resume(): void {
    this.calls.push('resume');
    this.paused = false;
    process.nextTick(() => {
      if (!this.paused) for (const chunk of this.#unread.splice(0)) this.feed(chunk);
    });
  }

  end(onSent: () => void): void {
    this.calls.push('end');
    this.ended = true;
    this.#onSent = onSent;
    if (!this.holdsEnd) process.nextTick(() => this.finish());
  }

  destroy(): void {
    this.calls.push('destroy');
    this.destroyed = true;
    process.nextTick(() => this.close());
  }

  reset(): void {
    this.calls.push('reset');
    this.destroyed = true;
    process.nextTick(() => this.close());
  }

  listen(listener: TransportListener | undefined): void {
    this.#listener = listener;
  }

  #closeIfBothEnded(): void {
    if (this.ended && this.peerEnded && this.#onSent === undefined) process.nextTick(() => this.close());
  }
}
