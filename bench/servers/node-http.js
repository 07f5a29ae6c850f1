// node:http, the yardstick.
import { createServer } from 'node:http';
import { announce } from './announce.js';

const server = createServer((request, response) => {
  if (request.method === 'POST') {
    response.writeHead(200, {
      'Content-Type': 'application/octet-stream',
      'Content-Length': request.headers['content-length'],
    });
    request.pipe(response);
    return;
  }
  response.writeHead(200, { 'Content-Type': 'text/plain', 'Content-Length': 13 });
  response.end('Hello, World!');
});
server.listen(0, '127.0.0.1', () => announce(server.address().port));
