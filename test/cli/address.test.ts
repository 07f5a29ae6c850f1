import { expect, it } from 'vitest';
import { isLoopback, networkAddresses, serverUrls } from '../../src/cli/address.js';

const interfaces = [
  { address: '127.0.0.1', family: 'IPv4', internal: true },
  { address: '::1', family: 'IPv6', internal: true },
  { address: '192.0.2.7', family: 'IPv4', internal: false },
  { address: '2001:db8::7', family: 'IPv6', internal: false },
  { address: 'fe80::7', family: 'IPv6', internal: false },
];

it('an address has its URL', () => {
  expect(serverUrls('127.0.0.1', 8000, interfaces)).toEqual(['http://127.0.0.1:8000/']);
  expect(serverUrls('2001:db8::7', 1, interfaces)).toEqual(['http://[2001:db8::7]:1/']);
});

it('the unspecified address has one for this machine, and one for each of its addresses that fits into a URL', () => {
  expect(serverUrls('0.0.0.0', 80, interfaces)).toEqual(['http://127.0.0.1:80/', 'http://192.0.2.7:80/']);
  expect(serverUrls('::', 80, interfaces)).toEqual([
    'http://[::1]:80/',
    'http://192.0.2.7:80/',
    'http://[2001:db8::7]:80/',
  ]);
  expect(serverUrls('0.0.0.0', 80, [])).toEqual(['http://127.0.0.1:80/']);
});

it('knows which addresses lead no further than this machine', () => {
  for (const address of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1', '::FFFF:127.0.0.1']) {
    expect(isLoopback(address), address).toBe(true);
  }
  for (const address of ['0.0.0.0', '::', '128.0.0.1', '192.0.2.127', '::2', '1127.0.0.1']) {
    expect(isLoopback(address), address).toBe(false);
  }
});

it('the scheme and the path are as they are given', () => {
  expect(serverUrls('0.0.0.0', 80, interfaces, { scheme: 'https', path: '/docs/' })).toEqual([
    'https://127.0.0.1:80/docs/',
    'https://192.0.2.7:80/docs/',
  ]);
});

it('the address that others are most likely to reach comes first', () => {
  const found: readonly (readonly [name: string, address: string])[] = [
    ['docker0', '172.17.0.1'],
    ['eth1', '169.254.3.4'],
    ['tailscale0', '100.64.0.3'],
    ['eth0', '2001:db8::7'],
    ['eth2', '203.0.113.9'],
    ['wlan0', '192.168.1.7'],
    ['eth3', '172.16.0.9'],
    ['br-0a1b2c', '192.168.96.1'],
    ['en0', '10.0.0.5'],
  ];
  const all = found.map(([name, address]) => ({
    name,
    address,
    family: address.includes(':') ? 'IPv6' : 'IPv4',
    internal: false,
  }));
  expect(networkAddresses(all)).toEqual([
    '192.168.1.7',
    '10.0.0.5',
    '172.16.0.9',
    '203.0.113.9',
    '2001:db8::7',
    '169.254.3.4',
    '192.168.96.1',
    '172.17.0.1',
    '100.64.0.3',
  ]);
});
