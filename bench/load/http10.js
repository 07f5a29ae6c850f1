// A connection for each request: connect, ask, read to the end, again. (wrk takes a server that closes without
// announcing it, as HTTP/1.0 allows, for one that fails.)
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import process from 'node:process';

const { port, connections, seconds, file } = JSON.parse(process.argv[2]);
const request = readFileSync(file);
const started = performance.now();
const until = started + seconds * 1000;
let requests = 0;
let errors = 0;

/** Whether one request, on a connection of its own, was answered. */
function ask() {
  return new Promise((resolve) => {
    let size = 0;
    const socket = connect(port, '127.0.0.1', () => socket.write(request));
    socket.on('data', (chunk) => {
      size += chunk.length;
    });
    socket.on('error', () => resolve(false));
    socket.on('close', () => resolve(size > 0));
  });
}

async function askUntilTheEnd() {
  while (performance.now() < until) {
    if (await ask()) requests += 1;
    else errors += 1;
  }
}

await Promise.all(Array.from({ length: connections }, askUntilTheEnd));
console.log(JSON.stringify({ requests, seconds: (performance.now() - started) / 1000, errors }));
