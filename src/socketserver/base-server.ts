// The life of a server and of the requests it accepts: waiting, verified, handled, shut down. Knows neither how
// listening is done (tcp-server.ts) nor what a handler does with its request.

import type { Socket } from 'node:net';
import { inspect } from 'node:util';
import {
  type Address,
  type ClientAddress,
  clientAddressOf,
  type ServerAddress,
  unboundAddress,
} from './address.js';

/** What a server asks of a request handler. {@link BaseRequestHandler} is one to derive from. */
export interface RequestHandler {
  /** Before `handle()`. */
  setup(): void;
  /** Does the work. The request ends when it returns, or when its promise settles. */
  handle(): void | Promise<void>;
  /** After `handle()`, also if that failed. */
  finish(): void | Promise<void>;
  /** The server is shutting down: finish what is in flight, and end. */
  stop(): void;
}

/** A class of request handlers for servers of class `S`. */
export type RequestHandlerConstructor<S extends BaseServer = BaseServer> = new (
  request: Socket,
  clientAddress: ClientAddress,
  server: S,
) => RequestHandler;

/** How {@link BaseServer.shutdown} goes about it. */
export interface ShutdownOptions {
  /** How long requests in flight may take to finish, in milliseconds. Default: 30,000. `Infinity`: as long as they want. */
  readonly graceMs?: number;
}

/**
 * What all servers have in common. Derive from {@link TCPServer} rather than from this.
 *
 * For the caller: `ready`, `serveForever()`, `handleRequest()`, `shutdown()`, `serverClose()`, `fileno()`,
 * `await using`.
 *
 * To override: `serverBind()`, `serverActivate()`, `getRequest()`, `verifyRequest()`, `processRequest()`,
 * `finishRequest()`, `shutdownRequest()`, `closeRequest()`, `handleError()`, `handleTimeout()`, `serviceActions()`,
 * `makeRoom()`, and the class variables `timeout`, `requestQueueSize` and `maxConnections`: as fields of a subclass, or
 * on the prototype.
 *
 * A request here is a connection, as everywhere in this module.
 */
export class BaseServer {
  /** Seconds `handleRequest()` waits for a request, then it calls `handleTimeout()`. Default: `undefined`, for ever. */
  declare timeout: number | undefined;
  /**
   * How many connections may wait to be accepted by the process, and, while nobody serves, how many accepted ones may
   * wait to be handled. Default: 511.
   */
  declare requestQueueSize: number;
  /** Open connections above this number need `makeRoom()`. Default: `undefined`, no limit. */
  declare maxConnections: number | undefined;

  /** Where the server is to listen, and once it is bound, where it does. */
  serverAddress: Address;
  /** What handles a request: one instance for each. */
  readonly RequestHandlerClass: RequestHandlerConstructor;

  #ready: Promise<Address> | undefined;
  #binding = false;
  #closed = false;
  /** Closed while it was being bound: that binding did not succeed is then no failure. */
  #abandoned = false;
  #stopping = false;
  /** The time to finish is over. */
  #cuttingOff = false;
  /** There while serveForever() runs. */
  #serving: Serving | undefined;
  /** Accepted, and not yet handled: empty while the server serves. */
  readonly #waiting: Socket[] = [];
  /** Those who wait in handleRequest(). */
  readonly #takers: Taker[] = [];
  /** Every connection, from when it is accepted until it is closed. */
  readonly #open = new Set<Socket>();
  /** Every handler that takes its time, until it has finished. */
  readonly #handlers = new Set<RequestHandler>();
  /** Called when no connection is open any more and no handler at work. */
  #onQuiet: (() => void)[] = [];
  /** One function for all connections of this server. */
  readonly #onClose: (this: Socket) => void;

  /**
   * @param bindAndActivate whether to bind soon by itself: when the constructors have returned, so that what a subclass
   * defines counts. Otherwise it is done when `ready`, `serveForever()` or `handleRequest()` needs it.
   * @throws {TypeError | RangeError} the address is not one.
   */
  constructor(
    serverAddress: ServerAddress,
    RequestHandlerClass: RequestHandlerConstructor,
    bindAndActivate = true,
  ) {
    this.serverAddress = unboundAddress(serverAddress);
    this.RequestHandlerClass = RequestHandlerClass;
    const server = this;
    this.#onClose = function onClose(this: Socket) {
      server.#open.delete(this);
      server.#noticeQuiet();
    };
    if (bindAndActivate) queueMicrotask(() => void (this.#closed || this.ready));
  }

  // ---- for the caller

  /**
   * The address the server is bound to, once it is. Rejects with the reason if it cannot be; `serveForever()` and
   * `handleRequest()` then reject with the same. Await one of the three: as with every promise, a failure that nobody
   * waits for ends the process.
   */
  get ready(): Promise<Address> {
    this.#ready ??= this.#bindAndActivate();
    return this.#ready;
  }

  /**
   * Handles requests, each as it comes and without waiting for others, until `shutdown()` is complete or
   * `serverClose()` is called.
   * @param pollInterval seconds between two calls of `serviceActions()`; it does not delay anything else
   * @throws {Error} the server cannot be bound, is closed, or serves already; or what `serviceActions()` threw.
   */
  async serveForever(pollInterval = 0.5): Promise<void> {
    if (this.#serving !== undefined) throw new Error('serveForever() is running already');
    const serving = new Serving();
    this.#serving = serving;
    const interval = Math.min(pollInterval * 1000, LONGEST_TIMER);
    const timer = setInterval(() => this.#callServiceActions(serving), interval).unref();
    try {
      if (!(await this.#bound())) return;
      for (let left = this.#waiting.length; left > 0; left--) this.#handleNext();
      await serving.ended;
    } finally {
      clearInterval(timer);
      this.#serving = undefined;
    }
  }

  /**
   * Handles one request. Resolves when its handler has finished; after `timeout` seconds without a request, when
   * `handleTimeout()` has; and when the server is closed.
   * @throws {Error} the server cannot be bound, or was closed before.
   */
  async handleRequest(): Promise<void> {
    if (!(await this.#bound())) return;
    if (this.#waiting.length > 0) await this.#handleNext();
    else if (await this.#takeNext()) await this.handleTimeout();
  }

  /**
   * Ends the server gracefully: nothing is accepted any more, every handler at work is told to `stop()` and has time to
   * finish; connections still open then are destroyed. Resolves when no request is in flight, and so does
   * `serveForever()`. Call it again with less time to hurry. Do not await it in a handler: it waits for that handler.
   *
   * Node cannot stop accepting and keep listening, so the listening socket is closed too: unlike in Python, a server
   * that was shut down cannot serve again.
   */
  async shutdown(options: ShutdownOptions = {}): Promise<void> {
    this.#close();
    if (this.#abandoned) await this.#ready?.catch(ignore);
    this.#stopHandlers();
    await this.#quiet(options.graceMs ?? 30_000);
    // A handler that has not finished by now has nobody left to talk to. Nobody waits for it any longer.
    this.#handlers.clear();
    this.#cuttingOff = true;
    for (const request of this.#open) request.destroy();
    await this.#quiet(Number.POSITIVE_INFINITY);
    this.#serving?.end();
  }

  /**
   * Closes the listening socket, and the connections that nobody has begun to handle. Requests in flight go on; see
   * `shutdown()` for ending them.
   */
  async serverClose(): Promise<void> {
    this.#close();
    this.#serving?.end();
  }

  /** The number of the listening file descriptor if the server was given one (`{fd}`), else -1: node tells no other. */
  fileno(): number {
    return -1;
  }

  /** `shutdown()` and `serverClose()`: what `await using` calls. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown();
    await this.serverClose();
  }

  // ---- to override

  /** Binds, and sets `serverAddress` to the address bound. */
  serverBind(): void | Promise<void> {}

  /** Called once the server is bound, before it handles anything. */
  serverActivate(): void | Promise<void> {}

  /** The next accepted connection and where it comes from; `undefined` if there is none. */
  getRequest(): readonly [request: Socket, clientAddress: ClientAddress] | undefined {
    const request = this.#waiting.shift();
    return request && [request, clientAddressOf(request)];
  }

  /** Whether the request is to be handled. Nothing has been read from it yet. */
  verifyRequest(_request: Socket, _clientAddress: ClientAddress): boolean {
    return true;
  }

  /** Has the request handled and then shut down. A promise, which ends with the request, only if that takes time. */
  processRequest(request: Socket, clientAddress: ClientAddress): void | Promise<void> {
    const finished = this.finishRequest(request, clientAddress);
    if (finished === undefined) return this.shutdownRequest(request);
    return finished.then(() => this.shutdownRequest(request));
  }

  /**
   * Makes the handler and runs its life: `setup()`, `handle()`, `finish()`. It is the server that does, since the fields
   * of a subclass do not exist before its constructor has returned. A promise only if the handler takes time.
   */
  finishRequest(request: Socket, clientAddress: ClientAddress): void | Promise<void> {
    const handler = new this.RequestHandlerClass(request, clientAddress, this);
    handler.setup();
    const handling = begin(handler);
    if (handling !== undefined) return this.#tracked(handling, handler, false);
    const finishing = handler.finish();
    return finishing === undefined ? undefined : this.#tracked(finishing, handler, true);
  }

  /** Says goodbye to a request that has been handled, or was not to be, and closes it. */
  shutdownRequest(request: Socket): void {
    this.closeRequest(request);
  }

  /** Frees what a request holds. */
  closeRequest(_request: Socket): void {}

  /** A handler has failed, or an overridden method did. Prints who was served and the error to standard error. */
  handleError(_request: Socket, clientAddress: ClientAddress, error: unknown): void {
    const client =
      clientAddress[0] === '' ? 'a local client' : `${clientAddress[0]} port ${clientAddress[1]}`;
    console.error(`${RULE}\nThe request of ${client} failed:\n${described(error)}\n${RULE}`);
  }

  /** `handleRequest()` has waited for `timeout` seconds, and no request came. */
  handleTimeout(): void | Promise<void> {}

  /** Called about every `pollInterval` seconds while the server serves. What it throws ends `serveForever()`. */
  serviceActions(): void {}

  /**
   * A connection has come while `maxConnections` are open. Close one of these and return true, and the new one is
   * accepted; otherwise it is closed at once.
   */
  makeRoom(): boolean {
    return false;
  }

  // ---- for derived classes

  /** A connection has been accepted: it is handled now, if somebody serves, or waits for that. */
  protected requestArrived(request: Socket): void {
    request.on('error', ignore).on('close', this.#onClose);
    this.#open.add(request);
    if (this.#mustRefuse()) {
      request.destroy();
      return;
    }
    this.#waiting.push(request);
    if (this.#takers.length > 0) this.#takers.shift()!(this.#handleNext());
    else if (this.#serving !== undefined && !this.#binding) this.#handleNext();
  }

  /** Whether `serverBind()` has been called: then `serverActivate()` is left to whoever did. */
  protected get bindingBegun(): boolean {
    return false;
  }

  /** Closes the listening socket, if it is open. */
  protected stopListening(): void {}

  /** Resolves when no connection is open and no handler at work. */
  protected allFinished(): Promise<void> {
    return this.#quiet(Number.POSITIVE_INFINITY);
  }

  // ---- binding

  async #bindAndActivate(): Promise<Address> {
    if (this.#closed) throw new Error(CLOSED);
    this.#binding = true;
    try {
      const byHand = this.bindingBegun;
      await this.serverBind();
      if (!byHand) await this.serverActivate();
    } catch (error) {
      this.#binding = false;
      if (!this.#abandoned) await this.serverClose();
      throw error;
    }
    this.#binding = false;
    return this.serverAddress;
  }

  /** Waits until the server is bound. False: it was closed meanwhile. */
  async #bound(): Promise<boolean> {
    if (this.#closed) throw new Error(CLOSED);
    try {
      await this.ready;
    } catch (error) {
      if (!this.#abandoned) throw error;
    }
    return !this.#closed;
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#binding) {
      this.#abandoned = true;
      this.#ready?.catch(ignore);
    }
    this.stopListening();
    for (const request of this.#waiting.splice(0)) request.destroy();
    for (const taker of this.#takers.splice(0)) taker();
  }

  // ---- handling

  #mustRefuse(): boolean {
    if (this.#closed || this.#waiting.length >= this.requestQueueSize) return true;
    return this.maxConnections !== undefined && this.#open.size > this.maxConnections && !this.makeRoom();
  }

  /** Takes the next request through its life. A promise, which never rejects, only if that takes time. */
  #handleNext(): void | Promise<void> {
    const next = this.getRequest();
    if (next === undefined) return;
    const [request, clientAddress] = next;
    try {
      if (!this.verifyRequest(request, clientAddress)) return this.shutdownRequest(request);
      const processed = this.processRequest(request, clientAddress);
      return processed?.catch((error: unknown) => this.#fail(request, clientAddress, error));
    } catch (error) {
      this.#fail(request, clientAddress, error);
    }
  }

  #fail(request: Socket, clientAddress: ClientAddress, error: unknown): void {
    // That the connection is gone is what we have done to it.
    if (this.#cuttingOff && request.destroyed) return;
    try {
      this.handleError(request, clientAddress, error);
    } catch (another) {
      BaseServer.prototype.handleError.call(this, request, clientAddress, another);
    }
    this.shutdownRequest(request);
  }

  /** Waits for a handler that takes its time, and finishes it unless that is what takes it. */
  async #tracked(working: Promise<void>, handler: RequestHandler, isFinishing: boolean): Promise<void> {
    this.#handlers.add(handler);
    try {
      await working;
    } finally {
      try {
        if (!isFinishing) await handler.finish();
      } finally {
        this.#handlers.delete(handler);
        this.#noticeQuiet();
      }
    }
  }

  /** Waits for the next request and until it is handled. True: `timeout` seconds went by without one. */
  #takeNext(): Promise<boolean> {
    return new Promise((resolve) => {
      const taker: Taker = (handled) => {
        clearTimeout(timer);
        resolve(handled === undefined ? false : handled.then(() => false));
      };
      const timer = timeLimit((this.timeout ?? Number.POSITIVE_INFINITY) * 1000, () => {
        this.#takers.splice(this.#takers.indexOf(taker), 1);
        resolve(true);
      });
      this.#takers.push(taker);
    });
  }

  #callServiceActions(serving: Serving): void {
    try {
      if (!this.#binding) this.serviceActions();
    } catch (error) {
      serving.fail(error);
    }
  }

  // ---- shutting down

  #stopHandlers(): void {
    if (this.#stopping) return;
    this.#stopping = true;
    for (const handler of this.#handlers) {
      try {
        handler.stop();
      } catch (error) {
        console.error(`${RULE}\nA request handler could not be stopped:\n${described(error)}\n${RULE}`);
      }
    }
  }

  /** Resolves when nothing is in flight, or after `mostMs`. */
  #quiet(mostMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = timeLimit(mostMs, resolve);
      this.#onQuiet.push(() => {
        clearTimeout(timer);
        resolve();
      });
      this.#noticeQuiet();
    });
  }

  #noticeQuiet(): void {
    if (this.#onQuiet.length === 0 || this.#open.size > 0 || this.#handlers.size > 0) return;
    for (const tell of this.#onQuiet.splice(0)) tell();
  }
}

// Class variables live on the prototype, as Python's live on the class: a field of a subclass and an assignment to the
// prototype both override them.
Object.assign(BaseServer.prototype, { timeout: undefined, requestQueueSize: 511, maxConnections: undefined });

/** Who waits for one request is told how it is handled; nothing if it is done, or if none will come. */
type Taker = (handled?: void | Promise<void>) => void;

/** One run of serveForever(). */
class Serving {
  readonly ended: Promise<void>;
  end!: () => void;
  fail!: (error: unknown) => void;

  constructor() {
    this.ended = new Promise((resolve, reject) => {
      this.end = resolve;
      this.fail = reject;
    });
    this.ended.catch(ignore);
  }
}

const CLOSED = 'The server is closed: make a new one to serve again';
const RULE = '-'.repeat(40);
/** The longest time that node's timers can count: more is no limit. */
const LONGEST_TIMER = 2 ** 31 - 1;

function ignore(): void {}

function timeLimit(ms: number, onOver: () => void): NodeJS.Timeout | undefined {
  return ms > LONGEST_TIMER ? undefined : setTimeout(onOver, ms);
}

/** What `handle()` throws at once is treated as what it throws later. */
function begin(handler: RequestHandler): void | Promise<void> {
  try {
    return handler.handle();
  } catch (error) {
    return Promise.reject(error);
  }
}

/** With its stack and causes. Control characters that a client may have sent do not reach the terminal. */
function described(error: unknown): string {
  let text: string;
  try {
    text = inspect(error);
  } catch {
    text = 'an error that cannot be shown';
  }
  return text.replace(
    /[\0-\x08\x0b-\x1f\x7f-\x9f]/g,
    (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}
