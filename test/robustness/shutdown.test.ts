// The graceful end: what is in flight is finished, what is idle ends at once, what takes too long is cut.

import { expect, it } from 'vitest';
import { RawClient, request, statuses, talk } from '../support/raw-client.js';
import { reply, TestServer } from '../support/serving.js';

/** A server whose requests to `/held` are answered when `release()` is called. */
async function holding() {
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const server = await TestServer.start(async (handler) => {
    if (handler.path !== '/held') return reply(handler, handler.path);
    await held;
    await reply(handler, 'finished');
  });
  const inFlight = async (count: number) => {
    while (server.requestlines.filter((line) => line.includes('/held')).length < count)
      await new Promise(setImmediate);
  };
  return { server, release, inFlight };
}

it('MUST 83: a request in flight is finished, with Connection: close, and its connection ends', async () => {
  const { server, release, inFlight } = await holding();
  const answer = talk(server.serverPort, request('GET /held'));
  await inFlight(1);
  const ended = server.shutdown();
  release();
  expect(await answer).toMatch(/^HTTP\/1\.1 200 .*\r\nConnection: close\r\n.*finished$/s);
  await ended;
  await server.serving;
});

it('MUST 83: idle connections are ended at once, while others are finished', async () => {
  const { server, release, inFlight } = await holding();
  const idle = await RawClient.connect(server.serverPort);
  idle.send(request('GET /idle'));
  await idle.until((received) => received.includes('/idle'));
  const fresh = await RawClient.connect(server.serverPort);
  const answer = talk(server.serverPort, request('GET /held'));
  await inFlight(1);
  const ended = server.shutdown();
  expect(await idle.closed).toBeUndefined();
  expect(await fresh.closed).toBeUndefined();
  release();
  expect(statuses(await answer)).toEqual([200]);
  await ended;
});

it('MUST 83: nothing is accepted any more', async () => {
  const { server, release, inFlight } = await holding();
  const answer = talk(server.serverPort, request('GET /held'));
  await inFlight(1);
  const ended = server.shutdown();
  await expect(RawClient.connect(server.serverPort)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  release();
  await answer;
  await ended;
});

it('MUST 83: of pipelined requests the one in flight is answered; it says that it is the last', async () => {
  const { server, release, inFlight } = await holding();
  const answer = talk(server.serverPort, request('GET /1') + request('GET /held') + request('GET /3'));
  await inFlight(1);
  const ended = server.shutdown();
  release();
  const received = await answer;
  expect(statuses(received)).toEqual([200, 200]);
  expect(received.split('HTTP/1.1 ')[2]).toContain('Connection: close');
  await ended;
  expect(server.requestlines).toHaveLength(2);
});

it('MUST 83: a request that is arriving is answered', async () => {
  const { server, release } = await holding();
  using client = await RawClient.connect(server.serverPort);
  client.send('GET /arriving HTTP/1.1\r\nHo');
  while ([...server.connectionSettings.deadlines].some((timed) => 'idle' in timed && timed.idle))
    await new Promise(setImmediate);
  const ended = server.shutdown();
  client.send('st: a\r\n\r\n');
  expect(statuses(await client.ended())).toEqual([200]);
  expect(client.received).toMatch(/^Connection: close\r$/m);
  await ended;
  release();
});

it('MUST 83: what is not finished in time is cut, and shutdown resolves', async () => {
  const { server, inFlight } = await holding();
  using client = await RawClient.connect(server.serverPort);
  client.send(request('GET /held'));
  await inFlight(1);
  await server.shutdown({ graceMs: 50 });
  await client.closed;
  expect(client.received).toBe('');
  await server.serving;
});

it('MUST 83: 20 shutdowns under load cut off no response, and lose no request that a server had begun to answer', async () => {
  for (let round = 0; round < 20; round++) {
    const server = await TestServer.start(async (handler) => {
      await new Promise(setImmediate);
      await reply(handler, handler.path);
    });
    let answered = 0;
    const clients = await Promise.all(Array.from({ length: 8 }, () => RawClient.connect(server.serverPort)));
    const load = clients.map(async (client) => {
      for (let n = 1; !client.received.includes('Connection: close'); n++) {
        client.send(request(`GET /${n}`));
        const isAnswered = await client
          .until((received) => received.endsWith(`\r\n\r\n/${n}`))
          .then(
            () => true,
            () => false,
          );
        if (!isAnswered) break; // the idle connection was ended while the request was on its way
        answered++;
      }
      await client.closed;
      return client.received;
    });
    while (answered < 50 + round) await new Promise(setImmediate);
    await server.shutdown();
    const received = await Promise.all(load);
    const whole = received.map(
      (text) => text.match(/HTTP\/1\.1 200 OK\r\n(?:[^\r]+\r\n)*\r\n\/\d+/g)?.length ?? 0,
    );
    expect(received.map((text) => statuses(text).length)).toEqual(whole);
    expect(whole.reduce((sum, count) => sum + count)).toBe(answered);
    expect(server.requestlines).toHaveLength(answered);
  }
});
