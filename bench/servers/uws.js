// uWebSockets.js. The binary is named outright: the package's own entry would quietly fall back to JavaScript.
import { createRequire } from 'node:module';
import process from 'node:process';
import { announce } from './announce.js';

const { platform, arch, versions } = process;
const binary = `uws_${platform}_${arch}_${versions.modules}.node`;
const uws = createRequire(import.meta.url)(`@trufflesuite/uws-js-unofficial/binaries/${binary}`);

/** Its chunks live only during the call, so an echo has to collect them. */
function echo(response) {
  const chunks = [];
  response.onAborted(() => {});
  response.onData((chunk, isLast) => {
    chunks.push(Buffer.from(chunk.slice(0)));
    if (!isLast) return;
    response.writeHeader('Content-Type', 'application/octet-stream').end(Buffer.concat(chunks));
  });
}

const app = uws
  .App()
  .get('/', (response) => {
    response.writeHeader('Content-Type', 'text/plain').end('Hello, World!');
  })
  .post('/', echo);
app.listen('127.0.0.1', 0, (socket) => announce(uws.us_socket_local_port(socket)));
