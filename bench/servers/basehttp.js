// This package, through its class door. `--log` leaves the log line of each request on (it goes to stderr).
import process from 'node:process';
import { BaseHTTPRequestHandler, HTTPServer } from '../../dist/index.js';
import { announce } from './announce.js';

class Handler extends BaseHTTPRequestHandler {
  protocolVersion = 'HTTP/1.1';

  do_GET() {
    this.sendResponse(200);
    this.sendHeader('Content-Type', 'text/plain');
    this.sendHeader('Content-Length', '13');
    this.endHeaders();
    this.wfile.write('Hello, World!');
  }

  async do_POST() {
    this.sendResponse(200);
    this.sendHeader('Content-Type', 'application/octet-stream');
    this.sendHeader('Content-Length', this.headers.get('content-length'));
    this.endHeaders();
    for await (const chunk of this.rfile) await this.wfile.write(chunk);
  }
}

class QuietHandler extends Handler {
  logRequest() {}
}

const server = new HTTPServer(['127.0.0.1', 0], process.argv.includes('--log') ? Handler : QuietHandler);
const [, port] = await server.ready;
announce(port);
await server.serveForever();
