// Clients that take their time: with the head, with the body, with our answer, between two requests. Each is cut off
// when its time is up, and nobody else has to wait for it. Closes are observed; nothing here waits for a time to pass.

import { describe, expect, it } from 'vitest';
import { getBody, RawClient, request, statuses } from '../support/raw-client.js';
import { canMeasure, isFull, ServerProcess } from '../support/server-process.js';
import { reply, TestServer } from '../support/serving.js';

const CLIENTS = isFull ? 1_000 : 300;
/** Each fills some megabytes of the system's buffers before it makes the server wait. */
const READERS = isFull ? 1_000 : 50;
const MIB = 1024 * 1024;

const echo = (timeouts: Record<string, number>, receiveRate = {}) =>
  TestServer.start(async (handler) => reply(handler, await handler.rfile.text()), { timeouts, receiveRate });

/** Sends an octet now and then, until the connection ends. */
function trickle(client: RawClient, octet: string): void {
  const timer = setInterval(() => client.send(octet), 50);
  void client.closed.then(() => clearInterval(timer));
}

async function allOf(clients: readonly RawClient[]): Promise<number[]> {
  await Promise.all(clients.map(({ closed }) => closed));
  return clients.flatMap(({ received }) => statuses(received));
}

function connectAll(server: ServerProcess, count: number): Promise<RawClient[]> {
  return Promise.all(Array.from({ length: count }, () => RawClient.connect(server.port)));
}

describe.concurrent('a slow head', () => {
  it('MUST 29: one that never comes is answered 408', async () => {
    await using server = await echo({ headers: 300 });
    using client = await RawClient.connect(server.serverPort);
    await client.closed;
    expect(statuses(client.received)).toEqual([408]);
    expect(server.requestlines).toEqual([]);
  });

  it('MUST 29: one that trickles is answered 408: octets do not buy time', async () => {
    await using server = await echo({ headers: 600 });
    using client = await RawClient.connect(server.serverPort);
    client.send('GET / HTTP/1.1\r\nHost: a\r\nX: ');
    trickle(client, 'x');
    await client.until((received) => statuses(received)[0] === 408);
    expect(server.requestlines).toEqual([]);
  });

  it('MUST 29: for the second request of a connection the time runs from its first octet', async () => {
    await using server = await echo({ headers: 600, idle: 10_000 });
    using client = await RawClient.connect(server.serverPort);
    client.send(request('GET /'));
    await client.until((received) => received.includes('200'));
    client.send('G');
    await client.closed;
    expect(statuses(client.received)).toEqual([200, 408]);
  });

  it.skipIf(!canMeasure)(
    `MUST 29, MUST 37: ${CLIENTS} of them are closed when their time is up, and a GET is answered meanwhile`,
    { timeout: 60_000 },
    async () => {
      await using server = await ServerProcess.start({ options: { timeouts: { headers: 5_000 } } });
      const clients = await connectAll(server, CLIENTS);
      for (const client of clients) {
        client.send('GET / HTTP/1.1\r\nX: ');
        trickle(client, 'x');
      }
      await server.until(({ connections }) => connections === CLIENTS);
      expect(await getBody(server.port)).toBe('hello');
      expect(clients.filter(({ isOpen }) => isOpen)).toHaveLength(CLIENTS);
      await allOf(clients);
      const after = await server.until(({ sockets }) => sockets === 0);
      expect(after.handled).toBe(1);
      expect(after.rss).toBeLessThan(200 * MIB);
    },
  );
});

describe.concurrent('a slow body', () => {
  it('MUST 30: one that stalls is answered 408', async () => {
    await using server = await echo({ receive: 300 });
    using client = await RawClient.connect(server.serverPort);
    client.send(request('POST /', 'Content-Length: 9\r\n', 'half'));
    await client.closed;
    expect(statuses(client.received)).toEqual([408]);
  });

  it('MUST 30: one that trickles below the least rate is answered 408', async () => {
    await using server = await echo({ receive: 10_000 }, { minimum: 1_000, grace: 500 });
    using client = await RawClient.connect(server.serverPort);
    client.send(request('POST /', 'Content-Length: 100000\r\n'));
    trickle(client, 'x');
    await client.until((received) => statuses(received)[0] === 408);
  });

  it('MUST 30: one that keeps the rate may take longer than any of the limits', async () => {
    await using server = await echo({ headers: 1_000, receive: 2_000 }, { minimum: 5, grace: 2_000 });
    using client = await RawClient.connect(server.serverPort);
    client.send(request('POST /', 'Content-Length: 60\r\nConnection: close\r\n'));
    let left = 60; // every 50 ms one: three seconds
    const timer = setInterval(() => (left-- > 0 ? client.send('x') : clearInterval(timer)), 50);
    await client.closed;
    expect(statuses(client.received)).toEqual([200]);
    expect(client.received).toContain('x'.repeat(60));
  });

  it.skipIf(!canMeasure)(
    `MUST 30, MUST 37: ${CLIENTS} of them are closed when their time is up, and a GET is answered meanwhile`,
    { timeout: 60_000 },
    async () => {
      await using server = await ServerProcess.start({ options: { timeouts: { receive: 5_000 } } });
      const clients = await connectAll(server, CLIENTS);
      for (const client of clients) client.send(request('PUT /', 'Content-Length: 9999\r\n', 'x'));
      await server.until(({ active }) => active === CLIENTS);
      expect(await getBody(server.port)).toBe('hello');
      expect(clients.filter(({ isOpen }) => isOpen)).toHaveLength(CLIENTS);
      expect(await allOf(clients)).toEqual(Array(CLIENTS).fill(408));
      const after = await server.until(({ sockets, active }) => sockets + active === 0);
      expect(after.rss).toBeLessThan(200 * MIB);
    },
  );
});

describe.concurrent('a slow reader', () => {
  it(`MUST 31, MUST 37: ${READERS} that stop reading are cut off, and a GET is answered meanwhile`, {
    timeout: 180_000,
  }, async () => {
    await using server = await ServerProcess.start({
      options: { timeouts: { send: isFull ? 40_000 : 5_000 } },
    });
    const clients = await connectAll(server, READERS);
    for (const client of clients) {
      client.stall();
      client.send(request('GET /big?mib=100'));
    }
    const stalled = await server.until(({ waiting }) => waiting === READERS);
    expect(await getBody(server.port)).toBe('hello');
    const after = await server.until(({ sockets, active }) => sockets + active === 0);
    expect(after).toMatchObject({ waiting: 0, failed: 0, uncaught: 0 });
    expect(stalled.rss).toBeLessThan(200 * MIB);
    if (isFull) console.log(`${READERS} stalled readers`, stalled);
    for (const client of clients) client[Symbol.dispose]();
  });

  it.skipIf(!canMeasure)(
    'MUST 31: one that takes a little at a time gets everything, however long that takes',
    {
      timeout: 60_000,
    },
    async () => {
      const timeouts = { send: 1_500 };
      await using server = await ServerProcess.start({ options: { timeouts } });
      using client = await RawClient.connect(server.port);
      client.send(request('GET /careless?mib=24', 'Connection: close\r\n'));
      let enough = MIB;
      client.socket.on('data', () => {
        if (client.received.length < enough) return;
        enough += MIB;
        client.stall();
        setTimeout(() => client.resume(), 200); // in all, five seconds
      });
      expect(await client.closed).toBeUndefined();
      expect(client.received.length - client.received.indexOf('\r\n\r\n') - 4).toBe(24 * MIB);
    },
  );
});

describe.concurrent('a client without another request', () => {
  it('MUST 32: is told the time that it has, and closed behind it', async () => {
    await using server = await echo({ idle: 1_000 });
    using client = await RawClient.connect(server.serverPort);
    client.send(request('GET /', 'Connection: keep-alive\r\n'));
    await client.closed;
    expect(statuses(client.received)).toEqual([200]);
    expect(client.received).toMatch(/^Keep-Alive: timeout=1\r$/m);
  });

  it('MUST 32: each request gives it the whole time again', async () => {
    await using server = await echo({ idle: 3_000 });
    using client = await RawClient.connect(server.serverPort);
    for (let requests = 1; requests <= 5; requests++) {
      client.send(request('GET /'));
      await client.until((received) => statuses(received).length === requests);
      await new Promise((resolve) => setTimeout(resolve, 900)); // the pause is what is tested
    }
    expect(client.isOpen).toBe(true);
  });
});
