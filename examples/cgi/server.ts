// Runs the programs in cgi-bin for who asks for them.
// npx tsx examples/cgi/server.ts 8000   (or without this file: npx basehttp --cgi examples/cgi 8000)

import { fileURLToPath } from 'node:url';
import { CGIHTTPRequestHandler, HTTPServer } from 'basehttp';

class Programs extends CGIHTTPRequestHandler {
  override protocolVersion = 'HTTP/1.1';
  override directory = fileURLToPath(new URL('.', import.meta.url));
  override cgiInterpreters = { '.php': 'php-cgi' };
}

const httpd = new HTTPServer(['127.0.0.1', Number(process.argv[2] ?? 8000)], Programs);
await httpd.ready;
console.log(`http://127.0.0.1:${httpd.serverPort}/cgi-bin/environment.sh`);
await httpd.serveForever();
