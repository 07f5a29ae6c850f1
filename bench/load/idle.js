// Opens connections, makes one request on each, and keeps them open, idle, until standard input ends.
// Prints how many are open once all have been answered.
import { connect } from 'node:net';
import process from 'node:process';

const { port, connections, addresses, request } = JSON.parse(process.argv[2]);
const AT_ONCE = 100; // connecting, so that no server's queue of connections overflows
const open = new Set();

/** Resolves when the connection has been answered, or has failed. */
function openOne(index) {
  return new Promise((resolve) => {
    const localAddress = addresses > 1 ? `127.0.0.${1 + (index % addresses)}` : undefined;
    const socket = connect({ port, host: '127.0.0.1', localAddress }, () => socket.write(request));
    socket.once('data', () => {
      open.add(socket);
      resolve();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      open.delete(socket);
      resolve();
    });
  });
}

let next = 0;
async function openInTurn() {
  while (next < connections) await openOne(next++);
}

await Promise.all(Array.from({ length: AT_ONCE }, openInTurn));
console.log(JSON.stringify({ open: open.size }));
process.stdin.resume().on('end', () => process.exit());
