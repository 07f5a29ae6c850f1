// What a peer can make the server hold: little, whatever it announces, asks for, or does not take.

import { truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { RawClient, request, statuses, times } from '../support/raw-client.js';
import { canMeasure, isFull, ServerProcess } from '../support/server-process.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const KIB = 1024;
const MIB = 1024 * KIB;

/** A process whose memory has grown to what it needs for ordinary work. */
async function warm(directory?: string): Promise<ServerProcess> {
  const server = await ServerProcess.start(directory === undefined ? {} : { directory });
  await mixedRequests(server, 1_000);
  return server;
}

describe.skipIf(!canMeasure)('memory', () => {
  it('MUST 35: it grows with what is received, not with what is announced', { timeout: 60_000 }, async () => {
    await using server = await warm();
    const before = await server.stats();
    const clients = await Promise.all(Array.from({ length: 100 }, () => RawClient.connect(server.port)));
    for (const client of clients)
      client.send(request('PUT /', 'Content-Length: 2147483647\r\n', 'x'.repeat(KIB)));
    const receiving = await server.until(({ active }) => active === 100);
    expect(receiving.rss - before.rss).toBeLessThan(20 * MIB);
    for (const client of clients) client.reset();
    await server.until(({ active }) => active === 0);
  });

  it('MUST 35: a body that is too large to be read whole is refused before it is read', {
    timeout: 60_000,
  }, async () => {
    await using server = await warm();
    const before = await server.stats();
    await times(100, 100, async () => {
      using client = await RawClient.connect(server.port);
      client.send(request('POST /', 'Content-Length: 2147483647\r\n', 'x'.repeat(KIB)));
      await client.closed;
      expect(statuses(client.received)).toEqual([413]);
    });
    const after = await server.stats();
    expect(after.rss - before.rss).toBeLessThan(20 * MIB);
  });

  it('MUST 35: one in chunks is refused as soon as it is too large', async () => {
    await using server = await ServerProcess.start();
    using client = await RawClient.connect(server.port);
    client.send(request('POST /', 'Transfer-Encoding: chunked\r\n', `${(1025 * KIB).toString(16)}\r\n`));
    client.send(Buffer.alloc(1025 * KIB));
    await client.closed;
    expect(statuses(client.received)).toEqual([413]);
  });

  for (const [what, path] of [
    ['a handler that awaits its writes', '/big?mib=100'],
    ['a file', '/files/big'],
  ] as const) {
    it(`MUST 45: five readers that stall at 100 MiB of ${what} cost less than 60 MB`, {
      timeout: 60_000,
    }, async () => {
      await using directory = await temporaryDirectory({ big: '' });
      await truncate(join(directory.path, 'big'), 100 * MIB);
      await using server = await warm(directory.path);
      const before = await server.stats();
      const clients = await Promise.all(Array.from({ length: 5 }, () => RawClient.connect(server.port)));
      for (const client of clients) {
        client.stall();
        client.send(request(`GET ${path}`));
      }
      await server.until(({ active }) => active === 5);
      const stalled = await server.stuck('written');
      if (path.startsWith('/big')) expect(stalled.waiting).toBe(5); // write() told them to
      expect(stalled.rss - before.rss).toBeLessThan(60 * MIB);
      if (isFull)
        console.log(`stalled readers of ${what}: +${((stalled.rss - before.rss) / MIB).toFixed(1)} MiB`);
      const [first, ...others] = clients;
      first!.drop();
      await first!.until(() => first!.socket.bytesRead > 100 * MIB);
      for (const client of others) client[Symbol.dispose]();
      await server.until(({ active }) => active === 0);
      first![Symbol.dispose]();
    });
  }

  const [some, more] = isFull ? [100_000, 1_000_000] : [10_000, 30_000];
  it(`MUST 46: the heap after ${more} mixed requests is that after ${some}, within 5 %`, {
    timeout: 900_000,
  }, async () => {
    await using server = await ServerProcess.start();
    await mixedRequests(server, some); // for the compiler to have done what it does
    await mixedRequests(server, some);
    const before = await server.until(({ sockets }) => sockets === 0);
    await mixedRequests(server, more - some);
    const after = await server.until(({ sockets }) => sockets === 0);
    expect(after.heapUsed).toBeLessThan(before.heapUsed * 1.05);
    expect(after).toMatchObject({ uncaught: 0, failed: 0, active: 0, descriptors: before.descriptors });
    if (isFull) console.log('soak', { before, after });
  });
});

const MIX = [
  request('GET /'),
  request('GET /number?n=7', 'Accept: text/html\r\nCookie: a=b; c=d\r\nX-Unknown: 1\r\n'),
  request('GET /later?n=7'),
  request('HEAD /'),
  request('POST /', 'Content-Length: 100\r\n', 'p'.repeat(100)),
  request('POST /', 'Transfer-Encoding: chunked\r\n', '5\r\nhello\r\n3;x=y\r\nabc\r\n0\r\nT: 1\r\n\r\n'),
  request('PUT /', 'Content-Length: 20000\r\n', 'u'.repeat(20_000)),
  request('DELETE /', 'Content-Length: 10\r\n', 'unread....'),
  request('POST /', 'Content-Length: 4\r\nExpect: 100-continue\r\n', 'body'),
];
/** Each of them ends its connection. */
const LAST = [
  request('GET /none'),
  'NOT HTTP\r\n\r\n',
  request('POST /', 'Content-Length: x\r\n'),
  'GET / HTTP/1.0\r\n\r\n',
];
const PER_CONNECTION = 50;

/** Sends so many requests of all kinds, on connections that end in all ways. */
async function mixedRequests(server: ServerProcess, count: number): Promise<void> {
  await times(count / PER_CONNECTION, 20, async (index) => {
    using client = await RawClient.connect(server.port);
    let text = '';
    for (let i = 1; i < PER_CONNECTION; i++) text += MIX[(index + i) % MIX.length];
    client.send(text + LAST[index % LAST.length]);
    await client.closed;
  });
}
