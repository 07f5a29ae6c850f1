// Handlers that do it wrong. The client can tell, other connections cannot, and the process goes on.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BaseHTTPRequestHandler } from '../../src/index.js';
import { getBody, RawClient, request, statuses, talk } from '../support/raw-client.js';
import { type Answer, reply, TestServer } from '../support/serving.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const later = () => new Promise(setImmediate);

/** Sends the head of a long response, and some of it. */
function begin(handler: BaseHTTPRequestHandler): void {
  handler.sendResponse(200);
  handler.sendHeader('X-Own', 'yes');
  handler.endHeaders();
  handler.wfile.write('begun');
  handler.flushHeaders();
}

/** Before the head has left, the client is told; nothing of what the handler had prepared is. */
const UNSENT: Readonly<Record<string, Answer>> = {
  throws: () => {
    throw new Error('broken');
  },
  rejects: async () => {
    await later();
    throw new Error('broken');
  },
  'throws what is no error': () => {
    throw undefined;
  },
  'returns without an answer': () => {},
  'resolves without an answer': async () => {
    await later();
  },
  'throws behind endHeaders()': (handler) => {
    handler.sendResponse(200);
    handler.sendHeader('X-Own', 'yes');
    handler.endHeaders();
    throw new Error('broken');
  },
  'never calls endHeaders()': (handler) => handler.sendResponse(200),
  'answers twice': (handler) => {
    handler.sendResponse(200);
    handler.endHeaders();
    handler.sendResponse(200);
  },
  'writes before the head': (handler) => handler.wfile.write('body'),
  'sends a header that would split the response': (handler) => {
    handler.sendResponse(200);
    handler.sendHeader('X-Own', 'a\r\nSet-Cookie: b');
  },
  'writes more than it announced, at once': (handler) => {
    handler.sendResponse(200);
    handler.sendHeader('Content-Length', 2);
    handler.endHeaders();
    return handler.wfile.write('three');
  },
};

/** Behind the head, only the end of the connection can tell. */
const SENT: Readonly<Record<string, Answer>> = {
  throws: (handler) => {
    begin(handler);
    throw new Error('broken');
  },
  rejects: async (handler) => {
    begin(handler);
    await later();
    throw new Error('broken');
  },
  'sends an error page into the response': (handler) => {
    begin(handler);
    handler.sendError(500);
  },
  'writes less than it announced': async (handler) => {
    handler.sendResponse(200);
    handler.sendHeader('Content-Length', 100);
    handler.endHeaders();
    await handler.wfile.write('begun');
    handler.flushHeaders();
    await later();
  },
};

describe('a handler that', () => {
  for (const [what, answer] of Object.entries(UNSENT)) {
    it(`MUST 42: ${what}: 500, and the connection ends`, async () => {
      await using server = await TestServer.start((handler) =>
        handler.path === '/good' ? reply(handler, 'good') : answer(handler),
      );
      using other = await RawClient.connect(server.serverPort);
      const received = await talk(server.serverPort, request('GET /') + request('GET /good'));
      expect(statuses(received)).toEqual([500]);
      expect(received).not.toMatch(/X-Own|Set-Cookie|broken/);
      expect(received).toMatch(/^Connection: close\r$/m);
      expect(server.errors).toHaveLength(1);
      other.send(request('GET /good', 'Connection: close\r\n'));
      await other.closed;
      expect(statuses(other.received)).toEqual([200]);
    });
  }

  for (const [what, answer] of Object.entries(SENT)) {
    for (const version of ['HTTP/1.1', 'HTTP/1.0']) {
      it(`MUST 42, MUST 43: ${what} behind the head, to ${version}: the response has no proper end`, async () => {
        await using server = await TestServer.start((handler) =>
          handler.path === '/good' ? reply(handler, 'good') : answer(handler),
        );
        using client = await RawClient.connect(server.serverPort);
        client.send(`GET / ${version}\r\nHost: a\r\n\r\n`);
        const error = await client.closed;
        const isFramed = version === 'HTTP/1.1' || client.received.includes('Content-Length');
        expect(isFramed || error !== undefined).toBe(true);
        expect(client.received).not.toMatch(/\r\n0\r\n\r\n$/);
        expect(statuses(client.received).length).toBeLessThanOrEqual(1);
        expect(await getBody(server.serverPort, '/good')).toBe('good');
      });
    }
  }

  it('MUST 42: is cut off on a Unix socket, which has no reset: the server goes on', async () => {
    await using directory = await temporaryDirectory();
    const path = `${directory.path}/socket`;
    const answer: Answer = (handler) =>
      handler.path === '/good' ? reply(handler, 'good') : SENT['throws']!(handler);
    await using _server = await TestServer.start(answer, {}, { path });
    await talk({ path }, 'GET / HTTP/1.0\r\n\r\n');
    expect(await getBody({ path }, '/good')).toBe('good');
  });

  it('MUST 42: writes to a response that has ended is told so, and the next response is untouched', async () => {
    const told: unknown[] = [];
    let first: BaseHTTPRequestHandler['wfile'] | undefined;
    await using server = await TestServer.start(async (handler) => {
      if (handler.path === '/1') {
        first = handler.wfile;
        return reply(handler, 'one');
      }
      try {
        await first!.write('late');
      } catch (error) {
        told.push(error);
      }
      await reply(handler, 'two');
    });
    const received = await talk(
      server.serverPort,
      request('GET /1') + request('GET /2', 'Connection: close\r\n'),
    );
    expect(received).not.toContain('late');
    expect(told).toHaveLength(1);
  });

  it('MUST 42: writes on when the client has gone: nothing is thrown that nobody catches', async () => {
    let written = 0;
    let stopped = () => {};
    const done = new Promise<void>((resolve) => {
      stopped = resolve;
    });
    await using server = await TestServer.start(async (handler) => {
      begin(handler);
      const { signal } = handler;
      while (!signal.aborted) {
        handler.wfile.write('x'); // not awaited
        written++;
        await later();
      }
      for (let i = 0; i < 10; i++) handler.wfile.write('late');
      stopped();
    });
    using client = await RawClient.connect(server.serverPort);
    client.send(request('GET /'));
    await client.until((received) => received.includes('begun'));
    client.reset();
    await done;
    await later();
    expect(written).toBeGreaterThan(0);
    expect(server.errors).toEqual([]);
  });
});

// A failure that nobody catches would be reported by the test runner; here it is said which tests would cause it.
const uncaught: unknown[] = [];
const note = (error: unknown) => uncaught.push(error);
beforeAll(() => void process.on('uncaughtExceptionMonitor', note));
afterAll(() => {
  process.off('uncaughtExceptionMonitor', note);
  expect(uncaught).toEqual([]);
});
