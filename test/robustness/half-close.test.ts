// Clients that end their half: behind a whole request they wait for the response, inside of one they have given up.

import { expect, it } from 'vitest';
import { RawClient, request, statuses } from '../support/raw-client.js';
import { reply, TestServer } from '../support/serving.js';

const MIB = 1024 * 1024;

it('MUST 38: a client that half-closes behind its request gets the whole response', async () => {
  await using server = await TestServer.start(async (handler) => {
    await new Promise((resolve) => setTimeout(resolve, 20)); // the FIN is here before the response
    await reply(handler, 'x'.repeat(4 * MIB));
  });
  using client = await RawClient.connect(server.serverPort, true);
  client.send(request('GET /'));
  client.end();
  await client.closed;
  expect(statuses(client.received)).toEqual([200]);
  expect(client.received.includes('x'.repeat(4 * MIB))).toBe(true);
  expect(client.received.endsWith('\r\n0\r\n\r\n')).toBe(true);
});

it('MUST 38: so does one that half-closes behind several', async () => {
  await using server = await TestServer.start(async (handler) => {
    await new Promise(setImmediate);
    await reply(handler, handler.path);
  });
  using client = await RawClient.connect(server.serverPort, true);
  client.send(request('GET /1') + request('POST /2', 'Content-Length: 2\r\n', 'ab') + request('GET /3'));
  client.end();
  await client.closed;
  expect(statuses(client.received)).toEqual([200, 200, 200]);
});

it('MUST 39: a request that is cut off at any octet of its head reaches no handler', async () => {
  await using server = await TestServer.start((handler) => reply(handler, handler.path));
  const head = request('GET /', 'Accept: */*\r\n');
  for (let length = 0; length < head.length; length++) {
    using client = await RawClient.connect(server.serverPort, true);
    client.send(head.slice(0, length));
    client.end();
    await client.closed;
    expect(statuses(client.received)).toEqual(length === 0 ? [] : [400]);
  }
  expect(server.requestlines).toEqual([]);
});

it('MUST 39: where a body is cut off at any octet, its reader gets an error, not an end', async () => {
  const read: string[] = [];
  const failures: unknown[] = [];
  await using server = await TestServer.start(async (handler) => {
    try {
      read.push(await handler.rfile.text());
    } catch (error) {
      failures.push(error);
      throw error;
    }
  });
  const length = request('POST /', 'Content-Length: 5\r\n');
  const chunks = request('POST /', 'Transfer-Encoding: chunked\r\n');
  const cuts = [
    ...['', 'h', 'hell'].map((body) => length + body),
    ...[
      '',
      '5',
      '5\r',
      '5\r\n',
      '5\r\nhello',
      '5\r\nhello\r\n',
      '5\r\nhello\r\n0\r\n',
      '5\r\nhello\r\n0\r\nA: b\r\n',
    ].map((body) => chunks + body),
  ];
  for (const cut of cuts) {
    using client = await RawClient.connect(server.serverPort, true);
    client.send(cut);
    client.end();
    await client.closed;
    expect(statuses(client.received)).toEqual([400]);
  }
  expect(read).toEqual([]);
  expect(failures).toHaveLength(cuts.length);
  expect(server.errors).toEqual([]); // it is the client's fault, and no news
});
