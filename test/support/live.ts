// A live server for a test, on a free port of this machine, and handlers that keep what they would have logged.

import {
  BaseHTTPRequestHandler,
  HTTPServer,
  type HTTPServerOptions,
  type RequestHandlerConstructor,
} from '../../src/index.js';

/** A server that serves until it is disposed of. */
export interface Live<S extends HTTPServer = HTTPServer> extends AsyncDisposable {
  readonly httpd: S;
  readonly port: number;
}

/** Serves with the handler class: `await using live = await serveLive(Handler)`. */
export async function serveLive(
  RequestHandlerClass: RequestHandlerConstructor,
  options?: HTTPServerOptions,
): Promise<Live> {
  return run(new HTTPServer(['127.0.0.1', 0], RequestHandlerClass, options));
}

/** Serves with the server given, which need not be bound yet. */
export async function run<S extends HTTPServer>(httpd: S): Promise<Live<S>> {
  const [, port] = await httpd.ready;
  const serving = httpd.serveForever();
  return {
    httpd,
    port,
    async [Symbol.asyncDispose]() {
      // What a test leaves in flight has nobody waiting for it.
      await httpd.shutdown({ graceMs: 0 });
      await serving;
    },
  };
}

/** Says nothing on standard error. Extend it: `class Handler extends QuietHandler`. */
export class QuietHandler extends BaseHTTPRequestHandler {
  override logMessage(_format: string, ..._args: unknown[]): void {}
}

/** A server that keeps the errors of its handlers, instead of printing them. */
export class QuietServer extends HTTPServer {
  readonly errors: unknown[] = [];

  override handleError(_request: unknown, _clientAddress: unknown, error: unknown): void {
    this.errors.push(error);
  }
}
