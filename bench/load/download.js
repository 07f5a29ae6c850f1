// Downloads a file again and again, a connection each, until the time is over and the last one has come to its end.
// Keeps nothing of it. Prints how many were whole.
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import process from 'node:process';

const { port, seconds, size, file } = JSON.parse(process.argv[2]);
const request = readFileSync(file);
const buffer = Buffer.allocUnsafeSlow(2 ** 18);
const started = performance.now();
const until = started + seconds * 1000;
let requests = 0;
let errors = 0;

/** Whether all octets came: the body, and a head before it. */
function download() {
  return new Promise((resolve) => {
    let received = 0;
    const take = (length) => {
      received += length;
      return true;
    };
    const socket = connect({ port, host: '127.0.0.1', onread: { buffer, callback: take } });
    socket.on('connect', () => socket.write(request));
    socket.on('error', () => {});
    socket.on('close', () => resolve(received > size && received < size + 2 ** 14));
  });
}

do {
  if (await download()) requests += 1;
  else errors += 1;
} while (performance.now() < until);
console.log(JSON.stringify({ requests, seconds: (performance.now() - started) / 1000, errors }));
