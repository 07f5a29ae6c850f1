import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import type { Address, ServerAddress } from '../../src/socketserver/address.js';
import { TCPServer, UnixStreamServer } from '../../src/socketserver/tcp-server.js';
import { built } from '../support/built.js';
import {
  afterTest,
  answer,
  closed,
  closing,
  connected,
  EchoHandler,
  openDescriptors,
  received,
  serving,
  temporaryPath,
} from './support.js';

const ANYWHERE: Address = ['127.0.0.1', 0];
const windows = process.platform === 'win32';

/** An address that is taken. */
async function taken(): Promise<Address> {
  const server = await serving(new TCPServer(ANYWHERE, EchoHandler));
  return server.serverAddress;
}

describe('binding', () => {
  it('shows the real port when it is done', async () => {
    const server = closing(new TCPServer(ANYWHERE, EchoHandler));
    expect(server.serverAddress).toEqual(ANYWHERE);
    const [host, port] = await server.ready;
    expect(host).toBe('127.0.0.1');
    expect(port).toBeGreaterThan(0);
    expect(server.serverAddress).toEqual([host, port]);
    expect(server.fileno()).toBe(-1);
  });

  it.each<[ServerAddress, string]>([
    [['', 0], '0.0.0.0'],
    [['localhost', 0], '127.0.0.1'],
    [{ host: '127.0.0.1', port: 0 }, '127.0.0.1'],
    [{ port: 0 }, '0.0.0.0'],
  ])('%j listens on %s, and serves', async (address, host) => {
    const server = await serving(new TCPServer(address, EchoHandler));
    expect(server.serverAddress[0]).toBe(host);
    expect(await answer(server.serverAddress, 'hello')).toBe('hello');
  });

  it('starts when the constructors have returned, so fields of subclasses count', async () => {
    const listened: unknown[] = [];
    class Ours extends TCPServer {
      override requestQueueSize = 50;
      override createSocket(): Server {
        const socket = super.createSocket();
        const listen = vi.spyOn(socket, 'listen');
        listened.push(listen);
        return socket;
      }
    }
    await serving(new Ours(ANYWHERE, EchoHandler));
    expect(listened).toHaveLength(1);
    expect(listened[0]).toHaveBeenCalledWith(expect.objectContaining({ backlog: 50, port: 0 }));
  });

  it('is left to the caller without bindAndActivate', async () => {
    const calls: string[] = [];
    class Ours extends TCPServer {
      override serverActivate(): void {
        calls.push('serverActivate');
      }
    }
    const server = closing(new Ours(ANYWHERE, EchoHandler, false));
    await new Promise(setImmediate);
    expect(server.socket.listening).toBe(false);
    void server.serverBind();
    server.serverActivate();
    await serving(server);
    expect(calls).toEqual(['serverActivate']);
    expect(await answer(server.serverAddress, 'by hand')).toBe('by hand');
  });

  it('happens when it is needed without bindAndActivate', async () => {
    const server = await serving(new TCPServer(ANYWHERE, EchoHandler, false));
    expect(await answer(server.serverAddress, 'soon enough')).toBe('soon enough');
  });

  it('uses the socket that createSocket() makes', async () => {
    class Ours extends TCPServer {
      override createSocket(): Server {
        return createServer({ allowHalfOpen: true, pauseOnConnect: true }, (request) => {
          request.write('made here: ');
          this.requestArrived(request);
        });
      }
    }
    const server = await serving(new Ours(ANYWHERE, EchoHandler));
    expect(await answer(server.serverAddress, 'yes')).toBe('made here: yes');
  });

  it('is not reuse of a port where node cannot do it', async () => {
    class Ours extends TCPServer {
      override allowReusePort = true;
    }
    const server = closing(new Ours(ANYWHERE, EchoHandler, false));
    const [major = 0] = process.versions.node.split('.').map(Number);
    if (major < 22) return await expect(server.ready).rejects.toThrow('allowReusePort needs node 22.12');
    const [, port] = await server.ready;
    const second = closing(new Ours(['127.0.0.1', port], EchoHandler));
    expect((await second.ready)[1]).toBe(port);
  });
});

describe('an address that cannot be bound', () => {
  it('MUST 86: rejects ready with node’s error, which names it', async () => {
    const address = await taken();
    const server = closing(new TCPServer(address, EchoHandler));
    await expect(server.ready).rejects.toMatchObject({
      code: 'EADDRINUSE',
      message: expect.stringContaining(address.join(':')),
    });
  });

  it.each(['serveForever', 'handleRequest'] as const)('rejects %s() with the same', async (method) => {
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    afterTest(() => process.off('unhandledRejection', unhandled));
    const server = closing(new TCPServer(await taken(), EchoHandler));
    const failed = server[method]();
    const { ready } = server;
    await expect(failed).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await expect(server[method]()).rejects.toThrow();
    await new Promise(setImmediate);
    expect(unhandled).not.toHaveBeenCalled();
    await expect(ready).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  it('closes the server, as in Python', async () => {
    const closes = vi.fn();
    class Ours extends TCPServer {
      override async serverClose(): Promise<void> {
        closes();
        await super.serverClose();
      }
    }
    const server = new Ours(await taken(), EchoHandler);
    await expect(server.ready).rejects.toThrow();
    expect(closes).toHaveBeenCalledOnce();
    expect(server.socket.listening).toBe(false);
  });

  it('ends the process, loudly, if nobody waits for it', async () => {
    const [, port] = await taken();
    const child = spawn(process.execPath, [
      '--input-type=module',
      '-e',
      `import { TCPServer } from '${built('socketserver/tcp-server.js')}';
       import { BaseRequestHandler } from '${built('socketserver/request-handler.js')}';
       new TCPServer(['127.0.0.1', ${port}], BaseRequestHandler);`,
    ]);
    afterTest(() => child.kill('SIGKILL'));
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text;
    });
    const [code] = await once(child, 'close');
    expect(code).toBe(1);
    expect(stderr).toContain(`EADDRINUSE: address already in use 127.0.0.1:${port}`);
  });

  it.skipIf(openDescriptors() === undefined)(
    'leaves no descriptor behind, however often it is tried',
    async () => {
      const address = await taken();
      const before = openDescriptors();
      for (let i = 0; i < 1024; i++) expect(() => new TCPServer(['', -1], EchoHandler)).toThrow(RangeError);
      for (let i = 0; i < 200; i++) await expect(new TCPServer(address, EchoHandler).ready).rejects.toThrow();
      expect(openDescriptors()).toBe(before);
    },
  );
});

describe('closing', () => {
  it('may come at once', async () => {
    const server = new TCPServer(ANYWHERE, EchoHandler);
    await server.serverClose();
    expect(server.fileno()).toBe(-1);
    expect(server.socket.listening).toBe(false);
  });

  it.each<[string, ServerAddress]>([
    ['an address', ANYWHERE],
    ['a name', ['localhost', 0]],
  ])('may come while %s is being bound: then that is no failure', async (_, address) => {
    const server = new TCPServer(address, EchoHandler);
    const served = server.serveForever();
    const handled = server.handleRequest();
    await server.serverClose();
    await Promise.all([served, handled]);
    await expect(server.ready).rejects.toThrow('closed before it was bound');
    expect(server.socket.listening).toBe(false);
  });

  it('lets go of the port, and leaves requests in flight alone', async () => {
    const server = await serving(new TCPServer(ANYWHERE, EchoHandler));
    const client = await connected(server.serverAddress);
    client.write('before ');
    await once(client, 'readable');
    await server.serverClose();
    const successor = await serving(new TCPServer(server.serverAddress, EchoHandler));
    expect(successor.serverAddress).toEqual(server.serverAddress);
    client.end('after');
    expect(await received(client)).toBe('before after');
  });

  it.skipIf(openDescriptors() === undefined)('leaves no descriptor behind', async () => {
    const before = openDescriptors();
    for (let i = 0; i < 50; i++) {
      const server = new TCPServer(ANYWHERE, EchoHandler);
      const served = server.serveForever();
      expect(await answer(await server.ready, 'x')).toBe('x');
      await server.shutdown();
      await server.serverClose();
      await served;
    }
    expect(openDescriptors()).toBe(before);
  });
});

describe.skipIf(windows)('a Unix socket', () => {
  it.each([
    ['a UnixStreamServer takes its path', (path: string) => new UnixStreamServer(path, EchoHandler)],
    ['a UnixStreamServer takes {path}', (path: string) => new UnixStreamServer({ path }, EchoHandler)],
    ['a TCPServer takes {path}', (path: string) => new TCPServer({ path }, EchoHandler)],
  ])('%s, and the file is gone when it is closed', async (_, make) => {
    const path = temporaryPath('socket');
    const server = await serving(make(path));
    expect(server.serverAddress).toEqual([path, 0]);
    expect(await answer(server.serverAddress, 'hello')).toBe('hello');
    await server.shutdown();
    await server.serverClose();
    expect(existsSync(path)).toBe(false);
  });

  it('has clients without an address', async () => {
    const seen: unknown[] = [];
    class Handler extends EchoHandler {
      override setup(): void {
        seen.push(this.clientAddress);
      }
    }
    const server = await serving(new UnixStreamServer(temporaryPath('socket'), Handler));
    expect(server.addressFamily).toBe('unix');
    await answer(server.serverAddress, '');
    expect(seen).toEqual([['', 0]]);
  });

  it('that is in use is refused with its path', async () => {
    const path = temporaryPath('socket');
    await serving(new UnixStreamServer(path, EchoHandler));
    await expect(new UnixStreamServer(path, EchoHandler).ready).rejects.toMatchObject({
      code: 'EADDRINUSE',
      message: expect.stringContaining(path),
    });
  });
});

describe.skipIf(windows)('MUST 85: a file descriptor', () => {
  /** A process that serves on descriptor 3, which it inherits from us. */
  async function servedOn(listener: Server): Promise<string> {
    // No public name tells the descriptor of a server that node has made.
    const { fd } = (listener as unknown as { _handle: { fd: number } })._handle;
    const program = `
      import { TCPServer } from '${built('socketserver/tcp-server.js')}';
      import { StreamRequestHandler } from '${built('socketserver/request-handler.js')}';
      class Handler extends StreamRequestHandler {
        async handle() { await this.wfile.write(await this.rfile.read()); }
      }
      const server = new TCPServer({ fd: 3 }, Handler);
      const address = await server.ready;
      console.log(JSON.stringify([server.fileno(), address]));
      await server.handleRequest();
      await server.serverClose();
      console.log(JSON.stringify(server.fileno()));`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit', fd],
    });
    afterTest(() => child.kill('SIGKILL'));
    let stdout = '';
    const ended = once(child, 'close');
    child.stdout!.setEncoding('utf8').on('data', (text) => {
      stdout += text;
    });
    await once(child.stdout!, 'data');
    const address = listener.address();
    listener.close();
    if (address === null) throw new Error('The test’s listener has no address');
    const at: Address = typeof address === 'string' ? [address, 0] : [address.address, address.port];
    expect(await answer(at, 'over an inherited socket')).toBe('over an inherited socket');
    await ended;
    return stdout;
  }

  it('is served on, and is fileno() until it is closed', async () => {
    const listener = createServer().listen(0, '127.0.0.1');
    afterTest(() => listener.close());
    await once(listener, 'listening');
    const { port } = listener.address() as { port: number };
    expect(await servedOn(listener)).toBe(`[3,["127.0.0.1",${port}]]\n-1\n`);
  });

  it('that nobody listens on is refused', async () => {
    await expect(new TCPServer({ fd: 123_456 }, EchoHandler).ready).rejects.toThrow();
  });
});

describe('a connection that cannot be accepted', () => {
  it('is a warning, once a second at most', async () => {
    const server = await serving(new TCPServer(ANYWHERE, EchoHandler));
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    afterTest(() => warned.mockRestore());
    const error = Object.assign(new Error('accept EMFILE'), { code: 'EMFILE', syscall: 'accept' });
    for (let i = 0; i < 5; i++) server.socket.emit('error', error);
    expect(warned.mock.calls).toEqual([[error]]);
    expect(await answer(server.serverAddress, 'still here')).toBe('still here');
  });

  it.skipIf(windows)('MUST 55: for want of descriptors does not end the server', async () => {
    const program = `
      import { TCPServer } from '${built('socketserver/tcp-server.js')}';
      import { StreamRequestHandler } from '${built('socketserver/request-handler.js')}';
      class Handler extends StreamRequestHandler {
        async handle() { await this.wfile.write(await this.rfile.read()); }
      }
      const server = new TCPServer(['127.0.0.1', 0], Handler);
      console.log((await server.ready)[1]);
      await server.serveForever();`;
    const command = `ulimit -n 48 && exec "$0" --input-type=module -e "$1"`;
    const child = spawn('sh', ['-c', command, process.execPath, program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    afterTest(() => child.kill('SIGKILL'));
    const [port] = await once(child.stdout.setEncoding('utf8'), 'data');
    const address: Address = ['127.0.0.1', Number(port)];
    const clients = await Promise.all(Array.from({ length: 60 }, () => connected(address)));
    await Promise.race(clients.map((client) => closed(client.resume())));
    for (const client of clients) client.destroy();
    let text = '';
    while (text === '') text = await answer(address, 'still here').catch(() => '');
    expect(text).toBe('still here');
    expect(child.exitCode).toBe(null);
  });
});
