import { announce } from './announce.js';

Deno.serve({ hostname: '127.0.0.1', port: 0, onListen: ({ port }) => announce(port) }, (request) => {
  if (request.method === 'POST') {
    return new Response(request.body, {
      headers: {
        'Content-Type': 'application/octet-stream',
        'Content-Length': request.headers.get('content-length'),
      },
    });
  }
  return new Response('Hello, World!', { headers: { 'Content-Type': 'text/plain' } });
});
