import express from 'express';
import { announce } from './announce.js';

const app = express();
app.get('/', (_request, response) => {
  response.type('text/plain').send('Hello, World!');
});
app.post('/', (request, response) => {
  response.set('Content-Type', 'application/octet-stream');
  response.set('Content-Length', request.headers['content-length']);
  request.pipe(response);
});
const server = app.listen(0, '127.0.0.1', () => announce(server.address().port));
