// How much a peer may do, over real sockets: connections, requests on one, what is left of a body, early errors.

import { describe, expect, it } from 'vitest';
import { getBody, RawClient, request, statuses, talk, times } from '../support/raw-client.js';
import { canMeasure, ServerProcess } from '../support/server-process.js';
import { reply, TestServer } from '../support/serving.js';

const KIB = 1024;
const MIB = 1024 * KIB;

const hello = () => TestServer.start((handler) => reply(handler, handler.path));

/** A connection that is idle behind a request. */
async function idleClient(server: TestServer): Promise<RawClient> {
  const client = await RawClient.connect(server.serverPort);
  client.send(request('GET /'));
  await client.until((received) => received.endsWith('/'));
  return client;
}

describe('connections', () => {
  it('MUST 34: one too many evicts the one that has been idle the longest', async () => {
    await using server = await TestServer.start((handler) => reply(handler, '/'), {
      limits: { maxConnections: 3 },
    });
    using first = await idleClient(server);
    using second = await idleClient(server);
    using fresh = await RawClient.connect(server.serverPort);
    expect(await getBody(server.serverPort)).toBe('/');
    await first.closed;
    expect([second.isOpen, fresh.isOpen]).toEqual([true, true]);
  });

  it('MUST 34: each call that makes room closes another connection, until none is idle', async () => {
    await using server = await hello();
    using _first = await idleClient(server);
    using _second = await idleClient(server);
    expect([server.makeRoom(), server.makeRoom(), server.makeRoom()]).toEqual([true, true, false]);
  });

  it('MUST 34: many at once evict as many, and never are more open than allowed', async () => {
    const most = 20;
    await using server = await TestServer.start((handler) => reply(handler, '/'), {
      limits: { maxConnections: most },
    });
    const clients = await Promise.all(
      Array.from({ length: 200 }, () => RawClient.connect(server.serverPort)),
    );
    const opened = () => clients.filter(({ isOpen }) => isOpen).length;
    while (opened() > most)
      await Promise.race(clients.filter(({ isOpen }) => isOpen).map(({ closed }) => closed));
    expect(await getBody(server.serverPort)).toBe('/');
    expect(opened()).toBeGreaterThan(0);
    for (const client of clients) client[Symbol.dispose]();
  });

  it('MUST 34: when none is idle, one too many is closed at once; it recovers as soon as there is room', async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const limits = { maxConnections: 2 };
    await using server = await TestServer.start(
      async (handler) => {
        if (handler.path === '/held') await held;
        await reply(handler, handler.path);
      },
      { limits },
    );
    const busy = [talk(server.serverPort, request('GET /held', 'Connection: close\r\n'))];
    busy.push(talk(server.serverPort, request('GET /held', 'Connection: close\r\n')));
    while (server.requestlines.length < 2) await new Promise(setImmediate);
    using refused = await RawClient.connect(server.serverPort);
    await refused.closed;
    expect(refused.received).toBe('');
    release();
    expect((await Promise.all(busy)).map(statuses)).toEqual([[200], [200]]);
    expect(await getBody(server.serverPort)).toBe('/');
  });

  it.skipIf(!canMeasure)(
    'MUST 34: 2,000 connections against 256 descriptors do not stop the server, which recovers at once',
    { timeout: 60_000 },
    async () => {
      await using server = await ServerProcess.start({ maxDescriptors: 256 });
      const clients: RawClient[] = [];
      await times(2_000, 100, async () => {
        try {
          clients.push(await RawClient.connect(server.port));
        } catch {
          // The server has run out of descriptors: it may refuse.
        }
      });
      expect(clients.length).toBeGreaterThan(200);
      for (const client of clients) client[Symbol.dispose]();
      await server.until(({ sockets }) => sockets === 0);
      expect(await getBody(server.port)).toBe('hello');
      expect(await server.stats()).toMatchObject({ uncaught: 0, failed: 0 });
    },
  );

  it('MUST 33: the last of 1,000 requests says Connection: close, and the connection ends behind it', async () => {
    await using server = await hello();
    const received = await talk(server.serverPort, request('GET /').repeat(1_100));
    const heads = received.split('HTTP/1.1 200').slice(1);
    expect(heads).toHaveLength(1_000);
    expect(heads.filter((head) => /^connection: close\r$/im.test(head))).toEqual([heads.at(-1)]);
    expect(server.requestlines).toHaveLength(1_000);
  });
});

describe('what is left of a body', () => {
  const smuggled = request('GET /smuggled');

  it('MUST 36: up to 256 KiB are stepped over, and are never a request', async () => {
    await using server = await hello();
    const body = smuggled.padEnd(200 * KIB, 'x');
    const received = await talk(
      server.serverPort,
      request('POST /upload', `Content-Length: ${body.length}\r\n`, body) +
        request(
          'POST /chunked',
          'Transfer-Encoding: chunked\r\n',
          `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
        ) +
        request('GET /last', 'Connection: close\r\n'),
    );
    expect(statuses(received)).toEqual([200, 200, 200]);
    expect(server.requestlines).toEqual([
      'POST /upload HTTP/1.1',
      'POST /chunked HTTP/1.1',
      'GET /last HTTP/1.1',
    ]);
  });

  it('MUST 36: more ends the connection behind the response, whatever its framing', async () => {
    await using server = await hello();
    const body = smuggled.padEnd(300 * KIB, 'x');
    for (const upload of [
      request('POST /', `Content-Length: ${body.length}\r\n`, body),
      request(
        'POST /',
        'Transfer-Encoding: chunked\r\n',
        `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
      ),
    ]) {
      expect(statuses(await talk(server.serverPort, upload + smuggled))).toEqual([200]);
    }
    expect(server.requestlines).toHaveLength(2);
  });

  it('MUST 36: one that does not come ends the connection when its time is up', async () => {
    await using server = await TestServer.start((handler) => reply(handler, '/'), {
      timeouts: { discard: 500 },
    });
    expect(statuses(await talk(server.serverPort, request('POST /', 'Content-Length: 9\r\n', 'x')))).toEqual([
      200,
    ]);
  });
});

describe('errors before the request has been received', () => {
  it('MUST 40: 100 of 100 clients that send 3 MB of URL see the 414', { timeout: 60_000 }, async () => {
    await using server = await hello();
    const url = Buffer.alloc(3 * MIB, 'u');
    await times(100, 10, async () => {
      using client = await RawClient.connect(server.serverPort, true);
      client.send('GET /');
      client.send(url);
      client.send(request(''));
      expect(statuses(await client.ended())).toEqual([414]);
      client.end();
      expect(await client.closed).toBeUndefined(); // no reset either
    });
    expect(server.requestlines).toEqual([]);
  });

  it('MUST 40: a client that never stops sending is cut off', async () => {
    const timeouts = { linger: 1000, lingerTotal: 1000 };
    await using server = await TestServer.start((handler) => reply(handler, '/'), { timeouts });
    using client = await RawClient.connect(server.serverPort, true);
    client.send('NOT HTTP\r\n');
    const pour = () => void client.socket.write(Buffer.alloc(64 * KIB), (error) => error ?? pour());
    pour();
    await client.closed;
    expect(statuses(client.received)).toEqual([400]);
  });
});
