// What CPython's test_httpservers.ScriptTestCase and MiscTestCase assert, test by test: which family of addresses a
// server is bound to, and which names the module has.

import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { describe, expect, it } from 'vitest';
import * as basehttp from '../../src/index.js';
import { QuietHandler, run } from '../support/live.js';

const hasIPv6 = Object.values(networkInterfaces()).some((all) =>
  all?.some(({ family }) => family === 'IPv6'),
);

describe('ScriptTestCase', () => {
  async function familyOf(host: string): Promise<string> {
    await using live = await run(new basehttp.HTTPServer([host, 0], QuietHandler));
    return (live.httpd.socket.address() as AddressInfo).family;
  }

  it('test_server_test_unspec, differently: IPv4, unless addressFamily says otherwise', async () => {
    expect(await familyOf('')).toBe('IPv4');
  });

  it.skipIf(!hasIPv6)('test_server_test_unspec, with addressFamily (skipped without IPv6)', async () => {
    class DualStackServer extends basehttp.HTTPServer {
      override addressFamily = 'IPv6' as const;
    }
    await using live = await run(new DualStackServer(['', 0], QuietHandler));
    expect((live.httpd.socket.address() as AddressInfo).family).toBe('IPv6');
  });

  it('test_server_test_localhost', async () => {
    expect(await familyOf('localhost')).toBe('IPv4');
  });

  it.skipIf(!hasIPv6)('test_server_test_ipv6 (skipped without IPv6)', async () => {
    expect(await familyOf('::1')).toBe('IPv6');
  });

  it('test_server_test_ipv4', async () => {
    expect(await familyOf('127.0.0.1')).toBe('IPv4');
  });
});

describe('MiscTestCase', () => {
  it('test_all', () => {
    for (const name of [
      'HTTPServer',
      'ThreadingHTTPServer',
      'BaseHTTPRequestHandler',
      'SimpleHTTPRequestHandler',
    ])
      expect(basehttp).toHaveProperty(name);
    expect(Object.keys(basehttp).filter((name) => name.startsWith('_'))).toEqual([]);
  });
});
