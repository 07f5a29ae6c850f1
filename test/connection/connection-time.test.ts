// Every time limit with its default number. Deadlines are compared once a second, so each is met within a second.

import { describe, expect, it } from 'vitest';
import { ResponseHead } from '../../src/http1/response-head.js';
import { settle } from '../support/fake-transport.js';
import { answer, echoTarget, post, readAll, request, serve, statuses } from '../support/serve.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

describe('Connection: the time for a head', () => {
  it('MUST 29: is 20 s from the start of the connection, for a peer that is silent', async () => {
    const { transport, pass } = serve(echoTarget);
    await pass(19 * SECOND);
    expect(transport.sent).toBe('');
    await pass(SECOND);
    expect(statuses(transport.sent)).toEqual([408]);
    expect(transport.sent).toContain('Connection: close');
    expect(transport.ended).toBe(true);
  });

  it('MUST 29: is not prolonged by octets that trickle', async () => {
    const { transport, send, pass, exchanges } = serve(echoTarget);
    const text = request('/', 'X: y\r\n'.repeat(10));
    for (let i = 0; i < 19; i++) {
      await send(text[i]!);
      await pass(SECOND);
    }
    expect(transport.sent).toBe('');
    await pass(SECOND);
    expect(statuses(transport.sent)).toEqual([408]);
    await send(text.slice(19));
    expect(exchanges).toEqual([]);
  });

  it('MUST 29: is 20 s from the first octet, for later requests', async () => {
    const { transport, send, pass } = serve(echoTarget);
    await send(request());
    await pass(30 * SECOND);
    transport.take();
    await send('GET');
    for (let i = 0; i < 19; i++) {
      await send(i === 0 ? ' ' : '/');
      await pass(SECOND);
    }
    expect(transport.sent).toBe('');
    await pass(SECOND);
    expect(statuses(transport.sent)).toEqual([408]);
  });

  it('ends with the head: a handler may take as long as it likes', async () => {
    let finish = () => {};
    const { transport, send, pass } = serve(async (exchange) => {
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      echoTarget(exchange);
    });
    await send(request());
    await pass(60 * MINUTE);
    finish();
    await settle();
    expect(statuses(transport.sent)).toEqual([200]);
  });
});

describe('Connection: the time between requests', () => {
  it('MUST 32: is 65 s, and what the client is told; it begins to run with the next sweep', async () => {
    const { transport, send, pass } = serve(echoTarget);
    await send(request('/', 'Connection: keep-alive\r\n'));
    expect(transport.take()).toContain('Keep-Alive: timeout=65\r\n');
    await pass(65 * SECOND);
    expect(transport.ended).toBe(false);
    await pass(SECOND);
    expect(transport.ended).toBe(true);
    expect(transport.sent).toBe('');
  });

  it('MUST 32: begins anew with each request', async () => {
    const { transport, send, pass } = serve(echoTarget);
    for (let i = 0; i < 5; i++) {
      await send(request());
      await pass(60 * SECOND);
    }
    expect(transport.ended).toBe(false);
    await pass(6 * SECOND);
    expect(transport.ended).toBe(true);
  });

  it('begins when the handler is done, not when it was called', async () => {
    let finish = () => {};
    const { transport, send, pass } = serve(async (exchange) => {
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      echoTarget(exchange);
    });
    await send(request());
    await pass(100 * SECOND);
    finish();
    await settle();
    await pass(65 * SECOND);
    expect(transport.ended).toBe(false);
    await pass(SECOND);
    expect(transport.ended).toBe(true);
  });
});

describe('Connection: the time for a body', () => {
  const upload = (length: number) => request('/', `Content-Length: ${length}\r\n`, 'POST');
  const count = () => serve(async (exchange) => answer(exchange, String((await readAll(exchange)).length)));

  it('MUST 30: a steady 1 KB/s for 10 minutes succeeds', async () => {
    const { transport, send, pass } = count();
    await send(upload(600 * 1024));
    for (let i = 0; i < 600; i++) {
      await pass(SECOND);
      transport.feed('x'.repeat(1024));
    }
    await settle();
    expect(transport.sent).toMatch(/^HTTP\/1.1 200 OK.*\r\n\r\n614400$/s);
  });

  it('MUST 30: 1 B/s fails after 5 s with 408', async () => {
    const { transport, send, pass, errors } = count();
    await send(upload(1000));
    for (let i = 0; i < 5; i++) {
      expect(transport.sent).toBe('');
      await pass(SECOND);
      await send('x');
    }
    await pass(SECOND);
    expect(errors).toMatchObject([{ status: 408, code: 'TIMEOUT' }]);
    expect(statuses(transport.sent)).toEqual([408]);
    expect(transport.ended).toBe(true);
  });

  it('MUST 30: a body that begins fast and stalls fails after 60 s', async () => {
    const { transport, send, pass, errors } = count();
    await send(upload(1_000_000) + 'x'.repeat(500_000));
    await pass(59 * SECOND);
    expect(transport.sent).toBe('');
    await pass(SECOND);
    expect(errors).toMatchObject([{ status: 408 }]);
  });

  it('MUST 30: chunk framing that brings no octets is no progress', async () => {
    const { transport, send, pass } = count();
    await send(`${request('/', 'Transfer-Encoding: chunked\r\n', 'POST')}5`);
    for (let i = 0; i < 5; i++) {
      await pass(SECOND);
      await send(';a');
    }
    await pass(SECOND);
    expect(statuses(transport.sent)).toEqual([408]);
  });

  it('runs only while the handler waits for the peer', async () => {
    const ends: (() => void)[] = [];
    const { transport, send, pass } = serve(async (exchange) => {
      let length = 0;
      for (
        let octets = await exchange.body.read();
        octets !== undefined;
        octets = await exchange.body.read()
      ) {
        length += octets.length;
        await new Promise<void>((resolve) => ends.push(resolve));
      }
      answer(exchange, String(length));
    });
    await send(upload(3));
    for (let i = 0; i < 3; i++) {
      await send('x');
      await pass(10 * MINUTE);
      ends[i]!();
      await settle();
    }
    expect(transport.sent).toMatch(/\r\n\r\n3$/);
  });

  it('goes on when a peer that had to be waited for has taken our output', async () => {
    const { transport, send, pass, errors } = serve(async (exchange) => {
      const body = readAll(exchange);
      exchange.response.begin(new ResponseHead(200));
      exchange.response.flush();
      await body;
    });
    transport.blocked = true;
    await send(upload(1000));
    await pass(30 * SECOND);
    expect(errors).toEqual([]);
    transport.drain();
    await pass(4 * SECOND);
    expect(errors).toEqual([]);
    await pass(2 * SECOND);
    expect(errors).toMatchObject([{ status: 408 }]);
  });

  it('fails later reads too, and never ends the body cleanly', async () => {
    const results: unknown[] = [];
    const { send, pass } = serve(async (exchange) => {
      for (let i = 0; i < 3; i++) {
        try {
          results.push(await exchange.body.read());
        } catch (error) {
          results.push((error as Error).message);
        }
      }
    });
    await send(upload(10));
    await pass(6 * SECOND);
    expect(results).toEqual(Array(3).fill('The body took too long to arrive'));
  });

  it('may be without a minimum rate', async () => {
    const { transport, send, pass } = serve(
      async (exchange) => answer(exchange, String((await readAll(exchange)).length)),
      { receiveRate: { minimum: 0 } },
    );
    await send(upload(3));
    await pass(59 * SECOND);
    await send('x');
    await pass(59 * SECOND);
    expect(transport.sent).toBe('');
    await pass(SECOND);
    expect(statuses(transport.sent)).toEqual([408]);
  });

  it('MUST 30: cuts the connection of a stalled body when the response has begun', async () => {
    const { transport, send, pass } = serve(async (exchange) => {
      exchange.response.begin(new ResponseHead(200));
      exchange.response.write('echo: ');
      exchange.response.write(await readAll(exchange));
    });
    await send(upload(1000));
    await pass(6 * SECOND);
    expect(transport.destroyed).toBe(true);
    expect(transport.sent).not.toMatch(/\r\n0\r\n\r\n$/);
  });
});

describe('Connection: the time for a body that is left over', () => {
  it('MUST 36: is 5 s in total', async () => {
    const { transport, send, pass, exchanges } = serve(echoTarget);
    await send(request('/', 'Content-Length: 1000\r\n', 'POST'));
    for (let i = 0; i < 4; i++) {
      await send('x'.repeat(100));
      await pass(SECOND);
    }
    expect(transport.ended).toBe(false);
    await pass(SECOND);
    expect(transport.ended).toBe(true);
    await send('x'.repeat(600) + request());
    expect(exchanges).toHaveLength(1);
    expect(statuses(transport.sent)).toEqual([200]);
  });
});

describe('Connection: the time to take our output', () => {
  it('MUST 31: a peer that stops reading is cut off after 60 s', async () => {
    const { transport, send, pass, exchanges } = serve(async (exchange) => {
      exchange.response.begin(new ResponseHead(200));
      for (let i = 0; i < 100; i++) await exchange.response.write(Buffer.alloc(65536));
    });
    transport.blocked = true;
    await send(request());
    await pass(59 * SECOND);
    expect(transport.destroyed).toBe(false);
    await pass(SECOND);
    expect(transport.destroyed).toBe(true);
    expect(exchanges[0]!.signal.aborted).toBe(true);
  });

  it('MUST 31: a download that is slow but moves succeeds', async () => {
    const { transport, send, pass } = serve(async (exchange) => {
      exchange.response.begin(new ResponseHead(200).append('Content-Length', 32 * 65536));
      for (let i = 0; i < 32; i++) await exchange.response.write(Buffer.alloc(65536, 'x'));
    });
    transport.blocked = true;
    await send(request());
    for (let i = 0; i < 33; i++) {
      await pass(50 * SECOND);
      transport.drain();
    }
    await settle();
    expect(transport.destroyed).toBe(false);
    expect(transport.sent.length).toBeGreaterThan(32 * 65536);
    transport.blocked = false;
    transport.drain();
    await pass(65 * SECOND);
    expect(transport.ended).toBe(false);
    await pass(SECOND);
    expect(transport.ended).toBe(true);
  });

  it('MUST 31: runs for what has been answered and is not taken, with the next request waiting', async () => {
    const { transport, send, pass } = serve(echoTarget);
    transport.blocked = true;
    await send(request());
    for (let i = 0; i < 59; i++) {
      await send(request());
      await pass(SECOND);
    }
    expect(transport.destroyed).toBe(false);
    await pass(SECOND);
    expect(transport.destroyed).toBe(true);
  });

  it('MUST 31: runs on although the body fails meanwhile', async () => {
    const { transport, send, pass } = serve(async (exchange) => {
      const body = readAll(exchange).catch(() => {});
      exchange.response.begin(new ResponseHead(200));
      await exchange.response.flush();
      await exchange.response.write(Buffer.alloc(100_000));
      await body;
      await exchange.response.write('never');
    });
    transport.blocked = true;
    await send(request('/', 'Transfer-Encoding: chunked\r\n', 'POST'));
    await send('not a chunk\r\n');
    await pass(60 * SECOND);
    expect(transport.destroyed).toBe(true);
  });

  it('MUST 31: the last octets of a response have it too, however small they are', async () => {
    const { transport, send, pass } = serve(echoTarget);
    transport.holdsEnd = true; // taken by the transport, but not yet by the peer
    await send('GET / HTTP/1.0\r\n\r\n');
    expect(transport.ended).toBe(true);
    await pass(50 * SECOND);
    expect(transport.destroyed).toBe(false);
    transport.finish();
    await pass(4 * SECOND);
    expect(transport.destroyed).toBe(false);
    await pass(SECOND);
    expect(transport.destroyed).toBe(true);
  });

  it('MUST 31: a peer that never takes the last octets is cut off after 60 s', async () => {
    const { transport, send, pass } = serve(echoTarget);
    transport.holdsEnd = true;
    await send('GET / HTTP/1.0\r\n\r\n');
    for (let i = 0; i < 59; i++) {
      await send('x');
      await pass(SECOND);
    }
    expect(transport.destroyed).toBe(false);
    await pass(SECOND);
    expect(transport.destroyed).toBe(true);
  });
});

describe('Connection: the time to close', () => {
  it('MUST 40: is 5 s for a peer that is silent', async () => {
    const { transport, send, pass } = serve(echoTarget);
    await send('GET / HTTP/1.0\r\n\r\n');
    expect(transport.calls).toEqual(['end']);
    await pass(4 * SECOND);
    expect(transport.destroyed).toBe(false);
    await pass(SECOND);
    expect(transport.destroyed).toBe(true);
  });

  it('MUST 40: is 30 s for a peer that goes on sending', async () => {
    const { transport, send, pass } = serve(echoTarget);
    await send(post('x'.repeat(10), 'Connection: close\r\n'));
    for (let i = 0; i < 29; i++) {
      await send('x'.repeat(1000));
      await pass(SECOND);
    }
    expect(transport.destroyed).toBe(false);
    await pass(SECOND);
    expect(transport.destroyed).toBe(true);
  });

  it('is over when the peer closes', async () => {
    const { transport, send, pass } = serve(echoTarget);
    await send('GET / HTTP/1.0\r\n\r\n');
    transport.fin();
    await settle();
    expect(transport.closed).toBe(true);
    await pass(MINUTE);
    expect(transport.destroyed).toBe(false);
  });
});

describe('Connection: no limits', () => {
  it('Infinity is for ever', async () => {
    const never = Number.POSITIVE_INFINITY;
    const { transport, send, pass } = serve(async (exchange) => answer(exchange, await readAll(exchange)), {
      timeouts: { headers: never, receive: never, idle: never, send: never, discard: never },
      receiveRate: { grace: never },
    });
    const text = post('ab');
    await pass(10 * MINUTE);
    await send(text.slice(0, 10));
    await pass(10 * MINUTE);
    await send(text.slice(10, -1));
    await pass(10 * MINUTE);
    transport.blocked = true;
    await send(text.slice(-1));
    await pass(10 * MINUTE);
    transport.drain();
    await pass(10 * MINUTE);
    expect(statuses(transport.sent)).toEqual([200]);
    expect(transport.calls).toEqual([]);
  });
});
