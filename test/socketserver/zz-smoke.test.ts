import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { StreamRequestHandler } from '../../src/socketserver/request-handler.js';
import { TCPServer } from '../../src/socketserver/tcp-server.js';

class Up extends StreamRequestHandler {
  override async handle() {
    for await (const line of this.rfile.lines()) await this.wfile.write(line.toString().toUpperCase());
  }
}
it('smoke', async () => {
  const server = new TCPServer(['', 0], Up);
  const [h, port] = await server.ready;
  const f = server.serveForever();
  const c = connect(port, '127.0.0.1');
  c.end('hello\nyou');
  let s = '';
  for await (const d of c) s += d;
  expect(s).toBe('HELLO\nYOU');
  expect(h).toBe('0.0.0.0');
  await server.shutdown();
  await f;
  await server.serverClose();
});
