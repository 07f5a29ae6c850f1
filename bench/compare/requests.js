// The bytes that the probes send. Each asks for the connection to be closed, so that the end of the answer shows.

/** A request in HTTP/1.1; text is latin1. A field given as `undefined` is left out, Host too. */
export function request(method, target, fields = {}, body = '') {
  const all = { Host: 'localhost', ...fields };
  return `${head(`${method} ${target} HTTP/1.1`, { ...all, Connection: 'close' })}${body}`;
}

export const get = (target, fields) => request('GET', target, fields);

/** The same, on a connection that is to stay. */
export function getAndStay(target, fields = {}, body = '') {
  return `${head(`GET ${target} HTTP/1.1`, { Host: 'localhost', ...fields })}${body}`;
}

export function head(requestLine, fields) {
  const lines = Object.entries(fields).filter(([, value]) => value !== undefined);
  return `${requestLine}\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
}
