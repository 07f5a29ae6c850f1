// Sends large heads one byte at a time, many in parallel and at a steady pace, so that the server reads each byte by
// itself. Prints how many were answered with 200, and what the others got.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import process from 'node:process';
import { setImmediate } from 'node:timers/promises';

const { port, heads, bytesPerSecond, file } = JSON.parse(process.argv[2]);
const head = readFileSync(file);
const answers = [];

async function open() {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  socket.on('error', () => {});
  socket.once('data', (answer) => answers.push(answer.latin1Slice().split('\r\n')[0]));
  await once(socket, 'connect');
  return socket;
}

const sockets = await Promise.all(Array.from({ length: heads }, open));
const started = performance.now();
for (let at = 0; at < head.length; at += 1) {
  const due = started + (at * heads * 1000) / bytesPerSecond;
  while (performance.now() < due) await setImmediate();
  const byte = head.subarray(at, at + 1);
  for (const socket of sockets) if (socket.writable) socket.write(byte);
}
const patience = performance.now() + 2000;
while (answers.length < heads && performance.now() < patience) await setImmediate();

const requests = answers.filter((answer) => answer.includes(' 200 ')).length;
const refusal = answers.find((answer) => !answer.includes(' 200 '));
const seconds = (performance.now() - started) / 1000;
console.log(JSON.stringify({ requests, seconds, errors: heads - requests, refusal }));
process.exit();
