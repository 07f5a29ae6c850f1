// The floor of a download: what node:net and node:fs themselves cost. Whatever comes first, it answers with the file that
// its argument names, read and written 512 KiB at a time, and closes.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { createServer } from 'node:net';
import process from 'node:process';
import { announce } from './announce.js';

const PIECE = 512 * 1024;
const file = process.argv[2];

const server = createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => socket.destroy());
  socket.once('data', () => send(socket));
});
server.listen(0, '127.0.0.1', () => announce(server.address().port));

function send(socket) {
  const descriptor = openSync(file);
  const { size } = fstatSync(descriptor);
  let position = 0;
  let piece = Buffer.allocUnsafeSlow(PIECE);
  const write = () => {
    while (position < size) {
      const length = readSync(descriptor, piece, 0, PIECE, position);
      position += length;
      const goesOn = socket.write(piece.subarray(0, length));
      if (socket.writableLength > 0) piece = Buffer.allocUnsafeSlow(PIECE); // the socket still looks at this one
      if (!goesOn) return socket.once('drain', write);
    }
    return socket.end();
  };
  socket.on('close', () => closeSync(descriptor));
  socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`, 'latin1');
  write();
}
