// The two ways of listening that are not a port.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { expect, it } from 'vitest';
import { built } from '../support/built.js';
import { getBody, request, statuses, talk } from '../support/raw-client.js';
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
  expect(await getBody({ path }, '/spam')).toBe(':/spam');
  expect(
    statuses(await talk({ path }, request('GET /1') + request('GET /2', 'Connection: close\r\n'))),
  ).toEqual([200, 200]);
  await server.shutdown();
  expect(existsSync(path)).toBe(false);
});

const PROGRAM = `
  const { BaseHTTPRequestHandler, HTTPServer } = await import(process.argv[1]);
  class Handler extends BaseHTTPRequestHandler {
    do_GET() {
      this.sendResponse(200);
      this.endHeaders();
      this.wfile.write(this.server.serverName + this.server.fileno() + this.path);
    }
    logMessage() {}
  }
  await new HTTPServer({ fd: 3 }, Handler).serveForever();
`;

it.skipIf(process.platform === 'win32')('serves on a descriptor that another process has bound', async () => {
  const bound = createServer().listen(0, '127.0.0.1');
  await once(bound, 'listening');
  const { port } = bound.address() as AddressInfo;
  // Node tells the number of a descriptor by this alone.
  const { fd } = (bound as unknown as { _handle: { fd: number } })._handle;
  const child = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM, built('index.js')], {
    stdio: ['ignore', 'inherit', 'inherit', fd],
  });
  try {
    bound.close(); // from here on the child alone listens
    expect(await getBody(port, '/spam')).toBe('127.0.0.13/spam');
  } finally {
    child.kill();
    await once(child, 'exit');
  }
});
