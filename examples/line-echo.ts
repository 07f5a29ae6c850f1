// Sends every line back in upper case, to any number of clients at a time, until it is interrupted.
// Try it with: nc localhost 9999

import { StreamRequestHandler, TCPServer } from 'basehttp';

class UpperCaseHandler extends StreamRequestHandler {
  override async handle(): Promise<void> {
    for await (const line of this.rfile.lines()) {
      await this.wfile.write(line.toString().toUpperCase());
    }
  }

  override stop(): void {
    this.request.end('The server is shutting down. Good-bye.\n');
    this.request.destroySoon();
  }
}

const server = new TCPServer(['localhost', 9999], UpperCaseHandler);
process.once('SIGINT', () => server.shutdown({ graceMs: 5_000 }));

const [host, port] = await server.ready;
console.log(`Listening on ${host}, port ${port}`);
await server.serveForever();
