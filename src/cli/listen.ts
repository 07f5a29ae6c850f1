// Where the command listens: the port asked for or the first that is free, and in words why there is none.

import type { HTTPServer } from '../http-server.js';
import type { Address } from '../socketserver/address.js';
import { CommandFailure } from './failure.js';
import { DEFAULT_BIND, DEFAULT_PORT, type Settings } from './settings.js';

/** What the command was told of where to listen. */
export type Where = Pick<Settings, 'bind' | 'lan' | 'port' | 'strictPort'>;

/** Ports tried, from the default one on, before giving up. */
const PORTS_TRIED = 20;

/**
 * The address that the command is to listen on. IPv4 if a name has both: that is what the clients of small servers try
 * first.
 * @throws {CommandFailure} it is not known.
 */
export async function listeningAddress({ bind, lan }: Where): Promise<string> {
  if (lan) return '0.0.0.0';
  if (bind === DEFAULT_BIND) return bind;
  const { lookup } = await import('node:dns/promises');
  try {
    const { address } = await lookup(bind, { verbatim: false });
    return address;
  } catch {
    throw new CommandFailure(`${bind} is not known: name an address of this machine, such as 127.0.0.1`);
  }
}

/**
 * A server that listens. Without a port: on the default one, or, unless that has to be, the next that is free.
 * @throws {CommandFailure} it cannot listen there.
 */
export async function listen(
  host: string,
  { port, strictPort, bind }: Where,
  makeServer: (address: Address) => HTTPServer,
): Promise<HTTPServer> {
  const first = port ?? DEFAULT_PORT;
  const last = port === undefined && !strictPort ? first + PORTS_TRIED - 1 : first;
  for (let candidate = first; ; candidate++) {
    const httpd = makeServer([host, candidate]);
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
