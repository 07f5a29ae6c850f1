// What an application sees of any HTTP version: one request, and the response to it.

import type { RequestHead } from '../http1/request-head.js';
import { type BodyChannel, RequestBody } from './request-body.js';
import type { ResponseWriter } from './response-writer.js';
import type { Transport } from './transport.js';

/** The client has gone while something was still to be read from it or written to it. */
export class ConnectionResetError extends Error {
  override readonly name = 'ConnectionResetError';
  readonly code = 'ECONNRESET';
}

/** A connection that has been taken over. */
export interface Upgraded {
  /** Speaks the new protocol from now on; nobody listens to it yet. */
  readonly transport: Transport;
  /** Octets that were received behind the request. */
  readonly head: Buffer;
}

/** What an exchange needs of its connection. */
export interface ExchangeChannel extends BodyChannel {
  upgrade(exchange: Exchange): Upgraded;
}

/** A request, and the response to it. */
export class Exchange {
  readonly head: RequestHead;
  readonly response: ResponseWriter;
  /** Whether the connection may persist behind this exchange. Set it to false to end the connection. */
  persistent: boolean;
  #channel: ExchangeChannel | undefined;
  #body: RequestBody | undefined;
  #controller: AbortController | undefined;
  #onAbort: (() => void) | undefined;
  #aborted: Error | undefined;

  /** @internal Made by the connection. */
  constructor(head: RequestHead, response: ResponseWriter, channel: ExchangeChannel) {
    this.head = head;
    this.response = response;
    this.persistent = head.persistent;
    this.#channel = channel;
    this.#body = undefined;
    this.#controller = undefined;
    this.#onAbort = undefined;
    this.#aborted = undefined;
  }

  /** The body of the request. Made on first use: most requests have none. */
  get body(): RequestBody {
    this.#body ??= new RequestBody(this.head.bodyLength, this.#channel);
    return this.#body;
  }

  /** Aborted, with a `ConnectionResetError`, when the client goes away before the exchange is over. Made on first use. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#aborted !== undefined) this.#controller.abort(this.#aborted);
    }
    return this.#controller.signal;
  }

  /**
   * @internal What listens to `signal` would be told, once; at once, if that has happened. There is one listener, the
   * latest. In Node 20, a signal costs 5 µs, and stays in memory with what listens until the next full collection.
   */
  onAbort(listener: () => void): void {
    this.#onAbort = listener;
    if (this.#aborted !== undefined) listener();
  }

  /**
   * Takes the connection over for another protocol, after a response 101, a 2xx to CONNECT, or none at all. The body
   * must have been read to its end. The exchange is then over, and the transport the caller's to close.
   * @throws {Error} the body is not at its end, or another response has been begun.
   */
  upgrade(): Upgraded {
    if (this.#channel === undefined) throw new Error('The exchange is over');
    return this.#channel.upgrade(this);
  }

  /** @internal It is over: who still reads or writes is told so. */
  close(): void {
    this.#channel = undefined;
    this.#body?.close();
    this.response.close();
  }

  /** @internal The client is gone. */
  abort(reason: Error): void {
    this.#aborted = reason;
    this.#onAbort?.();
    this.#controller?.abort(reason);
  }
}

/** What serves requests: the one seam between the engine and everything above it. */
export interface Application {
  /** A head has arrived. Returning, or resolving, ends the exchange: who still reads or writes fails then. */
  onRequest(exchange: Exchange): void | Promise<void>;
  /**
   * The exchange failed: a `ProtocolError` if the peer is to blame, whose request may never have reached `onRequest`;
   * else what `onRequest` threw, or an `UnansweredError`. If `exchange.response.started` is false, answer, and
   * completely, before returning; the connection closes behind it.
   */
  onError(error: unknown, exchange: Exchange): void;
}

/** `onRequest` has returned without a response. */
export class UnansweredError extends Error {
  override readonly name = 'UnansweredError';
  constructor() {
    super('The handler returned without sending a response');
  }
}
