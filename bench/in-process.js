// Processor time a request without a network: whole requests are handed to a handler by a socket that is none, so that
// what is left is our own code, and the file system where files are served. For finding what to make faster.
// node bench/in-process.js [--count N] [--connections N] [--walk MIB]
//
// The requests come to so many connections at once, as in a round of the event loop of a server that is busy. With --walk,
// so much memory is walked through before each round, as the kernel and other programs do between those of a real
// server: what is measured then is the code with cold caches, in time on the wall.

import { EventEmitter } from 'node:events';
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BaseHTTPRequestHandler, HTTPServer, SimpleHTTPRequestHandler } from '../dist/index.js';
import { browserGet, smallGet } from './requests.js';

const ROUNDS = 5;
const CACHE_LINE = 64;
const root = mkdtempSync(join(tmpdir(), 'basehttp-bench-'));
const walked = new Uint8Array(option('--walk', 0) * 2 ** 20);
const connections = option('--connections', 16);
const count = option('--count', walked.length > 0 ? 20_000 : 200_000);

function option(name, otherwise) {
  const at = process.argv.indexOf(name);
  return at < 0 ? otherwise : Number(process.argv[at + 1]);
}

class Silent extends BaseHTTPRequestHandler {
  protocolVersion = 'HTTP/1.1';
  do_GET() {
    this.sendResponse(200);
    this.sendHeader('Content-Type', 'text/plain');
    this.endHeaders();
    this.wfile.write('Hello, World!');
  }
  logRequest() {}
}

class Files extends SimpleHTTPRequestHandler {
  protocolVersion = 'HTTP/1.1';
  directory = root;
  logRequest() {}
}

/** What a handler sees of a socket. It takes whatever is written to it. */
class NoSocket extends EventEmitter {
  remoteAddress = '127.0.0.1';
  writable = true;
  response = '';
  write(data) {
    if (typeof data === 'string') this.response = data;
    return true;
  }
  cork() {}
  uncork() {}
  pause() {}
  resume() {}
  end() {}
  destroy() {}
}

try {
  for (const [name, size] of [
    ['1k.txt', 1024],
    ['16k.txt', 16 * 1024],
  ]) {
    writeFileSync(join(root, name), 'x'.repeat(size));
    utimesSync(join(root, name), 1e9, 1e9);
  }
  // A file that has changed this moment is not kept in memory.
  await new Promise((resolve) => setTimeout(resolve, 3500));
  const to = (request, path) => request.toString().replace('GET / ', `GET ${path} `);
  const etag = await etagOf('/1k.txt');
  const cases = [
    ['small GET', Silent, smallGet],
    ['browser GET', Silent, browserGet],
    ['file of 1 KiB', Files, to(smallGet, '/1k.txt')],
    ['file of 1 KiB, browser', Files, to(browserGet, '/1k.txt')],
    ['file of 16 KiB', Files, to(smallGet, '/16k.txt')],
    ['304', Files, to(smallGet, '/1k.txt').replace('\r\n\r\n', `\r\nIf-None-Match: ${etag}\r\n\r\n`)],
  ];
  const times = cases.map(() => []);
  for (let round = 0; round <= ROUNDS; round++)
    for (const [index, [, Handler, request]] of cases.entries())
      times[index].push(await measure(Handler, request));
  for (const [index, [name]] of cases.entries()) {
    const [, ...measured] = times[index]; // the first warms up
    const median = measured.sort((a, b) => a - b)[ROUNDS >> 1];
    console.log(`${name.padEnd(24)} ${median.toFixed(2)} µs`);
  }
} finally {
  rmSync(root, { recursive: true, force: true });
}
process.exit();

async function etagOf(path) {
  const socket = connect(Files);
  socket.emit('data', Buffer.from(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`));
  await turn();
  return /ETag: (.*)\r\n/.exec(socket.response)[1];
}

/** Microseconds a request. */
async function measure(Handler, request) {
  const sockets = Array.from({ length: connections }, () => connect(Handler));
  const octets = Buffer.from(request);
  sockets[0].emit('data', octets);
  await new Promise((resolve) => setTimeout(resolve, 50)); // until what has to be made once, as a compressed file, is there
  const start = process.cpuUsage();
  let inRounds = 0n;
  const rounds = Math.ceil(count / connections);
  for (let round = 0; round < rounds; round++) {
    for (let at = 0; at < walked.length; at += CACHE_LINE) walked[at]++;
    const since = process.hrtime.bigint();
    for (const socket of sockets) socket.emit('data', octets);
    await turn();
    inRounds += process.hrtime.bigint() - since;
  }
  const { user, system } = process.cpuUsage(start);
  if (!/^HTTP\/1.1 (200|304) /.test(sockets[0].response)) throw new Error(sockets[0].response.slice(0, 80));
  const microseconds = walked.length > 0 ? Number(inRounds) / 1000 : user + system;
  return microseconds / (rounds * connections);
}

/** Until what has come has been answered. */
function turn() {
  return new Promise(setImmediate);
}

function connect(Handler) {
  const server = new HTTPServer(['127.0.0.1', 0], Handler, {
    limits: { maxRequestsPerConnection: Number.POSITIVE_INFINITY },
  });
  const socket = new NoSocket();
  const handler = new Handler(socket, ['127.0.0.1', 1], server);
  handler.setup();
  handler.handle();
  return socket;
}
