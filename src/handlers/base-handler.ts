// Python's BaseHTTPRequestHandler: one instance a connection, one method a request method, requests in order.
// What is HTTP/1 on the wire is the engine's matter; what is here is what the documentation page names.

import { Connection } from '../connection/connection.js';
import {
  type Application,
  ConnectionResetError,
  type Exchange,
  UnansweredError,
} from '../connection/exchange.js';
import { type ConnectionSettings, connectionSettings } from '../connection/settings.js';
import { SocketTransport } from '../connection/transport.js';
import { escapeHtml } from '../files/html.js';
import { HTTPServer } from '../http-server.js';
import { formatHttpDate, formatLogDate } from '../http1/date.js';
import { ProtocolError } from '../http1/errors.js';
import { CHUNKED } from '../http1/framing.js';
import { HTTPMessage } from '../http1/message.js';
import { type HTTPVersion, ResponseHead } from '../http1/response-head.js';
import { mayHaveBody, responses } from '../http1/status.js';
import { StreamRequestHandler } from '../socketserver/request-handler.js';
import { ByteLimitError, ByteReader, type ByteReaderOptions } from '../streams/byte-reader.js';
import { ByteWriter } from '../streams/byte-writer.js';
import { DateCache } from './date-cache.js';
import { DEFAULT_ERROR_MESSAGE } from './error-page.js';
import { formatLogMessage, formatMessage } from './log.js';
import { writeToStderr } from './log-writer.js';

/** What answers one request method; see `do_GET` and its like. */
export type MethodHandler = () => void | Promise<void>;

/** A class that takes the field lines of a request apart, as `MessageClass`. */
export type MessageClass = new (fields: Iterable<readonly [name: string, value: string]>) => HTTPMessage;

/**
 * Handles the HTTP requests that arrive at the server. By itself it answers none: subclass it, and give the subclass
 * a `do_` method for each request method, as `do_GET()`.
 *
 * One instance serves one connection, request after request. The instance variables tell of the current one:
 * - for the request: `clientAddress`, `command`, `path`, `requestVersion`, `requestline`, `headers`, `rfile`;
 * - for the answer: `sendResponse()`, `sendHeader()`, `endHeaders()`, `wfile`, or `sendError()`;
 * - to override: `serverVersion`, `sysVersion`, `protocolVersion`, `errorMessageFormat`, `errorContentType`,
 *   `MessageClass`, `responses`, `logMessage()` and its like.
 *
 * ```ts
 * class Hello extends BaseHTTPRequestHandler {
 *   do_GET() {
 *     this.sendResponse(200);
 *     this.sendHeader('Content-Type', 'text/plain');
 *     this.endHeaders();
 *     this.wfile.write(`You asked for ${this.path}\n`);
 *   }
 * }
 * ```
 */
export class BaseHTTPRequestHandler extends StreamRequestHandler implements Application {
  /** The server that accepted the connection. */
  declare readonly server: HTTPServer;

  /** Name and version of the server software, `name[/version]` separated by blanks; in the `Server` field. */
  declare serverVersion: string;
  /** The runtime, in the form of `serverVersion`: `'Node/20.20.2'`. */
  declare sysVersion: string;
  /** Printf-style format of an error page's body, with `%(code)d`, `%(message)s` and `%(explain)s`. */
  declare errorMessageFormat: string;
  /** Content-Type of error pages. */
  declare errorContentType: string;
  /**
   * The HTTP version of responses: `'HTTP/1.0'`, which closes the connection behind each, or `'HTTP/1.1'`, which lets
   * it persist. A missing Content-Length is made up for: see `endHeaders()`.
   */
  declare protocolVersion: string;
  /** Takes the header fields apart; `HTTPMessage`, or a subclass of it. */
  declare MessageClass: MessageClass;
  /** Short and long message of each status code: `{404: ['Not Found', 'Nothing matches the given URI']}`. */
  declare responses: Readonly<Record<number, readonly [short: string, long: string]>>;

  /** Answers requests whose method is the name behind `do_`: `do_GET`, `do_POST`, `do_SPAM`. */
  [method: `do_${string}`]: MethodHandler | undefined;

  /** The request method: `'GET'`. */
  command = '';
  /**
   * The request target: path and query, `'/spam?eggs=1'`; without scheme and authority, should the client send them,
   * and with one slash in front. As sent it is `exchange.head.target`.
   */
  path = '';
  /** The version of the request: `'HTTP/1.1'`. */
  requestVersion = '';
  /** Whether the connection ends behind this request. Set by `parseRequest()`; set it to true to end it. */
  closeConnection = true;
  /** Who makes the request, as far as something has made sure of it: set it where you do, in `parseRequest()`. */
  remoteUser: string | undefined;
  /** How that was made sure of, if it was: `'Basic'`. */
  authType: string | undefined;

  #connection: Connection | undefined;
  #exchange: Exchange | undefined;
  #headers: HTTPMessage | undefined;
  #rfile: ByteReader | undefined;
  #wfile: ByteWriter | undefined;
  /** A response head that `endHeaders()` has not completed yet. */
  #head: ResponseHead | undefined;
  /** What `requestline` has been set to. */
  #requestline: string | undefined;
  #upgraded = false;

  /** Whether `handle()` of this class takes one request after the other; else an overridden one does, by asking. */
  #takesAll = false;
  /** Resolves when the connection has ended, for a `handle()` that asks. */
  #ended: Promise<void> | undefined;
  /** Tells the `handle()` that has asked for a request that it has been handled. */
  #onHandled: (() => void) | undefined;
  /** Tells a request that has come before it was asked for that it is now. */
  #onAsked: (() => void) | undefined;

  // ── The request ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** The request line as received, without CRLF: `'GET / HTTP/1.1'`. */
  get requestline(): string {
    return this.#requestline ?? this.#exchange?.head.requestLine ?? '';
  }

  set requestline(requestline: string) {
    this.#requestline = requestline;
  }

  /** The header fields, an instance of `MessageClass`. */
  get headers(): HTTPMessage {
    this.#headers ??= new this.MessageClass(this.exchange.head.fields);
    return this.#headers;
  }

  set headers(headers: HTTPMessage) {
    this.#headers = headers;
  }

  /** The body of the request: ends where the body ends. Reading it first sends 100 (Continue), if asked for. */
  override get rfile(): ByteReader {
    this.#rfile ??= new ByteReader(this.exchange.body, this.#readerOptions());
    return this.#rfile;
  }

  override set rfile(rfile: ByteReader) {
    this.#rfile = rfile;
  }

  /** Takes the body of the response, after `endHeaders()`. `write()` gives a promise if the client has to be waited for. */
  override get wfile(): ByteWriter {
    this.#wfile ??= new ByteWriter(this.exchange.response);
    return this.#wfile;
  }

  override set wfile(wfile: ByteWriter) {
    this.#wfile = wfile;
  }

  /**
   * The engine's view of the current request and its response.
   * @throws {Error} there is no request in flight.
   */
  get exchange(): Exchange {
    if (this.#exchange === undefined) throw new Error('There is no request in flight on this connection');
    return this.#exchange;
  }

  /** Aborted when the client goes away before it has been answered. */
  get signal(): AbortSignal {
    return this.exchange.signal;
  }

  // ── The life of a connection ─────────────────────────────────────────────────────────────────────────────────────

  /** Nothing is to be prepared: `rfile` and `wfile` are made for each request. */
  override setup(): void {}

  /**
   * Calls `handleOneRequest()` for each request of the connection; once, unless it persists. Resolves when the
   * connection has ended. You should never need to override it; one that does may call `super.handle()`, or
   * `await this.handleOneRequest()` until `closeConnection` is true.
   */
  override handle(): void | Promise<void> {
    this.#takesAll = true;
    return this.#connect();
  }

  /** Begins to serve the connection; resolves when it has ended. */
  #connect(): Promise<void> {
    return new Promise((resolve) => {
      const transport = new SocketTransport(this.request);
      this.#connection = new Connection(transport, this, this.#settings(), () => {
        if (this.#upgraded) this.request.once('close', resolve);
        else resolve();
      });
    });
  }

  /** Ends the connection if an overridden `handle()` has left it open. What has come by then is still answered. */
  override finish(): void | Promise<void> {
    if (this.#ended === undefined) return;
    this.#onHandled = () => {};
    this.#onAsked?.();
    this.#connection?.stop();
    return this.#ended;
  }

  /** The server shuts down: the request in flight is answered, with `Connection: close`, and the connection ends. */
  override stop(): void {
    this.#connection?.stop();
  }

  /**
   * Parses the request and calls the `do_` method of its method; 501 if there is none. You should never need to
   * override it; one that does calls `parseRequest()` first. For an overridden `handle()` it waits for the request:
   * `await` it. It then resolves when the request has been handled, and with it the connection if `closeConnection`.
   */
  handleOneRequest(): void | Promise<void> {
    return this.#takesAll ? this.#dispatch() : this.#handleNext();
  }

  #handleNext(): Promise<void> {
    this.#ended ??= this.#connect().then(() => {
      this.closeConnection = true;
    });
    return new Promise((resolve) => {
      this.#onHandled = resolve;
      this.#ended?.then(resolve);
      this.#onAsked?.();
    });
  }

  async #handleWhenAsked(exchange: Exchange): Promise<void> {
    if (this.#onHandled === undefined) await new Promise<void>((resolve) => (this.#onAsked = resolve));
    this.#enter(exchange);
    await this.#dispatch();
    this.#leave(exchange);
    if (!this.closeConnection) this.#onHandled?.();
    this.#onHandled = this.#onAsked = undefined;
  }

  #dispatch(): void | Promise<void> {
    if (!this.parseRequest()) return;
    const method = this.methodHandler(this.command);
    if (typeof method === 'function') return method.call(this);
    this.sendError(501, `Unsupported method ('${this.command}')`);
  }

  /**
   * What answers a request method: the `do_` method of that name; 501 if there is none. Override it where the methods
   * are not known beforehand.
   */
  methodHandler(command: string): MethodHandler | undefined {
    return this[METHOD_NAMES.get(command) ?? (`do_${command}` as const)];
  }

  /**
   * Sets the instance variables of the request that has arrived. Its syntax has been checked by then: malformed
   * requests are answered through `sendError()` without coming here.
   * @returns false if the request has been answered already, as by `handleExpect100()`.
   */
  parseRequest(): boolean {
    const { head } = this.exchange;
    this.#describe(this.exchange);
    this.closeConnection = !(this.protocolVersion >= 'HTTP/1.1' && head.persistent);
    return !head.expectsContinue || this.handleExpect100();
  }

  /**
   * The client waits for 100 (Continue), which is sent when the body is first read. Override it to refuse a body
   * before it is sent: answer, with `sendError(417)` or another final status, and return false.
   */
  handleExpect100(): boolean {
    return true;
  }

  /**
   * Takes the connection over for another protocol, after `sendResponse(101)` and its fields, or before any response.
   * Resolves `handle()` only when the socket closes, which is the caller's task from now on.
   * @returns the socket, and what was received behind the request.
   * @throws {Error} the body of the request has not been read, or another response has been begun.
   */
  upgrade(): { readonly socket: StreamRequestHandler['request']; readonly head: Buffer } {
    this.#upgraded = true;
    try {
      const { head } = this.exchange.upgrade();
      return { socket: this.request, head };
    } catch (error) {
      this.#upgraded = false;
      throw error;
    }
  }

  // ── What the connection calls ────────────────────────────────────────────────────────────────────────────────────

  /** @internal A request has arrived. */
  onRequest(exchange: Exchange): void | Promise<void> {
    if (!this.#takesAll) return this.#handleWhenAsked(exchange);
    this.#enter(exchange);
    const returned = this.handleOneRequest();
    if (returned === undefined) {
      this.#leave(exchange);
      return;
    }
    // What a `do_` method in JavaScript returns need not be a promise.
    return Promise.resolve(returned).then(() => this.#leave(exchange));
  }

  /** @internal A request could not be understood, or handling it failed. */
  onError(error: unknown, exchange: Exchange): void {
    if (this.#exchange !== exchange) {
      this.#enter(exchange);
      this.#describe(exchange);
    }
    this.#head = undefined;
    if (error instanceof ConnectionResetError) return;
    if (error instanceof ProtocolError) this.#answerError(error.status, error.message);
    else if (error instanceof ByteLimitError) this.#answerError(413, undefined);
    else {
      this.server.handleError(this.request, this.clientAddress, error);
      const explain = error instanceof UnansweredError ? error.message : undefined;
      this.#answerError(500, undefined, explain);
    }
  }

  #answerError(code: number, message: string | undefined, explain?: string): void {
    if (this.exchange.response.started)
      this.logError('code %d, message %s', code, message ?? this.responses[code]?.[0]);
    else this.sendError(code, message, explain);
  }

  #readerOptions(): ByteReaderOptions {
    const { maxRequestBodySize: maxBytes } = this.#settings().limits;
    const announced = this.exchange.body.length;
    return announced === CHUNKED ? { maxBytes } : { maxBytes, announced };
  }

  #enter(exchange: Exchange): void {
    this.#exchange = exchange;
    this.#headers = undefined;
    this.#rfile = undefined;
    this.#wfile = undefined;
    this.#head = undefined;
    this.#requestline = undefined;
    this.remoteUser = this.authType = undefined;
  }

  #describe(exchange: Exchange): void {
    const { head } = exchange;
    this.command = head.method;
    this.path = withoutAuthority(head.path);
    this.requestVersion = head.version;
  }

  #leave(exchange: Exchange): void {
    if (this.closeConnection) exchange.persistent = false;
  }

  #settings(): ConnectionSettings {
    const shared = this.server instanceof HTTPServer ? this.server.connectionSettings : settingsElsewhere();
    if (this.timeout === undefined) return shared;
    const limit = this.timeout * 1000;
    return {
      ...shared,
      timeouts: { ...shared.timeouts, headers: limit, receive: limit, send: limit, idle: limit },
    };
  }

  // ── The response ─────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Sends and logs a complete error reply, and ends the connection. The body, made with `errorMessageFormat`, is left
   * out where the status or the method forbids one. Replaces a response whose head has not been sent.
   * @param code the numeric HTTP error code.
   * @param message a short reason, of which 256 characters are shown; by default the short message of the code in
   *   `responses`.
   * @param explain what it means; by default the long message.
   * @param fields header fields to add, such as Allow or Retry-After.
   * @throws {Error} a response has been sent already.
   */
  sendError(
    code: number,
    message?: string,
    explain?: string,
    fields: Readonly<Record<string, string>> = {},
  ): void {
    const { response } = this.exchange;
    if (response.started) throw answeredAlready();
    response.reset();
    this.#head = undefined;
    const [short, long] = this.responses[code] ?? ['???', '???'];
    const text = (message ?? short).slice(0, MESSAGE_MAX);
    this.logError('code %d, message %s', code, text);
    this.sendResponse(code, toReason(text));
    this.sendHeader('Connection', 'close');
    for (const [name, value] of Object.entries(fields)) this.sendHeader(name, value);
    if (!mayHaveBody(code)) {
      this.endHeaders();
      return;
    }
    const body = formatMessage(this.errorMessageFormat, [
      { code, message: escapeHtml(text, false), explain: escapeHtml(explain ?? long, false) },
    ]);
    this.sendHeader('Content-Type', this.errorContentType);
    this.sendHeader('X-Content-Type-Options', 'nosniff');
    this.sendHeader('Content-Length', Buffer.byteLength(body));
    this.endHeaders();
    this.wfile.write(body);
  }

  /**
   * Logs the request, and begins a response with its status line and the fields `Server` and `Date`.
   * @param message the reason phrase; by default the short message of the code in `responses`.
   */
  sendResponse(code: number, message?: string): void {
    this.sendResponseOnly(code, message);
    this.logRequest(code);
    this.sendHeader('Server', this.versionString());
    this.sendHeader('Date', this.dateTimeString());
  }

  /**
   * Begins a response with its status line alone. A 1xx status makes an interim response, sent by `endHeaders()`.
   * @throws {Error} another response has been begun.
   * @throws {RangeError} the code is not 100 to 999.
   * @throws {TypeError} the message has characters that may not stand in a reason phrase.
   */
  sendResponseOnly(code: number, message?: string): void {
    if (this.#head !== undefined || this.exchange.response.state !== 'idle') {
      throw answeredAlready();
    }
    const version: HTTPVersion = this.protocolVersion >= 'HTTP/1.1' ? 'HTTP/1.1' : 'HTTP/1.0';
    this.#head = new ResponseHead(code, message ?? this.responses[code]?.[0] ?? '', version);
  }

  /**
   * Adds a header field. With `endHeaders()`, `Connection: close` and `Connection: keep-alive` set `closeConnection`
   * too. The framing is the engine's: leave Transfer-Encoding to it.
   * @param value latin1 text, as on the wire.
   * @throws {TypeError} the name is not a token, or the value has CR, LF, NUL or what latin1 cannot hold: nothing has
   *   been sent then.
   * @throws {Error} there is no response to add it to.
   */
  sendHeader(keyword: string, value: string | number): void {
    this.#begun('sendHeader').append(keyword, value);
  }

  /**
   * Completes the header fields. They leave with the first octets of the body, or when the turn is over; a body that
   * is complete by then gets a Content-Length if it has none, a longer one is sent in chunks, or, in HTTP/1.0, ends
   * with the connection.
   * @throws {Error} there is no response to complete.
   */
  endHeaders(): void {
    const head = this.#begun('endHeaders');
    const { exchange } = this;
    this.#head = undefined;
    if (head.persistence !== undefined) this.closeConnection = head.persistence === 'close';
    if (head.status < 200 && head.status !== 101 && head.persistence === undefined) {
      exchange.response.interim(head);
      return;
    }
    if (this.closeConnection) exchange.persistent = false;
    exchange.response.begin(head);
  }

  /** Sends the completed header fields now, instead of together with the body. */
  flushHeaders(): void {
    this.exchange.response.flush();
  }

  #begun(method: string): ResponseHead {
    if (this.#head === undefined)
      throw new Error(`${method}() comes behind sendResponse(), which begins the response`);
    return this.#head;
  }

  // ── The log ──────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Logs an accepted request. `sendResponse()` calls it. */
  logRequest(code: number | string = '-', size: number | string = '-'): void {
    this.logMessage('"%s" %s %s', this.requestline, code, size);
  }

  /** Logs that a request cannot be fulfilled; takes the arguments of `logMessage()`, and passes them on. */
  logError(format: string, ...args: unknown[]): void {
    this.logMessage(format, ...args);
  }

  /**
   * Logs to stderr, with the client's address and the time in front. Control characters are escaped.
   * Override it to log elsewhere, or nothing at all.
   * @param format printf-style, applied to the other arguments: `'"%s" %s'`.
   */
  logMessage(format: string, ...args: unknown[]): void {
    const message = formatLogMessage(format, args);
    writeToStderr(`${this.clientAddress[0] || '-'} - - [${this.logDateTimeString()}] ${message}`);
  }

  /** The server software, for the `Server` field: `serverVersion` and `sysVersion`. */
  versionString(): string {
    const { serverVersion, sysVersion } = this;
    if (software.server !== serverVersion || software.sys !== sysVersion) {
      software = { server: serverVersion, sys: sysVersion, text: `${serverVersion} ${sysVersion}` };
    }
    return software.text;
  }

  /**
   * The date and time as in a header field: `'Sun, 06 Nov 1994 08:49:37 GMT'`.
   * @param timestamp seconds since the epoch; now, if omitted.
   */
  dateTimeString(timestamp?: number): string {
    return timestamp === undefined ? httpDate.now() : formatHttpDate(timestamp * 1000);
  }

  /** The current date and time, formatted for logging: `'06/Nov/1994 08:49:37'`. */
  logDateTimeString(): string {
    return logDate.now();
  }

  /** The client's name, looked up by its address; the address itself if it has none. */
  async addressString(): Promise<string> {
    const [host, port] = this.clientAddress;
    const { lookupService } = await import('node:dns/promises');
    try {
      return (await lookupService(host, port)).hostname;
    } catch {
      return host;
    }
  }
}

const prototype = BaseHTTPRequestHandler.prototype;
prototype.serverVersion = 'BaseHTTP/0.1';
prototype.sysVersion = `Node/${process.versions.node}`;
prototype.errorMessageFormat = DEFAULT_ERROR_MESSAGE;
prototype.errorContentType = 'text/html;charset=utf-8';
prototype.protocolVersion = 'HTTP/1.0';
prototype.MessageClass = HTTPMessage;
prototype.responses = responses;

let elsewhere: ConnectionSettings | undefined;

/** For a handler on a server that is not an `HTTPServer`: the defaults, shared by all of them. */
function settingsElsewhere(): ConnectionSettings {
  elsewhere ??= connectionSettings();
  return elsewhere;
}

// Ready-made names: to concatenate and intern one a request costs more than to look it up.
const METHOD_NAMES = new Map<string, `do_${string}`>(
  ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'].map((method) => [method, `do_${method}`]),
);

/** The latest that `versionString()` has put together. */
let software = { server: '', sys: '', text: '' };

const httpDate = new DateCache(formatHttpDate);
const logDate = new DateCache(formatLogDate);

/** What a peer can make long, as its method in a 501, is cut: an error page is no echo. */
const MESSAGE_MAX = 256;

/** A message as a reason phrase: whatever may not stand in one is replaced. */
function toReason(message: string): string {
  return message.replace(/[^\t\x20-\x7e\x80-\xff]/g, '?');
}

/** With one slash in front: with two, written back in a Location, it would refer to another host (CVE-2021-28861). */
function withoutAuthority(path: string): string {
  return path.startsWith('//') ? path.replace(/^\/+/, '/') : path;
}

function answeredAlready(): Error {
  return new Error('The request is being answered already: one sendResponse() or sendError() a request');
}
