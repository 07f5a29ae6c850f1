import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { announce } from './announce.js';

const app = new Hono();
app.get('/', (context) => context.text('Hello, World!'));
app.post('/', (context) =>
  context.body(context.req.raw.body, 200, {
    'Content-Type': 'application/octet-stream',
    'Content-Length': context.req.header('content-length'),
  }),
);
serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, ({ port }) => announce(port));
