// Whose name is in Host: what keeps DNS rebinding out of a server that is meant for its own machine. Pure.
//
// A page of any site can have its own name resolve to 127.0.0.1 and then read, as its own origin, whatever listens
// there. Its requests are like any other but for that name. What no stranger can have resolve to anything is safe: an
// address is not resolved at all, and `localhost` always means this machine (RFC 6761 §6.3).

/**
 * Whether a server on the loopback interface may answer under this name: `localhost`, a name below it, an IP address,
 * or one of those that are allowed. The port does not matter: behind a tunnel it is another.
 * @param host the value of Host: `localhost:8000`.
 * @param allowed in lower case: `example.test` is that name, `.example.test` also every name below it, `*` any.
 */
export function isTrustedHost(host: string, allowed: readonly string[]): boolean {
  const name = hostName(host);
  if (IP_LITERAL.test(name)) return true;
  return isBelow(name, 'localhost') || allowed.some((one) => isAllowed(name, one));
}

/** The name in a Host: without port, in lower case, and without the dot that makes it absolute. */
export function hostName(host: string): string {
  return host
    .replace(/:\d*$/, '')
    .toLowerCase()
    .replace(/(?<=[^.\d])\.$/, ''); // not that of an address, which would not be one then
}

// Browsers write an address in this form, whatever the form in which it was typed: 0177.1, 2130706433 and the like are
// names here, and nobody's.
const OCTET = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const IP_LITERAL = new RegExp(`^(?:(?:${OCTET}\\.){3}${OCTET}|\\[[0-9a-f:.]+\\])$`);

function isAllowed(name: string, pattern: string): boolean {
  if (pattern === '*') return true;
  return pattern.startsWith('.') ? isBelow(name, pattern.slice(1)) : name === pattern;
}

function isBelow(name: string, domain: string): boolean {
  return name === domain || name.endsWith(`.${domain}`);
}
