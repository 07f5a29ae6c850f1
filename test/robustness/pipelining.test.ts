// Many requests at once, from clients that read the responses, or do not.

import { describe, expect, it } from 'vitest';
import { RawClient, request, statuses, talk } from '../support/raw-client.js';
import { canMeasure, ServerProcess } from '../support/server-process.js';
import { reply, TestServer } from '../support/serving.js';

const MIB = 1024 * 1024;
const COUNT = 10_000;
const limits = { maxRequestsPerConnection: Number.POSITIVE_INFINITY };

function numbered(path: string): string {
  let text = '';
  for (let n = 1; n < COUNT; n++) text += request(`GET ${path}?n=${n}`);
  return text + request(`GET ${path}?n=${COUNT}`, 'Connection: close\r\n');
}

describe.skipIf(!canMeasure)('10,000 pipelined requests', () => {
  for (const [handler, path] of [
    ['that answers at once', '/number'],
    ['that answers later', '/later'],
  ] as const) {
    it(`MUST 23: to a handler ${handler} wait while the client does not read, and are answered in order when it does`, {
      timeout: 60_000,
    }, async () => {
      await using server = await ServerProcess.start({ options: { limits } });
      const before = await server.stats();
      using client = await RawClient.connect(server.port);
      client.stall();
      client.send(numbered(path));
      const stopped = await server.stuck('handled');
      expect(stopped.handled).toBeLessThan(COUNT);
      expect(stopped.rss - before.rss).toBeLessThan(40 * MIB);
      client.resume();
      await client.closed;
      const numbers = [...client.received.matchAll(/<(\d+)>/g)].map((match) => Number(match[1]));
      expect(numbers).toEqual(Array.from({ length: COUNT }, (_, index) => index + 1));
    });
  }
});

describe('pipelined requests', () => {
  it('MUST 23: one that is malformed does not lose the responses before it', async () => {
    await using server = await TestServer.start(async (handler) => {
      await new Promise(setImmediate);
      await reply(handler, handler.path);
    });
    const received = await talk(
      server.serverPort,
      `${request('GET /1') + request('GET /2')}BROKEN\r\n\r\n${request('GET /3')}`,
    );
    expect(statuses(received)).toEqual([200, 200, 400]);
    expect(server.requestlines).toEqual(['GET /1 HTTP/1.1', 'GET /2 HTTP/1.1']);
  });

  it('MUST 23: nothing behind a request that ends the connection is looked at', async () => {
    await using server = await TestServer.start((handler) => reply(handler, handler.path));
    const received = await talk(
      server.serverPort,
      request('GET /1', 'Connection: close\r\n') + request('GET /2'),
    );
    expect(statuses(received)).toEqual([200]);
    expect(server.requestlines).toEqual(['GET /1 HTTP/1.1']);
  });
});
