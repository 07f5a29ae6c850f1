// The floor: what node:net itself costs. It answers every end of a head with the same bytes, as many as this
// package sends, and parses nothing. It knows only the loads in ../requests.js: their path is always `/`.
import { createServer } from 'node:net';
import process from 'node:process';
import { announce } from './announce.js';

const END_OF_HEAD = Buffer.from('\r\n\r\n');
const CANNED = `${cannedHead(13)}Hello, World!`;
const LETTER_P = 0x50;
const DIGIT_ZERO = 0x30;
/** Where `GET / HTTP/1.x` has its last digit. */
const MINOR_VERSION = 13;

function cannedHead(contentLength) {
  return [
    'HTTP/1.1 200 OK',
    `Server: BaseHTTP/0.1 Node/${process.versions.node}`,
    `Date: ${new Date().toUTCString()}`,
    'Content-Type: text/plain',
    `Content-Length: ${contentLength}`,
    '',
    '',
  ].join('\r\n');
}

/** Answers GETs; a head may end anywhere in the stream, and one chunk may hold several. */
function answerGets(socket) {
  const ends = new HeadEnds();
  return (chunk) => {
    const heads = ends.count(chunk);
    if (heads > 0) socket.write(heads === 1 ? CANNED : CANNED.repeat(heads), 'latin1');
  };
}

/** Counts the ends of heads in a stream. */
class HeadEnds {
  #matched = 0; // bytes of an end of head that the stream so far closes with

  count(chunk) {
    if (this.#matched > 0 || chunk.length < END_OF_HEAD.length) return this.#walk(chunk);
    let heads = 0;
    let end = 0;
    for (let at = chunk.indexOf(END_OF_HEAD); at >= 0; at = chunk.indexOf(END_OF_HEAD, end)) {
      heads += 1;
      end = at + END_OF_HEAD.length;
    }
    if (end < chunk.length) this.#walk(chunk.subarray(Math.max(end, chunk.length - 3)));
    return heads;
  }

  #walk(bytes) {
    let heads = 0;
    for (const byte of bytes) {
      if (byte === END_OF_HEAD[this.#matched]) this.#matched += 1;
      else this.#matched = byte === END_OF_HEAD[0] ? 1 : 0;
      if (this.#matched < END_OF_HEAD.length) continue;
      heads += 1;
      this.#matched = 0;
    }
    return heads;
  }
}

/** One request, one answer, and the end: what HTTP/1.0 does. */
function answerOnce(socket) {
  return () => socket.end(CANNED, 'latin1');
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
      socket.write(cannedHead(left), 'latin1');
    }
    left -= body.length;
    if (socket.write(body)) return;
    socket.pause();
    socket.once('drain', () => socket.resume());
  };
}

function chooseAnswer(first) {
  if (first[0] === LETTER_P) return echoPosts;
  return first[MINOR_VERSION] === DIGIT_ZERO ? answerOnce : answerGets;
}

const server = createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => socket.destroy());
  socket.once('data', (first) => {
    const answer = chooseAnswer(first)(socket);
    socket.on('data', answer);
    answer(first);
  });
});
server.listen(0, '127.0.0.1', 4096, () => announce(server.address().port));
