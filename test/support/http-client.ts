// A client that sends exactly the octets it is given, and tells responses, interim ones too, from what comes back.
// It knows just enough of HTTP to find the end of a response, and nothing of the code under test.

import { once } from 'node:events';
import { dial, RawClient, type Target } from './raw-client.js';

/** One response as it came over the wire; text is latin1 until it is decoded. */
export interface Reply {
  readonly version: string;
  readonly status: number;
  readonly reason: string;
  /** In wire order. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** Without its framing. */
  readonly body: Buffer;
  /** The body as UTF-8. */
  readonly text: string;
  /** The head as sent, with the empty line. */
  readonly head: string;
  /** The values of a field in any case, joined; `undefined` without one. */
  get(name: string): string | undefined;
}

/** How an exchange over one connection went. */
export interface Conversation {
  readonly replies: readonly Reply[];
  /** Everything received, as latin1. */
  readonly raw: string;
  /** Whether the connection ended with a reset. */
  readonly reset: boolean;
}

/** A client that tells responses from the octets that come back. Its end stays open when the server ends its own. */
export class HttpClient extends RawClient {
  #position = 0;

  static override async connect(target: Target): Promise<HttpClient> {
    const client = new HttpClient(dial(target), true);
    await once(client.socket, 'connect');
    return client;
  }

  /** What was received and has not been told as a response. */
  get rest(): string {
    return this.received.slice(this.#position);
  }

  /**
   * The next response, interim (1xx) or final, to a request with that method; rejects if the connection ends inside of
   * it, `undefined` if it ends before.
   */
  async reply(method = 'GET'): Promise<Reply | undefined> {
    for (;;) {
      const found = parseReply(this.received, this.#position, method, this.hasEnded);
      if (found !== undefined) {
        this.#position = found.end;
        return found.reply;
      }
      if (this.hasEnded) {
        if (this.rest === '') return undefined;
        throw new Error(`Cut off: ${JSON.stringify(this.rest)}`);
      }
      await this.news();
    }
  }

  /** Waits for the end of the connection, and tells the responses to requests with these methods (GET, if not told). */
  async conversation(methods: readonly string[] = []): Promise<Conversation> {
    const raw = await this.ended();
    const replies: Reply[] = [];
    let answered = 0;
    for (;;) {
      const reply = await this.reply(methods[answered]);
      if (reply === undefined) break;
      replies.push(reply);
      if (reply.status >= 200) answered++;
    }
    return { replies, raw, reset: this.wasReset };
  }
}

/** Sends octets over a connection of their own, and waits until the server has ended it. */
export async function converse(
  port: number,
  data: string | Uint8Array,
  methods?: readonly string[],
): Promise<Conversation> {
  using client = await HttpClient.connect(port);
  return await client.send(data).conversation(methods);
}

/** Sends one request over a connection of its own: the final response to it. The connection is then closed. */
export async function ask(port: number, data: string | Uint8Array): Promise<Reply> {
  using client = await HttpClient.connect(port);
  client.send(data);
  const method = Buffer.from(data).toString('latin1').split(' ', 1)[0];
  for (;;) {
    const reply = await client.reply(method);
    if (reply === undefined) throw new Error('The connection ended without a response');
    if (reply.status >= 200 || reply.status === 101) return reply;
  }
}

/** A request head in HTTP/1.1. */
export function get(target = '/', fields = '', method = 'GET'): string {
  return `${method} ${target} HTTP/1.1\r\nHost: localhost\r\n${fields}\r\n`;
}

/** A POST with a body of known length. */
export function post(body: string, target = '/', fields = ''): string {
  return `${get(target, `Content-Length: ${body.length}\r\n${fields}`, 'POST')}${body}`;
}

const HEAD = /HTTP\/(\d\.\d) (\d{3}) ?([^\r\n]*)\r\n((?:[^\r\n]+\r\n)*)\r\n/y;

function parseReply(
  raw: string,
  from: number,
  method: string,
  ended: boolean,
): { readonly reply: Reply; readonly end: number } | undefined {
  HEAD.lastIndex = from;
  const match = HEAD.exec(raw);
  if (match === null) return undefined;
  const [head, version = '', status = '', reason = '', lines = ''] = match;
  const fields = [...lines.matchAll(/^([^:]+):[ \t]*(.*)\r\n/gm)].map(
    ([, name = '', value = '']) => [name, value] as const,
  );
  const get = (name: string) => {
    const values = fields.filter(([key]) => key.toLowerCase() === name.toLowerCase());
    return values.length === 0 ? undefined : values.map(([, value]) => value).join(', ');
  };
  const body = parseBody(raw, from + head.length, ended, framingOf(Number(status), method, get));
  if (body === undefined) return undefined;
  const octets = Buffer.from(body.text, 'latin1');
  return {
    reply: {
      version: `HTTP/${version}`,
      status: Number(status),
      reason,
      fields,
      head,
      body: octets,
      text: octets.toString(),
      get,
    },
    end: body.end,
  };
}

/** A length, or how the length is told (RFC 9112 §6.3). */
function framingOf(
  status: number,
  method: string,
  get: (name: string) => string | undefined,
): number | 'chunked' | 'close' {
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return 0;
  if (get('transfer-encoding') !== undefined) return 'chunked';
  const length = get('content-length');
  return length === undefined ? 'close' : Number(length);
}

function parseBody(
  raw: string,
  start: number,
  ended: boolean,
  framing: number | 'chunked' | 'close',
): { readonly text: string; readonly end: number } | undefined {
  if (framing === 'chunked') return parseChunks(raw, start);
  if (framing === 'close') return ended ? { text: raw.slice(start), end: raw.length } : undefined;
  return raw.length >= start + framing
    ? { text: raw.slice(start, start + framing), end: start + framing }
    : undefined;
}

function parseChunks(
  raw: string,
  start: number,
): { readonly text: string; readonly end: number } | undefined {
  let text = '';
  for (let at = start; ; ) {
    const lineEnd = raw.indexOf('\r\n', at);
    if (lineEnd < 0) return undefined;
    const size = Number.parseInt(raw.slice(at, lineEnd), 16);
    const end = lineEnd + 2 + size + 2;
    if (raw.length < end) return undefined;
    if (size === 0) return { text, end };
    text += raw.slice(lineEnd + 2, end - 2);
    at = end;
  }
}
