import { announce } from './announce.js';

const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  fetch(request) {
    if (request.method === 'POST') {
      return new Response(request.body, {
        headers: {
          'Content-Type': 'application/octet-stream',
          'Content-Length': request.headers.get('content-length'),
        },
      });
    }
    return new Response('Hello, World!', { headers: { 'Content-Type': 'text/plain' } });
  },
});
announce(server.port);
