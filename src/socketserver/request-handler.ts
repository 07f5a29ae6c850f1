// What a request handler is derived from. What runs it, and when, is base-server.ts.

import type { Socket } from 'node:net';
import { ByteReader } from '../streams/byte-reader.js';
import { ByteWriter } from '../streams/byte-writer.js';
import type { ClientAddress } from './address.js';
import type { BaseServer, RequestHandler } from './base-server.js';
import { SocketSink, SocketSource } from './socket-streams.js';

/**
 * Handles one request, which is one connection: the server makes an instance for each, calls `setup()`, `handle()` and
 * `finish()`, and then closes the connection. Override any of them; the constructor should be left alone.
 */
export class BaseRequestHandler implements RequestHandler {
  /** The connection. It is paused: whoever reads from it resumes it. */
  readonly request: Socket;
  readonly clientAddress: ClientAddress;
  readonly server: BaseServer;

  constructor(request: Socket, clientAddress: ClientAddress, server: BaseServer) {
    this.request = request;
    this.clientAddress = clientAddress;
    this.server = server;
  }

  /** Prepares for `handle()`. If it throws, neither that nor `finish()` is called. */
  setup(): void {}

  /** Serves the request. It ends when this returns, or when its promise settles. */
  handle(): void | Promise<void> {}

  /** Cleans up behind `handle()`, also when that has thrown. */
  finish(): void | Promise<void> {}

  /** The server is shutting down: finish what is in flight, and end. Called once, while `handle()` is at work. */
  stop(): void {}
}

/** A handler that reads the request from `rfile` and writes to `wfile`. */
export class StreamRequestHandler extends BaseRequestHandler {
  /**
   * After so many seconds in which nothing was received or sent the connection is destroyed: reads and writes then
   * reject with an error whose `code` is `'ETIMEDOUT'`. Default: `undefined`, never.
   */
  declare timeout: number | undefined;
  /** Whether small writes are sent at once instead of being gathered by the system. Default: true. */
  declare disableNagleAlgorithm: boolean;

  #rfile: ByteReader | undefined;
  #wfile: ByteWriter | undefined;

  /** What the client sends. */
  get rfile(): ByteReader {
    this.#rfile ??= new ByteReader(new SocketSource(this.request));
    return this.#rfile;
  }

  set rfile(rfile: ByteReader) {
    this.#rfile = rfile;
  }

  /** What the client gets. Nothing is kept back: what is written is sent. */
  get wfile(): ByteWriter {
    this.#wfile ??= new ByteWriter(new SocketSink(this.request));
    return this.#wfile;
  }

  set wfile(wfile: ByteWriter) {
    this.#wfile = wfile;
  }

  /** Applies `timeout` and `disableNagleAlgorithm`. */
  override setup(): void {
    if (this.timeout !== undefined) this.request.setTimeout(this.timeout * 1000, onTimeout);
    if (!this.disableNagleAlgorithm) this.request.setNoDelay(false);
  }

  /** Flushes `wfile`, if it was used. A client that is gone by now is no error. */
  override finish(): void | Promise<void> {
    return this.#wfile?.flush()?.catch(() => {});
  }
}

// Class variables live on the prototype: see base-server.ts.
Object.assign(StreamRequestHandler.prototype, { timeout: undefined, disableNagleAlgorithm: true });

function onTimeout(this: Socket): void {
  this.destroy(Object.assign(new Error('The client was silent for too long'), { code: 'ETIMEDOUT' }));
}
