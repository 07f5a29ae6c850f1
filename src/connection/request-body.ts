// The body of one request, as its application reads it: octets that are parsed only when they are asked for.

import type { FieldLines } from '../http1/message.js';

/** Where a body gets its octets from: its connection. */
export interface BodyChannel {
  /** The next octets, `undefined` at the end; a promise only if the peer must be waited for. */
  pullBody(): Buffer | undefined | Promise<Buffer | undefined>;
}

/** The body of a request. It ends with the exchange: reading it later throws. */
export class RequestBody {
  /** Octets announced by Content-Length; `CHUNKED` (-1) if that is told as they come. */
  readonly length: number;
  /** Field lines behind a chunked body, once it has been read to its end. */
  trailers: FieldLines | undefined;
  #channel: BodyChannel | undefined;

  /** @internal Made by the connection. */
  constructor(length: number, channel: BodyChannel | undefined) {
    this.length = length;
    this.trailers = undefined;
    this.#channel = channel;
  }

  /**
   * The next octets, at least one; `undefined` at the end. A promise only if the peer must be waited for.
   * The first call sends 100 (Continue) to a client that waits for it. One call at a time.
   * @throws {ProtocolError} the body is malformed, incomplete or too slow; what the exchange is then answered with.
   * @throws {ConnectionResetError} the client is gone.
   */
  read(): Buffer | undefined | Promise<Buffer | undefined> {
    if (this.#channel === undefined) throw new Error('The request is over: its body can no longer be read');
    return this.#channel.pullBody();
  }

  /** @internal The exchange is over. */
  close(): void {
    this.#channel = undefined;
  }
}
