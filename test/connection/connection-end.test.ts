// How a connection ends: by half-close, by stop(), by the peer; and that nothing is lost or left behind then.

import { describe, expect, it } from 'vitest';
import type { Exchange } from '../../src/connection/exchange.js';
import { ResponseHead } from '../../src/http1/response-head.js';
import { settle } from '../support/fake-transport.js';
import { answer, echoTarget, post, readAll, request, serve, statuses } from '../support/serve.js';

/** A handler that waits to be told, and then answers with the target. */
function held() {
  const waiting: (() => void)[] = [];
  return {
    async handler(exchange: Exchange) {
      await new Promise<void>((resolve) => waiting.push(resolve));
      echoTarget(exchange);
    },
    goOn() {
      waiting.shift()?.();
      return settle();
    },
  };
}

describe('Connection: the peer half-closes', () => {
  it('MUST 38: behind a request, before it is answered: gets the whole response', async () => {
    const { handler, goOn } = held();
    const { send, transport } = serve(handler);
    await send(request('/00') + request('/01'));
    transport.fin();
    await goOn();
    await goOn();
    expect(transport.sent).toMatch(/\/00.*\/01$/s);
    expect(transport.calls).toEqual(['end', 'close']);
  });

  it('MUST 38: during a long response: gets all of it', async () => {
    const { send, transport } = serve(async (exchange) => {
      exchange.response.begin(new ResponseHead(200).append('Content-Length', 10 * 65536));
      for (let i = 0; i < 10; i++) await exchange.response.write(Buffer.alloc(65536, 'x'));
    });
    transport.blocked = true;
    await send(request());
    transport.fin();
    for (let i = 0; i < 12; i++) {
      transport.drain();
      await settle();
    }
    expect(transport.sent.length).toBeGreaterThan(10 * 65536);
    transport.blocked = false;
    transport.drain();
    await settle();
    expect(transport.calls).toEqual(['end', 'close']);
  });

  it('at once, between requests, or behind an empty line: the connection ends without a word', async () => {
    for (const [text, answered] of [
      ['', []],
      [request(), [200]],
      [`${request()}\r\n`, [200]],
    ] as const) {
      const { send, transport } = serve(echoTarget);
      if (text !== '') await send(text);
      transport.fin();
      await settle();
      expect(statuses(transport.sent)).toEqual(answered);
      expect(transport.closed).toBe(true);
    }
  });

  it('with a body unread, during the response: gets the response, and the rest is not missed', async () => {
    const { handler, goOn } = held();
    const { send, transport, errors } = serve(handler);
    await send(post('hello').slice(0, -2));
    transport.fin();
    await goOn();
    expect(statuses(transport.sent)).toEqual([200]);
    expect(errors).toEqual([]);
    expect(transport.closed).toBe(true);
  });

  it('while its last octets wait: nothing more happens until they are taken', async () => {
    const { send, transport } = serve(echoTarget);
    transport.blocked = true;
    await send('GET / HTTP/1.0\r\n\r\n');
    transport.fin();
    await settle();
    expect(transport.calls).toEqual([]);
    transport.blocked = false;
    transport.drain();
    await settle();
    expect(transport.calls).toEqual(['end', 'close']);
  });
});

describe('Connection: an early answer', () => {
  it('MUST 40: half-closes and goes on taking what is inbound, so that the status arrives', async () => {
    const { send, transport, pass } = serve(echoTarget);
    await send(`GET /${'x'.repeat(100_000)}`);
    expect(statuses(transport.sent)).toEqual([414]);
    for (let i = 0; i < 20; i++) {
      await send('x'.repeat(65536));
      await pass(500);
    }
    expect(transport.calls).toEqual(['end']);
    transport.fin();
    await settle();
    expect(transport.calls).toEqual(['end', 'close']);
  });

  it('MUST 40: resumes reading for that if it was paused', async () => {
    const { handler, goOn } = held();
    const { send, transport } = serve(handler);
    await send(request('/', 'Content-Length: 10000000\r\n', 'POST') + 'x'.repeat(100_000));
    expect(transport.paused).toBe(true);
    await goOn();
    expect(transport.ended).toBe(true);
    expect(transport.paused).toBe(false);
  });

  it('sends all of the answer to a peer that is slow before it half-closes', async () => {
    const { send, transport, pass } = serve((exchange) => {
      exchange.persistent = false;
      answer(exchange, 'x'.repeat(200_000));
    });
    transport.blocked = true;
    await send(request());
    expect(transport.ended).toBe(false);
    for (let i = 0; i < 5; i++) {
      await pass(50_000);
      expect(transport.destroyed).toBe(false);
      transport.drain();
    }
    transport.blocked = false;
    transport.drain();
    expect(transport.ended).toBe(true);
    expect(transport.sent.length).toBeGreaterThan(200_000);
  });
});

describe('Connection: stop()', () => {
  it('ends an idle connection at once, before its first request or after another', async () => {
    for (const text of ['', request()]) {
      const served = serve(echoTarget);
      if (text !== '') await served.send(text);
      expect(served.connection.idle).toBe(true);
      served.connection.stop();
      expect(served.connection.idle).toBe(false);
      expect(served.transport.ended).toBe(true);
      await served.send(request('/late'));
      expect(served.exchanges).toHaveLength(text === '' ? 0 : 1);
      expect(served.transport.calls).toContain('destroy'); // without waiting for the peer
    }
  });

  it('lets a request in flight finish, which says Connection: close', async () => {
    const { handler, goOn } = held();
    const { send, transport, connection } = serve(handler);
    await send(request('/00'));
    connection.stop();
    expect(transport.calls).toEqual([]);
    await goOn();
    expect(transport.sent).toMatch(/Connection: close.*\/00$/s);
    expect(transport.ended).toBe(true);
  });

  it('ends behind a response whose head has been sent already', async () => {
    const { send, transport, connection, exchanges } = serve(async (exchange) => {
      exchange.response.begin(new ResponseHead(200));
      exchange.response.flush();
      await readAll(exchange);
      exchange.response.write('done');
    });
    await send(post('hello').slice(0, -5));
    connection.stop();
    await send('hello');
    expect(transport.sent).toMatch(/4\r\ndone\r\n0\r\n\r\n$/);
    expect(transport.ended).toBe(true);
    expect(exchanges).toHaveLength(1);
  });

  it('lets a request that has begun to arrive finish', async () => {
    const { send, transport, connection } = serve(echoTarget);
    const text = request('/00');
    await send(text.slice(0, 10));
    connection.stop();
    expect(transport.ended).toBe(false);
    await send(text.slice(10));
    expect(transport.sent).toMatch(/Connection: close.*\/00$/s);
    expect(transport.ended).toBe(true);
  });

  it('ends behind a left-over body, and behind output that waits', async () => {
    const leftOver = serve(echoTarget);
    const text = post('hello');
    await leftOver.send(text.slice(0, -2));
    leftOver.connection.stop();
    expect(leftOver.transport.ended).toBe(false);
    await leftOver.send(text.slice(-2));
    expect(leftOver.transport.ended).toBe(true);

    const slow = serve(echoTarget);
    slow.transport.blocked = true;
    await slow.send(request('/00'));
    slow.connection.stop();
    expect(slow.transport.ended).toBe(false);
    slow.transport.blocked = false;
    slow.transport.drain();
    expect(slow.transport.sent).toMatch(/\/00$/);
    expect(slow.transport.ended).toBe(true);
  });

  it('changes nothing while the connection lingers, when it is closed, or when it is called again', async () => {
    const { send, transport, connection } = serve(echoTarget);
    await send('GET / HTTP/1.0\r\n\r\n');
    connection.stop();
    connection.stop();
    expect(transport.calls).toEqual(['end']);
    transport.fin();
    await settle();
    connection.stop();
    expect(transport.calls).toEqual(['end', 'close']);
  });

  it('may be called by a handler', async () => {
    const served = serve((exchange) => {
      served.connection.stop();
      echoTarget(exchange);
    });
    await served.send(request('/00') + request('/01'));
    expect(statuses(served.transport.sent)).toEqual([200]);
    expect(served.transport.ended).toBe(true);
  });
});

describe('Connection: destroy()', () => {
  it('ends it now, whatever is in flight', async () => {
    const { send, transport, connection, exchanges } = serve(() => new Promise(() => {}));
    await send(request());
    connection.destroy();
    await settle();
    expect(transport.calls).toEqual(['destroy', 'close']);
    expect(exchanges[0]!.signal.aborted).toBe(true);
  });
});

describe('Connection: nothing is left behind', () => {
  it('tells once that it has closed, and takes its deadline off the watch', async () => {
    const served = serve(echoTarget);
    expect(served.watched).toBe(true);
    await served.send(request());
    served.transport.close();
    served.transport.close();
    expect([served.closedCount, served.watched]).toEqual([1, false]);
  });

  it('every way to end reaches the close in the end, though the peer does nothing', async () => {
    const starts: Record<string, string> = {
      silence: '',
      'half a head': 'GET / HT',
      'a request': request(),
      'half a body': post('hello').slice(0, -2),
      'half a chunk': `${request('/', 'Transfer-Encoding: chunked\r\n', 'POST')}5\r\nhe`,
      'a bad request': 'BAD\r\n',
      'the last request': 'GET / HTTP/1.0\r\n\r\n',
    };
    const handlers = {
      echoTarget,
      reads: async (exchange: Exchange) => answer(exchange, await readAll(exchange)),
      fails: async (exchange: Exchange) => {
        exchange.response.begin(new ResponseHead(200));
        await exchange.response.flush();
        throw new Error('own');
      },
    };
    for (const [start, text] of Object.entries(starts)) {
      for (const [name, handler] of Object.entries(handlers)) {
        for (const [blocked, fin] of [
          [false, false],
          [true, false],
          [false, true],
          [true, true],
        ] as const) {
          const served = serve(handler);
          served.transport.blocked = blocked;
          if (text !== '') served.transport.feed(text);
          if (fin) served.transport.fin();
          await settle();
          served.clock.pass(0);
          for (let i = 0; i < 30 && !served.transport.closed; i++) {
            served.clock.pass(10_000);
            await settle();
          }
          expect({ start, name, blocked, fin, closed: served.transport.closed }).toMatchObject({
            closed: true,
          });
          expect([served.closedCount, served.watched]).toEqual([1, false]);
        }
      }
    }
  });
});
