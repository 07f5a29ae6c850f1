import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../src/connection/limits.js';
import { Output } from '../../src/connection/output.js';
import { type ResponseChannel, ResponseWriter } from '../../src/connection/response-writer.js';
import { RequestParser } from '../../src/http1/parser.js';
import { ResponseHead } from '../../src/http1/response-head.js';
import { FakeTransport } from '../support/fake-transport.js';
import { split } from '../support/serve.js';

/** A channel that is nothing but an output, and remembers what it was told. */
class FakeChannel implements ResponseChannel {
  readonly transport = new FakeTransport();
  readonly output = new Output(this.transport, () => {});
  readonly keepAliveSeconds = 65;
  persists = true;
  endings = 0;
  flushes = 0;
  continues = 0;

  mayPersist(): boolean {
    return this.persists;
  }

  endsConnection(): void {
    this.endings++;
  }

  requestFlush(): void {
    this.flushes++;
  }

  sentContinue(): void {
    this.continues++;
  }
}

interface RequestOptions {
  method?: string;
  minor?: number;
  fields?: string;
}

function setUp({ method = 'GET', minor = 1, fields = '' }: RequestOptions = {}) {
  const parser = new RequestParser(defaultLimits);
  const target = method === 'CONNECT' ? 'a:1' : '/';
  parser.feed(Buffer.from(`${method} ${target} HTTP/1.${minor}\r\nHost: a\r\n${fields}\r\n`));
  parser.next();
  const channel = new FakeChannel();
  const response = new ResponseWriter(parser.head!, channel);
  const sent = () => {
    channel.output.flush();
    return channel.transport.sent;
  };
  return { channel, response, sent };
}

function ok(fields: Record<string, string | number> = {}, version: 'HTTP/1.0' | 'HTTP/1.1' = 'HTTP/1.1') {
  const head = new ResponseHead(200, undefined, version);
  for (const [name, value] of Object.entries(fields)) head.append(name, value);
  return head;
}

describe('ResponseWriter: states', () => {
  it('goes from idle over head and body to ended', () => {
    const { response } = setUp();
    expect([response.state, response.started, response.status]).toEqual(['idle', false, undefined]);
    response.begin(ok({ 'Content-Length': 2 }));
    expect([response.state, response.started, response.status]).toEqual(['head', false, 200]);
    response.write('a');
    expect([response.state, response.started]).toEqual(['body', true]);
    response.write('b');
    response.end();
    expect([response.state, response.started, response.size]).toEqual(['ended', true, 2]);
  });

  it('refuses what comes out of order, and says so', () => {
    const { response } = setUp();
    expect(() => response.write('a')).toThrow('begins with its head');
    expect(() => response.end()).toThrow('at least a head');
    response.begin(ok());
    expect(() => response.begin(ok())).toThrow('has a head already');
    response.end();
    expect(() => response.write('a')).toThrow('has ended');
    expect(() => response.begin(ok())).toThrow('has a head already');
    expect(() => response.reset()).toThrow('has been started');
  });

  it('may be ended twice: the second time changes nothing', () => {
    const { response, sent } = setUp();
    response.begin(ok());
    response.end();
    const before = sent();
    response.end();
    expect(sent()).toBe(before);
  });

  it('takes back a head that has not been sent', () => {
    const { response, sent } = setUp();
    response.begin(ok({ 'X-Own': 'secret' }));
    response.write('own');
    response.reset();
    expect([response.state, response.status, response.size]).toEqual(['idle', undefined, 0]);
    response.begin(new ResponseHead(500));
    response.write('error');
    response.end();
    expect(sent()).toBe('HTTP/1.1 500 Internal Server Error\r\nContent-Length: 5\r\n\r\nerror');
  });

  it('is closed with its exchange: whatever state it was in, nothing more can be said', () => {
    for (const prepare of [
      () => {},
      (response: ResponseWriter) => response.begin(ok()),
      (response: ResponseWriter) => {
        response.begin(ok({ 'Content-Length': 9 }));
        response.write('a');
      },
    ]) {
      const { response, sent } = setUp();
      prepare(response);
      const before = sent();
      response.close();
      expect(() => response.begin(ok())).toThrow();
      expect(() => response.write('late')).toThrow('has ended');
      expect(() => response.interim(new ResponseHead(103))).toThrow();
      response.end();
      response.flush();
      expect(sent()).toBe(before);
    }
  });
});

describe('ResponseWriter: framing', () => {
  it('adds the length of a body that is complete before the head leaves', () => {
    const { response, sent } = setUp();
    response.begin(ok());
    response.write('Hello, ');
    response.write('Wörld');
    response.end();
    expect(sent()).toBe('HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\nHello, W\xc3\xb6rld');
  });

  it('adds Content-Length: 0 to a response without a body', () => {
    const { response, sent } = setUp();
    response.begin(ok());
    response.end();
    expect(sent()).toBe('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
  });

  it('sends chunks once the head has left', () => {
    const { response, sent } = setUp();
    response.begin(ok());
    response.write('gathered');
    response.flush();
    response.write('');
    response.write(Buffer.from('0123456789abcdef'));
    response.end();
    expect(sent()).toBe(
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\ngathered\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n',
    );
  });

  it('sends chunks of a body of more than 64 KiB instead of gathering it', () => {
    const { response, sent } = setUp();
    response.begin(ok());
    for (let i = 0; i < 3; i++) response.write(Buffer.alloc(30_000, 'x'));
    expect(response.state).toBe('body');
    response.end();
    expect(split(sent()).head).toContain('Transfer-Encoding: chunked');
  });

  it('ends a body of unknown length with the connection, for HTTP/1.0 on either side', () => {
    for (const [minor, version] of [
      [0, 'HTTP/1.1'],
      [1, 'HTTP/1.0'],
    ] as const) {
      const { response, sent, channel } = setUp({ minor, fields: 'Connection: keep-alive\r\n' });
      response.begin(ok({ Connection: 'keep-alive' }, version));
      response.write('a');
      response.flush();
      response.write('b');
      response.end();
      const { head, body } = split(sent());
      expect(head).not.toMatch(/Transfer-Encoding|Content-Length|keep-alive/);
      expect(body).toBe('ab');
      expect([response.endsByClose, channel.endings]).toEqual([true, 1]);
    }
  });

  it('MUST 43: refuses more than Content-Length promises, and sends nothing of it', () => {
    const { response, sent } = setUp();
    response.begin(ok({ 'Content-Length': 5 }));
    response.write('1234');
    expect(() => response.write('56')).toThrow(RangeError);
    expect(response.size).toBe(4);
    response.write('5');
    response.end();
    expect(split(sent()).body).toBe('12345');
  });

  it('MUST 43: refuses to end short of Content-Length, and can be completed then', () => {
    const { response, sent } = setUp();
    response.begin(ok({ 'Content-Length': 5 }));
    expect(() => response.end()).toThrow('5 octets short');
    expect(response.started).toBe(false);
    response.write('1234');
    expect(() => response.end()).toThrow('1 octets short');
    expect(response.state).toBe('body');
    response.write('5');
    response.end();
    expect(split(sent()).body).toBe('12345');
  });
});

// What each pair of versions, method and status sends for a body 'body' of unannounced length that is complete at once,
// and for one with the head flushed before it.
describe('MUST 44: what has no body has none, and no wrong length', () => {
  const LENGTH = 'Content-Length: 4';
  const CHUNKED = 'Transfer-Encoding: chunked';
  const cases: [method: string, status: number, minor: number, framing: string, body: string][] = [
    ['GET', 200, 1, LENGTH, 'body'],
    ['GET', 200, 0, LENGTH, 'body'],
    ['GET', 404, 1, LENGTH, 'body'],
    ['GET', 599, 1, LENGTH, 'body'],
    ['HEAD', 200, 1, LENGTH, ''],
    ['HEAD', 200, 0, LENGTH, ''],
    ['HEAD', 304, 1, '', ''],
    ['GET', 204, 1, '', ''],
    ['GET', 204, 0, '', ''],
    ['GET', 205, 1, 'Content-Length: 0', ''],
    ['GET', 304, 1, '', ''],
    ['GET', 304, 0, '', ''],
    ['GET', 101, 1, '', ''],
    ['CONNECT', 200, 1, '', ''],
    ['CONNECT', 405, 1, LENGTH, 'body'],
    ['OPTIONS', 200, 1, LENGTH, 'body'],
  ];
  for (const [method, status, minor, framing, body] of cases) {
    it(`${status} to ${method} in HTTP/1.${minor}`, () => {
      const { response, sent } = setUp({ method, minor });
      response.begin(new ResponseHead(status));
      response.write('body');
      response.end();
      const { head, body: sentBody } = split(sent());
      expect(head.match(/^(Content-Length|Transfer-Encoding): .*$/gm) ?? []).toEqual(
        framing ? [framing] : [],
      );
      expect(sentBody).toBe(body);
      expect(response.size).toBe(4);
    });

    it(`${status} to ${method} in HTTP/1.${minor}, flushed before its body`, () => {
      const { response, sent } = setUp({ method, minor });
      response.begin(new ResponseHead(status));
      response.flush();
      response.write('body');
      response.end();
      const { head, body: sentBody } = split(sent());
      const streamed = body === '' ? framing.replace(LENGTH, '') : minor === 1 ? CHUNKED : '';
      expect(head.match(/^(Content-Length|Transfer-Encoding): .*$/gm) ?? []).toEqual(
        streamed ? [streamed] : [],
      );
      expect(sentBody).toBe(streamed === CHUNKED ? '4\r\nbody\r\n0\r\n\r\n' : body);
    });
  }

  it('keeps a Content-Length for HEAD and 304, and leaves it out of 204, 205 and 101', () => {
    for (const [method, status, kept] of [
      ['HEAD', 200, true],
      ['GET', 304, true],
      ['GET', 204, false],
      ['GET', 205, false],
      ['GET', 101, false],
    ] as const) {
      const { response, sent } = setUp({ method });
      response.begin(new ResponseHead(status).append('Content-Length', 77));
      response.end();
      expect(sent().includes('Content-Length: 77')).toBe(kept);
      expect(split(sent()).body).toBe('');
    }
  });
});

describe('ResponseWriter: persistence', () => {
  const cases: {
    name: string;
    request: RequestOptions;
    version?: 'HTTP/1.0';
    says?: 'close' | 'keep-alive';
    mayNot?: true;
    connection: string;
    ends: boolean;
  }[] = [
    { name: '1.1', request: {}, connection: '', ends: false },
    {
      name: '1.1 that asks by name',
      request: { fields: 'Connection: Keep-Alive\r\n' },
      connection: 'Connection: keep-alive\r\nKeep-Alive: timeout=65\r\n',
      ends: false,
    },
    {
      name: '1.1 answered close',
      request: {},
      says: 'close',
      connection: 'Connection: close\r\n',
      ends: true,
    },
    {
      name: '1.1 that may not persist',
      request: {},
      mayNot: true,
      connection: 'Connection: close\r\n',
      ends: true,
    },
    {
      name: '1.0 that asks by name',
      request: { minor: 0, fields: 'Connection: keep-alive\r\n' },
      connection: 'Connection: keep-alive\r\nKeep-Alive: timeout=65\r\n',
      ends: false,
    },
    { name: '1.0', request: { minor: 0 }, mayNot: true, connection: 'Connection: close\r\n', ends: true },
    { name: '1.1 answered in 1.0', request: {}, version: 'HTTP/1.0', connection: '', ends: true },
    {
      name: '1.1 answered in 1.0, keep-alive',
      request: {},
      version: 'HTTP/1.0',
      says: 'keep-alive',
      connection: 'Connection: keep-alive\r\nKeep-Alive: timeout=65\r\n',
      ends: false,
    },
    {
      name: '1.1 answered in 1.0, close',
      request: {},
      version: 'HTTP/1.0',
      says: 'close',
      connection: 'Connection: close\r\n',
      ends: true,
    },
  ];
  for (const { name, request, version, says, mayNot, connection, ends } of cases) {
    it(name, () => {
      const { response, sent, channel } = setUp(request);
      channel.persists = mayNot !== true;
      const fields = says === undefined ? {} : { Connection: says };
      response.begin(ok({ ...fields, 'Content-Length': 0 }, version));
      response.end();
      const { head } = split(sent());
      expect((head.match(/^(Connection|Keep-Alive): .*\r\n/gm) ?? []).join('')).toBe(connection);
      expect(channel.endings).toBe(ends ? 1 : 0);
    });
  }

  it('ends HTTP behind 101 and a 2xx to CONNECT without a word about it, and behind any other answer to CONNECT', () => {
    for (const [method, status, said] of [
      ['GET', 101, ''],
      ['CONNECT', 200, ''],
      ['CONNECT', 405, 'Connection: close'],
      ['GET', 102, 'Connection: close'],
    ] as const) {
      const { response, sent, channel } = setUp({ method });
      response.begin(new ResponseHead(status));
      response.end();
      expect(channel.endings).toBe(1);
      expect((sent().match(/^Connection: .*$/gm) ?? []).join()).toBe(said);
    }
  });
});

describe('ResponseWriter: interim responses', () => {
  it('leave at once, before the response', () => {
    const { response, sent, channel } = setUp();
    response.interim(new ResponseHead(103).append('Link', '</a.css>; rel=preload'));
    expect(channel.transport.take()).toBe('HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n');
    expect(response.state).toBe('idle');
    response.begin(ok());
    response.end();
    expect(sent()).toMatch(/^HTTP\/1.1 200 OK\r\n/);
    expect(() => response.interim(new ResponseHead(103))).toThrow('before the response');
  });

  it('never reach a client of HTTP/1.0', () => {
    const { response, sent } = setUp({ minor: 0 });
    response.interim(new ResponseHead(103));
    expect(sent()).toBe('');
  });

  it('are 1xx, and not the switch to another protocol', () => {
    const { response, sent } = setUp();
    for (const status of [101, 200, 500])
      expect(() => response.interim(new ResponseHead(status))).toThrow(RangeError);
    expect(sent()).toBe('');
  });

  it('tell the connection of a 100 that the application has sent itself', () => {
    const { response, channel } = setUp();
    response.interim(new ResponseHead(103));
    expect(channel.continues).toBe(0);
    response.interim(new ResponseHead(100));
    expect(channel.continues).toBe(1);
  });
});

describe('ResponseWriter: back-pressure', () => {
  it('write() and flush() give a promise only while the peer must be waited for', async () => {
    const { response, channel } = setUp();
    response.begin(ok());
    expect(response.write('a')).toBeUndefined();
    expect(response.flush()).toBeUndefined();
    channel.transport.blocked = true;
    expect(response.flush()).toBeUndefined();
    response.write('b');
    const flushed = response.flush();
    expect(flushed).toBeInstanceOf(Promise);
    expect(response.write('c')).toBe(flushed);
    channel.transport.blocked = false;
    channel.output.onDrain();
    await flushed;
    expect(response.write('d')).toBeUndefined();
  });

  it('MUST 45: a handler that only ever awaits write() is made to wait after 64 KiB or so', async () => {
    for (const fields of [{}, { 'Content-Length': 100 * 1024 * 1024 }]) {
      const { response, channel } = setUp();
      channel.transport.blocked = true;
      response.begin(ok(fields));
      const piece = Buffer.alloc(32 * 1024);
      let written = piece.length;
      let waits = response.write(piece);
      while (waits === undefined && written < 1024 * 1024) {
        waits = response.write(piece);
        written += piece.length;
      }
      expect(waits).toBeInstanceOf(Promise);
      expect(written).toBeLessThanOrEqual(128 * 1024);
    }
  });
});
