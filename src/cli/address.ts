// Addresses as people read them. Pure: what interfaces there are is an argument.

/** Of an address that the system gave an interface; part of what `os.networkInterfaces()` tells. */
export interface InterfaceAddress {
  readonly address: string;
  readonly family: string;
  /** Whether it is a loopback address. */
  readonly internal: boolean;
}

/** Whether an IP address can be reached from this machine only. */
export function isLoopback(address: string): boolean {
  return address === '::1' || /^(?:::ffff:)?127\./i.test(address);
}

/**
 * The URLs at which a server that listens on an address can be reached: for the unspecified address, the loopback one
 * first, then one for each address of the machine.
 * @param address an IP address.
 */
export function serverUrls(address: string, port: number, interfaces: readonly InterfaceAddress[]): string[] {
  if (address !== '0.0.0.0' && address !== '::') return [toUrl(address, port)];
  const outer = interfaces
    // An address of one link is no use in a URL: browsers do not take the zone that belongs to it.
    .filter(
      ({ internal, family, address: own }) =>
        !internal && isServed(address, family) && !own.startsWith('fe80:'),
    )
    .map(({ address: own }) => own);
  return [address === '::' ? '::1' : '127.0.0.1', ...outer].map((own) => toUrl(own, port));
}

/** `::` takes IPv4 as well. */
function isServed(address: string, family: string): boolean {
  return family === 'IPv4' || address === '::';
}

function toUrl(address: string, port: number): string {
  return `http://${address.includes(':') ? `[${address}]` : address}:${port}/`;
}
