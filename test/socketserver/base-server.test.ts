import type { Socket } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import type { Address, ClientAddress } from '../../src/socketserver/address.js';
import { BaseRequestHandler, StreamRequestHandler } from '../../src/socketserver/request-handler.js';
import { TCPServer } from '../../src/socketserver/tcp-server.js';
import {
  afterTest,
  answer,
  closed,
  closing,
  connected,
  EchoHandler,
  Gate,
  received,
  serving,
  until,
} from './support.js';

const ANYWHERE: Address = ['127.0.0.1', 0];

/** What was printed to standard error, instead of printing it. */
function printed(): string[] {
  const lines: string[] = [];
  const spy = vi.spyOn(console, 'error').mockImplementation((text: unknown) => void lines.push(String(text)));
  afterTest(() => spy.mockRestore());
  return lines;
}

/** A server that writes down which of its hooks are called. */
class TracedServer extends TCPServer {
  readonly calls: string[] = [];
  accepts = true;
  errors: unknown[] = [];

  override async serverBind(): Promise<void> {
    this.calls.push('serverBind');
    await super.serverBind();
  }
  override serverActivate(): void {
    this.calls.push(`serverActivate at ${this.serverAddress[1] > 0 ? 'a real' : 'no'} port`);
  }
  override getRequest(): readonly [Socket, ClientAddress] | undefined {
    this.calls.push('getRequest');
    return super.getRequest();
  }
  override verifyRequest(request: Socket, clientAddress: ClientAddress): boolean {
    this.calls.push(`verifyRequest ${clientAddress[0]}`);
    expect(request.remotePort).toBe(clientAddress[1]);
    return this.accepts;
  }
  override processRequest(request: Socket, clientAddress: ClientAddress): void | Promise<void> {
    this.calls.push('processRequest');
    return super.processRequest(request, clientAddress);
  }
  override finishRequest(request: Socket, clientAddress: ClientAddress): void | Promise<void> {
    this.calls.push('finishRequest');
    return super.finishRequest(request, clientAddress);
  }
  override shutdownRequest(request: Socket): void {
    this.calls.push('shutdownRequest');
    super.shutdownRequest(request);
  }
  override closeRequest(request: Socket): void {
    this.calls.push('closeRequest');
    super.closeRequest(request);
  }
  override handleError(_request: Socket, _clientAddress: ClientAddress, error: unknown): void {
    this.calls.push('handleError');
    this.errors.push(error);
  }
  override async serverClose(): Promise<void> {
    this.calls.push('serverClose');
    await super.serverClose();
  }
}

/** A handler that writes into the server's calls too. */
class TracedHandler extends StreamRequestHandler {
  declare readonly server: TracedServer;
  readonly field = 'set';

  override setup(): void {
    this.server.calls.push(`setup, field ${this.field}`);
    super.setup();
  }
  override handle(): void | Promise<void> {
    this.server.calls.push('handle');
  }
  override finish(): void | Promise<void> {
    this.server.calls.push('finish');
    return super.finish();
  }
}

const BINDING = ['serverBind', 'serverActivate at a real port'];
const REQUEST = ['getRequest', 'verifyRequest 127.0.0.1', 'processRequest', 'finishRequest'];
const CLOSING = ['shutdownRequest', 'closeRequest'];

describe('the hooks of a request', () => {
  it('are called in Python’s order', async () => {
    const server = await serving(new TracedServer(ANYWHERE, TracedHandler));
    await answer(server.serverAddress, '');
    expect(server.calls).toEqual([
      ...BINDING,
      ...REQUEST,
      'setup, field set',
      'handle',
      'finish',
      ...CLOSING,
    ]);
  });

  it('wait for a handler that takes its time', async () => {
    const gate = new Gate();
    class Waiting extends TracedHandler {
      override async handle(): Promise<void> {
        await gate.opened;
        this.server.calls.push('handled');
      }
      override async finish(): Promise<void> {
        await new Promise(setImmediate);
        this.server.calls.push('finished');
      }
    }
    const server = await serving(new TracedServer(ANYWHERE, Waiting));
    const answered = answer(server.serverAddress, '');
    await until(() => server.calls.includes('setup, field set'));
    expect(server.calls).not.toContain('shutdownRequest');
    gate.open();
    await answered;
    expect(server.calls).toEqual([
      ...BINDING,
      ...REQUEST,
      'setup, field set',
      'handled',
      'finished',
      ...CLOSING,
    ]);
  });

  it('make no promise for a handler that needs none', async () => {
    const results: unknown[] = [];
    class Server extends TracedServer {
      override processRequest(request: Socket, clientAddress: ClientAddress): void | Promise<void> {
        const result = super.processRequest(request, clientAddress);
        results.push(result);
        return result;
      }
    }
    const server = await serving(new Server(ANYWHERE, TracedHandler));
    await answer(server.serverAddress, '');
    expect(results).toEqual([undefined]);
  });

  it('make no handler when verifyRequest() is false, but shut the request down', async () => {
    const server = new TracedServer(ANYWHERE, TracedHandler);
    server.accepts = false;
    await serving(server);
    expect(await answer(server.serverAddress, 'anything')).toBe('');
    expect(server.calls).toEqual([...BINDING, 'getRequest', 'verifyRequest 127.0.0.1', ...CLOSING]);
  });

  it('have a default each that lets a request pass', () => {
    const server = new TCPServer(ANYWHERE, BaseRequestHandler, false);
    expect(server.verifyRequest({} as Socket, ['', 0])).toBe(true);
    expect(server.getRequest()).toBeUndefined();
    expect(server.makeRoom()).toBe(false);
    expect(server.serviceActions()).toBeUndefined();
    expect(server.handleTimeout()).toBeUndefined();
  });
});

describe('an error', () => {
  class Failing extends TracedHandler {
    override handle(): void | Promise<void> {
      throw new Error('at once');
    }
  }
  class FailingLater extends TracedHandler {
    override async handle(): Promise<void> {
      await new Promise(setImmediate);
      throw new Error('later');
    }
  }
  class FailingSetup extends TracedHandler {
    override setup(): void {
      throw new Error('in setup');
    }
  }
  class FailingFinish extends TracedHandler {
    override finish(): void {
      throw new Error('in finish');
    }
  }
  class FailingConstructor extends TracedHandler {
    readonly failing = ((): never => {
      throw new Error('in the constructor');
    })();
  }

  it.each([
    ['at once', Failing, ['setup, field set', 'finish']],
    ['later', FailingLater, ['setup, field set', 'finish']],
    ['in setup', FailingSetup, []],
    ['in finish', FailingFinish, ['setup, field set', 'handle']],
    ['in the constructor', FailingConstructor, []],
  ])('%s is handed to handleError(), then the request is shut down', async (message, Handler, life) => {
    const server = await serving(new TracedServer(ANYWHERE, Handler));
    await answer(server.serverAddress, '');
    expect(server.calls).toEqual([...BINDING, ...REQUEST, ...life, 'handleError', ...CLOSING]);
    expect(server.errors).toEqual([new Error(message)]);
  });

  it('of an overridden verifyRequest() is one of the request', async () => {
    class Server extends TracedServer {
      override verifyRequest(): boolean {
        throw new Error('verify');
      }
    }
    const server = await serving(new Server(ANYWHERE, TracedHandler));
    await answer(server.serverAddress, '');
    expect(server.calls.slice(2)).toEqual(['getRequest', 'handleError', ...CLOSING]);
  });

  it('MUST 42: leaves other connections alone', async () => {
    const lines = printed();
    class Handler extends EchoHandler {
      override async handle(): Promise<void> {
        if (String(await this.rfile.read(1)) === '!') throw new Error('told to');
        return super.handle();
      }
    }
    const server = await serving(new TCPServer(ANYWHERE, Handler));
    const client = await connected(server.serverAddress);
    client.write('-one ');
    expect(await answer(server.serverAddress, '!')).toBe('');
    client.end('two');
    expect(await received(client)).toBe('one two');
    expect(lines).toHaveLength(1);
  });

  it('is printed with the client and the stack, and without its control characters', async () => {
    const lines = printed();
    class Handler extends BaseRequestHandler {
      override handle(): void {
        throw new TypeError('bad \x1b[2J thing');
      }
    }
    const server = await serving(new TCPServer(ANYWHERE, Handler));
    const client = await connected(server.serverAddress);
    const { localPort } = client;
    await closed(client.resume());
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(`127.0.0.1 port ${localPort}`);
    expect(lines[0]).toContain('TypeError: bad \\x1b[2J thing');
    expect(lines[0]).toMatch(/at .*base-server\.test/);
  });

  it('that cannot be shown, or that is no error, is handled too', async () => {
    const lines = printed();
    const server = new TCPServer(ANYWHERE, BaseRequestHandler, false);
    const hostile = new Proxy(new Error('x'), {
      get() {
        throw new Error('no');
      },
    });
    for (const error of ['text', undefined, null, hostile]) server.handleError({} as Socket, ['', 0], error);
    expect(lines).toHaveLength(4);
    expect(lines[0]).toContain('a local client');
  });

  it('in handleError() itself is printed, and ends nothing', async () => {
    const lines = printed();
    class Server extends TCPServer {
      override handleError(): void {
        throw new Error('worse');
      }
    }
    const server = await serving(new Server(ANYWHERE, Failing as never));
    await answer(server.serverAddress, '');
    await answer(server.serverAddress, '');
    expect(lines.map((line) => line.includes('worse'))).toEqual([true, true]);
  });
});

describe('serveForever()', () => {
  it('takes in order those who came before it', async () => {
    const order: string[] = [];
    class Handler extends StreamRequestHandler {
      override async handle(): Promise<void> {
        order.push(await this.rfile.text());
      }
    }
    const server = closing(new TCPServer(ANYWHERE, Handler));
    const address = await server.ready;
    const clients: Socket[] = [];
    for (const name of ['first', 'second', 'third']) {
      const client = await connected(address);
      client.resume().end(name);
      clients.push(client);
    }
    const served = server.serveForever();
    await Promise.all(clients.map(closed));
    expect(order).toEqual(['first', 'second', 'third']);
    await server.shutdown();
    await served;
  });

  it('lets no more wait for it than requestQueueSize', async () => {
    class Server extends TCPServer {
      override requestQueueSize = 2;
    }
    const server = closing(new Server(ANYWHERE, EchoHandler));
    const address = await server.ready;
    const waiting = [await connected(address), await connected(address)];
    const refused = await connected(address);
    expect(await received(refused)).toBe('');
    const served = server.serveForever();
    for (const client of waiting) {
      client.end('still here');
      expect(await received(client)).toBe('still here');
    }
    await server.shutdown();
    await served;
  });

  it('handles requests concurrently', async () => {
    const gates = [new Gate(), new Gate()];
    let at = 0;
    class Handler extends StreamRequestHandler {
      override async handle(): Promise<void> {
        const mine = at++;
        gates[mine]!.open();
        await gates[1 - mine]!.opened;
        await this.wfile.write('met');
      }
    }
    const server = await serving(new TCPServer(ANYWHERE, Handler));
    const address = server.serverAddress;
    expect(await Promise.all([answer(address, ''), answer(address, '')])).toEqual(['met', 'met']);
  });

  it('calls serviceActions() while it serves, and not after', async () => {
    let calls = 0;
    class Server extends TCPServer {
      override serviceActions(): void {
        calls++;
      }
    }
    const server = closing(new Server(ANYWHERE, EchoHandler));
    const served = server.serveForever(0.001);
    await until(() => calls >= 3);
    await server.shutdown();
    await served;
    const before = calls;
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(calls).toBe(before);
  });

  it('ends with the error of serviceActions(), and can then be called again', async () => {
    let fails = true;
    class Server extends TCPServer {
      override serviceActions(): void {
        if (fails) throw new Error('out of service');
      }
    }
    const server = closing(new Server(ANYWHERE, EchoHandler));
    await expect(server.serveForever(0.001)).rejects.toThrow('out of service');
    fails = false;
    await serving(server);
    expect(await answer(server.serverAddress, 'again')).toBe('again');
  });

  it('serves once at a time', async () => {
    const server = await serving(new TCPServer(ANYWHERE, EchoHandler));
    await expect(server.serveForever()).rejects.toThrow('running already');
  });

  it('ends with serverClose() too', async () => {
    const server = closing(new TCPServer(ANYWHERE, EchoHandler));
    const served = server.serveForever();
    await server.ready;
    await server.serverClose();
    await served;
    await expect(server.serveForever()).rejects.toThrow('closed');
  });
});

describe('handleRequest()', () => {
  it('handles one, resolves when its handler has finished, and leaves the next waiting', async () => {
    const server = closing(new TCPServer(ANYWHERE, EchoHandler));
    const address = await server.ready;
    const handled = server.handleRequest();
    const first = await connected(address);
    const second = await connected(address);
    first.write('one');
    let done = false;
    void handled.then(() => {
      done = true;
    });
    await new Promise((resolve) => first.once('data', resolve));
    expect(done).toBe(false);
    first.end();
    await handled;
    second.end('two');
    await server.handleRequest();
    expect(await received(second)).toBe('two');
  });

  it('can be called for several at once', async () => {
    const server = closing(new TCPServer(ANYWHERE, EchoHandler));
    const address = await server.ready;
    const handled = Promise.all([server.handleRequest(), server.handleRequest()]);
    expect(await answer(address, 'one')).toBe('one');
    expect(await answer(address, 'two')).toBe('two');
    await handled;
  });

  it('calls handleTimeout() after `timeout` seconds without a request', async () => {
    const calls: string[] = [];
    class Server extends TCPServer {
      override timeout = 0.005;
      override async handleTimeout(): Promise<void> {
        await new Promise(setImmediate);
        calls.push('timeout');
      }
    }
    const server = closing(new Server(ANYWHERE, EchoHandler));
    await server.handleRequest();
    expect(calls).toEqual(['timeout']);
    server.timeout = 1000;
    const handled = server.handleRequest();
    expect(await answer(await server.ready, 'late')).toBe('late');
    await handled;
    expect(calls).toEqual(['timeout']);
  });

  it('resolves when a handler fails, and when the server is closed', async () => {
    printed();
    class Failing extends BaseRequestHandler {
      override async handle(): Promise<void> {
        throw new Error('told to');
      }
    }
    const server = closing(new TCPServer(ANYWHERE, Failing));
    const [first] = await Promise.all([server.handleRequest(), answer(await server.ready, '')]);
    expect(first).toBeUndefined();
    const waiting = server.handleRequest();
    await new Promise(setImmediate);
    await server.serverClose();
    await waiting;
    await expect(server.handleRequest()).rejects.toThrow('closed');
  });
});

describe('shutdown()', () => {
  /** Answers when told to, and notes that it was stopped. */
  class Slow extends StreamRequestHandler {
    static started: Gate;
    static mayEnd: Gate;
    static stops = 0;
    override async handle(): Promise<void> {
      Slow.started.open();
      await Slow.mayEnd.opened;
      await this.wfile.write('done');
    }
    override stop(): void {
      Slow.stops++;
    }
  }
  async function inFlight() {
    Slow.started = new Gate();
    Slow.mayEnd = new Gate();
    Slow.stops = 0;
    const server = closing(new TCPServer(ANYWHERE, Slow));
    const events: string[] = [];
    const served = server.serveForever().then(() => events.push('served'));
    const client = await connected(await server.ready);
    const text = received(client).then((all) => events.push(all));
    await Slow.started.opened;
    return { server, served, client, text, events };
  }

  it('MUST 83: stops handlers and accepting at once, and waits for what is in flight', async () => {
    const { server, served, text, events } = await inFlight();
    const address = server.serverAddress;
    const shut = server.shutdown().then(() => events.push('shut down'));
    expect(Slow.stops).toBe(1);
    await expect(connected(address)).rejects.toThrow('ECONNREFUSED');
    expect(events).toEqual([]);
    Slow.mayEnd.open();
    await Promise.all([served, text, shut]);
    expect(events.toSorted()).toEqual(['done', 'served', 'shut down']);
  });

  it('destroys what is left after graceMs, and waits for no handler any longer', async () => {
    const { server, served, text, events } = await inFlight();
    await server.shutdown({ graceMs: 1 });
    await Promise.all([served, text]);
    expect(events).toContain('');
    Slow.mayEnd.open();
  });

  it('does not report that handlers fail whose connections it has destroyed', async () => {
    const lines = printed();
    const server = await serving(new TCPServer(ANYWHERE, EchoHandler));
    const client = await connected(server.serverAddress);
    client.write('x');
    await new Promise((resolve) => client.once('data', resolve));
    await server.shutdown({ graceMs: 0 });
    await new Promise(setImmediate);
    expect(lines).toEqual([]);
  });

  it('can be hurried, and stops each handler once', async () => {
    const { server, served, text } = await inFlight();
    const patient = server.shutdown({ graceMs: Number.POSITIVE_INFINITY });
    await server.shutdown({ graceMs: 0 });
    await Promise.all([patient, served, text]);
    expect(Slow.stops).toBe(1);
    Slow.mayEnd.open();
  });

  it('waits for a handler whose client is gone', async () => {
    const { server, client } = await inFlight();
    client.resetAndDestroy();
    let over = false;
    const shut = server.shutdown().then(() => {
      over = true;
    });
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    expect(over).toBe(false);
    printed();
    Slow.mayEnd.open();
    await shut;
  });

  it('goes on when a handler cannot be stopped', async () => {
    const lines = printed();
    class Stubborn extends EchoHandler {
      override stop(): void {
        throw new Error('never');
      }
    }
    const server = await serving(new TCPServer(ANYWHERE, Stubborn));
    const client = await connected(server.serverAddress);
    client.write('x');
    await new Promise((resolve) => client.once('data', resolve));
    const shut = server.shutdown();
    client.end();
    await shut;
    expect(lines.join()).toContain('never');
  });

  it('closes those that nobody has begun to handle', async () => {
    const server = closing(new TCPServer(ANYWHERE, EchoHandler));
    const client = await connected(await server.ready);
    await server.shutdown();
    expect(await received(client)).toBe('');
  });

  it('always returns: twenty servers, started and shut down at once', async () => {
    for (let i = 0; i < 20; i++) {
      const server = new TCPServer(ANYWHERE, EchoHandler);
      const served = server.serveForever(0.01);
      if (i % 2 === 0) await server.ready;
      await server.shutdown();
      await served;
      await server.serverClose();
    }
  });

  it('may come before anything else, and more than once', async () => {
    const server = new TCPServer(ANYWHERE, EchoHandler);
    await server.shutdown();
    await server.shutdown();
    await server.serverClose();
    await expect(server.serveForever()).rejects.toThrow('closed');
    await expect(server.ready).rejects.toThrow('closed');
  });

  it('is done by `await using`', async () => {
    let address: Address;
    let served: Promise<void>;
    {
      await using server = new TCPServer(ANYWHERE, EchoHandler);
      served = server.serveForever();
      address = await server.ready;
      expect(await answer(address, 'inside')).toBe('inside');
    }
    await served;
    await expect(connected(address)).rejects.toThrow('ECONNREFUSED');
  });
});

describe('maxConnections', () => {
  it('MUST 34: closes what is too much at once, and recovers at once', async () => {
    class Server extends TCPServer {
      override maxConnections = 2;
    }
    const server = await serving(new Server(ANYWHERE, EchoHandler));
    const address = server.serverAddress;
    const clients = [await connected(address), await connected(address)];
    expect(await received(await connected(address))).toBe('');
    clients[0]!.end('first');
    expect(await received(clients[0]!)).toBe('first');
    expect(await answer(address, 'next')).toBe('next');
    clients[1]!.end('second');
    expect(await received(clients[1]!)).toBe('second');
  });

  it('MUST 34: accepts when makeRoom() has closed another', async () => {
    class Server extends TCPServer {
      override maxConnections = 1;
      readonly requests: Socket[] = [];
      override verifyRequest(request: Socket): boolean {
        this.requests.push(request);
        return true;
      }
      override makeRoom(): boolean {
        return this.requests.shift()?.destroy() !== undefined;
      }
    }
    printed();
    const server = await serving(new Server(ANYWHERE, EchoHandler));
    const first = await connected(server.serverAddress);
    const evicted = received(first);
    expect(await answer(server.serverAddress, 'next')).toBe('next');
    expect(await evicted).toBe('');
  });
});

it('a class variable may be a field of a subclass, or an assignment to its prototype', async () => {
  class Server extends TCPServer {}
  expect(new Server(ANYWHERE, EchoHandler, false)).toMatchObject({
    timeout: undefined,
    requestQueueSize: 511,
    maxConnections: undefined,
    addressFamily: 'IPv4',
    socketType: 'stream',
    allowReuseAddress: true,
    allowReusePort: false,
  });
  Server.prototype.timeout = 3;
  expect(new Server(ANYWHERE, EchoHandler, false).timeout).toBe(3);
  expect(new TCPServer(ANYWHERE, EchoHandler, false).timeout).toBeUndefined();
});
