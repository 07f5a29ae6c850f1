// A server in this process, for tests that look into its handlers.

import { BaseHTTPRequestHandler, HTTPServer, type HTTPServerOptions } from '../../src/index.js';
import type { ServerAddress } from '../../src/socketserver/address.js';

/** What answers the requests of a test: called with the handler, as `do_GET()` and its like are. */
export type Answer = (handler: BaseHTTPRequestHandler) => void | Promise<void>;

/** A server that serves, and what has become of its requests. Dispose of it: requests in flight are then cut off. */
export class TestServer extends HTTPServer {
  /** The request lines that reached a handler, in order. */
  readonly requestlines: string[] = [];
  /** What was given to `handleError()`. */
  readonly errors: unknown[] = [];
  readonly serving: Promise<void>;

  constructor(answer: Answer, options: HTTPServerOptions = {}, address: ServerAddress = ['127.0.0.1', 0]) {
    super(address, handlerClass(answer), options);
    this.serving = this.serveForever();
  }

  static async start(
    answer: Answer,
    options?: HTTPServerOptions,
    address?: ServerAddress,
  ): Promise<TestServer> {
    const server = new TestServer(answer, options, address);
    await server.ready;
    return server;
  }

  override handleError(_request: unknown, _clientAddress: unknown, error: unknown): void {
    this.errors.push(error);
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown({ graceMs: 0 });
  }
}

function handlerClass(answer: Answer) {
  return class extends BaseHTTPRequestHandler {
    override protocolVersion = 'HTTP/1.1';

    override handleOneRequest(): void | Promise<void> {
      if (!this.parseRequest()) return;
      (this.server as TestServer).requestlines.push(this.requestline);
      return answer(this);
    }

    override logMessage(): void {}
  };
}

/** Answers with a text. */
export function reply(handler: BaseHTTPRequestHandler, text: string): void | Promise<void> {
  handler.sendResponse(200);
  handler.endHeaders();
  return handler.wfile.write(text);
}
