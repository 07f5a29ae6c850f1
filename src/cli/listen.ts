// Where the command listens: the port asked for or the first that is free, and in words why there is none.

import { lookup } from 'node:dns/promises';
import { HTTPServer } from '../http-server.js';
import type { RequestHandlerConstructor } from '../socketserver/base-server.js';
import { DEFAULT_PORT } from './arguments.js';
import { CommandFailure } from './failure.js';

/** Ports tried, from the default one on, before giving up. */
const PORTS_TRIED = 20;

/**
 * A server that listens. Without a port: on the default one, or the next that is free.
 * @throws {CommandFailure} it cannot listen there.
 */
export async function listen(
  bind: string,
  port: number | undefined,
  Handler: RequestHandlerConstructor,
): Promise<HTTPServer> {
  const host = await addressOf(bind);
  const first = port ?? DEFAULT_PORT;
  const last = port ?? DEFAULT_PORT + PORTS_TRIED - 1;
  for (let candidate = first; ; candidate++) {
    const httpd = new HTTPServer([host, candidate], Handler);
    try {
      await httpd.ready;
      return httpd;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EADDRINUSE' && candidate < last) continue;
      throw new CommandFailure(explain(error as NodeJS.ErrnoException, bind, first, last));
    }
  }
}

/** IPv4 if a name has both: that is what the clients of small servers try first. */
async function addressOf(bind: string): Promise<string> {
  if (bind === '') return '0.0.0.0';
  try {
    const { address } = await lookup(bind, { verbatim: false });
    return address;
  } catch {
    throw new CommandFailure(`${bind} is not known: name an address of this machine, such as 127.0.0.1`);
  }
}

function explain(
  { code, message }: NodeJS.ErrnoException,
  bind: string,
  first: number,
  last: number,
): string {
  switch (code) {
    case 'EADDRINUSE':
      return first === last
        ? `port ${first} is in use: name another, or 0 for any that is free`
        : `ports ${first} to ${last} are in use: name another, or 0 for any that is free`;
    case 'EACCES':
      return `port ${first} may not be used: name one above 1023, or 0 for any that is free`;
    case 'EADDRNOTAVAIL':
    case 'EAFNOSUPPORT':
    case 'EINVAL':
      return `${bind} is not an address of this machine: leave it out for 127.0.0.1, or say 0.0.0.0 for all`;
    default:
      return message;
  }
}
