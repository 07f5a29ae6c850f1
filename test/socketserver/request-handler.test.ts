import { once } from 'node:events';
import type { Socket } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import type { Address, ClientAddress } from '../../src/socketserver/address.js';
import { BaseRequestHandler, StreamRequestHandler } from '../../src/socketserver/request-handler.js';
import { TCPServer } from '../../src/socketserver/tcp-server.js';
import { ByteReader } from '../../src/streams/byte-reader.js';
import { ByteWriter } from '../../src/streams/byte-writer.js';
import {
  afterTest,
  answer,
  closed,
  connected,
  EchoHandler,
  Gate,
  received,
  serving,
  until,
} from './support.js';

const ANYWHERE: Address = ['127.0.0.1', 0];
/** More than any system keeps in the buffers of a socket. */
const MUCH = 16 * 1024 * 1024 + 1;

type Handle = (handler: StreamRequestHandler) => void | Promise<void>;

/** A server whose handlers do that, and what its handlers failed with. */
async function serverOf(handle: Handle, settings: Partial<StreamRequestHandler> = {}) {
  class Handler extends StreamRequestHandler {
    override handle(): void | Promise<void> {
      return handle(this);
    }
  }
  Object.assign(Handler.prototype, settings);
  class Server extends TCPServer {
    readonly errors: unknown[] = [];
    override handleError(_request: Socket, _clientAddress: ClientAddress, error: unknown): void {
      this.errors.push(error);
    }
  }
  const server = await serving(new Server(ANYWHERE, Handler));
  return { server, address: server.serverAddress, errors: server.errors };
}

it('a handler knows its request, its client and its server', async () => {
  let seen: BaseRequestHandler | undefined;
  let port: number | undefined;
  class Handler extends BaseRequestHandler {
    override handle(): void {
      seen = this;
      port = this.request.localPort;
    }
  }
  const server = await serving(new TCPServer(ANYWHERE, Handler));
  const client = await connected(server.serverAddress);
  const { localAddress, localPort } = client;
  await closed(client.resume());
  expect(seen?.server).toBe(server);
  expect(seen?.clientAddress).toEqual([localAddress, localPort]);
  expect(port).toBe(server.serverAddress[1]);
});

describe('rfile', () => {
  it('is a ByteReader over the request: lines, pieces and the rest', async () => {
    const { address, errors } = await serverOf(async ({ rfile, wfile }) => {
      expect(rfile).toBeInstanceOf(ByteReader);
      const parts = [await rfile.readline(), await rfile.read(3), await rfile.readline(), await rfile.read()];
      await wfile.write(JSON.stringify(parts.map(String)));
      expect(await rfile.read()).toHaveLength(0);
      expect(await rfile.readline()).toHaveLength(0);
    });
    expect(await answer(address, 'one\ntwothree\nrest\nof it')).toBe(
      '["one\\n","two","three\\n","rest\\nof it"]',
    );
    expect(errors).toEqual([]);
  });

  it('is made once, and can be replaced', async () => {
    const results: boolean[] = [];
    const { address } = await serverOf((handler) => {
      const other = new ByteReader({ read: () => undefined });
      const { rfile, wfile } = handler;
      results.push(handler.rfile === rfile, handler.wfile === wfile);
      handler.rfile = other;
      results.push(handler.rfile === other);
      const writer = new ByteWriter({ write: () => {}, flush: () => void results.push(true) });
      handler.wfile = writer;
      results.push(handler.wfile === writer);
    });
    await answer(address, '');
    expect(results).toEqual([true, true, true, true, true]);
  });

  it('leaves a request that is not read in the peer’s hands', async () => {
    const gate = new Gate();
    const { address, errors } = await serverOf(async ({ request, rfile }) => {
      expect(request.isPaused()).toBe(true);
      await rfile.readline();
      await gate.opened;
      expect(request.readableLength).toBeLessThan(1024 * 1024);
      let left = 0;
      for await (const chunk of rfile) left += chunk.length;
      expect(left).toBe(MUCH);
    });
    const client = await connected(address);
    client.write('line\n');
    const sent = once(client, 'drain');
    client.write(Buffer.alloc(MUCH));
    // Nobody reads: the buffers of both sides fill, and the client has to keep the rest.
    let kept: number;
    do {
      kept = client.bytesWritten - client.writableLength;
      await new Promise((resolve) => setTimeout(resolve, 20));
    } while (client.bytesWritten - client.writableLength > kept);
    expect(client.writableLength).toBeGreaterThan(0);
    gate.open();
    await sent;
    client.end();
    expect(await received(client)).toBe('');
    expect(errors).toEqual([]);
  });

  it('breaks when the client resets the connection', async () => {
    const started = new Gate();
    const { server, address, errors } = await serverOf(async ({ rfile }) => {
      started.open();
      await rfile.readline();
    });
    const client = await connected(address);
    await started.opened;
    client.resetAndDestroy();
    await until(() => errors.length > 0);
    expect(errors).toMatchObject([{ code: 'ECONNRESET' }]);
    expect(await answer(server.serverAddress, '\n')).toBe('');
  });

  it('breaks when the connection has been destroyed', async () => {
    const { address, errors } = await serverOf(async ({ rfile, request }) => {
      request.destroy();
      await rfile.readline();
    });
    await answer(address, 'x');
    await until(() => errors.length > 0);
    expect(errors).toMatchObject([{ code: 'ECONNRESET', message: 'The connection is closed' }]);
  });
});

describe('wfile', () => {
  it('sends what is written at once', async () => {
    const gate = new Gate();
    const { address, errors } = await serverOf(async ({ wfile }) => {
      expect(wfile).toBeInstanceOf(ByteWriter);
      expect(wfile.write('now ')).toBeUndefined();
      await gate.opened;
      expect(wfile.write(Buffer.from('and th\u00e9n'))).toBeUndefined();
    });
    const client = await connected(address);
    const all = received(client);
    await once(client, 'data');
    gate.open();
    expect(await all).toBe('now and th\u00e9n');
    expect(errors).toEqual([]);
  });

  it.each([
    ['awaited', async (wfile: ByteWriter) => await wfile.write(Buffer.alloc(MUCH, 'x'))],
    ['not awaited', (wfile: ByteWriter) => void wfile.write(Buffer.alloc(MUCH, 'x'))],
  ])('truncates nothing: 16 MiB and a byte, %s', async (_, write) => {
    const { address } = await serverOf(({ wfile }) => write(wfile));
    const client = await connected(address);
    let length = 0;
    client.on('data', (chunk) => {
      length += chunk.length;
    });
    await closed(client);
    expect(length).toBe(MUCH);
  });

  it('MUST 45: makes the writer wait for a client that does not read', async () => {
    let written = 0;
    const blocked = new Gate();
    const { address } = await serverOf(async ({ wfile, request }) => {
      const piece = Buffer.alloc(64 * 1024);
      while (written < MUCH) {
        const wait = wfile.write(piece);
        written += piece.length;
        if (wait === undefined) continue;
        if (request.writableLength >= piece.length) blocked.open();
        await wait;
      }
    });
    const client = await connected(address);
    await blocked.opened;
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    const before = written;
    expect(before).toBeLessThan(MUCH);
    await closed(client.resume());
    expect(written).toBeGreaterThan(before);
  });

  it('tells all who wait when the connection breaks, and nobody has to listen', async () => {
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    afterTest(() => process.off('unhandledRejection', unhandled));
    const started = new Gate();
    const results: unknown[] = [];
    const { address, errors } = await serverOf(async ({ wfile }) => {
      const first = wfile.write(Buffer.alloc(MUCH));
      const second = wfile.write('more');
      started.open();
      results.push(await Promise.resolve(first).catch((error: { code: string }) => error.code));
      results.push(await Promise.resolve(second).catch((error: { code: string }) => error.code));
      void wfile.write('late');
      await wfile.write('too late');
    });
    const client = await connected(address);
    await started.opened;
    client.resetAndDestroy();
    await until(() => errors.length > 0);
    const gone = expect.stringMatching(/^(ECONNRESET|EPIPE)$/);
    expect(results).toEqual([gone, gone]);
    expect(errors).toMatchObject([{ code: gone }]);
    await new Promise(setImmediate);
    expect(unhandled).not.toHaveBeenCalled();
  });

  it('takes nothing once the handler has ended the connection', async () => {
    const { address, errors } = await serverOf(async ({ wfile, request }) => {
      request.end('last');
      await wfile.write('more');
    });
    expect(await answer(address, '')).toBe('last');
    expect(errors).toMatchObject([{ code: 'EPIPE' }]);
  });

  it('is flushed by finish(), which forgives that the client is gone', async () => {
    const { address, errors, server } = await serverOf(async ({ wfile, request }) => {
      void wfile.write(Buffer.alloc(MUCH));
      setImmediate(() => request.resetAndDestroy());
    });
    await closed((await connected(address)).resume());
    await server.shutdown();
    expect(errors).toEqual([]);
  });
});

describe('timeout', () => {
  it('destroys a connection on which nothing happens', async () => {
    const { address, errors } = await serverOf(async ({ rfile }) => void (await rfile.read()), {
      timeout: 0.02,
    });
    const client = await connected(address);
    expect(await received(client)).toBe('');
    await until(() => errors.length > 0);
    expect(errors).toMatchObject([{ code: 'ETIMEDOUT' }]);
  });

  it('is none by default', async () => {
    const timeouts: (number | undefined)[] = [];
    const { address } = await serverOf(({ request }) => void timeouts.push(request.timeout));
    await answer(address, '');
    expect(timeouts).toEqual([undefined]);
  });
});

it('disableNagleAlgorithm is true, and may be set to false', async () => {
  const calls: unknown[][] = [];
  for (const disableNagleAlgorithm of [true, false]) {
    class Handler extends EchoHandler {
      override setup(): void {
        const spy = vi.spyOn(this.request, 'setNoDelay');
        super.setup();
        calls.push(...spy.mock.calls);
      }
    }
    Handler.prototype.disableNagleAlgorithm = disableNagleAlgorithm;
    const server = await serving(new TCPServer(ANYWHERE, Handler));
    await answer(server.serverAddress, 'x');
  }
  expect(calls).toEqual([[false]]);
});

it('MUST 41: clients that reset at any time do no harm', async () => {
  const { server, address } = await serverOf(async ({ rfile, wfile }) => {
    for await (const line of rfile.lines()) await wfile.write(line);
  });
  for (let i = 0; i < 200; i++) {
    const client = await connected(address);
    if (i % 4 > 0) client.write(i % 4 === 1 ? 'half a line' : 'a line\n'.repeat(100));
    if (i % 4 === 3) await new Promise(setImmediate);
    client.resetAndDestroy();
  }
  expect(await answer(address, 'fine\n')).toBe('fine\n');
  await server.shutdown();
});
