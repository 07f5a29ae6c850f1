// Whatever a peer does, in whatever order: the responses are those of the requests, and in the end nothing is left.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Exchange } from '../../src/connection/exchange.js';
import { ResponseHead } from '../../src/http1/response-head.js';
import { settle } from '../support/fake-transport.js';
import { answer, chunked, readAll, request, type Served, serve } from '../support/serve.js';

const LARGE = 100_000;

/** What the handlers do, by the first segment of the target; each answers with the whole target. */
const HANDLERS: Record<string, (exchange: Exchange) => void | Promise<void>> = {
  sync: (exchange) => answer(exchange, exchange.head.target),
  async: async (exchange) => answer(exchange, exchange.head.target),
  late: async (exchange) => {
    await new Promise((resolve) => setImmediate(resolve));
    answer(exchange, exchange.head.target);
  },
  reads: async (exchange) => {
    await readAll(exchange);
    answer(exchange, exchange.head.target);
  },
  streams: async (exchange) => {
    exchange.response.begin(new ResponseHead(200));
    await exchange.response.flush();
    for (let octets = await exchange.body.read(); octets !== undefined; octets = await exchange.body.read())
      await exchange.response.write(octets);
    await exchange.response.write(exchange.head.target);
  },
  large: async (exchange) => {
    exchange.response.begin(
      new ResponseHead(200).append('Content-Length', LARGE + exchange.head.target.length),
    );
    await exchange.response.write(Buffer.alloc(LARGE, '.'));
    await exchange.response.write(exchange.head.target);
  },
  strays: (exchange) => {
    void exchange.body.read();
    answer(exchange, exchange.head.target);
  },
};

const BODIES = ['', 'fixed', 'chunked', 'expect'] as const;

function requestText(kind: string, index: number, body: (typeof BODIES)[number]): string {
  const target = `/${kind}/${String(index).padStart(2, '0')}`;
  if (body === '') return request(target);
  if (body === 'chunked')
    return request(target, 'Transfer-Encoding: chunked\r\n', 'POST') + chunked('ab', 'cde');
  const expect = body === 'expect' ? 'Expect: 100-continue\r\n' : '';
  return `${request(target, `Content-Length: 5\r\n${expect}`, 'POST')}abcde`;
}

const requests = fc
  .array(fc.tuple(fc.constantFrom(...Object.keys(HANDLERS)), fc.constantFrom(...BODIES)), {
    minLength: 1,
    maxLength: 8,
  })
  .map((kinds) => kinds.map(([kind, body], index) => ({ kind, body, text: requestText(kind, index, body) })));

/** What happens, one after the other. `feed` is how many octets of what the client has to say come next. */
const step = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 400 }).map((feed) => ({ feed })) },
  { weight: 2, arbitrary: fc.constantFrom('block' as const, 'unblock' as const, 'drain' as const) },
  { weight: 2, arbitrary: fc.constantFrom('settle' as const, 'second' as const) },
);
const ending = fc.constantFrom('silence', 'fin', 'close', 'stop', 'destroy', 'garbage');

/** Serves with all handlers, and counts those that are at work. */
function serveAll() {
  const atWork = new Set<Exchange>();
  const served = serve(
    async (exchange) => {
      atWork.add(exchange);
      try {
        await HANDLERS[exchange.head.target.split('/')[1]!]!(exchange);
      } finally {
        atWork.delete(exchange);
      }
    },
    { limits: { maxReadAhead: 300 } },
  );
  return { ...served, served, atWork };
}

async function take(
  served: Served,
  what: 'block' | 'unblock' | 'drain' | 'settle' | 'second',
): Promise<void> {
  if (what === 'block') served.transport.blocked = true;
  else if (what === 'settle') await settle();
  else if (what === 'second') await served.pass(1000);
  else {
    if (what === 'unblock') served.transport.blocked = false;
    served.transport.drain();
  }
}

function answeredTargets(sent: string): string[] {
  return sent.match(/\/[a-z]+\/\d\d/g) ?? [];
}

/** Whether the second list is the beginning of the first. */
function isPrefix(all: string[], some: string[]): boolean {
  return some.every((one, index) => one === all[index]);
}

describe('Connection: whatever happens', () => {
  it('every response is that of its request, in order, and every connection ends with nothing left behind', async () => {
    await fc.assert(
      fc.asyncProperty(requests, fc.array(step, { maxLength: 40 }), ending, async (all, steps, end) => {
        const { served, transport, connection, atWork, clock } = serveAll();
        const text = all.map((one) => one.text).join('');
        let fed = 0;
        for (const one of steps) {
          if (typeof one === 'string') await take(served, one);
          else {
            transport.feed(text.slice(fed, fed + one.feed));
            fed += one.feed;
          }
        }
        if (end === 'fin') transport.fin();
        else if (end === 'close') transport.close();
        else if (end === 'garbage') transport.feed('\0');
        else if (end !== 'silence') connection[end]();
        for (let i = 0; i < 60 && !transport.closed; i++) {
          await settle();
          clock.pass(10_000);
        }
        await settle();

        const targets = all.map((one) => /\/\w+\/\d\d/.exec(one.text)![0]);
        expect(isPrefix(targets, answeredTargets(transport.sent))).toBe(true);
        expect([transport.closed, served.closedCount, served.watched, atWork.size]).toEqual([
          true,
          1,
          false,
          0,
        ]);
      }),
      { numRuns: 300 },
    );
  });

  it('a peer that sends everything and takes everything gets every response, however it is cut', async () => {
    await fc.assert(
      fc.asyncProperty(requests, fc.array(step, { maxLength: 40 }), async (mixed, steps) => {
        // A client that does not wait for 100 may be told that the connection ends: RFC 9110 §10.1.1.
        const all = mixed.filter((one) => one.body !== 'expect');
        const { served, transport, errors } = serveAll();
        const text = all.map((one) => one.text).join('');
        let fed = 0;
        for (const one of steps) {
          if (typeof one === 'string') {
            if (one !== 'second') await take(served, one);
          } else {
            transport.feed(text.slice(fed, fed + one.feed));
            fed += one.feed;
          }
        }
        transport.feed(text.slice(fed));
        transport.blocked = false;
        transport.drain();
        for (let i = 0; i < all.length * 3; i++) await settle();

        expect(errors).toEqual([]);
        expect(answeredTargets(transport.sent)).toEqual(all.map((one) => /\/\w+\/\d\d/.exec(one.text)![0]));
        expect(transport.calls.filter((call) => call !== 'pause' && call !== 'resume')).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });
});
