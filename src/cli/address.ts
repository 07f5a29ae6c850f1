// Addresses as people read them.

/** A URL that leads to the server from this machine. */
export function portUrl(host: string, port: number): string {
  const isAny = host === '' || host === '0.0.0.0' || host === '::';
  const name = isAny ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  return `http://${name}:${port}/`;
}
