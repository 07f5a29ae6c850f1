// A form, and what was typed into it. A body above 1 MiB is answered 413 by itself.

import { BaseHTTPRequestHandler, HTTPServer } from 'basehttp';

const FORM = `<!DOCTYPE html><meta charset="utf-8"><title>Greeting</title>
<form method="post"><label>Your name <input name="name" required></label> <button>Greet me</button></form>`;

class Form extends BaseHTTPRequestHandler {
  override protocolVersion = 'HTTP/1.1';

  do_GET() {
    this.#page(FORM);
  }

  async do_POST() {
    if (this.headers.getContentType() !== 'application/x-www-form-urlencoded') return this.sendError(415);
    const fields = new URLSearchParams(await this.rfile.text());
    const name = (fields.get('name') ?? 'nobody').replace(/[<&]/g, (c) => (c === '<' ? '&lt;' : '&amp;'));
    this.#page(`<!DOCTYPE html><meta charset="utf-8"><title>Hello</title><p>Hello, ${name}!`);
  }

  #page(html: string) {
    this.sendResponse(200);
    this.sendHeader('Content-Type', 'text/html; charset=utf-8');
    this.endHeaders();
    this.wfile.write(html);
  }
}

const httpd = new HTTPServer(['127.0.0.1', Number(process.argv[2] ?? 8000)], Form);
await httpd.ready;
console.log(`http://127.0.0.1:${httpd.serverPort}/`);
await httpd.serveForever();
