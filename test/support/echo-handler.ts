import { BaseHTTPRequestHandler } from '../../src/index.js';

/** Answers any method with 200 and the body of the request. */
export class EchoHandler extends BaseHTTPRequestHandler {
  override protocolVersion = 'HTTP/1.1';

  override handleOneRequest(): void | Promise<void> {
    if (!this.parseRequest()) return;
    if (this.command === 'CONNECT') return this.sendError(501);
    return this.#echo();
  }

  override logMessage(): void {}

  async #echo(): Promise<void> {
    const body = await this.rfile.bytes();
    this.sendResponse(200);
    this.sendHeader('Content-Length', body.length);
    this.endHeaders();
    await this.wfile.write(body);
  }
}
