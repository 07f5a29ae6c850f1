// A WebSocket echo: `upgrade()` hands the connection over, the package `ws` speaks the protocol.

import { IncomingMessage } from 'node:http';
import { BaseHTTPRequestHandler, HTTPServer } from 'basehttp';
import { WebSocketServer } from 'ws';

const websockets = new WebSocketServer({ noServer: true });
websockets.on('connection', (socket) => {
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
});

class Echo extends BaseHTTPRequestHandler {
  override protocolVersion = 'HTTP/1.1';

  do_GET() {
    if (!this.exchange.head.upgrade)
      return this.sendError(426, undefined, undefined, { Upgrade: 'websocket' });
    const { command, headers, path } = this;
    const { socket, head } = this.upgrade();
    // ws asks for a request as node:http makes them; it looks at no more than this.
    const request = Object.assign(new IncomingMessage(socket), { method: command, url: path });
    for (const [name, value] of headers) request.headers[name.toLowerCase()] = value;
    websockets.handleUpgrade(request, socket, head, (ws) => websockets.emit('connection', ws, request));
  }
}

const httpd = new HTTPServer(['127.0.0.1', Number(process.argv[2] ?? 8000)], Echo);
await httpd.ready;
console.log(`http://127.0.0.1:${httpd.serverPort}/`);
await httpd.serveForever();
