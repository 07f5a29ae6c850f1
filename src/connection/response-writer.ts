// One response on its way out: idle → head → body → ended. The head waits for the first octets of the body or for the
// end of the turn, so that the length of a short body is known and everything leaves in one piece.

import { type BodyFraming, frameResponse, responseHasBody } from '../http1/framing.js';
import type { RequestHead } from '../http1/request-head.js';
import type { ResponseHead } from '../http1/response-head.js';
import type { Output } from './output.js';

/** What a response writer needs of its connection. */
export interface ResponseChannel {
  readonly output: Output;
  /** Seconds, as a client that asked for a persistent connection is told. */
  readonly keepAliveSeconds: number;
  /** Called once, when the head is sent, with the whole body or ahead of it: whether the connection can persist. */
  mayPersist(isWhole: boolean): boolean;
  /** The response, as it was sent, ends the connection. */
  endsConnection(): void;
  /** The application has sent 100 (Continue) itself. */
  sentContinue(): void;
  /** Something waits to be sent when the turn is over. */
  requestFlush(): void;
}

/** Where a response stands: nothing of it said; its head made; its head sent, or in the output; all of it said. */
export type ResponseState = 'idle' | 'head' | 'body' | 'ended';

/** Octets that are gathered before a response whose length is not known is begun to be sent in chunks. */
const GATHER_MAX = 64 * 1024;

/** Writes the response of one exchange. Framing is automatic: see `begin`. */
export class ResponseWriter {
  readonly #request: RequestHead;
  readonly #channel: ResponseChannel;
  #state: ResponseState = 'idle';
  #head: ResponseHead | undefined;
  #status: number | undefined;
  #framing: BodyFraming = 'none';
  /** Octets that Content-Length still promises; with framing `none`, those it would have had. */
  #remaining = 0;
  /** The body so far, while the head waits. */
  #gathered: (string | Uint8Array)[] | undefined;
  #size = 0;

  /** @internal Made by the connection. */
  constructor(request: RequestHead, channel: ResponseChannel) {
    this.#request = request;
    this.#channel = channel;
  }

  get state(): ResponseState {
    return this.#state;
  }

  /** The status of the response, once it has a head. */
  get status(): number | undefined {
    return this.#status;
  }

  /** Octets of the body written so far, without framing. */
  get size(): number {
    return this.#size;
  }

  /** Whether anything of the response may have reached the client, so that another can no longer be sent. */
  get started(): boolean {
    return this.#state === 'body' || this.#state === 'ended';
  }

  /** Whether octets that were written may still be looked at: then they must be left alone. */
  get pending(): boolean {
    return this.#gathered !== undefined || this.#channel.output.inUse;
  }

  /**
   * Gives the response its head. It leaves with the first octets of the body, or at the end of the turn. Without a
   * Content-Length one is added if the body is complete by then; else it goes out chunked, or, to an HTTP/1.0 client,
   * until the connection closes.
   * @throws {Error} there is a head already, or the response has ended.
   */
  begin(head: ResponseHead): void {
    if (this.#state !== 'idle') throw new Error('The response has a head already');
    this.#head = head;
    this.#status = head.status;
    this.#framing = frameResponse(this.#request.method, this.#request.minor, head);
    this.#remaining = head.contentLength ?? 0;
    this.#state = 'head';
    this.#channel.requestFlush();
  }

  /**
   * Sends an interim response (1xx) at once. HTTP/1.0 clients know none, and get none (RFC 9110 §15.2).
   * @throws {RangeError} the status is not an interim one; 101 is a response, for `begin`.
   * @throws {Error} the response has a head already.
   */
  interim(head: ResponseHead): void {
    if (this.#state !== 'idle') throw new Error('An interim response comes before the response');
    if (head.status >= 200 || head.status === 101)
      throw new RangeError(`${head.status} is no interim response`);
    if (this.#request.minor === 0) return;
    if (head.status === 100) this.#channel.sentContinue();
    this.#channel.output.write(head.serialize('none', undefined, 0));
    this.#channel.output.flush();
  }

  /**
   * Writes octets of the body; text as UTF-8. A promise only if the peer must be waited for: `await` is always right.
   * Where a response has no body (HEAD, 204, 304) they are counted and dropped. Do not change a large array before the
   * promise resolves.
   * @throws {RangeError} more than Content-Length promises: nothing of the data is sent.
   * @throws {Error} there is no head yet, or the response has ended.
   */
  write(data: string | Uint8Array): void | Promise<void> {
    if (this.#state === 'idle')
      throw new Error('A response begins with its head: write the body after endHeaders()');
    if (this.#state === 'ended') throw new Error('The response has ended: nothing more can be written to it');
    const octets = typeof data === 'string' ? encode(data) : data;
    if (octets.length === 0) return;
    if (this.#framing === 'length') this.#spend(octets.length);
    this.#size += octets.length;
    if (this.#framing === 'none') return;
    if (this.#framing === 'length') {
      if (this.#state === 'head') this.#send(this.#remaining === 0);
      this.#channel.output.write(octets);
    } else if (this.#state === 'head') {
      this.#gathered ??= [];
      this.#gathered.push(octets);
      if (this.#size > GATHER_MAX) this.#send(false);
    } else {
      this.#writeFramed(octets);
    }
    this.#channel.requestFlush();
    return this.#channel.output.ready();
  }

  /**
   * Ends the response; the connection does it for an application that returns.
   * @throws {RangeError} the body is shorter than Content-Length promises, and the response goes on. Where it cannot,
   *   it is answered with an error instead, or, if its head has been sent, the connection is cut.
   */
  end(): void {
    if (this.#state === 'ended') return;
    if (this.#state === 'idle') throw new Error('A response has at least a head');
    if (this.#framing === 'length' && this.#remaining > 0) {
      throw new RangeError(`The response is ${this.#remaining} octets short of its Content-Length`);
    }
    if (this.#state === 'head') this.#sendWhole();
    if (this.#framing === 'chunked') this.#channel.output.write('0\r\n\r\n');
    this.#state = 'ended';
    this.#channel.requestFlush();
  }

  /** Sends what there is now, instead of at the end of the turn. A promise only if the peer must be waited for. */
  flush(): void | Promise<void> {
    if (this.#state === 'head') this.#send(false);
    this.#channel.output.flush();
    return this.#channel.output.ready();
  }

  /** @internal Takes back a head that has not been sent, so that an error can be answered instead. */
  reset(): void {
    if (this.started) throw new Error('The response has been started');
    this.#state = 'idle';
    this.#head = this.#status = undefined;
    this.#gathered = undefined;
    this.#size = 0;
  }

  /** @internal The exchange is over: whoever still writes to it is told so. */
  close(): void {
    this.#state = 'ended';
  }

  /** Whether the end of the body is marked by the end of the connection. */
  get endsByClose(): boolean {
    return this.#framing === 'close';
  }

  /** The response ends before its head was sent, so its length is known. */
  #sendWhole(): void {
    const head = this.#head!;
    const hidden = this.#request.method === 'HEAD' && this.#size > 0 && responseHasBody('GET', head.status);
    if (
      head.contentLength === undefined &&
      (hidden || this.#framing === 'chunked' || this.#framing === 'close')
    ) {
      head.append('Content-Length', this.#size);
      if (!hidden) this.#framing = 'length';
    }
    this.#send(true);
  }

  #send(isWhole: boolean): void {
    const head = this.#head!;
    this.#state = 'body';
    const persistence = this.#persistence(head, isWhole);
    this.#channel.output.write(head.serialize(this.#framing, persistence, this.#channel.keepAliveSeconds));
    this.#head = undefined; // an idle connection keeps nothing it does not need
    if (this.#gathered === undefined) return;
    for (const octets of this.#gathered) this.#writeFramed(octets);
    this.#gathered = undefined;
  }

  #writeFramed(octets: string | Uint8Array): void {
    const { output } = this.#channel;
    if (this.#framing === 'chunked') output.write(`${octets.length.toString(16)}\r\n`);
    output.write(octets);
    if (this.#framing === 'chunked') output.write('\r\n');
  }

  /** What Connection says (RFC 9112 §9.3), and what the connection does then. */
  #persistence(head: ResponseHead, isWhole: boolean): 'close' | 'keep-alive' | undefined {
    const isConnect = this.#request.method === 'CONNECT';
    if (head.status === 101 || (isConnect && head.status < 300)) {
      this.#channel.endsConnection(); // as HTTP
      return undefined;
    }
    const isOld = head.version === 'HTTP/1.0';
    const wanted = head.persistence !== 'close' && (!isOld || head.persistence === 'keep-alive');
    // Behind CONNECT come octets that were meant for a tunnel, and behind an interim status the response is still awaited.
    const isExchange = !isConnect && head.status >= 200 && this.#framing !== 'close';
    if (wanted && isExchange && this.#channel.mayPersist(isWhole)) {
      return isOld || this.#request.keepAlive || this.#request.minor === 0 ? 'keep-alive' : undefined;
    }
    this.#channel.endsConnection();
    return isOld && head.persistence !== 'close' ? undefined : 'close';
  }

  #spend(length: number): void {
    if (length > this.#remaining) {
      throw new RangeError(
        `${length} octets are more than the ${this.#remaining} that Content-Length still promises`,
      );
    }
    this.#remaining -= length;
  }
}

/** UTF-8, left as text where that is the same as latin1. */
function encode(text: string): string | Buffer {
  return Buffer.byteLength(text) === text.length ? text : Buffer.from(text);
}
