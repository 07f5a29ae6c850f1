import fastify from 'fastify';
import { announce } from './announce.js';

const app = fastify({ bodyLimit: 2 ** 21 });
app.get('/', (_request, reply) => {
  reply.type('text/plain').send('Hello, World!');
});
app.addContentTypeParser('application/octet-stream', (_request, payload, done) => done(null, payload));
app.post('/', (request, reply) => {
  reply
    .type('application/octet-stream')
    .header('Content-Length', request.headers['content-length'])
    .send(request.body);
});
await app.listen({ host: '127.0.0.1', port: 0 });
announce(app.server.address().port);
