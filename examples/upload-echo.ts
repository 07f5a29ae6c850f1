// Sends back what it is sent, however large, without holding more than a few chunks of it.
// curl -T big.iso http://127.0.0.1:8000/ | cmp - big.iso

import { BaseHTTPRequestHandler, HTTPServer } from 'basehttp';

class Echo extends BaseHTTPRequestHandler {
  override protocolVersion = 'HTTP/1.1';

  async do_PUT() {
    this.sendResponse(200);
    this.sendHeader('Content-Type', this.headers.get('content-type', 'application/octet-stream'));
    this.endHeaders();
    for await (const chunk of this.rfile) await this.wfile.write(chunk);
  }

  do_POST() {
    return this.do_PUT();
  }
}

const httpd = new HTTPServer(['127.0.0.1', Number(process.argv[2] ?? 8000)], Echo);
await httpd.ready;
console.log(`http://127.0.0.1:${httpd.serverPort}/`);
await httpd.serveForever();
