// Addresses: the forms a server address may be given in, and what they mean to node:net. Opens nothing.

import { lookup } from 'node:dns/promises';
import { isIP, type ListenOptions, type Server, type Socket } from 'node:net';

/** Where a server is bound, as Python's tuple. A Unix socket: its path, and 0. */
export type Address = readonly [host: string, port: number];

/** Where a client calls from. A client of a Unix socket has no address: `['', 0]`. */
export type ClientAddress = readonly [host: string, port: number];

/** A family of addresses, by which a host name is looked up and `''` is understood. */
export type AddressFamily = 'IPv4' | 'IPv6' | 'unix';

/**
 * Where to listen: a host and a port, the path of a Unix socket, or the number of a file descriptor on which somebody
 * listens already, as systemd passes it. Host `''` is every interface, port 0 one that is free.
 */
export type ServerAddress =
  | Address
  | { readonly host?: string; readonly port: number }
  | { readonly path: string }
  | { readonly fd: number };

/**
 * What `serverAddress` shows until the server is bound.
 * @throws {TypeError} it has none of the forms of a {@link ServerAddress}.
 * @throws {RangeError} the port is not 0 to 65535, or the file descriptor is not a number of one.
 */
export function unboundAddress(address: ServerAddress): Address {
  if (typeof address !== 'object' || address === null) throw new TypeError(FORMS);
  if ('fd' in address) {
    checkedNumber('fd', address.fd, 2 ** 31 - 1);
    return NO_ADDRESS;
  }
  if ('path' in address) return [checkedText('path', address.path), 0];
  if (!('port' in address || Array.isArray(address))) throw new TypeError(FORMS);
  const [host, port] = 'port' in address ? [address.host ?? '', address.port] : address;
  return [checkedText('host', host), checkedNumber('port', port, 65_535)];
}

/**
 * The same for `net.Server.listen`. A host name is looked up, in the family given.
 * @throws {Error} the name is unknown: the error of node:dns.
 */
export async function listenOptions(address: ServerAddress, family: AddressFamily): Promise<ListenOptions> {
  // Node's types lack `fd`, which its documentation has.
  if ('fd' in address) return { fd: address.fd } as ListenOptions;
  if ('path' in address) return { path: address.path };
  const [host, port] = unboundAddress(address);
  return { host: await resolved(host, family), port };
}

/** Where the server is bound; `undefined` if the system does not say. */
export function boundAddress(server: Server): Address | undefined {
  const address = server.address();
  if (address === null) return undefined;
  return typeof address === 'string' ? [address, 0] : [address.address, address.port];
}

/** Who is at the other end. */
export function clientAddressOf(socket: Socket): ClientAddress {
  const host = socket.remoteAddress;
  return host === undefined ? NO_ADDRESS : [host, socket.remotePort ?? 0];
}

const FORMS = 'A server address is [host, port], {host, port}, {path} or {fd}';
const NO_ADDRESS: ClientAddress = ['', 0];

async function resolved(host: string, family: AddressFamily): Promise<string> {
  if (host === '') return family === 'IPv6' ? '::' : '0.0.0.0';
  if (isIP(host) !== 0) return host;
  const found = await lookup(host, { family: family === 'IPv6' ? 6 : 4 });
  return found.address;
}

function checkedText(name: string, value: unknown): string {
  if (typeof value === 'string') return value;
  throw new TypeError(`The ${name} of a server address is a string, not ${typeof value}`);
}

function checkedNumber(name: string, value: unknown, most: number): number {
  if (Number.isInteger(value) && (value as number) >= 0 && (value as number) <= most) return value as number;
  throw new RangeError(`The ${name} of a server address is a whole number from 0 to ${most}, not ${value}`);
}
