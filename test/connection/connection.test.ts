// Order, flush, persistence, and the two back-pressures. Time, errors and the end have files of their own.

import { describe, expect, it } from 'vitest';
import type { Exchange } from '../../src/connection/exchange.js';
import { ResponseHead } from '../../src/http1/response-head.js';
import { settle } from '../support/fake-transport.js';
import { answer, echoTarget, post, readAll, request, serve, statuses } from '../support/serve.js';

const SIXTEEN = Array.from({ length: 16 }, (_, i) => `/${String(i).padStart(2, '0')}`);

function targets(sent: string): string[] {
  return sent.match(/\/\d\d(?!\d)/g) ?? [];
}

describe('Connection: order', () => {
  it('MUST 23: answers pipelined requests in order, whichever handler is the fastest', async () => {
    const waiting = new Map<string, () => void>();
    const { send, transport } = serve(async (exchange) => {
      if (exchange.head.target === '/00') await new Promise<void>((resolve) => waiting.set('/00', resolve));
      echoTarget(exchange);
    });
    await send(SIXTEEN.map((target) => request(target)).join(''));
    expect(transport.sent).toBe('');
    waiting.get('/00')!();
    await settle();
    expect(targets(transport.sent)).toEqual(SIXTEEN);
  });

  it('starts a request only when the one before it is over', async () => {
    const ends: (() => void)[] = [];
    const { send, exchanges } = serve(async (exchange) => {
      echoTarget(exchange); // ended, but the handler is not done
      await new Promise<void>((resolve) => ends.push(resolve));
    });
    await send(request('/00') + request('/01'));
    expect(exchanges).toHaveLength(1);
    ends[0]!();
    await settle();
    expect(exchanges).toHaveLength(2);
  });

  it('gives the same responses however the requests are cut', async () => {
    const text = request('/00') + post('hello') + request('/01') + post('', 'X-Y: z\r\n') + request('/02');
    const serveAll = () =>
      serve(async (exchange) => answer(exchange, `${exchange.head.target}${await readAll(exchange)}`));
    const whole = serveAll();
    await whole.send(text);
    for (const size of [1, 2, 7, 50]) {
      const cut = serveAll();
      for (let at = 0; at < text.length; at += size) cut.transport.feed(text.slice(at, at + size));
      await settle();
      expect(cut.transport.sent).toBe(whole.transport.sent);
    }
  });

  it('MUST 23: a malformed request does not lose the responses before it', async () => {
    for (const handler of [echoTarget, async (exchange: Exchange) => echoTarget(exchange)]) {
      const { send, transport, exchanges } = serve(handler);
      await send(`${request('/00')}${request('/01')}GET / HTTP/1.1\r\nBad Header\r\n\r\n${request('/02')}`);
      expect(statuses(transport.sent)).toEqual([200, 200, 400]);
      expect(targets(transport.sent)).toEqual(['/00', '/01']);
      expect(exchanges).toHaveLength(2);
      expect(transport.ended).toBe(true);
    }
  });

  it('MUST 23: 10,000 pipelined requests of a peer that reads nothing are neither read nor answered ahead', async () => {
    const { transport, exchanges } = serve(async (exchange) => answer(exchange, 'x'.repeat(1000)));
    transport.blocked = true;
    const hundred = request('/00').repeat(100);
    for (let i = 0; i < 100 && !transport.paused; i++) {
      transport.feed(hundred);
      await settle();
    }
    expect(transport.paused).toBe(true);
    const answered = exchanges.length;
    expect(answered).toBeLessThan(1000);
    await settle();
    expect(exchanges).toHaveLength(answered);
    expect(transport.sent.length).toBeLessThan(200_000);
  });
});

describe('Connection: flush', () => {
  it('sends the responses of one turn in one write', async () => {
    const { send, transport } = serve(echoTarget);
    await send(SIXTEEN.map((target) => request(target)).join(''));
    expect(transport.writes).toHaveLength(1);
    expect(targets(transport.sent)).toEqual(SIXTEEN);
  });

  it('sends head and body together, and at the end of the turn already', async () => {
    const { transport } = serve((exchange) => {
      exchange.response.begin(new ResponseHead(200));
      exchange.response.write('a');
      exchange.response.write(Buffer.alloc(10_000, 'b'));
      exchange.response.write('c');
    });
    transport.feed(request());
    await new Promise(setImmediate);
    expect(transport.writes).toHaveLength(1);
  });

  it('sends what an async handler writes between awaits of ready things in one write', async () => {
    const { send, transport } = serve(async (exchange) => {
      await Promise.resolve();
      exchange.response.begin(new ResponseHead(200));
      for (const part of ['a', 'b', 'c']) {
        await exchange.response.write(part);
        await Promise.resolve();
      }
    });
    await send(request());
    expect(transport.writes).toEqual(['HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc']);
  });

  it('sends the responses of 16 pipelined requests with async handlers in one write', async () => {
    const { send, transport } = serve(async (exchange) => {
      await Promise.resolve();
      exchange.response.begin(new ResponseHead(200));
      await exchange.response.write(exchange.head.target);
    });
    await send(SIXTEEN.map((target) => request(target)).join(''));
    expect(transport.writes).toHaveLength(1);
    expect(targets(transport.sent)).toEqual(SIXTEEN);
  });

  it('does not hold back what there is while a handler waits for the outside world', async () => {
    let goOn = () => {};
    const { send, transport } = serve(async (exchange) => {
      exchange.response.begin(new ResponseHead(200));
      exchange.response.write('first');
      await new Promise<void>((resolve) => {
        goOn = resolve;
      });
      exchange.response.write('second');
    });
    await send(request());
    expect(transport.take()).toBe('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n');
    goOn();
    await settle();
    expect(transport.writes).toEqual(['6\r\nsecond\r\n0\r\n\r\n']);
  });

  it('sends a head whose body is still to come', async () => {
    const { send, transport } = serve((exchange) => {
      exchange.response.begin(new ResponseHead(200));
      return new Promise(() => {});
    });
    await send(request());
    expect(transport.sent).toContain('Transfer-Encoding: chunked');
  });

  it('sends interim responses at once, and the response behind them', async () => {
    const { send, transport } = serve((exchange) => {
      exchange.response.interim(new ResponseHead(103));
      exchange.response.interim(new ResponseHead(103));
      echoTarget(exchange);
    });
    await send(request());
    expect(statuses(transport.sent)).toEqual([103, 103, 200]);
  });
});

describe('Connection: write back-pressure', () => {
  it('lets a handler wait for the peer, and goes on with it', async () => {
    const { send, transport } = serve(async (exchange) => {
      exchange.response.begin(new ResponseHead(200).append('Content-Length', 1024 * 1024));
      for (let i = 0; i < 16; i++) await exchange.response.write(Buffer.alloc(65536, 'x'));
    });
    transport.blocked = true;
    await send(request());
    const first = transport.sent.length;
    expect(first).toBeLessThan(256 * 1024);
    for (let i = 0; i < 40; i++) {
      transport.drain();
      await settle();
    }
    expect(transport.sent.length).toBeGreaterThan(1024 * 1024);
    expect(Math.max(...transport.sizes)).toBe(65536);
  });

  it('starts no further pipelined request while the peer must be waited for', async () => {
    const { send, transport, exchanges } = serve(echoTarget);
    transport.blocked = true;
    await send(request('/00'));
    await send(request('/01') + request('/02'));
    expect(exchanges).toHaveLength(1);
    transport.blocked = false;
    transport.drain();
    await settle();
    expect(targets(transport.sent)).toEqual(['/00', '/01', '/02']);
  });

  it('MUST 45: does not take 100 MiB from a handler that writes as fast as it may', async () => {
    let written = 0;
    const { send, transport } = serve(async (exchange) => {
      exchange.response.begin(new ResponseHead(200));
      for (let i = 0; i < 1600; i++) {
        await exchange.response.write(Buffer.alloc(65536));
        written += 65536;
      }
    });
    transport.blocked = true;
    await send(request());
    expect(written).toBeLessThan(1024 * 1024);
    transport.close();
    await settle();
    expect(written).toBeLessThan(1024 * 1024);
  });
});

describe('Connection: read-ahead', () => {
  const limits = { maxReadAhead: 200 };

  it('goes on reading when pipelined requests that had to wait have been answered', async () => {
    const ends: (() => void)[] = [];
    const { send, transport } = serve(
      async (exchange) => {
        await new Promise<void>((resolve) => ends.push(resolve));
        echoTarget(exchange);
      },
      { limits },
    );
    await send(SIXTEEN.map((target) => request(target)).join(''));
    expect(transport.paused).toBe(true);
    transport.feed(request('/16'));
    for (let i = 0; i < 17; i++) {
      ends[i]!();
      await settle();
    }
    expect(transport.paused).toBe(false);
    expect(targets(transport.sent)).toEqual([...SIXTEEN, '/16']);
  });

  it('goes on reading when a peer that took nothing has caught up', async () => {
    const { send, transport } = serve(echoTarget, { limits });
    transport.blocked = true;
    await send(request('/00'));
    await send(SIXTEEN.map((target) => request(target)).join(''));
    expect(transport.paused).toBe(true);
    transport.blocked = false;
    transport.drain();
    expect(transport.paused).toBe(false);
    await send(request('/16'));
    expect(targets(transport.sent)).toEqual(['/00', ...SIXTEEN, '/16']);
  });

  it('does not stop reading a head that is longer than the read-ahead', async () => {
    const { send, transport } = serve(echoTarget, { limits });
    const text = request('/00', `X: ${'y'.repeat(1000)}\r\n`);
    await send(text.slice(0, 500));
    await send(text.slice(500));
    expect(targets(transport.sent)).toEqual(['/00']);
  });
});

describe('Connection: persistence', () => {
  const cases: [name: string, head: string, persists: boolean, connection: string | undefined][] = [
    ['HTTP/1.1', 'GET / HTTP/1.1\r\nHost: a\r\n', true, undefined],
    ['HTTP/1.1 close', 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n', false, 'close'],
    ['HTTP/1.1 keep-alive', 'GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n', true, 'keep-alive'],
    ['HTTP/1.1 both', 'GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, close\r\n', false, 'close'],
    ['HTTP/1.0', 'GET / HTTP/1.0\r\n', false, 'close'],
    ['HTTP/1.0 keep-alive', 'GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n', true, 'keep-alive'],
  ];
  for (const [name, head, persists, connection] of cases) {
    it(`${name}: ${persists ? 'persists' : 'ends'}`, async () => {
      const { send, transport } = serve(echoTarget);
      await send(`${head}\r\n`);
      expect(/^Connection: (.*)\r$/m.exec(transport.sent)?.[1]).toBe(connection);
      expect(/^Keep-Alive: timeout=65\r$/m.test(transport.sent)).toBe(connection === 'keep-alive');
      expect(transport.ended).toBe(!persists);
    });
  }

  it('ends behind an exchange whose application wants that, before and after its head', async () => {
    for (const early of [true, false]) {
      const { send, transport, exchanges } = serve((exchange) => {
        if (early) exchange.persistent = false;
        answer(exchange, 'x');
        exchange.persistent = false;
      });
      await send(request('/00') + request('/01'));
      expect(exchanges).toHaveLength(1);
      expect(transport.ended).toBe(true);
      expect(transport.sent.includes('Connection: close')).toBe(early);
    }
  });

  it('ends behind a body that the end of the connection marks', async () => {
    const { send, transport, exchanges } = serve(async (exchange) => {
      exchange.response.begin(new ResponseHead(200));
      exchange.response.flush();
      exchange.response.write('until close');
    });
    await send('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n'.repeat(2));
    expect(exchanges).toHaveLength(1);
    expect(transport.sent).toBe('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil close');
    expect(transport.calls).toEqual(['end']);
  });

  it('MUST 33: answers the 1,000th request with Connection: close', async () => {
    const { send, transport, exchanges } = serve(echoTarget);
    for (let i = 0; i < 999; i++) await send(request());
    expect(transport.take()).not.toContain('Connection: close');
    expect(transport.ended).toBe(false);
    await send(request() + request());
    expect(transport.sent).toContain('Connection: close');
    expect(statuses(transport.sent)).toEqual([200]);
    expect(exchanges).toHaveLength(1000);
    expect(transport.ended).toBe(true);
  });

  it('does not promise a time that it has not', async () => {
    const { send, transport } = serve(echoTarget, { timeouts: { idle: Number.POSITIVE_INFINITY } });
    await send(request('/', 'Connection: keep-alive\r\n'));
    expect(transport.sent).toContain('Connection: keep-alive\r\n');
    expect(transport.sent).not.toContain('Infinity');
  });
});

describe('Connection: Expect: 100-continue', () => {
  const EXPECT = 'Expect: 100-continue\r\n';
  const head = post('hello', EXPECT).slice(0, -5);

  it('MUST 25: sends 100 when the body is first read, and only then', async () => {
    let goOn = () => {};
    const { send, transport } = serve(async (exchange) => {
      await new Promise<void>((resolve) => {
        goOn = resolve;
      });
      answer(exchange, await readAll(exchange));
    });
    await send(head);
    expect(transport.sent).toBe('');
    goOn();
    await settle();
    expect(transport.take()).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    await send('hel');
    expect(transport.sent).toBe('');
    await send('lo');
    expect(statuses(transport.sent)).toEqual([200]);
    expect(transport.sent).toMatch(/\r\n\r\nhello$/);
    expect(transport.ended).toBe(false);
  });

  it('sends none to a client that did not wait', async () => {
    const { send, transport } = serve(async (exchange) => answer(exchange, await readAll(exchange)));
    await send(`${head}hello`);
    expect(statuses(transport.sent)).toEqual([200]);
    expect(transport.ended).toBe(false);
  });

  it('MUST 25: never sends 100 in HTTP/1.0', async () => {
    const { send, transport } = serve(async (exchange) => answer(exchange, await readAll(exchange)));
    await send(`POST / HTTP/1.0\r\nContent-Length: 5\r\n${EXPECT}\r\n`);
    await send('hello');
    expect(statuses(transport.sent)).toEqual([200]);
  });

  it('MUST 25: closes behind a final status sent instead, and never parses what follows', async () => {
    const { send, transport, exchanges } = serve(echoTarget);
    await send(head + request('/smuggled'));
    await send(request('/smuggled'));
    expect(exchanges).toHaveLength(1);
    expect(statuses(transport.sent)).toEqual([200]);
    expect(transport.sent).toContain('Connection: close');
    expect(transport.ended).toBe(true);
  });

  it('MUST 25: answers another expectation with 417', async () => {
    const { send, transport, exchanges } = serve(echoTarget);
    await send(post('hello', 'Expect: 200-ok\r\n'));
    expect(exchanges).toHaveLength(0);
    expect(statuses(transport.sent)).toEqual([417]);
    expect(transport.ended).toBe(true);
  });

  it('sends no second 100 when the application has sent one', async () => {
    const { send, transport } = serve(async (exchange) => {
      exchange.response.interim(new ResponseHead(100));
      answer(exchange, await readAll(exchange));
    });
    await send(head);
    await send('hello');
    expect(statuses(transport.sent)).toEqual([100, 200]);
    expect(transport.ended).toBe(false);
  });

  it('sends no 100 behind the head of the response', async () => {
    const { send, transport } = serve(async (exchange) => {
      exchange.response.begin(new ResponseHead(200));
      await exchange.response.flush();
      await readAll(exchange);
    });
    await send(head);
    await send('hello');
    expect(statuses(transport.sent)).toEqual([200]);
  });
});

describe('Connection: a body that is left over', () => {
  const SMUGGLED = request('/smuggled');

  it('MUST 36: is stepped over, and never taken for a request', async () => {
    for (const handler of [
      echoTarget,
      async (exchange: Exchange) => echoTarget(exchange),
      (exchange: Exchange) => {
        exchange.body.read(); // a part of it
        echoTarget(exchange);
      },
    ]) {
      const { send, transport, exchanges } = serve(handler);
      const text = post(SMUGGLED.repeat(3));
      await send(text.slice(0, -50));
      expect(statuses(transport.sent)).toEqual([200]);
      await send(text.slice(-50) + request('/next'));
      expect(exchanges.map((exchange) => exchange.head.target)).toEqual(['/', '/next']);
    }
  });

  it('MUST 36: up to 256 KiB it costs nothing, beyond that the connection', async () => {
    for (const [size, persists] of [
      [256 * 1024, true],
      [256 * 1024 + 1, false],
    ] as const) {
      const { send, transport, exchanges } = serve(echoTarget);
      await send(request('/', `Content-Length: ${size}\r\n`, 'POST'));
      expect(transport.sent.includes('Connection: close')).toBe(!persists);
      for (let left = size; left > 0; left -= 65536) await send('x'.repeat(Math.min(left, 65536)));
      await send(request('/next'));
      expect(exchanges).toHaveLength(persists ? 2 : 1);
      expect(transport.ended).toBe(!persists);
    }
  });

  it('MUST 36: of unknown length is stepped over to the same limit', async () => {
    for (const [chunks, persists] of [
      [4, true],
      [5, false],
    ] as const) {
      const { send, transport, exchanges } = serve(echoTarget);
      await send(request('/', 'Transfer-Encoding: chunked\r\n', 'POST'));
      for (let i = 0; i < chunks; i++) await send(`10000\r\n${'x'.repeat(65536)}\r\n`);
      await send(`0\r\n\r\n${request('/next')}`);
      expect(exchanges).toHaveLength(persists ? 2 : 1);
      expect(transport.ended).toBe(!persists);
    }
  });

  it('malformed: ends the connection behind the response that was sent', async () => {
    const { send, transport, errors } = serve(echoTarget);
    await send(`${request('/00', 'Transfer-Encoding: chunked\r\n', 'POST')}5\r\n`);
    await send(`helloX${SMUGGLED}`);
    expect(statuses(transport.sent)).toEqual([200]);
    expect(errors).toEqual([]);
    expect(transport.ended).toBe(true);
  });

  it('is read on although the peer was paused', async () => {
    let goOn = () => {};
    const { send, transport, exchanges } = serve(async (exchange) => {
      if (exchange.head.method === 'POST')
        await new Promise<void>((resolve) => {
          goOn = resolve;
        });
      echoTarget(exchange);
    });
    const text = post('x'.repeat(200_000));
    await send(text.slice(0, 100_000));
    expect(transport.paused).toBe(true);
    transport.feed(text.slice(100_000) + request('/next'));
    goOn();
    await settle();
    expect(exchanges).toHaveLength(2);
  });

  it('is read on when the peer has taken the response', async () => {
    const { send, transport, exchanges } = serve((exchange) => answer(exchange, 'x'.repeat(100_000)));
    transport.blocked = true;
    const text = post('y'.repeat(200_000));
    await send(text.slice(0, 1000));
    await send(text.slice(1000, 150_000));
    expect(transport.paused).toBe(true);
    transport.blocked = false;
    transport.drain();
    await settle();
    await send(text.slice(150_000) + request('/next'));
    expect(exchanges).toHaveLength(2);
  });
});
