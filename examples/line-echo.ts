// Sends every line back in upper case, to any number of clients at a time, until it is interrupted. Clients then have
// five seconds to come to an end. Try it with: nc localhost 9999

import { StreamRequestHandler, TCPServer } from 'basehttp';

class UpperCaseHandler extends StreamRequestHandler {
  override async handle(): Promise<void> {
    for await (const line of this.rfile.lines()) {
      await this.wfile.write(line.toString().toUpperCase());
    }
  }
}

const port = Number(process.argv[2] ?? 9999);
const server = new TCPServer(['localhost', port], UpperCaseHandler);
process.once('SIGINT', () => server.shutdown({ graceMs: 5_000 }));

console.log('Listening on %s, port %d', ...(await server.ready));
await server.serveForever();
