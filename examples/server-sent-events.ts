// A clock that the server pushes to the browser, until the browser goes away.

import { setTimeout } from 'node:timers/promises';
import { BaseHTTPRequestHandler, HTTPServer } from 'basehttp';

const PAGE = `<!DOCTYPE html><meta charset="utf-8"><title>Clock</title><p id="t">…
<script>new EventSource('/events').onmessage = (e) => { t.textContent = e.data }</script>`;

class Clock extends BaseHTTPRequestHandler {
  override protocolVersion = 'HTTP/1.1';

  async do_GET() {
    const isEvents = this.path === '/events';
    this.sendResponse(200);
    this.sendHeader('Content-Type', isEvents ? 'text/event-stream' : 'text/html; charset=utf-8');
    this.sendHeader('Cache-Control', 'no-store');
    this.endHeaders();
    if (isEvents) await this.#tick();
    else this.wfile.write(PAGE);
  }

  async #tick() {
    const { signal } = this;
    while (!signal.aborted) {
      await this.wfile.write(`data: ${new Date().toISOString()}\n\n`);
      await setTimeout(1000, undefined, { signal }).catch(() => {}); // the signal ends the wait, too
    }
  }
}

const httpd = new HTTPServer(['127.0.0.1', Number(process.argv[2] ?? 8000)], Clock);
await httpd.ready;
console.log(`http://127.0.0.1:${httpd.serverPort}/`);
await httpd.serveForever();
