// The server under test, in a process of its own, so that its memory and its descriptors can be measured. It runs the
// built package. The test talks to it with messages: first what to serve, then what it wants to know.

import { readdirSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';

const { module, options, directory, cgi } = await new Promise((resolve) => process.once('message', resolve));
const { CGIHTTPRequestHandler, HTTPServer, SimpleHTTPRequestHandler } = await import(module);

const counts = { handled: 0, active: 0, waiting: 0, aborted: 0, failed: 0, uncaught: 0 };
process.on('uncaughtException', () => counts.uncaught++);

const PIECE = 64 * 1024;
const KIB_BODY = Buffer.alloc(1024, 'k');

const counting = (Base) =>
  class extends Base {
    protocolVersion = 'HTTP/1.1';
    directory = directory ?? '/nonexistent';

    handleOneRequest() {
      counts.handled++;
      const returned = super.handleOneRequest();
      if (returned === undefined) return;
      counts.active++;
      return returned.finally(() => counts.active--);
    }

    logMessage() {}
  };

class Handler extends counting(SimpleHTTPRequestHandler) {
  do_GET() {
    const { pathname, searchParams } = new URL(this.path, 'http://server');
    if (pathname.startsWith('/files/')) {
      this.path = pathname.slice('/files'.length);
      return super.do_GET();
    }
    switch (pathname) {
      case '/':
        return this.#answer('hello');
      case '/number':
        return this.#answer(`<${searchParams.get('n')}>`.padEnd(1024, '.'));
      case '/later':
        return turn().then(() => this.#answer(`<${searchParams.get('n')}>`.padEnd(1024, '.')));
      case '/big':
        return this.#big(Number(searchParams.get('mib')), false);
      case '/careless':
        return this.#big(Number(searchParams.get('mib')), true);
      case '/drip':
        return this.#drip();
      case '/hang':
        return this.#hang();
      default:
        return this.sendError(404);
    }
  }

  do_HEAD() {
    this.do_GET();
  }

  /** The body is left alone. */
  do_DELETE() {
    this.#answer('deleted');
  }

  async do_POST() {
    const body = await this.rfile.bytes();
    this.sendResponse(200);
    this.sendHeader('Content-Length', body.length);
    this.endHeaders();
    await this.wfile.write(body);
  }

  async do_PUT() {
    let length = 0;
    for await (const chunk of this.rfile) length += chunk.length;
    this.#answer(String(length));
  }

  #answer(body) {
    this.sendResponse(200);
    this.endHeaders();
    this.wfile.write(body);
  }

  /** Nothing is awaited but the writes. */
  async #big(mib, declared) {
    this.sendResponse(200);
    if (declared) this.sendHeader('Content-Length', mib * 1024 * 1024);
    this.endHeaders();
    for (let left = (mib * 1024 * 1024) / PIECE; left > 0; left--) {
      const wait = this.wfile.write(Buffer.alloc(PIECE, 'b'));
      if (wait === undefined) continue;
      counts.waiting++;
      await wait.finally(() => counts.waiting--);
    }
  }

  async #drip() {
    this.sendResponse(200);
    this.endHeaders();
    for (;;) {
      await this.wfile.write(KIB_BODY);
      await turn();
    }
  }

  async #hang() {
    const { signal } = this;
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    counts.aborted++;
  }
}

class Server extends HTTPServer {
  open = new Set();

  verifyRequest(request) {
    this.open.add(request);
    request.once('close', () => this.open.delete(request));
    return true;
  }

  handleError() {
    counts.failed++;
  }
}

function cgiHandler() {
  const CGIHandler = counting(CGIHTTPRequestHandler);
  Object.assign(CGIHandler.prototype, cgi);
  return CGIHandler;
}

const httpd = new Server(['127.0.0.1', 0], cgi === undefined ? Handler : cgiHandler(), options);
const [, port] = await httpd.ready;
httpd.serveForever();

process.on('message', async (wish) => {
  for (let i = 0; i < 3 && wish === 'collected'; i++) {
    await turn();
    globalThis.gc();
  }
  process.send({ stats: stats() });
});
process.on('disconnect', () => process.exit());
process.send({ port });

function stats() {
  const { rss, heapUsed } = process.memoryUsage();
  const resources = process.getActiveResourcesInfo();
  return {
    ...counts,
    rss,
    heapUsed,
    written: [...httpd.open].reduce((sum, { bytesWritten }) => sum + bytesWritten, 0),
    connections: [...httpd.connectionSettings.deadlines].length,
    sockets: resources.filter((name) => name === 'TCPSocketWrap').length,
    timers: resources.filter((name) => name === 'Timeout').length,
    descriptors: readdirSync('/proc/self/fd').length,
  };
}
