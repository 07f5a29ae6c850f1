// What CPython's test_httpservers.BaseHTTPRequestHandlerTestCase and RequestHandlerLoggingTestCase assert, test by test,
// under the names they have there. CPython looks at a handler without a socket; here the socket is real.

import { afterEach, describe, expect, it, vi } from 'vitest';
import { BaseHTTPRequestHandler } from '../../src/index.js';
import { converse, get, HttpClient, post } from '../support/http-client.js';
import { QuietHandler, serveLive } from '../support/live.js';

const logged: string[] = [];
vi.mock('../../src/handlers/log-writer.js', () => ({ writeToStderr: (line: string) => logged.push(line) }));

afterEach(() => {
  logged.length = 0;
});

/** CPython's SocketlessRequestHandler: keeps what was written to the socket, piece by piece. */
class Handler extends QuietHandler {
  override protocolVersion = 'HTTP/1.1';
  static handled: Handler[] = [];
  writes: string[] = [];

  override setup(): void {
    Handler.handled.push(this);
    const { request, writes } = this;
    const write = request.write.bind(request) as (...args: unknown[]) => boolean;
    request.write = ((...args: unknown[]) => {
      if (args[0] !== '') writes.push(String(args[0]));
      return write(...args);
    }) as typeof request.write;
  }

  do_GET(): void | Promise<void> {
    this.sendResponse(200);
    this.sendHeader('Content-Type', 'text/html');
    this.endHeaders();
    this.wfile.write('<html><body>Data</body></html>\r\n');
  }
}

afterEach(() => {
  Handler.handled.length = 0;
});

/** Everything that a server with that handler says to one client, which then says no more. */
async function said(HandlerClass: typeof BaseHTTPRequestHandler, data: string): Promise<string> {
  await using live = await serveLive(HandlerClass);
  using client = await HttpClient.connect(live.port);
  return await client.send(data).end().ended();
}

const PAGE = '<html><body>Data</body></html>\r\n';

describe('RequestHandlerLoggingTestCase', () => {
  class Logging extends BaseHTTPRequestHandler {
    override protocolVersion = 'HTTP/1.1';
    do_GET() {
      this.sendResponse(200);
      this.endHeaders();
    }
    do_ERROR() {
      this.sendError(404, 'File not found');
    }
  }

  it('test_get', async () => {
    await said(Logging, get());
    expect(logged).toEqual([expect.stringMatching(/"GET \/ HTTP\/1.1" 200 -$/)]);
  });

  it('test_err', async () => {
    await said(Logging, get('/', '', 'ERROR'));
    expect(logged).toEqual([
      expect.stringMatching(/code 404, message File not found$/),
      expect.stringMatching(/"ERROR \/ HTTP\/1.1" 404 -$/),
    ]);
  });
});

describe('BaseHTTPRequestHandlerTestCase', () => {
  it('test_unprintable_not_logged', async () => {
    class Logging extends BaseHTTPRequestHandler {
      do_GET() {
        this.logMessage('/foo');
        this.logMessage('/\x1b\x00\x07\x0a\x7f\x9f\\%s', '\u00a0bar\x1b');
        this.sendResponseOnly(204);
        this.endHeaders();
      }
    }
    await said(Logging, get());
    expect(logged.map((line) => line.replace(/^.*?\] /, ''))).toEqual([
      '/foo',
      '/\\x1b\\x00\\x07\\x0a\\x7f\\x9f\\\\\u00a0bar\\x1b',
    ]);
  });

  it('test_http_1_1', async () => {
    const raw = await said(Handler, get('/', '', 'GET'));
    expect(raw).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(raw).toContain(`\r\n\r\n${PAGE}`);
    expect(Handler.handled[0]).toMatchObject({
      command: 'GET',
      path: '/',
      requestVersion: 'HTTP/1.1',
      requestline: 'GET / HTTP/1.1',
    });
    expect([...Handler.handled[0]!.headers]).toEqual([['Host', 'localhost']]);
  });

  it('test_http_1_0', async () => {
    const raw = await said(Handler, 'GET / HTTP/1.0\r\n\r\n');
    expect(raw).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(Handler.handled[0]).toMatchObject({ requestVersion: 'HTTP/1.0', requestline: 'GET / HTTP/1.0' });
  });

  it('test_http_0_9, differently: it is refused with 505, with a status line', async () => {
    const raw = await said(Handler, 'GET / HTTP/0.9\r\n\r\n');
    expect(raw).toMatch(/^HTTP\/1\.1 505 /);
    expect(raw).not.toContain(PAGE);
  });

  it('test_extra_space', async () => {
    class Untouched extends Handler {
      override do_GET() {
        throw new Error('must not be called');
      }
    }
    const raw = await said(Untouched, 'GET /spaced out HTTP/1.1\r\nHost: dummy\r\n\r\n');
    expect(raw).toMatch(/^HTTP\/1\.1 400 /);
    expect(raw).toContain('\r\nConnection: close\r\n');
  });

  it('test_with_continue_1_0', async () => {
    const raw = await said(Handler, 'GET / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n');
    expect(raw).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(raw).not.toContain(' 100 ');
  });

  it('test_with_continue_1_1, differently: no 100 without a body to wait for', async () => {
    const raw = await said(Handler, get('/', 'Expect: 100-continue\r\n'));
    expect(raw).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  });

  /** Reads the body first. */
  class Reading extends Handler {
    async do_POST() {
      await this.rfile.bytes();
      this.sendResponse(200);
      this.endHeaders();
      this.wfile.write(PAGE);
    }
  }
  const expecting = get('/', 'Content-Length: 4\r\nExpect: 100-continue\r\n', 'POST');

  it('test_with_continue_1_1, differently: 100 comes when the body is read', async () => {
    const raw = await (async () => {
      await using live = await serveLive(Reading);
      using client = await HttpClient.connect(live.port);
      await client.send(expecting).until((received) => received.endsWith('\r\n\r\n'));
      expect(client.received).toBe('HTTP/1.1 100 Continue\r\n\r\n');
      return await client.send('body').end().ended();
    })();
    expect(raw).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
    expect(Handler.handled[0]?.headers.get('expect')).toBe('100-continue');
  });

  it('test_with_continue_1_1, differently: to a handler in HTTP/1.0 too, and once if the handler sends it itself', async () => {
    class Old extends Reading {
      override protocolVersion = 'HTTP/1.0';
    }
    class Sending extends Reading {
      override handleExpect100() {
        this.sendResponseOnly(100);
        this.endHeaders();
        return true;
      }
    }
    for (const HandlerClass of [Old, Sending]) {
      await using live = await serveLive(HandlerClass);
      using client = await HttpClient.connect(live.port);
      expect((await client.send(expecting).reply())?.status).toBe(100);
      expect((await client.send('body').reply())?.status).toBe(200);
    }
  });

  it('test_header_buffering_of_send_error, differently: head and page leave in one write', async () => {
    class Failing extends Handler {
      override do_GET() {
        this.sendError(418);
      }
    }
    await said(Failing, get());
    expect(Handler.handled[0]?.writes).toHaveLength(1);
  });

  it('test_header_buffering_of_send_response_only, differently: one write at the end of the turn', async () => {
    class Sending extends Handler {
      override do_GET() {
        this.sendResponseOnly(418);
        expect(this.writes).toHaveLength(0);
        this.endHeaders();
        expect(this.writes).toHaveLength(0);
        this.wfile.write('tea');
        expect(this.writes).toHaveLength(0);
      }
    }
    expect(await said(Sending, get())).toMatch(/^HTTP\/1\.1 418 .*\r\n\r\ntea$/s);
    expect(Handler.handled[0]?.writes).toHaveLength(1);
  });

  it('test_header_buffering_of_send_header: flushHeaders() sends them before, too', async () => {
    class Sending extends Handler {
      override do_GET() {
        this.sendResponseOnly(200);
        this.sendHeader('Foo', 'foo');
        this.sendHeader('bar', 'bar');
        expect(this.writes).toHaveLength(0);
        this.endHeaders();
        this.flushHeaders();
        expect(this.writes).toEqual([expect.stringContaining('Foo: foo\r\nbar: bar\r\n')]);
      }
    }
    expect(await said(Sending, get())).toMatch(/^HTTP\/1\.1 200 OK\r\nFoo: foo\r\nbar: bar\r\n/);
  });

  it('test_header_unbuffered_when_continue', async () => {
    await using live = await serveLive(Reading);
    using client = await HttpClient.connect(live.port);
    expect((await client.send(expecting).reply())?.status).toBe(100);
    expect(Handler.handled[0]?.writes).toEqual(['HTTP/1.1 100 Continue\r\n\r\n']);
    expect((await client.send('body').reply())?.text).toBe(PAGE);
  });

  it('test_with_continue_rejected', async () => {
    class RejectingHandler extends Reading {
      override handleExpect100() {
        this.sendError(417);
        return false;
      }
      override do_POST(): Promise<void> {
        throw new Error('must not be called');
      }
    }
    await using live = await serveLive(RejectingHandler);
    const { replies, raw } = await converse(live.port, expecting);
    expect(replies.map(({ status }) => status)).toEqual([417]);
    expect(raw.match(/\r\nConnection: close\r\n/g)).toHaveLength(1);
  });

  it('test_request_length, differently: at 8 KiB', async () => {
    for (const length of [8192 + 1, 65_537]) {
      const raw = await said(Handler, `GET ${'x'.repeat(length)}`);
      expect(raw).toMatch(/^HTTP\/1\.1 414 /);
    }
    for (const { requestline } of Handler.handled) expect(requestline).toMatch(/^GET x+$/);
  });

  it('test_header_length, differently: 16 KiB for all fields together', async () => {
    for (const length of [16_385, 65_537]) {
      const raw = await said(Handler, get('/', `X-A: ${'x'.repeat(length)}\r\n`));
      expect(raw).toMatch(/^HTTP\/1\.1 431 The header section is too large\r\n/);
    }
    expect(Handler.handled[0]?.requestline).toBe('GET / HTTP/1.1');
  });

  it('test_too_many_headers', async () => {
    const raw = await said(
      Handler,
      get('/', Array.from({ length: 100 }, (_, i) => `X-${i}: y\r\n`).join('')),
    );
    expect(raw).toMatch(/^HTTP\/1\.1 431 Too many header fields\r\n/);
    expect(Handler.handled[0]?.requestline).toBe('GET / HTTP/1.1');
  });

  it('test_html_escape_on_error, differently: what is no token is no method, and is not repeated', async () => {
    const raw = await said(Handler, '<script>alert("hello")</script> / HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(raw).toMatch(/^HTTP\/1\.1 400 Bad request method\r\n/);
    expect(raw).not.toContain('script');
  });

  it('test_html_escape_on_error: what a method may have is escaped', async () => {
    const raw = await said(Handler, get('/', '', 'A&B'));
    expect(raw).toMatch(/^HTTP\/1\.1 501 Unsupported method \('A&B'\)\r\n/);
    expect(raw).toContain("Unsupported method ('A&amp;B')");
  });

  it('test_close_connection', async () => {
    const values: boolean[] = [];
    class Closing extends Handler {
      override handleOneRequest() {
        this.closeConnection = values.shift() ?? true;
        this.sendResponseOnly(204);
        this.endHeaders();
      }
    }
    await using live = await serveLive(Closing);
    for (const closings of [[true], [false, false, true]]) {
      values.splice(0, values.length, ...closings);
      const { replies } = await converse(live.port, get().repeat(4));
      expect(replies).toHaveLength(closings.length);
      expect(values).toEqual([]);
    }
  });

  it('test_date_time_string', async () => {
    const now = Math.floor(Date.now() / 1000);
    expect(BaseHTTPRequestHandler.prototype.dateTimeString(now)).toBe(new Date(now * 1000).toUTCString());
  });
});

describe('on the way', () => {
  it('MUST 25: another expectation is refused with 417', async () => {
    const raw = await said(Handler, post('body', '/', 'Expect: the-unexpected\r\n'));
    expect(raw).toMatch(/^HTTP\/1\.1 417 /);
  });

  it('MUST 25: a final status instead of 100 ends the connection, and the body is no request', async () => {
    class Rejecting extends Handler {
      override handleExpect100() {
        this.sendResponse(200);
        this.sendHeader('Content-Length', 0);
        this.endHeaders();
        return false;
      }
    }
    const hidden = get('/hidden');
    const data = get('/', `Content-Length: ${hidden.length}\r\nExpect: 100-continue\r\n`, 'POST') + hidden;
    const raw = await said(Rejecting, data);
    expect(raw.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200']);
    expect(raw).toContain('\r\nConnection: close\r\n');
  });

  it('MUST 25: a body that is there already needs no 100', async () => {
    class Reading extends Handler {
      async do_POST() {
        const body = await this.rfile.text();
        this.sendResponse(200);
        this.endHeaders();
        this.wfile.write(body);
      }
    }
    const raw = await said(Reading, post('body', '/', 'Expect: 100-continue\r\n'));
    expect(raw.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200']);
    expect(raw).toMatch(/body$/);
  });
});
