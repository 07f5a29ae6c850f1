// What the compiler promises to the users of the package. Nothing here runs: `npm run types` checks it.

import {
  BaseHTTPRequestHandler,
  type ByteReader,
  type ByteWriter,
  type ClientAddress,
  type Exchange,
  HTTPMessage,
  HTTPServer,
  HTTPStatus,
  type MessageClass,
  type MethodHandler,
  type RequestHandlerConstructor,
  responses,
} from 'basehttp';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type IsAny<T> = 0 extends 1 & T ? true : false;
/** Fails to compile unless it is given `true`. */
function check<_Condition extends true>(): void {}

// ── Handlers ───────────────────────────────────────────────────────────────────────────────────────────────────────

export class Fields extends BaseHTTPRequestHandler {
  override protocolVersion = 'HTTP/1.1';
  override serverVersion = 'Mine/1.0';
  override errorMessageFormat = '%(code)d';
  override errorContentType = 'text/plain';
  override responses = { ...responses, 499: ['Gone away', 'The client has gone'] as const };
  override MessageClass = class extends HTTPMessage {};
  override timeout = 5;

  do_GET() {}
  async do_POST() {}
  do_SPAM(): void | Promise<void> {}
  do_DELETE = () => {};
  // A method that does not answer a request is named as one likes.
  helper(_size: number): string {
    return '';
  }
}

BaseHTTPRequestHandler.prototype.protocolVersion = 'HTTP/1.1';
Fields.prototype.do_PUT = function (this: BaseHTTPRequestHandler) {
  this.sendError(HTTPStatus.METHOD_NOT_ALLOWED, undefined, undefined, { Allow: 'GET' });
};

export class TakesArguments extends BaseHTTPRequestHandler {
  // @ts-expect-error do_GET is called without arguments
  do_GET(_path: string) {}
}

export class ReturnsSomething extends BaseHTTPRequestHandler {
  // @ts-expect-error do_GET answers by sendResponse(), not by what it returns
  do_GET() {
    return 'hello';
  }
  // @ts-expect-error nor does it resolve to an answer
  async do_POST() {
    return 'hello';
  }
}

export class NoMethod extends BaseHTTPRequestHandler {
  // @ts-expect-error what is called do_… answers requests
  do_count = 3;
}

export class WrongVariables extends BaseHTTPRequestHandler {
  // @ts-expect-error a version is text
  override protocolVersion = 1.1;
  // @ts-expect-error two messages for each code
  override responses = { 404: 'Not Found' };
  // @ts-expect-error not an HTTPMessage
  override MessageClass = Map;
}

// ── A handler's variables and methods ──────────────────────────────────────────────────────────────────────────────

export function within(handler: BaseHTTPRequestHandler): void {
  check<Equal<typeof handler.clientAddress, ClientAddress>>();
  check<Equal<typeof handler.server, HTTPServer>>();
  check<Equal<typeof handler.command, string>>();
  check<Equal<typeof handler.path, string>>();
  check<Equal<typeof handler.requestVersion, string>>();
  check<Equal<typeof handler.requestline, string>>();
  check<Equal<typeof handler.closeConnection, boolean>>();
  check<Equal<typeof handler.headers, HTTPMessage>>();
  check<Equal<typeof handler.rfile, ByteReader>>();
  check<Equal<typeof handler.wfile, ByteWriter>>();
  check<Equal<typeof handler.exchange, Exchange>>();
  check<Equal<typeof handler.signal, AbortSignal>>();
  check<Equal<typeof handler.MessageClass, MessageClass>>();
  check<Equal<typeof handler.do_GET, MethodHandler | undefined>>();
  check<Equal<ReturnType<typeof handler.handle>, void | Promise<void>>>();
  check<Equal<ReturnType<typeof handler.handleOneRequest>, void | Promise<void>>>();
  check<Equal<ReturnType<typeof handler.parseRequest>, boolean>>();
  check<Equal<ReturnType<typeof handler.addressString>, Promise<string>>>();
  check<Equal<ReturnType<typeof handler.rfile.json>, Promise<unknown>>>();
  check<Equal<ReturnType<typeof handler.wfile.write>, void | Promise<void>>>();
  const messages = handler.responses[404];
  check<Equal<typeof messages, readonly [short: string, long: string] | undefined>>();

  const length = handler.headers.get('content-length');
  check<Equal<typeof length, string | undefined>>();
  const type = handler.headers.get('content-type', 'text/plain');
  check<Equal<typeof type, string>>();

  handler.sendResponse(HTTPStatus.OK);
  handler.sendHeader('Content-Length', 3);
  // @ts-expect-error a value is text or a number
  handler.sendHeader('X-List', ['a', 'b']);
  // @ts-expect-error a status is a number
  handler.sendResponse('200');
  // @ts-expect-error a body is text or octets
  handler.wfile.write(42);
  // @ts-expect-error there is no such method
  handler.send_response(200);
  // @ts-expect-error the variables of one's own are declared
  handler.spam;
}

type Member = BaseHTTPRequestHandler[keyof BaseHTTPRequestHandler];
check<Equal<IsAny<Member>, false>>();
check<Equal<IsAny<Parameters<BaseHTTPRequestHandler['logMessage']>[1]>, false>>();

// ── Servers ────────────────────────────────────────────────────────────────────────────────────────────────────────

export async function serve(): Promise<void> {
  const httpd = new HTTPServer(['', 8000], Fields);
  check<Equal<typeof httpd.serverName, string>>();
  check<Equal<typeof httpd.serverPort, number>>();
  check<Equal<typeof httpd.serverAddress, readonly [host: string, port: number]>>();
  check<Equal<typeof httpd.RequestHandlerClass, RequestHandlerConstructor>>();
  const [host, port] = await httpd.ready;
  check<Equal<[typeof host, typeof port], [string, number]>>();

  new HTTPServer({ host: 'localhost', port: 0 }, Fields, { limits: { maxConnections: 5 } });
  new HTTPServer({ path: '/run/basehttp.sock' }, BaseHTTPRequestHandler);
  new HTTPServer({ fd: 3 }, Fields, { timeouts: { idle: Number.POSITIVE_INFINITY } });
  // @ts-expect-error a port is a number
  new HTTPServer(['', '8000'], Fields);
  // @ts-expect-error a class, not an instance or a function
  new HTTPServer(['', 8000], () => {});
  // @ts-expect-error there is no such limit
  new HTTPServer(['', 8000], Fields, { limits: { maxSpam: 1 } });
  // @ts-expect-error left out is something other than undefined
  new HTTPServer(['', 8000], Fields, { limits: undefined });

  await httpd.serveForever();
  await using _other = httpd;
}

/** A handler may say which server it is for. */
export class Counter extends HTTPServer {
  count = 0;
}

export class Counting extends BaseHTTPRequestHandler {
  declare readonly server: Counter;
  do_GET() {
    this.server.count++;
  }
}
