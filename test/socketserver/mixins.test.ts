import { once } from 'node:events';
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { Address } from '../../src/socketserver/address.js';
import {
  ForkingMixIn,
  ForkingTCPServer,
  ThreadingMixIn,
  ThreadingTCPServer,
  ThreadingUnixStreamServer,
} from '../../src/socketserver/mixins.js';
import { TCPServer } from '../../src/socketserver/tcp-server.js';
import {
  answer,
  closing,
  connected,
  EchoHandler,
  type Program,
  received,
  run,
  serving,
  temporaryPath,
  until,
} from './support.js';

const ANYWHERE: Address = ['127.0.0.1', 0];

describe('ThreadingMixIn', () => {
  it('adds its class variables to the class it is given', async () => {
    class Ours extends TCPServer {
      readonly ours = true;
    }
    class Server extends ThreadingMixIn(Ours) {
      override daemonThreads = true;
    }
    const server = await serving(new Server(ANYWHERE, EchoHandler));
    expect(server).toBeInstanceOf(Ours);
    expect(server).toMatchObject({ ours: true, daemonThreads: true, blockOnClose: true });
    expect(ThreadingTCPServer.prototype).toMatchObject({ daemonThreads: false, blockOnClose: true });
    expect(await answer(server.serverAddress, 'hello')).toBe('hello');
  });

  it.each([
    [false, true, true],
    [true, true, false],
    [false, false, false],
  ])('daemonThreads %s, blockOnClose %s: serverClose() waits: %s', async (daemon, block, waits) => {
    const server = await serving(new ThreadingTCPServer(ANYWHERE, EchoHandler));
    server.daemonThreads = daemon;
    server.blockOnClose = block;
    const client = await connected(server.serverAddress);
    client.write('x');
    await once(client, 'readable');
    let over = false;
    const close = server.serverClose().then(() => {
      over = true;
    });
    for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate);
    expect(over).toBe(!waits);
    client.resume().end();
    await close;
  });

  it('keeps no finished handler', async () => {
    const server = await serving(new ThreadingTCPServer(ANYWHERE, EchoHandler));
    for (let i = 0; i < 10; i++) await answer(server.serverAddress, 'x');
    await server.serverClose();
  });
});

describe('ForkingMixIn', () => {
  /** A forking server that prints its address in the primary, and who is who. */
  const SERVER = `
    class Server extends mixins.ForkingTCPServer { maxChildren = 2; }
    const server = new Server(['127.0.0.1', 0], LineHandler);
    process.once('SIGTERM', () => server.shutdown({ graceMs: 5000 }));
    const [, port] = await server.ready;
    if (cluster.isPrimary) console.log(port);
    await server.serveForever();
    if (cluster.isPrimary) console.log('served');
    await server.serverClose();`;

  async function started(program: Program): Promise<Address> {
    return ['127.0.0.1', Number(await program.line())];
  }

  /** The process that answers; undefined if the connection is lost. */
  async function answerer(address: Address): Promise<number | undefined> {
    const text = await answer(address, 'hello\n').catch(() => '');
    return text === '' ? undefined : Number(/^(\d+) hello\n$/.exec(text)?.[1]);
  }

  async function answerers(address: Address, count: number): Promise<Set<number>> {
    const pids = new Set<number>();
    while (pids.size < count) {
      const pid = await answerer(address);
      if (pid !== undefined) pids.add(pid);
    }
    return pids;
  }

  function alive(pid: number): boolean {
    try {
      process.kill(pid, 0);
      return true;
    } catch {
      return false;
    }
  }

  it('serves in several workers, and in none after the end', async () => {
    const program = run(SERVER);
    const address = await started(program);
    const pids = await answerers(address, 2);
    expect(pids).not.toContain(program.child.pid);
    program.child.kill('SIGTERM');
    expect(await program.line()).toBe('served');
    expect(await program.ended).toBe(0);
    expect([...pids].filter(alive)).toEqual([]);
    expect(program.stderr).toBe('');
  });

  it('MUST 88: replaces a worker that is killed, while others keep serving', async () => {
    const program = run(SERVER);
    const address = await started(program);
    const [victim, survivor] = [...(await answerers(address, 2))] as [number, number];
    process.kill(victim, 'SIGKILL');
    await until(() => !alive(victim));
    expect(await answer(address, 'hello\n')).toMatch(/ hello\n$/);
    let replaced: number | undefined;
    while (replaced === undefined || replaced === survivor) replaced = await answerer(address);
    expect(replaced).not.toBe(victim);
    program.child.kill('SIGTERM');
    expect(await program.ended).toBe(0);
  });

  it('lets requests in flight finish', async () => {
    const program = run(SERVER);
    const address = await started(program);
    const client = await connected(address);
    client.write('one\n');
    await once(client, 'readable');
    program.child.kill('SIGTERM');
    const accepted = (other: Socket) => void other.destroy();
    await expect
      .poll(() => connected(address).then(accepted, (error: { code: string }) => error.code))
      .toBe('ECONNREFUSED');
    client.end('two\n');
    expect(await received(client)).toMatch(/^\d+ one\n\d+ two\n$/);
    expect(await program.ended).toBe(0);
  });

  it('kills workers that do not end in time', async () => {
    const program = run(`
      class Server extends mixins.ForkingTCPServer { maxChildren = 1; }
      const server = new Server(['127.0.0.1', 0], LineHandler);
      const [, port] = await server.ready;
      if (cluster.isWorker) setInterval(() => {}, 1000);
      if (cluster.isPrimary) console.log(port);
      const served = server.serveForever();
      if (cluster.isPrimary) process.once('SIGTERM', () => server.shutdown({ graceMs: 0 }));
      await served;
      await server.serverClose();`);
    const [pid] = await answerers(await started(program), 1);
    program.child.kill('SIGTERM');
    expect(await program.ended).toBe(0);
    expect(alive(pid!)).toBe(false);
  });

  it('rejects ready and serveForever() when the address cannot be bound', async () => {
    const other = await serving(new TCPServer(ANYWHERE, EchoHandler));
    const program = run(`
      const server = new mixins.ForkingTCPServer(['127.0.0.1', ${other.serverAddress[1]}], LineHandler);
      const results = await Promise.allSettled([server.ready, server.serveForever()]);
      if (cluster.isPrimary) for (const { reason } of results) console.log(reason.code, reason.message);`);
    for (let i = 0; i < 2; i++) expect(await program.line()).toMatch(/^EADDRINUSE .*127\.0\.0\.1/);
    expect(await program.ended).toBe(0);
  });

  it('rejects when workers end before they are bound', async () => {
    const program = run(`
      if (cluster.isWorker) process.exit(7);
      const server = new mixins.ForkingTCPServer(['127.0.0.1', 0], LineHandler);
      await server.serveForever().catch((error) => console.log(error.message));`);
    expect(await program.line()).toBe('A worker ended before it was bound: exit code 7');
    expect(await program.ended).toBe(0);
  });

  it('may be closed before it is bound', async () => {
    const program = run(`
      const server = new mixins.ForkingTCPServer(['127.0.0.1', 0], LineHandler);
      const served = server.serveForever();
      if (cluster.isPrimary) await server.shutdown({ graceMs: 1000 });
      await served;
      await server.serverClose();`);
    expect(await program.ended).toBe(0);
    expect(program.stderr).toBe('');
  });

  it('may be closed by a worker that is being bound', async () => {
    const program = run(`
      const server = new mixins.ForkingTCPServer(['127.0.0.1', 0], LineHandler);
      const served = server.serveForever();
      if (cluster.isPrimary) await served.catch((error) => console.log(error.message));
      else await server.shutdown().then(() => served);`);
    expect(await program.line()).toBe('The server was closed before it was bound');
    expect(await program.ended).toBe(0);
    expect(program.stderr).toBe('');
  });

  it('handles single requests only in workers', async () => {
    const server = new ForkingTCPServer(ANYWHERE, EchoHandler, false);
    await expect(server.handleRequest()).rejects.toThrow('use serveForever()');
    expect(server.maxChildren).toBeGreaterThan(0);
    expect(server.blockOnClose).toBe(true);
  });

  it('can be applied to any server class', () => {
    class Ours extends TCPServer {}
    class Server extends ForkingMixIn(ThreadingMixIn(Ours)) {
      override maxChildren = 3;
    }
    const server = new Server(ANYWHERE, EchoHandler, false);
    expect(server).toBeInstanceOf(Ours);
    expect(server.maxChildren).toBe(3);
  });
});

// CPython's matrix of transports and kinds: three clients each send a line and get it back.
describe('three clients', () => {
  const HELLO = 'Hello world\n';

  it.each([
    ['ThreadingTCPServer', () => new ThreadingTCPServer(ANYWHERE, EchoHandler)],
    ['TCPServer', () => new TCPServer(ANYWHERE, EchoHandler)],
    ['ThreadingUnixStreamServer', () => new ThreadingUnixStreamServer(temporaryPath('socket'), EchoHandler)],
  ])('are served by a %s', async (_, make) => {
    const server = closing(make());
    const served = server.serveForever(0.01);
    const address = await server.ready;
    for (let i = 0; i < 3; i++) expect(await answer(address, HELLO)).toBe(HELLO);
    await server.shutdown();
    await served;
    await server.serverClose();
    expect(server.fileno()).toBe(-1);
  });

  it.skipIf(process.platform === 'win32').each(['ForkingTCPServer', 'ForkingUnixStreamServer'])(
    'are served by a %s',
    async (name) => {
      const unix = name.includes('Unix');
      const where = unix ? JSON.stringify(temporaryPath('socket')) : "['127.0.0.1', 0]";
      const program = run(`
        class Server extends mixins.${name} { maxChildren = 2; }
        const server = new Server(${where}, LineHandler);
        process.once('SIGTERM', () => server.shutdown());
        const address = await server.ready;
        if (cluster.isPrimary) console.log(JSON.stringify(address));
        await server.serveForever();
        await server.serverClose();
        if (cluster.isPrimary) console.log(server.fileno(), Object.keys(cluster.workers).length);`);
      const address = JSON.parse(await program.line()) as Address;
      for (let i = 0; i < 3; i++) expect(await answer(address, HELLO)).toMatch(/^\d+ Hello world\n$/);
      program.child.kill('SIGTERM');
      expect(await program.line()).toBe('-1 0');
      expect(await program.ended).toBe(0);
    },
  );
});
