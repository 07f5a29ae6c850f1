// Addresses as people read them. Pure: what interfaces there are is an argument.

/** Of an address that the system gave an interface; part of what `os.networkInterfaces()` tells. */
export interface InterfaceAddress {
  readonly address: string;
  readonly family: string;
  /** Whether it is a loopback address. */
  readonly internal: boolean;
  /** Of the interface: `eth0`. */
  readonly name?: string;
}

/** What a URL has besides host and port. */
export interface UrlParts {
  /** Default: `http`. */
  readonly scheme?: string;
  /** With its slash in front, percent-encoded. Default: `/`. */
  readonly path?: string;
}

/** Whether an IP address can be reached from this machine only. */
export function isLoopback(address: string): boolean {
  return address === '::1' || /^(?:::ffff:)?127\./i.test(address);
}

/** Whether an address stands for all of the machine's. */
function isUnspecified(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}

/**
 * The URLs at which a server that listens on an address can be reached: for the unspecified address, the loopback one
 * first, then one for each address of the machine, the one that others are most likely to reach before the rest.
 * @param address an IP address.
 */
export function serverUrls(
  address: string,
  port: number,
  interfaces: readonly InterfaceAddress[],
  { scheme = 'http', path = '/' }: UrlParts = {},
): string[] {
  const toUrl = (own: string) => `${scheme}://${own.includes(':') ? `[${own}]` : own}:${port}${path}`;
  if (!isUnspecified(address)) return [toUrl(address)];
  const outer = networkAddresses(interfaces).filter((own) => !own.includes(':') || address === '::');
  return [address === '::' ? '::1' : '127.0.0.1', ...outer].map(toUrl);
}

/** The addresses by which other machines can reach this one, the likeliest first. */
export function networkAddresses(interfaces: readonly InterfaceAddress[]): string[] {
  return interfaces
    .filter(
      // An address of one link is no use in a URL: browsers do not take the zone that belongs to it.
      ({ internal, address }) => !internal && !address.startsWith('fe80:'),
    )
    .map((one) => ({ address: one.address, rank: rankOf(one) }))
    .sort((one, other) => one.rank - other.rank)
    .map(({ address }) => address);
}

/** Networks that are within the machine, or go through a tunnel: of containers, virtual machines and VPNs. */
const VIRTUAL =
  /^(?:docker|br-|veth|virbr|vmnet|vboxnet|vnic|cni|flannel|podman|lxc|tun|tap|utun|wg|zt|tailscale)|\bvEthernet\b/i;

/** What most homes and offices have, in the order in which they have it. */
const LIKELY_NETWORKS = [/^192\.168\./, /^10\./, /^172\.(?:1[6-9]|2\d|3[01])\./];

function rankOf({ address, name = '' }: InterfaceAddress): number {
  const network = LIKELY_NETWORKS.findIndex((pattern) => pattern.test(address));
  const likelihood = network >= 0 ? network : LIKELY_NETWORKS.length;
  const isIPv6 = address.includes(':'); // long, and not in every network
  const isLastResort = address.startsWith('169.254.'); // which the machine gave itself
  return likelihood + (isIPv6 ? 10 : 0) + (isLastResort ? 20 : 0) + (VIRTUAL.test(name) ? 100 : 0);
}
