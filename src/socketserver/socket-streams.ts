// A socket as a source and as a sink of bytes, with back-pressure both ways: what `rfile` and `wfile` are made of.

import type { Socket } from 'node:net';
import type { ByteSource } from '../streams/byte-reader.js';
import type { ByteSink } from '../streams/byte-writer.js';

/** Reads from a socket, no further ahead than the socket's own buffer goes. */
export class SocketSource implements ByteSource {
  readonly #socket: Socket;
  #resolve: ((chunk: Buffer | undefined | Promise<undefined>) => void) | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    const wake = () => this.#wake();
    socket.on('readable', wake).on('end', wake).on('close', wake);
  }

  read(): Buffer | undefined | Promise<Buffer | undefined> {
    const chunk: Buffer | null = this.#socket.read();
    if (chunk !== null) return chunk;
    if (this.#socket.readableEnded || this.#socket.destroyed) return this.#end();
    return new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  #wake(): void {
    const resolve = this.#resolve;
    if (resolve === undefined) return;
    const chunk: Buffer | null = this.#socket.read();
    if (chunk === null && !this.#socket.readableEnded && !this.#socket.destroyed) return;
    this.#resolve = undefined;
    resolve(chunk ?? this.#end());
  }

  #end(): undefined | Promise<undefined> {
    return this.#socket.readableEnded ? undefined : Promise.reject(goneError(this.#socket));
  }
}

/** Writes to a socket at once. */
export class SocketSink implements ByteSink {
  readonly #socket: Socket;
  /** There while somebody waits for the peer. */
  #drained: Promise<void> | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  write(data: string | Uint8Array): void | Promise<void> {
    if (!this.#socket.writable) return handled(Promise.reject(goneError(this.#socket)));
    return this.#socket.write(data) ? undefined : this.#whenDrained();
  }

  get pending(): boolean {
    return this.#socket.writableLength > 0;
  }

  /** There is nothing to send: waits only if the peer is behind. */
  flush(): void | Promise<void> {
    return this.#socket.writableNeedDrain ? this.#whenDrained() : undefined;
  }

  #whenDrained(): Promise<void> {
    this.#drained ??= handled(
      drained(this.#socket).finally(() => {
        this.#drained = undefined;
      }),
    );
    return this.#drained;
  }
}

/** Resolves when the peer has taken enough to be sent more; rejects when it never will. */
function drained(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = () => {
      socket.off('drain', settle).off('close', settle);
      if (socket.destroyed) reject(goneError(socket));
      else resolve();
    };
    socket.on('drain', settle).on('close', settle);
  });
}

/** Why nothing can be read from the socket, or written to it, any more. */
function goneError(socket: Socket): Error {
  if (socket.errored) return socket.errored;
  const sentence = socket.destroyed
    ? 'The connection is closed'
    : 'The connection has been ended: nothing more can be sent';
  return Object.assign(new Error(sentence), { code: socket.destroyed ? 'ECONNRESET' : 'EPIPE' });
}

/** Nobody has to wait for a write: that the connection is gone shows elsewhere too. */
function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}
