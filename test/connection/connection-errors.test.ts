// What happens when somebody does it wrong: the peer, the handler, or the one who answers errors.

import { describe, expect, it } from 'vitest';
import { type Exchange, UnansweredError } from '../../src/connection/exchange.js';
import { ProtocolError } from '../../src/http1/errors.js';
import { ResponseHead } from '../../src/http1/response-head.js';
import { settle } from '../support/fake-transport.js';
import { answer, echoTarget, post, readAll, request, serve, split, statuses } from '../support/serve.js';

type Handler = (exchange: Exchange) => void | Promise<void>;

/** The same handler as it is, async, and late. */
function waysToCall(handler: (exchange: Exchange) => void): [name: string, handler: Handler][] {
  return [
    ['sync', handler],
    ['async', async (exchange) => handler(exchange)],
    [
      'late',
      async (exchange) => {
        await new Promise((resolve) => setImmediate(resolve));
        handler(exchange);
      },
    ],
  ];
}

function begin(exchange: Exchange, fields: Record<string, string | number> = {}): void {
  const head = new ResponseHead(200);
  for (const [name, value] of Object.entries(fields)) head.append(name, value);
  exchange.response.begin(head);
}

describe('MUST 42: a handler that fails', () => {
  const unsent: Record<string, (exchange: Exchange) => void> = {
    'before any response': () => {
      throw new Error('own');
    },
    'with a head that has not been sent': (exchange) => {
      begin(exchange, { 'X-Own': 'secret' });
      throw new Error('own');
    },
    'with a body that has not been sent': (exchange) => {
      begin(exchange, { 'X-Own': 'secret' });
      exchange.response.write('secret');
      throw new Error('own');
    },
    'with more than Content-Length promises': (exchange) => {
      begin(exchange, { 'Content-Length': 2, 'X-Own': 'secret' });
      exchange.response.write('secret');
    },
    'with undefined': () => {
      throw undefined;
    },
  };
  for (const [when, handler] of Object.entries(unsent)) {
    for (const [how, called] of waysToCall(handler)) {
      it(`${when}, ${how}: 500, its own head dropped, and the connection ends`, async () => {
        const { send, transport, errors, exchanges } = serve(called);
        await send(request() + request('/never'));
        expect(errors).toHaveLength(1);
        expect(statuses(transport.sent)).toEqual([500]);
        expect(transport.sent).not.toContain('secret');
        expect(split(transport.sent).head).toContain('Connection: close');
        expect(transport.calls).toEqual(['end']);
        expect(exchanges).toHaveLength(1);
      });
    }
  }

  for (const [how, called] of waysToCall((exchange) => begin(exchange, { 'Content-Length': 2 }))) {
    it(`MUST 43: with nothing of what Content-Length promises, ${how}: the connection is cut`, async () => {
      const { send, transport, errors, exchanges } = serve(called);
      await send(request() + request('/never'));
      expect(errors).toHaveLength(1);
      expect(transport.sent).toBe('');
      expect(transport.calls).toEqual(['destroy', 'close']);
      expect(exchanges).toHaveLength(1);
    });
  }

  const sent: Record<string, (exchange: Exchange) => void> = {
    'in the middle of a chunked body': (exchange) => {
      begin(exchange);
      exchange.response.flush();
      exchange.response.write('part');
      throw new Error('own');
    },
    'in the middle of a body of known length': (exchange) => {
      begin(exchange, { 'Content-Length': 10 });
      exchange.response.write('part');
      throw new Error('own');
    },
    'short of its Content-Length': (exchange) => {
      begin(exchange, { 'Content-Length': 10 });
      exchange.response.write('part');
    },
    'beyond its Content-Length': (exchange) => {
      begin(exchange, { 'Content-Length': 5 });
      exchange.response.write('part');
      exchange.response.write('too much');
    },
  };
  for (const [when, handler] of Object.entries(sent)) {
    for (const [how, called] of waysToCall(handler)) {
      it(`${when}, ${how}: the connection is cut, without a clean end`, async () => {
        const { send, transport, errors, exchanges } = serve(called);
        await send(request() + request('/never'));
        expect(errors).toHaveLength(1);
        expect(statuses(transport.sent)).toEqual([200]);
        expect(transport.sent).toMatch(/part(\r\n)?$/);
        expect(transport.sent).not.toMatch(/\r\n0\r\n\r\n$/);
        expect(transport.calls).toEqual(['destroy', 'close']);
        expect(exchanges).toHaveLength(1);
      });
    }
  }

  it('in the middle of a body that the end of the connection marks: a reset, which cannot be taken for it', async () => {
    for (const [, called] of waysToCall((exchange) => {
      begin(exchange);
      exchange.response.flush();
      exchange.response.write('part');
      throw new Error('own');
    })) {
      const { send, transport } = serve(called);
      await send('GET / HTTP/1.0\r\n\r\n');
      expect(transport.sent).toMatch(/part$/);
      expect(transport.calls).toEqual(['reset', 'close']);
    }
  });

  it('behind its complete response: the connection is cut', async () => {
    const { send, transport, errors, exchanges } = serve((exchange) => {
      echoTarget(exchange);
      throw new Error('own');
    });
    await send(request('/first') + request('/never'));
    expect(errors).toHaveLength(1);
    expect(transport.calls).toEqual(['destroy', 'close']);
    expect(exchanges).toHaveLength(1);
  });

  it('with no response at all: an UnansweredError', async () => {
    for (const [, called] of waysToCall(() => {})) {
      const { send, transport, errors } = serve(called);
      await send(request());
      expect(errors).toHaveLength(1);
      expect(errors[0]).toBeInstanceOf(UnansweredError);
      expect(statuses(transport.sent)).toEqual([500]);
      expect(transport.ended).toBe(true);
    }
  });

  it('with a second response: the error of the second, behind the first', async () => {
    const { send, transport, errors } = serve((exchange) => {
      echoTarget(exchange);
      echoTarget(exchange);
    });
    await send(request('/once'));
    expect(String(errors[0])).toContain('has a head already');
    expect(statuses(transport.sent)).toEqual([200]);
    expect(transport.sent.match(/\/once/g)).toHaveLength(1);
  });

  it('with a second end: no error, and the next request is served', async () => {
    const { send, transport, errors } = serve((exchange) => {
      echoTarget(exchange);
      exchange.response.end();
    });
    await send(request('/00') + request('/01'));
    expect(errors).toEqual([]);
    expect(statuses(transport.sent)).toEqual([200, 200]);
  });

  it('with something that is no promise: it counts as done', async () => {
    for (const returned of [null, 0, 'text', {}]) {
      const { send, transport, errors } = serve(((exchange: Exchange) => {
        echoTarget(exchange);
        return returned;
      }) as unknown as Handler);
      await send(request());
      expect(errors).toEqual([]);
      expect(statuses(transport.sent)).toEqual([200]);
    }
  });

  it('does not lose the responses before it', async () => {
    const { send, transport } = serve((exchange) => {
      if (exchange.head.target === '/bad') throw new Error('own');
      echoTarget(exchange);
    });
    await send(request('/00') + request('/01') + request('/bad'));
    expect(statuses(transport.sent)).toEqual([200, 200, 500]);
  });

  it('when the client is gone already: reported, and nothing is written', async () => {
    let fail = () => {};
    const { send, transport, errors, connection } = serve(async () => {
      await new Promise<void>((resolve) => {
        fail = resolve;
      });
      throw new Error('own');
    });
    await send(request());
    transport.close();
    fail();
    await settle();
    expect(errors.map(String)).toEqual(['Error: own']);
    expect(transport.sent).toBe('');
    expect(transport.calls).toEqual(['close']);
    connection.stop();
    expect(transport.calls).toEqual(['close']);
  });

  it('when the client is gone already and nothing was answered: no error', async () => {
    let finish = () => {};
    const { send, transport, errors } = serve(
      () =>
        new Promise<void>((resolve) => {
          finish = resolve;
        }),
    );
    await send(request());
    transport.close();
    finish();
    await settle();
    expect(errors).toEqual([]);
  });
});

describe('onError', () => {
  const failing = () => {
    throw new Error('own');
  };

  it('that throws: a minimal answer with the status of the error', async () => {
    const { send, transport } = serve(echoTarget, { onError: failing });
    await send('GET / HTTP/1.1\r\n\r\n');
    expect(transport.sent).toBe('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
    expect(transport.calls).toEqual(['end']);

    const own = serve(failing, { onError: failing });
    await own.send(request());
    expect(own.transport.sent).toMatch(
      /^HTTP\/1.1 500 .*\r\nContent-Length: 0\r\nConnection: close\r\n\r\n$/,
    );
  });

  it('that throws in the middle of its answer: what it had not sent is dropped', async () => {
    const { send, transport } = serve(failing, {
      onError(_error, exchange) {
        begin(exchange, { 'X-Own': 'secret' });
        exchange.response.write('secret');
        failing();
      },
    });
    await send(request());
    expect(transport.sent).toMatch(/^HTTP\/1.1 500 .*\r\nContent-Length: 0\r\nConnection: close\r\n\r\n$/);
  });

  it('that throws behind what it has sent: the connection is cut', async () => {
    const { send, transport } = serve(failing, {
      onError(_error, exchange) {
        begin(exchange);
        exchange.response.write('part');
        exchange.response.flush();
        failing();
      },
    });
    await send(request());
    expect(transport.calls).toEqual(['destroy', 'close']);
    expect(transport.sent).not.toMatch(/\r\n0\r\n\r\n$/);
  });

  it('that does not answer: a minimal answer', async () => {
    const { send, transport } = serve(failing, { onError() {} });
    await send(request());
    expect(statuses(transport.sent)).toEqual([500]);
    expect(transport.calls).toEqual(['end']);
  });

  it('that answers with a stream: it is ended as the method returns, and refused what comes later', async () => {
    let late: unknown;
    const { send, transport } = serve(failing, {
      onError(_error, exchange) {
        begin(exchange);
        exchange.response.write('first');
        void Promise.resolve().then(() => {
          try {
            exchange.response.write('second');
          } catch (error) {
            late = error;
          }
        });
      },
    });
    await send(request());
    expect(transport.sent).toMatch(/\r\n\r\nfirst$/);
    expect(String(late)).toContain('has ended');
    expect(transport.ended).toBe(true);
  });

  it('that does not keep its Content-Length: the connection is cut', async () => {
    const { send, transport } = serve(failing, {
      onError(_error, exchange) {
        begin(exchange, { 'Content-Length': 10 });
        exchange.response.write('short');
      },
    });
    await send(request());
    expect(transport.calls.at(0)).toMatch(/destroy|reset/);
  });

  it('that stops or destroys the connection: no harm', async () => {
    for (const method of ['stop', 'destroy'] as const) {
      const served = serve(failing, {
        onError(_error, exchange) {
          served.connection[method]();
          answer(exchange, 'error', 500);
        },
      });
      await served.send(request());
      expect(served.transport.calls).toEqual(method === 'stop' ? ['end'] : ['destroy', 'close']);
    }
  });

  it('that takes the connection over: it is its own from then on', async () => {
    const { send, transport } = serve(failing, {
      onError(_error, exchange) {
        exchange.upgrade();
      },
    });
    await send(request());
    expect([transport.sent, transport.calls]).toEqual(['', []]);
  });

  it('reads no body of a request that could not be understood', async () => {
    let read: unknown = 'nothing';
    const { send, transport } = serve(echoTarget, {
      onError(_error, exchange) {
        read = exchange.body.read();
        answer(exchange, 'bad', 400);
      },
    });
    await send('GET / HTTP/1.1\r\n\r\nrest');
    expect(read).toBeUndefined();
    expect(statuses(transport.sent)).toEqual([400]);
  });
});

describe('What the peer does wrong', () => {
  it('is answered once, with its request line as far as it is known, and nothing is parsed behind it', async () => {
    let line = '';
    const { send, transport, exchanges } = serve(echoTarget, {
      onError(error, exchange) {
        line = exchange.head.requestLine;
        answer(exchange, '', (error as ProtocolError).status);
      },
    });
    await send(`GET /bad HTTP/1.1\r\nHost: a\r\nBad Field: x\r\n\r\n${request('/smuggled')}`);
    await send(request('/smuggled'));
    expect(line).toBe('GET /bad HTTP/1.1');
    expect(exchanges).toEqual([]);
    expect(statuses(transport.sent)).toEqual([400]);
    expect(transport.sent).toContain('Connection: close');
  });

  it('MUST 39: FIN anywhere inside a head calls no handler', async () => {
    const text = request('/', 'X: y\r\n');
    for (let cut = 1; cut < text.length; cut++) {
      const { send, transport, exchanges } = serve(echoTarget);
      await send(text.slice(0, cut));
      transport.fin();
      await settle();
      expect(exchanges).toEqual([]);
      expect(statuses(transport.sent)).toEqual([400]);
      expect(transport.closed).toBe(true);
    }
  });

  it('MUST 39: FIN anywhere inside a body that nobody reads ends the connection behind the response', async () => {
    const text = post('hello');
    for (let cut = text.length - 5; cut < text.length; cut++) {
      const { send, transport, errors } = serve(echoTarget);
      await send(text.slice(0, cut));
      transport.fin();
      await settle();
      expect(statuses(transport.sent)).toEqual([200]);
      expect(errors).toEqual([]);
      expect(transport.closed).toBe(true);
    }
  });

  it('MUST 35: a body that is too large for its reader is answered 413 before the rest is read', async () => {
    const { send, transport } = serve((exchange) => {
      if (exchange.body.length > 10) throw new ProtocolError(413, 'BODY_TOO_LARGE', 'Too large');
    });
    await send(request('/', 'Content-Length: 2147483647\r\n', 'POST'));
    expect(statuses(transport.sent)).toEqual([413]);
    expect(transport.ended).toBe(true);
  });
});

describe('Late writes', () => {
  it('to an ended exchange throw, and never reach the next response', async () => {
    const late: unknown[] = [];
    const attempts = (exchange: Exchange): (() => unknown)[] => [
      () => exchange.response.write('late'),
      () => exchange.response.begin(new ResponseHead(200)),
      () => exchange.response.interim(new ResponseHead(103)),
      () => exchange.body.read(),
      () => exchange.upgrade(),
    ];
    const { send, transport } = serve((exchange) => {
      if (exchange.head.target === '/second') {
        begin(exchange);
        exchange.response.flush();
        return new Promise(() => {});
      }
      setImmediate(() => {
        for (const attempt of attempts(exchange)) {
          try {
            late.push(attempt());
          } catch (error) {
            late.push(error);
          }
        }
        exchange.response.flush();
        exchange.response.end();
      });
      echoTarget(exchange);
    });
    await send(request('/first') + request('/second'));
    expect(late).toHaveLength(5);
    for (const error of late) expect(error).toBeInstanceOf(Error);
    expect(transport.sent).not.toContain('late');
    expect(statuses(transport.sent)).toEqual([200, 200]);
  });

  it('to an exchange that failed half-way throw too', async () => {
    const { send, exchanges } = serve((exchange) => {
      begin(exchange, { 'Content-Length': 100 });
      exchange.response.write('part');
      throw new Error('own');
    });
    await send(request());
    expect(() => exchanges[0]!.response.write('late')).toThrow('has ended');
  });

  it('while the handler of a client that is gone still runs are dropped, and awaiting them tells', async () => {
    let goOn = () => {};
    let failure: unknown;
    const { send, transport } = serve(async (exchange) => {
      begin(exchange);
      await new Promise<void>((resolve) => {
        goOn = resolve;
      });
      exchange.response.write('nobody awaits this');
      failure = await Promise.resolve(exchange.response.write('but this')).catch((error: unknown) => error);
    });
    await send(request());
    transport.take();
    transport.close();
    goOn();
    await settle();
    expect(failure).toMatchObject({ code: 'ECONNRESET' });
    expect(transport.sent).toBe('');
  });
});

describe('MUST 41: a reset at any time', () => {
  const handlers: Record<string, Handler> = {
    sync: echoTarget,
    'async echo': async (exchange) => {
      begin(exchange);
      for (let octets = await exchange.body.read(); octets !== undefined; octets = await exchange.body.read())
        await exchange.response.write(octets);
    },
    'reads all': async (exchange) => answer(exchange, await readAll(exchange)),
  };
  for (const [name, handler] of Object.entries(handlers)) {
    for (const blocked of [false, true]) {
      it(`${name}${blocked ? ', blocked' : ''}: leaves nothing watched, tells once, and answers nothing more`, async () => {
        const text = post('hello') + request('/second') + post('hello, again');
        for (let cut = 0; cut <= text.length; cut += 5) {
          const served = serve(handler);
          served.transport.blocked = blocked;
          await served.send(text.slice(0, cut));
          served.transport.close();
          const { sent } = served.transport;
          await served.pass(1000);
          expect([served.watched, served.closedCount]).toEqual([false, 1]);
          expect(served.transport.sent).toBe(sent);
        }
      });
    }
  }
});
