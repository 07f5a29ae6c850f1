import { describe, expect, it } from 'vitest';
import { ConnectionResetError } from '../../src/connection/exchange.js';
import { CHUNKED } from '../../src/http1/framing.js';
import { settle } from '../support/fake-transport.js';
import { answer, chunked, echoTarget, post, readAll, request, serve, statuses } from '../support/serve.js';

describe('RequestBody', () => {
  it('gives what is there without a promise, and undefined at the end, again and again', async () => {
    const read: unknown[] = [];
    const { send } = serve((exchange) => {
      read.push(exchange.body.length);
      for (let i = 0; i < 3; i++) read.push(exchange.body.read()?.toString());
      echoTarget(exchange);
    });
    await send(post('hello'));
    expect(read).toEqual([5, 'hello', undefined, undefined]);
  });

  it('is empty without Content-Length and Transfer-Encoding', async () => {
    let first: unknown = 'unread';
    const { send, transport } = serve((exchange) => {
      first = exchange.body.read();
      echoTarget(exchange);
    });
    await send(request());
    expect(first).toBeUndefined();
    expect(statuses(transport.sent)).toEqual([200]);
  });

  it('waits for octets that have not come', async () => {
    const { send, transport } = serve(async (exchange) => answer(exchange, await readAll(exchange)));
    const text = post('hello, world');
    for (const octet of text) await send(octet);
    expect(transport.sent).toMatch(/\r\n\r\nhello, world$/);
  });

  it('gives the data of chunks, never the framing, and the trailers behind the end', async () => {
    let trailer: string | undefined;
    const { send, transport, exchanges } = serve(async (exchange) => {
      expect(exchange.body.trailers).toBeUndefined();
      const text = await readAll(exchange);
      trailer = [...(exchange.body.trailers ?? [])].map(([name, value]) => `${name}=${value}`).join();
      answer(exchange, text);
    });
    const body = chunked('Hello, ', 'world').replace(/\r\n$/, 'X-Sum: 12\r\n\r\n');
    for (const octet of request('/', 'Transfer-Encoding: chunked\r\n', 'POST') + body) await send(octet);
    expect(exchanges[0]!.body.length).toBe(CHUNKED);
    expect(transport.sent).toMatch(/\r\n\r\nHello, world$/);
    expect(trailer).toBe('X-Sum=12');
  });

  it('refuses a second read while the first one waits', async () => {
    let second: unknown;
    const { send } = serve(async (exchange) => {
      const first = exchange.body.read();
      try {
        exchange.body.read();
      } catch (error) {
        second = error;
      }
      answer(exchange, String(await first));
    });
    await send(post('hello').slice(0, -5));
    expect(String(second)).toContain('being read already');
    await send('hello');
  });

  it('cannot be read when the exchange is over', async () => {
    const { send, exchanges } = serve(echoTarget);
    await send(post('hello'));
    expect(() => exchanges[0]!.body.read()).toThrow('over');
  });

  it('rejects a read that is still waiting when the exchange ends, and never gives it what is not its own', async () => {
    let stray: Promise<unknown> | undefined;
    const { send, transport } = serve((exchange) => {
      if (exchange.head.method === 'POST') stray = exchange.body.read() as Promise<unknown>;
      echoTarget(exchange);
    });
    await send(request('/first', 'Transfer-Encoding: chunked\r\n', 'POST'));
    await expect(stray).rejects.toThrow('over');
    await send(chunked() + request('/second'));
    expect(transport.sent).toMatch(/\/first.*\/second$/s);
  });

  it('leaves no unhandled rejection behind when nobody awaits the read', async () => {
    const { send, transport } = serve((exchange) => {
      void exchange.body.read();
      return new Promise(() => {});
    });
    await send(post('hello').slice(0, -5));
    transport.close();
    await settle(); // vitest fails a run with an unhandled rejection
  });

  it('malformed: fails with the error that answers it, again on every later read, never with a clean end', async () => {
    const failures: unknown[] = [];
    const { send, transport } = serve(async (exchange) => {
      for (let i = 0; i < 3; i++) {
        try {
          failures.push(await exchange.body.read());
        } catch (error) {
          failures.push(error);
        }
      }
      throw failures[0];
    });
    await send(`${request('/', 'Transfer-Encoding: chunked\r\n', 'POST')}xyz\r\n`);
    expect(failures).toHaveLength(3);
    expect(new Set(failures).size).toBe(1);
    expect(failures[0]).toMatchObject({ status: 400, code: 'BAD_CHUNK' });
    expect(statuses(transport.sent)).toEqual([400]);
    expect(transport.ended).toBe(true);
  });

  it('malformed while a read waits: rejects, and ends the connection behind the response', async () => {
    const { send, transport, errors } = serve(async (exchange) => answer(exchange, await readAll(exchange)));
    await send(`${request('/', 'Transfer-Encoding: chunked\r\n', 'POST')}5\r\nhel`);
    await send('loX\r\n');
    expect(errors).toMatchObject([{ status: 400, code: 'BAD_CHUNK' }]);
    expect(statuses(transport.sent)).toEqual([400]);
    expect(transport.ended).toBe(true);
  });

  it('MUST 39: FIN inside a body is an error for its reader, waiting or not', async () => {
    for (const waits of [true, false]) {
      let failure: unknown;
      let goOn = () => {};
      const held = new Promise<void>((resolve) => {
        goOn = resolve;
      });
      const { send, transport } = serve(async (exchange) => {
        if (!waits) await held;
        try {
          await readAll(exchange);
        } catch (error) {
          failure = error;
          throw error;
        }
      });
      await send(post('hello').slice(0, -1));
      transport.fin();
      goOn();
      await settle();
      expect(failure).toMatchObject({ status: 400, code: 'INCOMPLETE' });
      expect(statuses(transport.sent)).toEqual([400]);
      expect(transport.closed).toBe(true);
    }
  });

  it('MUST 41: a reset is a ConnectionResetError for its reader, waiting or later', async () => {
    const failures: unknown[] = [];
    const { send, transport } = serve(async (exchange) => {
      for (let i = 0; i < 2; i++) {
        try {
          await exchange.body.read();
        } catch (error) {
          failures.push(error);
        }
      }
    });
    await send(post('hello').slice(0, -5));
    transport.close();
    await settle();
    expect(failures).toHaveLength(2);
    for (const failure of failures) expect(failure).toBeInstanceOf(ConnectionResetError);
  });
});

describe('RequestBody: read back-pressure', () => {
  const limits = { maxReadAhead: 1000 };

  it('MUST 35: pauses the peer when 64 KiB have been read ahead, whatever length is announced', async () => {
    const { send, transport } = serve(() => new Promise(() => {}));
    await send(request('/', 'Content-Length: 2147483647\r\n', 'POST'));
    for (let i = 0; i < 16; i++) await send(Buffer.alloc(4096));
    expect(transport.paused).toBe(false);
    await send('x');
    expect(transport.paused).toBe(true);
  });

  it('resumes when the body is asked for beyond what is there', async () => {
    let goOn = () => {};
    const held = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const { send, transport } = serve(
      async (exchange) => {
        await held;
        answer(exchange, String((await readAll(exchange)).length));
      },
      { limits },
    );
    await send(post('x'.repeat(5000)).slice(0, -3000));
    expect(transport.calls).toEqual(['pause']);
    goOn();
    await settle();
    expect(transport.calls).toEqual(['pause', 'resume']);
    await send('x'.repeat(3000));
    expect(transport.sent).toMatch(/\r\n\r\n5000$/);
  });

  it('does not pause a peer whose octets are being read', async () => {
    const { send, transport } = serve(
      async (exchange) => answer(exchange, String((await readAll(exchange)).length)),
      {
        limits,
      },
    );
    const text = post('x'.repeat(50_000));
    for (let at = 0; at < text.length; at += 5000) await send(text.slice(at, at + 5000));
    expect(transport.calls).toEqual([]);
    expect(transport.sent).toMatch(/\r\n\r\n50000$/);
  });
});
