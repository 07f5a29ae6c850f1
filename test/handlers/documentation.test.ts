// Python's page on BaseHTTPServer, sentence by sentence: each is the name of a test against a live server.

import { readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { hostname } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  BaseHTTPRequestHandler,
  ByteReader,
  ByteWriter,
  HTTPMessage,
  HTTPServer,
  responses,
  SimpleHTTPRequestHandler,
  StreamRequestHandler,
  TCPServer,
} from '../../src/index.js';
import { ask, converse, get, HttpClient, post, type Reply } from '../support/http-client.js';
import { QuietHandler, QuietServer, run, serveLive } from '../support/live.js';

const logged: string[] = [];
vi.mock('../../src/handlers/log-writer.js', () => ({ writeToStderr: (line: string) => logged.push(line) }));

afterEach(() => {
  logged.length = 0;
});

/** The answer of a server with that handler to one request. */
async function answer(Handler: typeof BaseHTTPRequestHandler, request = get()): Promise<Reply> {
  await using live = await serveLive(Handler);
  return await ask(live.port, request);
}

/** What `look` sees in a handler that has got that request. */
async function seen<T>(look: (handler: QuietHandler) => T | Promise<T>, request = get()): Promise<T> {
  const found: T[] = [];
  class Handler extends QuietHandler {
    async do_GET() {
      found.push(await look(this));
      if (this.exchange.response.state === 'idle') this.sendError(418);
    }
    do_POST() {
      return this.do_GET();
    }
  }
  await answer(Handler, request);
  expect(found).toHaveLength(1);
  return found[0] as T;
}

describe('BaseHTTPServer — Basic HTTP server', () => {
  it('"used as a basis for building functioning Web servers", as SimpleHTTPServer', () => {
    expect(SimpleHTTPRequestHandler.prototype).toBeInstanceOf(BaseHTTPRequestHandler);
  });

  it('"HTTPServer is a SocketServer.TCPServer subclass"', () => {
    expect(HTTPServer.prototype).toBeInstanceOf(TCPServer);
    expect(BaseHTTPRequestHandler.prototype).toBeInstanceOf(StreamRequestHandler);
  });

  it('"It creates and listens at the HTTP socket, dispatching the requests to a handler"', async () => {
    class Handler extends QuietHandler {
      do_GET() {
        this.sendResponse(200);
        this.endHeaders();
        this.wfile.write('here');
      }
    }
    await using live = await serveLive(Handler);
    expect(live.httpd.socket.listening).toBe(true);
    expect((await ask(live.port, get())).text).toBe('here');
  });

  it('"Code to create and run the server looks like this": run(server_class, handler_class)', async () => {
    function start(server_class = HTTPServer, handler_class: typeof BaseHTTPRequestHandler = QuietHandler) {
      const server_address = ['', 0] as const;
      const httpd = new server_class(server_address, handler_class);
      return { httpd, served: httpd.serveForever() };
    }
    const { httpd, served } = start();
    const [, port] = await httpd.ready;
    expect((await ask(port, get())).status).toBe(501);
    await httpd.shutdown();
    await served;
  });
});

describe('HTTPServer(server_address, RequestHandlerClass)', () => {
  it('"storing the server address as instance variables named server_name and server_port"', async () => {
    await using live = await serveLive(QuietHandler);
    expect(live.httpd.serverName).toBe('127.0.0.1');
    expect(live.httpd.serverPort).toBe(live.port);
    expect(live.httpd.serverAddress).toEqual(['127.0.0.1', live.port]);
    expect(live.port).toBeGreaterThan(0);
  });

  it('server_name is the name of the machine for all interfaces', async () => {
    await using live = await run(new HTTPServer(['', 0], QuietHandler));
    expect(live.httpd.serverName).toBe(hostname());
  });

  it('"The server is accessible by the handler, through the handler\'s server instance variable"', async () => {
    await using live = await serveLive(
      class extends QuietHandler {
        do_GET() {
          this.sendResponse(200);
          this.endHeaders();
          this.wfile.write(`${this.server.serverName}:${this.server.serverPort}`);
        }
      },
    );
    expect((await ask(live.port, get())).text).toBe(`127.0.0.1:${live.port}`);
  });
});

describe('BaseHTTPRequestHandler(request, client_address, server)', () => {
  it('"By itself, it cannot respond to any actual HTTP requests"', async () => {
    for (const method of ['GET', 'HEAD', 'POST', 'SPAM']) {
      expect((await answer(QuietHandler, get('/', '', method))).status).toBe(501);
    }
  });

  it('"it must be subclassed to handle each request method (e.g. GET or POST)"', async () => {
    class Handler extends QuietHandler {
      do_POST() {
        this.sendResponse(201);
        this.endHeaders();
      }
    }
    await using live = await serveLive(Handler);
    expect((await ask(live.port, post(''))).status).toBe(201);
    expect((await ask(live.port, get())).status).toBe(501);
  });

  it('"The handler will parse the request and the headers, then call a method specific to the request type"', async () => {
    const order: string[] = [];
    class Handler extends QuietHandler {
      override parseRequest() {
        const goesOn = super.parseRequest();
        order.push(`parsed ${this.command} ${this.headers.get('x-a')}`);
        return goesOn;
      }
      do_GET() {
        order.push('do_GET');
        this.sendError(404);
      }
    }
    await answer(Handler, get('/', 'X-A: 1\r\n'));
    expect(order).toEqual(['parsed GET 1', 'do_GET']);
  });

  it('"for the request method SPAM, the do_SPAM() method will be called with no arguments"', async () => {
    const calls: unknown[][] = [];
    class Handler extends QuietHandler {
      do_SPAM(...args: []) {
        calls.push(args);
        this.sendResponse(204);
        this.endHeaders();
      }
    }
    await using live = await serveLive(Handler);
    expect((await ask(live.port, get('/', '', 'SPAM'))).status).toBe(204);
    expect((await ask(live.port, get('/', '', 'spam'))).status).toBe(501);
    expect(calls).toEqual([[]]);
  });

  it('"All of the relevant information is stored in instance variables of the handler"', async () => {
    const info = await seen(
      ({ command, path, requestVersion, requestline }) => ({ command, path, requestVersion, requestline }),
      get('/eggs?spam=1'),
    );
    expect(info).toEqual({
      command: 'GET',
      path: '/eggs?spam=1',
      requestVersion: 'HTTP/1.1',
      requestline: 'GET /eggs?spam=1 HTTP/1.1',
    });
  });

  it('"Subclasses should not need to override or extend the __init__ method": setup() sees the fields', async () => {
    let greeting: string | undefined;
    class Handler extends QuietHandler {
      greeting = 'hello';
      override setup() {
        greeting = this.greeting;
      }
    }
    await answer(Handler);
    expect(greeting).toBe('hello');
  });

  it('one instance serves the requests of a connection, one after the other', async () => {
    class Handler extends QuietHandler {
      override protocolVersion = 'HTTP/1.1';
      #count = 0;
      async do_GET() {
        const count = ++this.#count;
        await setImmediate();
        this.sendResponse(200);
        this.endHeaders();
        this.wfile.write(`${count}${this.path}`);
      }
    }
    await using live = await serveLive(Handler);
    const { replies } = await converse(live.port, get('/a') + get('/b') + get('/c', 'Connection: close\r\n'));
    expect(replies.map(({ text }) => text)).toEqual(['1/a', '2/b', '3/c']);
  });
});

describe('instance variables', () => {
  it('client_address "contains a tuple of the form (host, port) referring to the client\'s address"', async () => {
    let address: readonly [string, number] | undefined;
    await using live = await serveLive(
      class extends QuietHandler {
        do_GET() {
          address = this.clientAddress;
          this.sendError(404);
        }
      },
    );
    using client = await HttpClient.connect(live.port);
    const port = client.socket.localPort;
    await client.send(get()).ended();
    expect(address).toEqual(['127.0.0.1', port]);
  });

  it('command "contains the command (request type). For example, \'GET\'"', async () => {
    expect(await seen(({ command }) => command)).toBe('GET');
    expect(await seen(({ command }) => command, post(''))).toBe('POST');
  });

  it('path "contains the request path"', async () => {
    expect(await seen(({ path }) => path, get('/a%20b/?q=1&r=%2f'))).toBe('/a%20b/?q=1&r=%2f');
    expect(await seen(({ path }) => path, get('http://example.org/a?b'))).toBe('/a?b');
  });

  it.each([
    ['//evil.example/..', '/evil.example/..'],
    ['///evil.example', '/evil.example'],
    ['http://localhost//evil.example', '/evil.example'],
    ['/a//b', '/a//b'],
  ])('path cannot name another host when it is written back: %s', async (target, path) => {
    const handler = await seen(
      (it) => ({ path: it.path, requestline: it.requestline, target: it.exchange.head.target }),
      get(target),
    );
    expect(handler).toEqual({ path, requestline: `GET ${target} HTTP/1.1`, target });
  });

  it('request_version "contains the version string from the request. For example, \'HTTP/1.0\'"', async () => {
    expect(await seen(({ requestVersion }) => requestVersion, 'GET / HTTP/1.0\r\n\r\n')).toBe('HTTP/1.0');
    expect(await seen(({ requestVersion }) => requestVersion)).toBe('HTTP/1.1');
  });

  it('headers "holds an instance of the class specified by the MessageClass class variable"', async () => {
    class Message extends HTTPMessage {
      get isSpam() {
        return this.has('x-spam');
      }
    }
    let found: unknown;
    class Handler extends QuietHandler {
      override MessageClass = Message;
      do_GET() {
        found = this.headers;
        this.sendError(404);
      }
    }
    await answer(Handler, get('/', 'X-Spam: 1\r\n'));
    expect(found).toBeInstanceOf(Message);
    expect((found as Message).isSpam).toBe(true);
  });

  it('headers "parses and manages the headers in the HTTP request"', async () => {
    const found = await seen(
      ({ headers }) => [
        headers.get('CONTENT-type'),
        headers.getContentCharset(),
        headers.getAll('x-a'),
        headers.get('absent'),
      ],
      get('/', 'Content-Type: text/plain; charset=UTF-8\r\nX-A: 1\r\nx-a: 2\r\n'),
    );
    expect(found).toEqual(['text/plain; charset=UTF-8', 'utf-8', ['1', '2'], undefined]);
  });

  it('MUST 20: names like __proto__, constructor and integers are fields like any other', async () => {
    const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', '0', '1', '4294967295'];
    const found = await seen(
      ({ headers }) => names.map((name) => headers.get(name)),
      get('/', names.map((name, index) => `${name}: v${index}\r\n`).join('')),
    );
    expect(found).toEqual(names.map((_, index) => `v${index}`));
    expect(({} as Record<string, unknown>)['v0']).toBeUndefined();
  });

  it('MUST 20: nothing is inherited into headers, and methods named like properties are just unknown', async () => {
    const found = await seen(({ headers }) =>
      ['__proto__', 'constructor', 'toString', 'get'].map((name) => [headers.get(name), headers.has(name)]),
    );
    expect(found).toEqual(Array(4).fill([undefined, false]));
    for (const method of ['__proto__', 'constructor', 'toString', 'GET__proto__']) {
      expect((await answer(QuietHandler, get('/', '', method))).status).toBe(501);
    }
  });

  it('rfile "contains an input stream, positioned at the start of the optional input data"', async () => {
    expect(await seen(({ rfile }) => rfile)).toBeInstanceOf(ByteReader);
    const lines = await seen(
      async ({ rfile }) => [await rfile.readline(), await rfile.read(3), await rfile.read()].map(String),
      post('first\nsecond'),
    );
    expect(lines).toEqual(['first\n', 'sec', 'ond']);
  });

  it('rfile ends where the data ends, though the connection goes on', async () => {
    class Handler extends QuietHandler {
      override protocolVersion = 'HTTP/1.1';
      async do_POST() {
        const data = await this.rfile.text();
        this.sendResponse(200);
        this.endHeaders();
        this.wfile.write(data.toUpperCase());
      }
    }
    await using live = await serveLive(Handler);
    const { replies } = await converse(
      live.port,
      post('one') +
        get('/', 'Transfer-Encoding: chunked\r\n', 'POST') +
        '2\r\ntw\r\n1\r\no\r\n0\r\n\r\n' +
        post('', '/', 'Connection: close\r\n'),
    );
    expect(replies.map(({ text }) => text)).toEqual(['ONE', 'TWO', '']);
  });

  it('wfile "contains the output stream for writing a response back to the client"', async () => {
    expect(await seen(({ wfile }) => wfile)).toBeInstanceOf(ByteWriter);
    class Handler extends QuietHandler {
      do_GET() {
        this.sendResponse(200);
        this.endHeaders();
        this.wfile.write('text ä, ');
        this.wfile.write(Buffer.from('bytes'));
      }
    }
    expect((await answer(Handler)).text).toBe('text ä, bytes');
  });

  it('"Proper adherence to the HTTP protocol must be used when writing to this stream": it sees to that', async () => {
    const failure = await seen(({ wfile }) => {
      try {
        wfile.write('HTTP/1.0 200 OK\r\n\r\n');
        return undefined;
      } catch (error) {
        return String(error);
      }
    });
    expect(failure).toMatch(/write the body after endHeaders\(\)/);
  });
});

describe('class variables', () => {
  it('"class variables" can be set as a field of a subclass, and on the prototype', async () => {
    class ByField extends QuietHandler {
      override serverVersion = 'Field/1';
    }
    class OnPrototype extends QuietHandler {}
    OnPrototype.prototype.serverVersion = 'Prototype/1';
    expect((await answer(ByField)).get('server')).toMatch(/^Field\/1 /);
    expect((await answer(OnPrototype)).get('server')).toMatch(/^Prototype\/1 /);
    expect((await answer(QuietHandler)).get('server')).toMatch(/^BaseHTTP\//);
  });

  it('server_version "specifies the server software version [...] of the form name[/version]"', async () => {
    expect(BaseHTTPRequestHandler.prototype.serverVersion).toMatch(/^BaseHTTP\/\d+\.\d+$/);
    expect((await answer(QuietHandler)).get('server')).toContain(QuietHandler.prototype.serverVersion);
  });

  it('sys_version "contains the system version, in a form usable by version_string and server_version"', () => {
    expect(BaseHTTPRequestHandler.prototype.sysVersion).toBe(`Node/${process.versions.node}`);
  });

  it('error_message_format "specifies a format string for building an error response to the client"', async () => {
    class Handler extends QuietHandler {
      override errorMessageFormat = '%(code)05d|%(message)s|%(explain)s|100%%';
      override errorContentType = 'text/plain';
    }
    const reply = await answer(Handler, get('/', '', 'SPAM'));
    expect(reply.text).toBe("00501|Unsupported method ('SPAM')|Server does not support this operation|100%");
    expect(reply.get('content-type')).toBe('text/plain');
  });

  it('"Default message and explain values can be found in the responses class variable"', async () => {
    class Handler extends QuietHandler {
      override errorMessageFormat = '%(code)d %(message)s: %(explain)s';
      override responses = { ...responses, 404: ['Gone fishing', 'Come back later'] as const };
      do_GET() {
        this.sendError(404);
      }
    }
    const reply = await answer(Handler);
    expect(reply.reason).toBe('Gone fishing');
    expect(reply.text).toBe('404 Gone fishing: Come back later');
  });

  it('protocol_version "specifies the HTTP protocol version used in responses"', async () => {
    class Handler extends QuietHandler {
      override protocolVersion = 'HTTP/1.1';
    }
    expect((await answer(Handler, 'GET / HTTP/1.0\r\n\r\n')).version).toBe('HTTP/1.1');
    expect((await answer(QuietHandler)).version).toBe('HTTP/1.0');
  });

  it('"If set to \'HTTP/1.1\', the server will permit HTTP persistent connections"', async () => {
    class Handler extends QuietHandler {
      override protocolVersion = 'HTTP/1.1';
      do_GET() {
        this.sendResponse(204);
        this.endHeaders();
      }
    }
    await using live = await serveLive(Handler);
    using client = await HttpClient.connect(live.port);
    for (let round = 0; round < 3; round++) {
      expect((await client.send(get()).reply())?.status).toBe(204);
    }
    expect((await client.send(get('/', 'Connection: close\r\n')).conversation()).replies).toHaveLength(1);
  });

  it('"your server must then include an accurate Content-Length header": it is added where it is missing', async () => {
    class Handler extends QuietHandler {
      override protocolVersion = 'HTTP/1.1';
      do_GET() {
        this.sendResponse(200);
        this.endHeaders();
        this.wfile.write('five!');
      }
    }
    expect((await answer(Handler)).get('content-length')).toBe('5');
  });

  it('"(using send_header)": a Content-Length that is not accurate is never sent as if it were', async () => {
    class Handler extends QuietHandler {
      override protocolVersion = 'HTTP/1.1';
      do_GET() {
        this.sendResponse(200);
        this.sendHeader('Content-Length', 5);
        this.endHeaders();
        this.wfile.write(this.path === '/long' ? 'too long' : 'abc');
      }
    }
    await using live = await run(new QuietServer(['127.0.0.1', 0], Handler));
    expect((await ask(live.port, get('/long'))).status).toBe(500);
    await expect(ask(live.port, get('/short'))).rejects.toThrow('Cut off');
  });

  it('"For backwards compatibility, the setting defaults to \'HTTP/1.0\'": the connection ends', async () => {
    expect(BaseHTTPRequestHandler.prototype.protocolVersion).toBe('HTTP/1.0');
    await using live = await serveLive(QuietHandler);
    const { replies } = await converse(live.port, get() + get());
    expect(replies).toHaveLength(1);
    expect(replies[0]?.version).toBe('HTTP/1.0');
  });

  it('MessageClass "typically [...] is not overridden", and defaults to HTTPMessage', () => {
    expect(BaseHTTPRequestHandler.prototype.MessageClass).toBe(HTTPMessage);
  });

  it('responses "contains a mapping of error code integers to two-element tuples"', () => {
    const { responses: mapping } = BaseHTTPRequestHandler.prototype;
    expect(mapping[404]).toEqual(['Not Found', 'Nothing matches the given URI']);
    for (const tuple of Object.values(mapping))
      expect(tuple).toEqual([expect.any(String), expect.any(String)]);
    expect(Object.keys(mapping).length).toBeGreaterThan(50);
  });

  it('"shortmessage is usually used as the message key in an error response, and longmessage as the explain key"', async () => {
    class Handler extends QuietHandler {
      do_GET() {
        this.sendError(410);
      }
    }
    const reply = await answer(Handler);
    expect(reply.text).toContain('Gone');
    expect(reply.text).toContain('URI no longer exists and has been permanently removed');
  });
});

describe('handle() and handle_one_request()', () => {
  /** Counts the calls of `handleOneRequest()`. */
  class Counting extends QuietHandler {
    override protocolVersion = 'HTTP/1.1';
    calls = 0;
    override handleOneRequest(): void | Promise<void> {
      this.calls++;
      return super.handleOneRequest();
    }
    do_GET() {
      this.sendResponse(200);
      this.endHeaders();
      this.wfile.write(`${this.calls}${this.path}`);
    }
  }
  const three = get('/a') + get('/b') + get('/c', 'Connection: close\r\n');

  it('handle() "calls handle_one_request() once"', async () => {
    class Once extends Counting {
      override protocolVersion = 'HTTP/1.0';
    }
    await using live = await serveLive(Once);
    const { replies } = await converse(live.port, three);
    expect(replies.map(({ text }) => text)).toEqual(['1/a']);
  });

  it('"(or, if persistent connections are enabled, multiple times) to handle incoming HTTP requests"', async () => {
    await using live = await serveLive(Counting);
    const { replies } = await converse(live.port, three);
    expect(replies.map(({ text }) => text)).toEqual(['1/a', '2/b', '3/c']);
  });

  it('"You should never need to override it": one that calls super.handle() goes around the connection', async () => {
    const order: string[] = [];
    let finished!: () => void;
    const done = new Promise<void>((resolve) => (finished = resolve));
    class Handler extends Counting {
      override async handle() {
        order.push('before');
        await super.handle();
        order.push(`after ${this.calls}, closeConnection ${this.closeConnection}`);
        finished();
      }
    }
    await using live = await serveLive(Handler);
    await converse(live.port, three);
    await done;
    expect(order).toEqual(['before', 'after 3, closeConnection true']);
  });

  /** Python's own `handle()`, word for word. */
  class Looping extends Counting {
    static order: string[] = [];
    override async handle() {
      Looping.order.length = 0;
      this.closeConnection = true;
      await this.handleOneRequest();
      while (!this.closeConnection) {
        Looping.order.push(`handled ${this.path}`);
        await this.handleOneRequest();
      }
      Looping.order.push(`ended behind ${this.path}`);
    }
  }

  it('an overridden handle() may call handle_one_request() in a loop, until close_connection', async () => {
    await using live = await serveLive(Looping);
    const { replies } = await converse(live.port, three);
    expect(replies.map(({ text }) => text)).toEqual(['1/a', '2/b', '3/c']);
    await vi.waitFor(() => expect(Looping.order).toEqual(['handled /a', 'handled /b', 'ended behind /c']));
  });

  it('such a loop waits for requests that come later, and for answers that take time', async () => {
    class Slow extends Looping {
      override async do_GET() {
        await setImmediate();
        super.do_GET();
      }
    }
    await using live = await serveLive(Slow);
    using client = await HttpClient.connect(live.port);
    expect((await client.send(get('/a')).reply())?.text).toBe('1/a');
    expect((await client.send(get('/b')).reply())?.text).toBe('2/b');
    await client.end().ended();
    await vi.waitFor(() => expect(Looping.order).toEqual(['handled /a', 'handled /b', 'ended behind /b']));
  });

  it('such a loop ends when the client goes away, when a request is malformed, and when a method fails', async () => {
    class Failing extends Looping {
      do_FAIL(): void {
        throw new Error('on purpose');
      }
    }
    await using live = await run(new QuietServer(['127.0.0.1', 0], Failing));
    expect((await converse(live.port, 'GET\r\n\r\n')).replies.map(({ status }) => status)).toEqual([400]);
    await vi.waitFor(() => expect(Looping.order).toEqual(['ended behind ']));
    const failed = await converse(live.port, get('/a') + get('/f', '', 'FAIL'));
    expect(failed.replies.map(({ status }) => status)).toEqual([200, 500]);
    await vi.waitFor(() => expect(Looping.order).toEqual(['handled /a', 'ended behind /f']));
    using client = await HttpClient.connect(live.port);
    await client.send(get('/a')).reply();
    client.socket.resetAndDestroy();
    await vi.waitFor(() => expect(Looping.order).toEqual(['handled /a', 'ended behind /a']));
  });

  it('such a loop ends when the server shuts down', async () => {
    await using live = await serveLive(Looping);
    using client = await HttpClient.connect(live.port);
    await client.send(get('/a')).reply();
    const shutDown = live.httpd.shutdown();
    expect(await client.reply()).toBeUndefined();
    client[Symbol.dispose]();
    await shutDown;
    expect(Looping.order).toEqual(['handled /a', 'ended behind /a']);
  });

  it('an overridden handle() that asks for one request gets one, and the client is told', async () => {
    class Single extends Counting {
      override handle() {
        return this.handleOneRequest();
      }
    }
    await using live = await serveLive(Single);
    const { replies } = await converse(live.port, get('/a') + get('/b'));
    expect(replies.map(({ text }) => text)).toEqual(['1/a']);
    expect(replies[0]?.get('connection')).toBe('close');
  });

  it('a request that comes before an overridden handle() asks for it waits', async () => {
    let goOn!: () => void;
    const asked = new Promise<void>((resolve) => (goOn = resolve));
    const order: string[] = [];
    class Late extends Counting {
      override async handle() {
        await this.handleOneRequest();
        order.push('first');
        await asked;
        await this.handleOneRequest();
        order.push('second');
      }
    }
    await using live = await serveLive(Late);
    using client = await HttpClient.connect(live.port);
    client.send(get('/a') + get('/b', 'Connection: close\r\n'));
    expect((await client.reply())?.text).toBe('1/a');
    expect(order).toEqual(['first']);
    goOn();
    expect((await client.reply())?.text).toBe('2/b');
    client[Symbol.dispose]();
    await vi.waitFor(() => expect(order).toEqual(['first', 'second']));
  });

  it('handle_one_request() "will parse and dispatch the request to the appropriate do_* method"', async () => {
    class Handler extends QuietHandler {
      override handleOneRequest() {
        if (!this.parseRequest()) return;
        this.sendResponse(200);
        this.endHeaders();
        this.wfile.write(`any method: ${this.command}`);
      }
    }
    expect((await answer(Handler, get('/', '', 'SPAM'))).text).toBe('any method: SPAM');
  });
});

describe('send_error(code[, message])', () => {
  class Failing extends QuietHandler {
    override errorMessageFormat = '%(code)d|%(message)s|%(explain)s';
    do_GET() {
      this.sendError(404, 'No such spam', 'Try <eggs> & "ham"');
    }
    do_HEAD() {
      this.do_GET();
    }
  }

  it('"Sends and logs a complete error reply to the client"', async () => {
    class Handler extends BaseHTTPRequestHandler {
      do_GET() {
        this.sendError(404, 'No such spam');
      }
    }
    const reply = await answer(Handler, get('/spam'));
    expect(reply.status).toBe(404);
    expect(Number(reply.get('content-length'))).toBe(reply.body.length);
    expect(reply.get('connection')).toBe('close');
    expect(logged).toEqual([
      expect.stringMatching(/code 404, message No such spam$/),
      expect.stringMatching(/"GET \/spam HTTP\/1\.1" 404 -$/),
    ]);
  });

  it('"The numeric code specifies the HTTP error code, with message as optional, more specific text"', async () => {
    const reply = await answer(Failing);
    expect([reply.status, reply.reason]).toEqual([404, 'No such spam']);
  });

  it('"A complete set of headers is sent, followed by text composed using error_message_format"', async () => {
    const reply = await answer(Failing);
    const names = reply.fields.map(([name]) => name);
    for (const name of ['Server', 'Date', 'Connection', 'Content-Type', 'Content-Length'])
      expect(names).toContain(name);
    expect(reply.text).toBe('404|No such spam|Try &lt;eggs&gt; &amp; "ham"');
  });

  it('leaves out the text where HTTP forbids it', async () => {
    const head = await answer(Failing, get('/', '', 'HEAD'));
    expect(head.status).toBe(404);
    expect(head.get('content-length')).not.toBe('0');
    expect(head.body).toHaveLength(0);
  });

  it('replaces a response that has not been sent, and is refused behind one that has', async () => {
    class Handler extends QuietHandler {
      override protocolVersion = 'HTTP/1.1';
      do_GET() {
        this.sendResponse(200);
        this.sendHeader('X-Secret', '1');
        if (this.path !== '/begun') this.endHeaders();
        if (this.path === '/flushed') this.flushHeaders();
        this.sendError(503);
      }
    }
    await using live = await run(new QuietServer(['127.0.0.1', 0], Handler));
    for (const target of ['/begun', '/completed']) {
      const reply = await ask(live.port, get(target));
      expect([reply.status, reply.get('x-secret')]).toEqual([503, undefined]);
    }
    await expect(ask(live.port, get('/flushed'))).rejects.toThrow('Cut off');
  });

  it('answers malformed requests too, so that a page of one’s own is for all errors', async () => {
    await using live = await serveLive(Failing);
    const { replies } = await converse(live.port, 'GET /  HTTP/1.1\r\n\r\n');
    expect(replies[0]?.text).toMatch(/^400\|/);
  });

  it('a message is shown as it is, however little of it fits into the status line', async () => {
    class Handler extends QuietHandler {
      do_GET() {
        this.sendError(404, 'Nö – nicht da\r\nX: 1');
      }
    }
    const reply = await answer(Handler);
    expect(reply.reason).toBe('Nö ? nicht da??X: 1');
    expect(reply.text).toMatch(/<h1>404 Nö – nicht da(&#13;|\r)\nX: 1<\/h1>/);
    expect(reply.get('x')).toBeUndefined();
  });

  it('MUST 61: what the client sent is escaped, and cut', async () => {
    const reply = await answer(QuietHandler, get('/', '', `${"!#$&'*"}${'x'.repeat(5000)}`));
    expect(reply.status).toBe(501);
    expect(reply.text).toContain("!#$&amp;'*xxx");
    expect(reply.text).not.toContain("$&'*");
    expect(reply.text.match(/x{20,}/g)?.join('').length).toBeLessThan(1024);
    expect(reply.reason.length).toBeLessThan(300);
  });
});

describe('send_response(code[, message]), send_header(keyword, value), end_headers()', () => {
  it('"Sends a response header and logs the accepted request"', async () => {
    class Handler extends BaseHTTPRequestHandler {
      do_GET() {
        this.sendResponse(200);
        this.endHeaders();
      }
    }
    expect((await answer(Handler, get('/spam'))).status).toBe(200);
    expect(logged).toEqual([expect.stringMatching(/"GET \/spam HTTP\/1\.1" 200 -$/)]);
  });

  it('"The HTTP response line is sent, followed by Server and Date headers"', async () => {
    class Handler extends QuietHandler {
      do_GET() {
        this.sendResponse(299, 'Spam');
        this.sendHeader('X-Own', 1);
        this.endHeaders();
      }
    }
    const reply = await answer(Handler);
    expect(reply.head).toMatch(/^HTTP\/1\.0 299 Spam\r\nServer: [^\r]+\r\nDate: [^\r]+\r\nX-Own: 1\r\n/);
  });

  it('"The values for these two headers are picked up from version_string() and date_time_string()"', async () => {
    class Handler extends QuietHandler {
      override versionString() {
        return 'Spam/1';
      }
      override dateTimeString() {
        return 'Sun, 06 Nov 1994 08:49:37 GMT';
      }
    }
    const reply = await answer(Handler);
    expect([reply.get('server'), reply.get('date')]).toEqual(['Spam/1', 'Sun, 06 Nov 1994 08:49:37 GMT']);
  });

  it('send_header "writes a specific HTTP header to the output stream"', async () => {
    class Handler extends QuietHandler {
      do_GET() {
        this.sendResponse(200);
        this.sendHeader('Set-Cookie', 'a=1');
        this.sendHeader('Set-Cookie', 'b=2');
        this.sendHeader('X-Number', 42);
        this.endHeaders();
      }
    }
    const reply = await answer(Handler);
    expect(reply.fields.filter(([name]) => name === 'Set-Cookie')).toEqual([
      ['Set-Cookie', 'a=1'],
      ['Set-Cookie', 'b=2'],
    ]);
    expect(reply.get('x-number')).toBe('42');
  });

  it('end_headers "sends a blank line, indicating the end of the HTTP headers in the response"', async () => {
    class Handler extends QuietHandler {
      do_GET() {
        this.sendResponse(200);
        this.sendHeader('A', 'b');
        this.endHeaders();
        this.wfile.write('C: d\r\n');
      }
    }
    const reply = await answer(Handler);
    expect(reply.head).toMatch(/A: b\r\n(.+\r\n)*\r\n$/);
    expect(reply.text).toBe('C: d\r\n');
  });

  it('what is out of order is refused', async () => {
    const failures = await seen((handler) => {
      const errors: string[] = [];
      const attempt = (what: () => void) => {
        try {
          what();
        } catch (error) {
          errors.push((error as Error).message);
        }
      };
      attempt(() => handler.sendHeader('A', 'b'));
      attempt(() => handler.endHeaders());
      handler.sendResponse(200);
      attempt(() => handler.sendResponse(200));
      handler.endHeaders();
      attempt(() => handler.sendHeader('A', 'b'));
      attempt(() => handler.sendResponse(404));
      return errors;
    });
    expect(failures).toEqual([
      expect.stringContaining('sendHeader() comes behind sendResponse()'),
      expect.stringContaining('endHeaders() comes behind sendResponse()'),
      expect.stringContaining('answered already'),
      expect.stringContaining('sendHeader() comes behind sendResponse()'),
      expect.stringContaining('answered already'),
    ]);
  });

  it('a response that was refused is not logged', async () => {
    class Handler extends BaseHTTPRequestHandler {
      do_GET() {
        this.sendResponse(200);
        this.endHeaders();
        expect(() => this.sendResponse(404)).toThrow();
        this.flushHeaders();
        expect(() => this.sendError(404)).toThrow();
      }
    }
    await answer(Handler);
    expect(logged).toHaveLength(1);
  });
});

describe('log_request, log_error, log_message', () => {
  /** The lines that were logged by a handler with that method, without address and date. */
  async function lines(log: (handler: BaseHTTPRequestHandler) => void): Promise<string[]> {
    class Handler extends BaseHTTPRequestHandler {
      do_GET() {
        log(this);
        this.sendResponseOnly(204);
        this.endHeaders();
      }
    }
    await answer(Handler, get('/spam'));
    return logged.map((line) => line.replace(/^.*\] /, ''));
  }

  it('log_request([code[, size]]) "logs an accepted (successful) request"', async () => {
    const found = await lines((handler) => {
      handler.logRequest();
      handler.logRequest(200);
    });
    expect(found).toEqual(['"GET /spam HTTP/1.1" - -', '"GET /spam HTTP/1.1" 200 -']);
  });

  it('"If a size of the response is available, then it should be passed as the size parameter"', async () => {
    expect(await lines((handler) => handler.logRequest(200, 1234))).toEqual([
      '"GET /spam HTTP/1.1" 200 1234',
    ]);
  });

  it('log_error(...) "passes the message to log_message(), so it takes the same arguments"', async () => {
    const calls: unknown[][] = [];
    class Handler extends QuietHandler {
      override logMessage(format: string, ...args: unknown[]) {
        calls.push([format, ...args]);
      }
      do_GET() {
        this.logError('code %d, message %s', 404, 'none');
        this.sendResponseOnly(204);
        this.endHeaders();
      }
    }
    await answer(Handler);
    expect(calls).toEqual([['code %d, message %s', 404, 'none']]);
  });

  it('log_error "logs an error when a request cannot be fulfilled"', async () => {
    const errors: string[] = [];
    class Handler extends QuietHandler {
      override logError(_format: string, ...args: unknown[]) {
        errors.push(args.join(' '));
      }
    }
    await answer(Handler, get('/', '', 'SPAM'));
    expect(errors).toEqual(["501 Unsupported method ('SPAM')"]);
  });

  it('log_message(format, ...) "logs an arbitrary message", formatted printf-style', async () => {
    const found = await lines((handler) =>
      handler.logMessage('%s has %d of %05.1f%%, %x', 'spam', 3, 7.25, 255),
    );
    expect(found).toEqual(['spam has 3 of 007.3%, ff']);
  });

  it('"This is typically overridden to create custom error logging mechanisms"', async () => {
    const own: string[] = [];
    class Handler extends BaseHTTPRequestHandler {
      override logMessage(format: string, ...args: unknown[]) {
        own.push([format, ...args].join(' '));
      }
    }
    await answer(Handler);
    expect(own).toHaveLength(2);
    expect(logged).toEqual([]);
  });

  it('"The client address and current date and time are prefixed to every message logged"', async () => {
    await lines((handler) => handler.logMessage('spam'));
    expect(logged).toEqual([
      expect.stringMatching(/^127\.0\.0\.1 - - \[\d\d\/[A-Z][a-z]{2}\/\d{4} \d\d:\d\d:\d\d\] spam$/),
    ]);
  });

  it('MUST 87: what a client sent can neither forge a line nor reach the terminal', async () => {
    class Handler extends BaseHTTPRequestHandler {
      do_GET() {
        this.logMessage('%s', this.headers.get('user-agent'));
        this.sendResponse(204);
        this.endHeaders();
      }
    }
    await answer(Handler, 'GET /\x9b2J HTTP/1.0\r\nUser-Agent: \x9b2J\\ "x"\r\n\r\n');
    expect(logged.map((line) => line.replace(/^.*?\] /, ''))).toEqual([
      '\\x9b2J\\\\ "x"',
      '"GET /\\x9b2J HTTP/1.0" 204 -',
    ]);
  });

  it('MUST 87: nor can what could not be understood', async () => {
    await using live = await serveLive(BaseHTTPRequestHandler);
    await converse(live.port, 'GET /\x1b[2J" 200 - HTTP/1.1\r\n\r\n');
    expect(logged.map((line) => line.replace(/^.*?\] /, ''))).toEqual([
      'code 400, message Bad request target',
      '"GET /\\x1b[2J\\x22 200 - HTTP/1.1" 400 -',
    ]);
  });
});

describe('version_string, date_time_string, log_date_time_string, address_string', () => {
  it('version_string() "is a combination of the server_version and sys_version class variables"', async () => {
    class Handler extends QuietHandler {
      override serverVersion = 'Spam/1 Eggs/2';
      override sysVersion = 'Ham/3';
    }
    expect((await answer(Handler)).get('server')).toBe('Spam/1 Eggs/2 Ham/3');
  });

  it('date_time_string([timestamp]) "returns the date and time given by timestamp [...], formatted for a message header"', async () => {
    const dates = await seen((handler) => [
      handler.dateTimeString(784111777),
      handler.dateTimeString(784111777.9),
      handler.dateTimeString(0),
    ]);
    expect(dates).toEqual([
      'Sun, 06 Nov 1994 08:49:37 GMT',
      'Sun, 06 Nov 1994 08:49:37 GMT',
      'Thu, 01 Jan 1970 00:00:00 GMT',
    ]);
  });

  it('"If timestamp is omitted, it uses the current date and time"', async () => {
    const before = Math.floor(Date.now() / 1000) * 1000;
    const date = Date.parse(await seen((handler) => handler.dateTimeString()));
    expect(date).toBeGreaterThanOrEqual(before);
    expect(date).toBeLessThanOrEqual(Date.now());
  });

  it('log_date_time_string() "returns the current date and time, formatted for logging"', async () => {
    expect(await seen((handler) => handler.logDateTimeString())).toMatch(
      /^\d\d\/[A-Z][a-z]{2}\/\d{4} \d\d:\d\d:\d\d$/,
    );
  });

  it('address_string() "returns the client address, formatted for logging. A name lookup is performed"', async () => {
    const name = await seen((handler) => handler.addressString());
    expect(name).toMatch(/^[\w.-]+$/);
  });

  it('address_string() of a client without a name is its address', async () => {
    const name = await seen((handler) => {
      const nameless = Object.create(handler, { clientAddress: { value: ['nowhere', 0] } });
      return BaseHTTPRequestHandler.prototype.addressString.call(nameless);
    });
    expect(name).toBe('nowhere');
  });
});

describe('docs/basehttpserver.md', () => {
  const page = readFileSync(new URL('../../docs/basehttpserver.md', import.meta.url), 'utf8');
  const handler = new BaseHTTPRequestHandler(
    new Socket(),
    ['', 0],
    new HTTPServer(['', 0], QuietHandler, { bindAndActivate: false }),
  );
  /** What the connection calls, and nobody else. */
  const INTERNAL = ['constructor', 'onRequest', 'onError'];

  it('tells of every variable and method of a handler', () => {
    const names = [
      ...Object.getOwnPropertyNames(BaseHTTPRequestHandler.prototype),
      ...Object.getOwnPropertyNames(handler),
    ].filter((name) => !INTERNAL.includes(name));
    expect(names.length).toBeGreaterThan(30);
    expect(names.filter((name) => !new RegExp(`\\*\\*[^*]*\\b${name}\\b[^*]*\\*\\*`).test(page))).toEqual([]);
  });

  it('tells of none that is not there', () => {
    const names = [...page.matchAll(/\*\*(.+?)\*\*/gs)].flatMap(([, bold = '']) =>
      [...bold.matchAll(/`(\w+)[^`]*`/g)].map(([, name = '']) => name),
    );
    expect(names.length).toBeGreaterThan(30);
    expect(names.filter((name) => !(name in handler))).toEqual([]);
  });
});
