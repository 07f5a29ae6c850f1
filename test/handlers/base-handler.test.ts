// What BaseHTTPRequestHandler promises beyond Python's page: that a handler's mistakes stay its own.

import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { BaseHTTPRequestHandler } from '../../src/index.js';
import { ask, converse, get, HttpClient, post } from '../support/http-client.js';
import { type Live, QuietHandler, QuietServer, run, serveLive } from '../support/live.js';

const logged: string[] = [];
vi.mock('../../src/handlers/log-writer.js', () => ({ writeToStderr: (line: string) => logged.push(line) }));

afterEach(() => {
  logged.length = 0;
});

/** A server in HTTP/1.1 whose handler does that to GET, HEAD and POST. */
function openLab(act: (handler: BaseHTTPRequestHandler) => void | Promise<void>): Promise<Live<QuietServer>> {
  class Handler extends QuietHandler {
    override protocolVersion = 'HTTP/1.1';
    do_GET() {
      return act(this);
    }
    do_HEAD() {
      return act(this);
    }
    do_POST() {
      return act(this);
    }
  }
  return run(new QuietServer(['127.0.0.1', 0], Handler));
}

describe('MUST 24: what may not be sent throws before anything is sent', () => {
  const unsafe = fc
    .tuple(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('\r', '\n', '\0', '\r\n', 'Ā', '\x7f', '😀'),
      fc.string(),
    )
    .map((pieces) => pieces.join(''));
  const notToken = fc.oneof(
    unsafe,
    fc.constant(''),
    fc
      .tuple(fc.string(), fc.constantFrom(' ', ':', '(', '"', '/', '\t', 'ä'), fc.string())
      .map((p) => p.join('')),
  );

  let attempt: (handler: BaseHTTPRequestHandler) => void;
  let lab: Live<QuietServer>;
  beforeAll(async () => {
    lab = await openLab((handler) => {
      handler.sendResponse(200);
      handler.sendHeader('X-Before', 'yes');
      expect(() => attempt(handler)).toThrow(TypeError);
      handler.sendHeader('X-Behind', 'yes');
      handler.endHeaders();
    });
  });
  afterAll(() => lab[Symbol.asyncDispose]());

  async function expectHarmless(): Promise<void> {
    const { head } = await ask(lab.port, get());
    expect(head.replace(/Date: .*\r\n/, '')).toMatch(
      /^HTTP\/1\.1 200 OK\r\nServer: [^\r]*\r\nX-Before: yes\r\nX-Behind: yes\r\nContent-Length: 0\r\n\r\n$/,
    );
    expect(lab.httpd.errors).toEqual([]);
  }

  it('a value', async () => {
    const values = fc.asyncProperty(unsafe, (value) => {
      attempt = (handler) => handler.sendHeader('X-Value', value);
      return expectHarmless();
    });
    await fc.assert(values, { numRuns: 50 });
  });

  it('a name', async () => {
    const names = fc.asyncProperty(notToken, (name) => {
      attempt = (handler) => handler.sendHeader(name, 'x');
      return expectHarmless();
    });
    await fc.assert(names, { numRuns: 50 });
  });

  it('a reason', async () => {
    await using reasons = await openLab((handler) => {
      const reason = decodeURIComponent(handler.path.slice(1));
      expect(() => handler.sendResponse(200, reason)).toThrow(TypeError);
      handler.sendResponse(200, 'Fine');
      handler.endHeaders();
    });
    for (const reason of ['a\r\nSet-Cookie: b', 'a\nb', 'a\rb', 'a\0', 'Ā']) {
      const reply = await ask(reasons.port, get(`/${encodeURIComponent(reason)}`));
      expect(reply.reason).toBe('Fine');
      expect(reply.get('set-cookie')).toBeUndefined();
    }
    expect(reasons.httpd.errors).toEqual([]);
  });

  it('what latin1 holds is sent as it is', async () => {
    const printable = Array.from({ length: 224 }, (_, i) => String.fromCharCode(i + 32)).filter(
      (c) => c !== '\x7f',
    );
    const safe = printable.filter((c) => c < '\x7f' || c > '\x9f').join('');
    await using echo = await openLab((handler) => {
      handler.sendResponse(200);
      handler.sendHeader('X-All', `x${safe}x`);
      handler.endHeaders();
    });
    expect((await ask(echo.port, get())).get('x-all')).toBe(`x${safe}x`);
  });
});

describe('MUST 25: Expect: 100-continue', () => {
  const expecting = get('/', 'Content-Length: 4\r\nExpect: 100-continue\r\n', 'POST');

  it('MUST 25: no 100 before the body is read, none if it never is, and then the connection ends', async () => {
    await using lab = await openLab((handler) => handler.sendError(403));
    const { replies } = await converse(lab.port, expecting);
    expect(replies.map(({ status }) => status)).toEqual([403]);
  });

  it('MUST 25: never to HTTP/1.0', async () => {
    await using lab = await openLab(async (handler) => {
      handler.sendResponse(200);
      handler.wfile.write(await handler.rfile.bytes());
    });
    using client = await HttpClient.connect(lab.port);
    const head = 'POST / HTTP/1.0\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n';
    const { raw } = await client.send(`${head}body`).conversation();
    expect(raw).not.toContain(' 100 ');
  });
});

describe('MUST 42: a handler that fails', () => {
  const secret = 'the database password';
  const failures: Record<string, (handler: BaseHTTPRequestHandler) => void | Promise<void>> = {
    'throws at once': () => {
      throw new Error(secret);
    },
    'rejects later': async () => {
      await setImmediate();
      throw new Error(secret);
    },
    'throws what is no error': () => {
      throw secret;
    },
    'throws behind sendResponse()': (handler) => {
      handler.sendResponse(200);
      handler.sendHeader('X-Own', secret);
      throw new Error(secret);
    },
    'throws behind endHeaders(), with a body that has not left': (handler) => {
      handler.sendResponse(200);
      handler.sendHeader('X-Own', secret);
      handler.endHeaders();
      handler.wfile.write(secret);
      throw new Error(secret);
    },
    'answers twice': (handler) => {
      handler.sendResponse(200);
      handler.sendHeader('X-Own', secret);
      handler.endHeaders();
      handler.sendResponse(200);
    },
    'answers nothing': () => {},
    'begins an answer, and leaves it': (handler) => handler.sendResponse(200),
    'writes a body without a head': (handler) => void handler.wfile.write(secret),
    'writes more than it announced': (handler) => {
      handler.sendResponse(200);
      handler.sendHeader('Content-Length', 1);
      handler.endHeaders();
      handler.wfile.write(secret);
    },
  };

  it.each(Object.entries(failures))(
    'MUST 42: that %s gives a bare 500, and the connection ends',
    async (_, fail) => {
      await using lab = await openLab(fail);
      const { replies, reset } = await converse(lab.port, get() + get());
      expect(reset).toBe(false);
      expect(replies.map(({ status }) => status)).toEqual([500]);
      expect(replies[0]?.get('x-own')).toBeUndefined();
      expect(replies[0]?.get('connection')).toBe('close');
      expect(replies[0]?.text).not.toContain(secret);
      expect(lab.httpd.errors).toHaveLength(1);
    },
  );

  const lateFailures: Record<string, (handler: BaseHTTPRequestHandler) => void | Promise<void>> = {
    chunked: (handler) => {
      handler.sendResponse(200);
      handler.endHeaders();
      handler.wfile.write('part');
      handler.flushHeaders();
      throw new Error(secret);
    },
    'with Content-Length': (handler) => {
      handler.sendResponse(200);
      handler.sendHeader('Content-Length', 100);
      handler.endHeaders();
      handler.wfile.write('part');
      throw new Error(secret);
    },
  };

  it.each(Object.entries(lateFailures))(
    'MUST 42: in the middle of a response, %s, it is cut',
    async (_, fail) => {
      await using lab = await openLab(fail);
      await expect(ask(lab.port, get())).rejects.toThrow('Cut off');
      expect(lab.httpd.errors).toHaveLength(1);
    },
  );

  it('MUST 42: in the middle of a response to HTTP/1.0, it is reset: an end would look whole', async () => {
    // A client on libuv takes a reset that comes together with data for an end: let it have the data before.
    let fail!: () => void;
    const received = new Promise<void>((resolve) => (fail = resolve));
    await using lab = await openLab(async (handler) => {
      handler.sendResponse(200);
      handler.endHeaders();
      handler.wfile.write('part');
      handler.flushHeaders();
      await received;
      throw new Error(secret);
    });
    using client = await HttpClient.connect(lab.port);
    await client.send('GET / HTTP/1.0\r\n\r\n').until((raw) => raw.endsWith('part'));
    fail();
    await client.ended();
    expect(client.wasReset).toBe(true);
  });

  it('MUST 42: other connections, and later ones, are served', async () => {
    await using lab = await openLab((handler) => {
      if (handler.path === '/fail') throw new Error(secret);
      handler.sendResponse(200);
      handler.endHeaders();
    });
    using bystander = await HttpClient.connect(lab.port);
    expect((await bystander.send(get()).reply())?.status).toBe(200);
    expect((await ask(lab.port, get('/fail'))).status).toBe(500);
    expect((await bystander.send(get()).reply())?.status).toBe(200);
    expect((await ask(lab.port, get())).status).toBe(200);
  });

  it('MUST 42: what is written late throws, and never reaches the next response', async () => {
    let late: (() => void) | undefined;
    const errors: unknown[] = [];
    await using lab = await openLab((handler) => {
      handler.sendResponse(200);
      handler.endHeaders();
      try {
        late?.();
      } catch (error) {
        errors.push(error);
      }
      const { wfile } = handler;
      late = () => void wfile.write('late');
    });
    const { replies } = await converse(lab.port, get() + get('/', 'Connection: close\r\n'));
    expect(replies.map(({ text }) => text)).toEqual(['', '']);
    expect(String(errors)).toMatch(/has ended/);
  });

  it('MUST 42: an error page that fails itself is replaced by the barest of answers', async () => {
    class Handler extends QuietHandler {
      override sendError(): void {
        throw new Error('the page is broken, too');
      }
    }
    await using live = await run(new QuietServer(['127.0.0.1', 0], Handler));
    for (const request of [get('/', '', 'SPAM'), 'nonsense\r\n\r\n']) {
      const { replies } = await converse(live.port, request);
      expect(replies.map(({ body, status }) => [status, body.length])).toEqual([
        [request === 'nonsense\r\n\r\n' ? 400 : 500, 0],
      ]);
    }
  });

  it('MUST 42: a log that fails does not take the server with it', async () => {
    class Handler extends BaseHTTPRequestHandler {
      do_GET() {
        this.sendResponse(200);
        this.endHeaders();
      }
      override logMessage(): void {
        throw new Error('disk full');
      }
    }
    await using live = await run(new QuietServer(['127.0.0.1', 0], Handler));
    for (let round = 0; round < 2; round++) {
      expect((await converse(live.port, get())).replies.map(({ status }) => status)).toEqual([500]);
    }
  });

  it('tells handleError(), which prints who was served and why it failed', async () => {
    const printed = vi.spyOn(console, 'error').mockImplementation(() => {});
    class Handler extends QuietHandler {
      do_GET() {
        throw new Error('on purpose');
      }
    }
    await using live = await serveLive(Handler);
    await converse(live.port, get());
    expect(printed.mock.calls).toEqual([
      [expect.stringMatching(/127\.0\.0\.1 port \d+ failed:\nError: on purpose/)],
    ]);
    printed.mockRestore();
  });
});

describe('MUST 44: responses without a body have none, and say so', () => {
  const BODY = 'some text';

  for (const protocolVersion of ['HTTP/1.0', 'HTTP/1.1'])
    for (const [method, request] of [
      ['GET', 'HTTP/1.0'],
      ['HEAD', 'HTTP/1.0'],
      ['GET', 'HTTP/1.1'],
      ['HEAD', 'HTTP/1.1'],
    ] as const)
      for (const announced of [true, false])
        it.each([200, 204, 205, 304, 404])(
          `MUST 44: ${method} in ${request} of an ${protocolVersion} handler, ${announced ? 'with' : 'without'} Content-Length: %d`,
          async (status) => {
            class Handler extends QuietHandler {
              override protocolVersion = protocolVersion;
              do_GET() {
                this.sendResponse(status);
                if (announced) this.sendHeader('Content-Length', BODY.length);
                this.endHeaders();
                this.wfile.write(BODY);
              }
              do_HEAD() {
                this.do_GET();
              }
            }
            await using live = await serveLive(Handler);
            using client = await HttpClient.connect(live.port);
            client.send(`${method} / ${request}\r\nHost: a\r\nConnection: close\r\n\r\n`);
            const { raw, replies } = await client.conversation([method]);
            const [reply] = replies;
            const hasBody = method === 'GET' && (status === 200 || status === 404);
            expect(raw.slice(reply?.head.length)).toBe(hasBody ? BODY : '');
            expect(reply?.get('transfer-encoding')).toBeUndefined();
            const length = reply?.get('content-length');
            if (status === 204) expect(length).toBeUndefined();
            else if (status === 205) expect([undefined, '0']).toContain(length);
            else if (hasBody) expect(length).toBe(String(BODY.length));
            else expect([undefined, String(BODY.length)]).toContain(length);
          },
        );

  it('MUST 44: HTTP/1.0 gets no chunks, and a long body ends with the connection', async () => {
    const part = 'x'.repeat(40_000);
    await using lab = await openLab(async (handler) => {
      handler.sendResponse(200);
      handler.endHeaders();
      for (let i = 0; i < 5; i++) await handler.wfile.write(part);
    });
    const old = await ask(lab.port, 'GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
    expect([old.get('transfer-encoding'), old.get('content-length'), old.get('connection')]).toEqual([
      undefined,
      undefined,
      'close',
    ]);
    expect(old.body.length).toBe(5 * part.length);
    const current = await ask(lab.port, get());
    expect(current.get('transfer-encoding')).toBe('chunked');
    expect(current.body.length).toBe(5 * part.length);
  });

  it('MUST 44: interim responses have no body, and HTTP/1.0 gets none', async () => {
    await using lab = await openLab((handler) => {
      handler.sendResponseOnly(103);
      handler.sendHeader('Link', '</style.css>; rel=preload');
      handler.endHeaders();
      handler.sendResponse(200);
      handler.endHeaders();
      handler.wfile.write('text');
    });
    const { replies } = await converse(lab.port, get('/', 'Connection: close\r\n'));
    expect(replies.map(({ status, text }) => [status, text])).toEqual([
      [103, ''],
      [200, 'text'],
    ]);
    expect(replies[0]?.fields).toEqual([['Link', '</style.css>; rel=preload']]);
    const old = await converse(lab.port, 'GET / HTTP/1.0\r\n\r\n');
    expect(old.replies.map(({ status }) => status)).toEqual([200]);
  });
});

describe('MUST 61: error pages escape what they repeat', () => {
  const tags = (page: string) => page.match(/<[^>]*>/g) ?? [];

  it('MUST 61: no message or explanation changes what the page is made of', async () => {
    let message = '';
    let explain = '';
    await using lab = await openLab((handler) => handler.sendError(404, message, explain));
    const plain = tags((await ask(lab.port, get())).text);
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc
        .array(fc.constantFrom('<script>', '</h1>', '&lt;', '&', '"', "'", '%(code)d', '%s', '\r\n', '\0'))
        .map((a) => a.join('')),
    );
    const property = fc.asyncProperty(text, text, async (first, second) => {
      [message, explain] = [first, second];
      const reply = await ask(lab.port, get());
      expect(reply.status).toBe(404);
      expect(tags(reply.text)).toEqual(plain);
      expect(reply.get('x-content-type-options')).toBe('nosniff');
    });
    await fc.assert(property, { numRuns: 100 });
  });

  it('MUST 61: a malformed request is not repeated at all', async () => {
    await using live = await serveLive(QuietHandler);
    for (const data of [
      'GET /<script> HTTP/1.1',
      'GET /a<b>c HTTP/1.1',
      'GET / <script>',
      '<script> / HTTP/1.1',
    ]) {
      const { replies } = await converse(live.port, `${data}\r\nHost: a\r\n\r\n`);
      expect(replies.map(({ status }) => status)).toEqual([400]);
      expect(replies[0]?.text).not.toMatch(/script|<b>/);
    }
  });
});

describe('MUST 87: the log', () => {
  class Handler extends BaseHTTPRequestHandler {
    override protocolVersion = 'HTTP/1.1';
    do_GET() {
      this.sendResponse(200);
      this.endHeaders();
    }
  }

  it('MUST 87: has one line for each request', async () => {
    await using live = await serveLive(Handler);
    await converse(live.port, get('/1') + get('/2') + get('/3', 'Connection: close\r\n'));
    expect(logged.map((line) => /"(.*?)"/.exec(line)?.[1])).toEqual([
      'GET /1 HTTP/1.1',
      'GET /2 HTTP/1.1',
      'GET /3 HTTP/1.1',
    ]);
  });

  it('MUST 87: holds no control character and no forged line, whatever the octets of the request', async () => {
    await using live = await serveLive(Handler);
    const octets = fc.uint8Array({ minLength: 1, maxLength: 60 }).filter((data) => !data.includes(0x0a));
    const property = fc.asyncProperty(octets, async (data) => {
      logged.length = 0;
      using client = await HttpClient.connect(live.port);
      client.send(data).send(' / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
      await client.ended();
      expect(logged.length).toBeGreaterThan(0);
      for (const line of logged) {
        expect(line).not.toMatch(/[\0-\x1f\x7f-\x9f]/);
        expect(line).toMatch(/^127\.0\.0\.1 - - \[[^\]]+\] (code \d+, message .*|"[^"]*" \d{3} -)$/);
      }
    });
    await fc.assert(property, { numRuns: 100 });
  });
});

describe('around the edges', () => {
  it('rfile and wfile can be replaced, and headers too', async () => {
    await using lab = await openLab(async (handler) => {
      const { rfile, headers } = handler;
      handler.rfile = rfile;
      handler.headers = headers;
      handler.sendResponse(200);
      handler.endHeaders();
      const { wfile } = handler;
      handler.wfile = wfile;
      handler.wfile.write(await handler.rfile.bytes());
    });
    expect((await ask(lab.port, post('body'))).text).toBe('body');
  });

  it('a body above the limit of what is read whole is 413; in pieces it may be as long as it likes', async () => {
    class Handler extends QuietHandler {
      override protocolVersion = 'HTTP/1.1';
      async do_POST() {
        let size = 0;
        if (this.path === '/whole') size = (await this.rfile.bytes()).length;
        else for await (const chunk of this.rfile) size += chunk.length;
        this.sendResponse(200);
        this.endHeaders();
        this.wfile.write(String(size));
      }
    }
    await using live = await serveLive(Handler, { limits: { maxRequestBodySize: 10 } });
    expect((await ask(live.port, post('ten octets', '/whole'))).text).toBe('10');
    expect((await ask(live.port, post('eleven octets', '/whole'))).status).toBe(413);
    expect((await ask(live.port, post('eleven octets', '/pieces'))).text).toBe('13');
  });
});
