// The floor: what node:net itself costs. It answers every end of a head with the same bytes, as many as this
// package sends, and parses nothing. It knows only the loads in ../requests.js: their path is always `/`.
import { createServer } from 'node:net';
import process from 'node:process';
import { announce } from './announce.js';

const END_OF_HEAD = Buffer.from('\r\n\r\n');
const CANNED = [
  'HTTP/1.1 200 OK',
  `Server: BaseHTTP/0.1 Node/${process.versions.node}`,
  `Date: ${new Date().toUTCString()}`,
  'Content-Type: text/plain',
  'Content-Length: 13',
  '',
  'Hello, World!',
].join('\r\n');
const LETTER_P = 0x50;
const DIGIT_ZERO = 0x30;
/** Where `GET / HTTP/1.x` has its last digit. */
const MINOR_VERSION = 13;

/** Answers GETs; a head may end anywhere in the stream, and one chunk may hold several. */
function answerGets(socket) {
  let rest = Buffer.alloc(0); // up to three bytes that may be the start of an end of head
  return (chunk) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let heads = 0;
    let end = 0;
    for (let at = bytes.indexOf(END_OF_HEAD); at >= 0; at = bytes.indexOf(END_OF_HEAD, end)) {
      heads += 1;
      end = at + END_OF_HEAD.length;
    }
    rest = bytes.subarray(Math.max(end, bytes.length - 3));
    if (heads > 0) socket.write(heads === 1 ? CANNED : CANNED.repeat(heads), 'latin1');
    if (bytes[MINOR_VERSION] === DIGIT_ZERO) socket.end();
  };
}

/** Sends each body back as it arrives; the head of a request is expected to arrive whole. */
function echoPosts(socket) {
  let left = 0;
  return (chunk) => {
    let body = chunk;
    if (left === 0) {
      const start = chunk.indexOf(END_OF_HEAD) + END_OF_HEAD.length;
      left = Number(/content-length: (\d+)/i.exec(chunk.latin1Slice(0, start))[1]);
      body = chunk.subarray(start);
      socket.write(CANNED.replace(/13\r\n[^]*/, `${left}\r\n\r\n`), 'latin1');
    }
    left -= body.length;
    if (socket.write(body)) return;
    socket.pause();
    socket.once('drain', () => socket.resume());
  };
}

const server = createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => socket.destroy());
  socket.once('data', (first) => {
    const answer = first[0] === LETTER_P ? echoPosts(socket) : answerGets(socket);
    socket.on('data', answer);
    answer(first);
  });
});
server.listen(0, '127.0.0.1', 4096, () => announce(server.address().port));
