// The two ways of listening that are not a port.

import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { expect, it } from 'vitest';
import { get, request, statuses, talk } from '../support/raw-client.js';
import { reply, TestServer } from '../support/serving.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

it.skipIf(process.platform === 'win32')('serves on a Unix socket, and removes it at the end', async () => {
  await using directory = await temporaryDirectory();
  const path = `${directory.path}/socket`;
  const server = await TestServer.start(
    (handler) => reply(handler, `${handler.clientAddress[0]}:${handler.path}`),
    {},
    { path },
  );
  expect(server.serverAddress).toEqual([path, 0]);
  expect(await get({ path }, '/spam')).toBe(':/spam');
  expect(
    statuses(await talk({ path }, request('GET /1') + request('GET /2', 'Connection: close\r\n'))),
  ).toEqual([200, 200]);
  await server.shutdown();
  expect(existsSync(path)).toBe(false);
});

it.skipIf(process.platform === 'win32')('serves on a descriptor that somebody else has bound', async () => {
  const bound = createServer().listen(0, '127.0.0.1');
  await once(bound, 'listening');
  const { port } = bound.address() as { port: number };
  // Node tells the number of a descriptor by this alone.
  const { fd } = (bound as unknown as { _handle: { fd: number } })._handle;
  const server = await TestServer.start((handler) => reply(handler, handler.path), {}, { fd });
  expect(server.fileno()).toBe(fd);
  // Both listen; which of them accepts is the system's choice, so the other one hands over what it gets.
  bound.on('connection', (socket) => socket.destroy());
  let answer = '';
  while (answer === '') answer = await get(port, '/spam').catch(() => '');
  expect(answer).toBe('/spam');
  await server.shutdown();
  bound.close();
});
