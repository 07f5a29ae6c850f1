// One connection on a fake transport with a fake clock, and an application that is a function.

import { Connection } from '../../src/connection/connection.js';
import type { Application, Exchange } from '../../src/connection/exchange.js';
import { type ConnectionOptions, connectionSettings } from '../../src/connection/settings.js';
import { ProtocolError } from '../../src/http1/errors.js';
import { ResponseHead } from '../../src/http1/response-head.js';
import { FakeClock } from './fake-clock.js';
import { FakeTransport, settle } from './fake-transport.js';

export interface ServeOptions extends ConnectionOptions {
  readonly onError?: Application['onError'];
}

/** A connection being served, and all that can be seen of it. */
export interface Served {
  readonly transport: FakeTransport;
  readonly clock: FakeClock;
  readonly connection: Connection;
  /** The exchanges that reached `onRequest`, in order. */
  readonly exchanges: Exchange[];
  /** What was given to `onError`, in order. */
  readonly errors: unknown[];
  /** How often the connection said that it has closed. */
  closedCount: number;
  /** Lets the peer send, and everything that comes of it happen. */
  send(data: string | Uint8Array): Promise<void>;
  /** Lets time pass, a second at a time, and everything that comes of it happen. */
  pass(milliseconds: number): Promise<void>;
  /** Whether the connection has taken its last deadline off the watch. */
  readonly watched: boolean;
}

/** Serves a fake transport. What fails is answered with its status and sentence, as an ordinary application would. */
export function serve(onRequest: Application['onRequest'], options: ServeOptions = {}): Served {
  const transport = new FakeTransport();
  const clock = new FakeClock();
  const exchanges: Exchange[] = [];
  const errors: unknown[] = [];
  const application: Application = {
    onRequest(exchange) {
      exchanges.push(exchange);
      return onRequest(exchange);
    },
    onError(error, exchange) {
      errors.push(error);
      (options.onError ?? answerError)(error, exchange);
    },
  };
  const settings = connectionSettings(options, clock.deadlines);
  const connection = new Connection(transport, application, settings, () => served.closedCount++);
  const served: Served = {
    transport,
    clock,
    connection,
    exchanges,
    errors,
    closedCount: 0,
    get watched() {
      return [...clock.deadlines].length > 0;
    },
    send(data) {
      transport.feed(data);
      return settle();
    },
    async pass(milliseconds) {
      for (let left = milliseconds; left > 0; left -= 1000) {
        clock.pass(Math.min(left, 1000));
        await settle();
      }
    },
  };
  return served;
}

/** Answers with a text, completely. */
export function answer(exchange: Exchange, text: string, status = 200): void {
  exchange.response.begin(new ResponseHead(status));
  exchange.response.write(text);
  exchange.response.end();
}

/** Answers with the target of the request: shows which response is whose. */
export function echoTarget(exchange: Exchange): void {
  answer(exchange, exchange.head.target);
}

function answerError(error: unknown, exchange: Exchange): void {
  if (exchange.response.started) return;
  const isPeers = error instanceof ProtocolError;
  answer(exchange, isPeers ? error.message : 'Broken', isPeers ? error.status : 500);
}

/** The whole body, as latin1. */
export async function readAll(exchange: Exchange): Promise<string> {
  let text = '';
  for (;;) {
    const octets = await exchange.body.read();
    if (octets === undefined) return text;
    text += octets.toString('latin1');
  }
}

/** The head of an HTTP/1.1 request. */
export function request(target = '/', fields = '', method = 'GET'): string {
  return `${method} ${target} HTTP/1.1\r\nHost: a\r\n${fields}\r\n`;
}

/** A POST with a body of known length. */
export function post(body: string, fields = ''): string {
  return `${request('/', `Content-Length: ${body.length}\r\n${fields}`, 'POST')}${body}`;
}

/** A text as the chunks of a chunked body, with the last one. */
export function chunked(...chunks: string[]): string {
  return `${chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join('')}0\r\n\r\n`;
}

/** The status codes in what was sent, interim ones too. */
export function statuses(sent: string): number[] {
  return [...sent.matchAll(/HTTP\/1\.[01] (\d{3})/g)].map((match) => Number(match[1]));
}

/** Head and body of a single response. */
export function split(sent: string): { head: string; body: string } {
  const end = sent.indexOf('\r\n\r\n') + 4;
  return { head: sent.slice(0, end), body: sent.slice(end) };
}
