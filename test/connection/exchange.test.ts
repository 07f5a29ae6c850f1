import { describe, expect, it } from 'vitest';
import { ConnectionResetError, type Exchange, type Upgraded } from '../../src/connection/exchange.js';
import { ResponseHead } from '../../src/http1/response-head.js';
import { settle } from '../support/fake-transport.js';
import { answer, chunked, echoTarget, post, readAll, request, serve, statuses } from '../support/serve.js';

describe('Exchange: signal', () => {
  it('MUST 41: is aborted with a ConnectionResetError when the client goes away', async () => {
    const { send, transport, exchanges } = serve(() => new Promise(() => {}));
    await send(request());
    const { signal } = exchanges[0]!;
    let aborted = 0;
    signal.addEventListener('abort', () => aborted++);
    expect(signal.aborted).toBe(false);
    transport.close();
    expect(aborted).toBe(1);
    expect(signal.reason).toBeInstanceOf(ConnectionResetError);
    expect(signal.reason).toMatchObject({ code: 'ECONNRESET' });
  });

  it('is aborted already when it is first asked for after that', async () => {
    const { send, transport, exchanges } = serve(() => new Promise(() => {}));
    await send(request());
    transport.close();
    expect(exchanges[0]!.signal.aborted).toBe(true);
  });

  it('has one listener that needs no signal: the latest', async () => {
    const { send, transport, exchanges } = serve(() => new Promise(() => {}));
    await send(request());
    const told: string[] = [];
    exchanges[0]!.onAbort(() => told.push('first'));
    exchanges[0]!.onAbort(() => told.push('second'));
    transport.close();
    exchanges[0]!.onAbort(() => told.push('late'));
    expect(told).toEqual(['second', 'late']);
  });

  it('is one signal, and not aborted by what comes after the exchange', async () => {
    const { send, transport, exchanges } = serve(echoTarget);
    await send(request());
    const { signal } = exchanges[0]!;
    expect(exchanges[0]!.signal).toBe(signal);
    transport.close();
    expect(signal.aborted).toBe(false);
  });

  it('MUST 38: is not aborted by a half-close', async () => {
    const { send, transport, exchanges } = serve(() => new Promise(() => {}));
    await send(request());
    transport.fin();
    expect(exchanges[0]!.signal.aborted).toBe(false);
  });
});

describe('Exchange: head', () => {
  it('MUST 19: an absolute-form target replaces Host, and its path is the path', async () => {
    const { send, exchanges } = serve(echoTarget);
    await send('GET http://b:81/p?q HTTP/1.1\r\nHost: a\r\n\r\n');
    const { head } = exchanges[0]!;
    expect([head.target, head.path]).toEqual(['http://b:81/p?q', '/p?q']);
    expect([...head.fields]).toEqual([['Host', 'b:81']]);
  });
});

describe('Exchange: upgrade', () => {
  function upgrading(prepare: (exchange: Exchange) => void | Promise<void> = switchProtocols) {
    const upgrades: Upgraded[] = [];
    const served = serve(async (exchange) => {
      await prepare(exchange);
      upgrades.push(exchange.upgrade());
    });
    return { ...served, upgrades, served };
  }

  function switchProtocols(exchange: Exchange): void {
    const head = new ResponseHead(101).append('Connection', 'Upgrade').append('Upgrade', 'echo');
    exchange.response.begin(head);
  }

  const UPGRADE = 'Connection: Upgrade\r\nUpgrade: echo\r\n';

  it('sends the 101 and hands over the transport, with what was received behind the request', async () => {
    const { send, transport, upgrades, served } = upgrading();
    await send(`${request('/', UPGRADE)}early octets`);
    expect(transport.sent).toBe(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n',
    );
    expect(upgrades[0]!.transport).toBe(transport);
    expect(upgrades[0]!.head.toString()).toBe('early octets');
    expect(transport.listened).toBe(false);
    expect([served.closedCount, served.watched]).toEqual([1, false]);
  });

  it('leaves the transport alone from then on', async () => {
    const { send, transport, connection, pass, served, exchanges } = upgrading();
    await send(request('/', UPGRADE));
    transport.take();
    transport.calls.length = 0;
    await pass(200_000);
    connection.stop();
    expect(() => exchanges[0]!.body.read()).toThrow('over');
    expect(() => exchanges[0]!.response.write('late')).toThrow('has ended');
    await settle();
    expect([transport.sent, transport.calls, served.closedCount]).toEqual(['', [], 1]);
  });

  it('may be done without any response', async () => {
    const { send, transport, upgrades } = upgrading(() => {});
    await send(request('/', UPGRADE));
    expect([transport.sent, upgrades.length]).toEqual(['', 1]);
  });

  it('MUST 26: wants the body read first', async () => {
    const unread = upgrading();
    await unread.send(post('hello', UPGRADE));
    expect(unread.upgrades).toEqual([]);
    expect(String(unread.errors[0])).toContain('body must be read');

    const read = upgrading(async (exchange) => {
      await readAll(exchange);
      switchProtocols(exchange);
    });
    await read.send(
      `${request('/', `Transfer-Encoding: chunked\r\n${UPGRADE}`, 'POST')}${chunked('hello')}next`,
    );
    expect(statuses(read.transport.sent)).toEqual([101]);
    expect(read.upgrades[0]!.head.toString()).toBe('next');
  });

  it('takes over a CONNECT that was answered with 2xx, and no other', async () => {
    const begin = (status: number) => (exchange: Exchange) =>
      exchange.response.begin(new ResponseHead(status));
    const accepted = upgrading(begin(200));
    await accepted.send(`CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\ntunnelled`);
    expect(accepted.transport.sent).toBe('HTTP/1.1 200 OK\r\n\r\n');
    expect(accepted.upgrades[0]!.head.toString()).toBe('tunnelled');

    const refused = upgrading(begin(403));
    await refused.send(`CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\ntunnelled`);
    expect(refused.upgrades).toEqual([]);
    expect(String(refused.errors[0])).toContain('Another response');
  });

  it('is refused behind another response, and once the exchange is over', async () => {
    const { send, upgrades, errors, exchanges } = upgrading((exchange) => answer(exchange, 'no'));
    await send(request('/', UPGRADE));
    expect(upgrades).toEqual([]);
    expect(String(errors[0])).toContain('Another response');
    expect(() => exchanges[0]!.upgrade()).toThrow('over');
  });

  it('loses nothing of the responses before it to a peer that is slow', async () => {
    const { send, transport, upgrades } = serve1then2();
    transport.blocked = true;
    await send(request('/first') + request('/second', UPGRADE));
    for (let i = 0; i < 10; i++) transport.drain();
    await settle();
    expect(upgrades()).toBe(1);
    expect(transport.sent.length).toBeGreaterThan(3 * 20_000);
    expect(transport.sent).toMatch(/^HTTP\/1.1 200 OK.*x\r\n.*101 Switching Protocols\r\n.*\r\n\r\n$/s);
  });

  function serve1then2() {
    let count = 0;
    const served = serve((exchange) => {
      if (exchange.head.target === '/first') {
        exchange.response.begin(new ResponseHead(200).append('Content-Length', 60_002));
        for (let i = 0; i < 3; i++) exchange.response.write(Buffer.alloc(20_000, 'x'));
        exchange.response.write('\r\n');
        return;
      }
      switchProtocols(exchange);
      exchange.upgrade();
      count++;
    });
    return { ...served, upgrades: () => count };
  }

  it('reports what a handler throws after it, and touches the transport no more', async () => {
    const served = serve(async (exchange) => {
      switchProtocols(exchange);
      exchange.upgrade();
      await Promise.resolve();
      throw new Error('later');
    });
    await served.send(request('/', UPGRADE));
    expect(served.errors.map(String)).toEqual(['Error: later']);
    expect(statuses(served.transport.sent)).toEqual([101]);
    expect(served.transport.destroyed).toBe(false);
  });

  it('MUST 26: an offer that is not taken up is ignored, and its body consumed', async () => {
    const { send, transport } = serve(echoTarget);
    await send(post('GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n', UPGRADE) + request('/second'));
    expect(statuses(transport.sent)).toEqual([200, 200]);
    expect(transport.sent).toMatch(/\/second$/);
  });

  it('MUST 26: what follows a CONNECT that was not taken over is never parsed', async () => {
    for (const status of [200, 405]) {
      const { send, transport, exchanges } = serve((exchange) => {
        exchange.response.begin(new ResponseHead(status));
      });
      await send(`CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n${request('/smuggled')}`);
      expect(exchanges).toHaveLength(1);
      expect(transport.ended).toBe(true);
    }
  });
});
