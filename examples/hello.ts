// The smallest server: one handler, one method.
// npx tsx examples/hello.ts 8000   (or, from Node 22.18 on, plain `node`)

import { BaseHTTPRequestHandler, HTTPServer } from 'basehttp';

class Hello extends BaseHTTPRequestHandler {
  do_GET() {
    this.sendResponse(200);
    this.sendHeader('Content-Type', 'text/plain; charset=utf-8');
    this.endHeaders();
    this.wfile.write(`Hello from ${this.path}\n`);
  }
}

const httpd = new HTTPServer(['127.0.0.1', Number(process.argv[2] ?? 8000)], Hello);
await httpd.ready;
console.log(`http://127.0.0.1:${httpd.serverPort}/`);
await httpd.serveForever();
