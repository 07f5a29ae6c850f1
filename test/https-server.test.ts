// HTTPSServer: certificates, handshakes good and bad, and that a connection over TLS is served as any other.

import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpsRequest } from 'node:https';
import { type AddressInfo, connect as connectTCP, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setImmediate as turn } from 'node:timers/promises';
import { type ConnectionOptions, connect, createSecureContext, TLSSocket, type TlsOptions } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  BaseHTTPRequestHandler,
  HTTPServer,
  HTTPSServer,
  type HTTPSServerOptions,
  type ServerAddress,
  ThreadingHTTPSServer,
} from '../src/index.js';
import { hasProgram } from './support/command.js';
import { run } from './support/live.js';
import { RawClient, request, statuses, times } from './support/raw-client.js';
import { canMeasure, isFull } from './support/server-process.js';
import { reply } from './support/serving.js';
import { temporaryDirectory } from './support/temporary-directory.js';

const MIB = 1024 * 1024;
const BAD_HANDSHAKES = isFull ? 10_000 : 400;

// Self-signed for localhost and 127.0.0.1, until 2124.
const fixture = (name: string) => fileURLToPath(new URL(`fixtures/tls/${name}`, import.meta.url));
const certfile = fixture('cert.pem');
const keyfile = fixture('key.pem');
const encryptedKeyfile = fixture('encrypted-key.pem');
const password = 'spam';
const certificate = { certfile, keyfile };
const context = { cert: readFileSync(certfile), key: readFileSync(keyfile) };
const ca = [context.cert, readFileSync(fixture('renewed-cert.pem'))];

const LOCAL: ServerAddress = ['127.0.0.1', 0];

/** A handler that is a function, called for each request. */
type Answer = (handler: BaseHTTPRequestHandler) => void | Promise<void>;

const echoPath: Answer = (handler) => reply(handler, handler.path);

function handlerClass(answer: Answer, version = 'HTTP/1.1') {
  return class extends BaseHTTPRequestHandler {
    override protocolVersion = version;

    override handleOneRequest(): void | Promise<void> {
      if (this.parseRequest()) return answer(this);
    }

    override logMessage(): void {}
  };
}

/** A server that keeps what it would have printed. */
class SecureServer extends HTTPSServer {
  readonly errors: string[] = [];

  override verifyRequest(request: Socket): boolean {
    return request.isPaused(); // as the handlers of any server find it
  }

  override handleTLSError(error: Error): void {
    this.errors.push(error.message);
  }
}

function serve(answer: Answer = echoPath, options: HTTPSServerOptions = certificate, address = LOCAL) {
  return run(new SecureServer(address, handlerClass(answer), options));
}

const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

/** Ends with the test, and may fail without ado. */
function remembered<S extends Socket>(socket: S): S {
  sockets.push(socket);
  socket.on('error', () => {});
  return socket;
}

/** Begins a handshake. */
function dial(port: number, options: ConnectionOptions = {}): TLSSocket {
  const where = { port, host: '127.0.0.1', ca, allowHalfOpen: true };
  return remembered(connect({ ...where, ...options }));
}

/** A connection whose handshake has succeeded. */
async function secure(port: number, options?: ConnectionOptions): Promise<TLSSocket> {
  const socket = dial(port, options);
  await once(socket, 'secureConnect');
  return socket;
}

/** Why the handshake does not succeed. */
async function refusal(port: number, options?: ConnectionOptions): Promise<string | undefined> {
  return secure(port, options).then(
    () => 'secure',
    (error: NodeJS.ErrnoException) => error.code,
  );
}

/** A connection that has not said anything yet. */
async function bare(port: number): Promise<Socket> {
  const socket = remembered(connectTCP(port, '127.0.0.1'));
  await once(socket, 'connect');
  return socket.resume();
}

/** Stands between one client and the server, and sees how the server ends the connection: TLS clients may not tell. */
async function relay(port: number) {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const ending = new Promise<'end' | 'reset'>((resolve) => {
    listener.once('connection', (client: Socket) => {
      listener.close();
      const server = remembered(connectTCP(port, '127.0.0.1'));
      // A reset may be told as an end; then an empty write fails.
      server.on('end', () => server.write('', (error) => resolve(error ? 'reset' : 'end')));
      server.on('error', () => resolve('reset'));
      server.on('close', () => client.destroySoon());
      remembered(client).pipe(server).pipe(client);
    });
  });
  return { port: (listener.address() as AddressInfo).port, ending };
}

const closed = (socket: Socket) => socket.closed || once(socket, 'close').catch(() => {});

/** Sends, and gives all that comes until the server ends the connection. */
async function talk(port: number, data: string | Uint8Array, options?: ConnectionOptions): Promise<string> {
  const socket = await secure(port, options);
  socket.write(data);
  return text(socket);
}

/** Of a response alone. Compare a long one by `===`: a difference would be printed. */
function bodyOf(response: string): string {
  return response.slice(response.indexOf('\r\n\r\n') + 4);
}

/** One request, by a client that knows HTTPS. */
async function get(port: number, path = '/', options: ConnectionOptions = {}) {
  const client = httpsRequest({ port, host: '127.0.0.1', ca, path, agent: false, ...options }).end();
  client.on('error', () => {}); // there may be one behind the response
  const [response] = await once(client, 'response');
  return { status: response.statusCode as number, body: await text(response) };
}

/** The name on the certificate that new connections are shown. */
async function nameOnCertificate(port: number): Promise<string | string[] | undefined> {
  const socket = await secure(port);
  socket.end();
  return socket.getPeerCertificate().subject.CN;
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await turn();
}

const openConnections = (httpd: HTTPServer) => promisify(httpd.socket.getConnections.bind(httpd.socket))();

describe("Python's cases", () => {
  it('GET / is answered', async () => {
    await using live = await serve();
    expect(await get(live.port)).toEqual({ status: 200, body: '/' });
  });

  it('takes a certificate and its key in every valid form', async () => {
    await using directory = await temporaryDirectory({
      'both.pem': Buffer.concat([context.key, context.cert]),
      'both-encrypted.pem': Buffer.concat([readFileSync(encryptedKeyfile), context.cert]),
    });
    for (const options of [
      { certfile: join(directory.path, 'both.pem') },
      { certfile, keyfile },
      { certfile: join(directory.path, 'both-encrypted.pem'), password },
      { certfile, keyfile: encryptedKeyfile, password },
    ]) {
      await using live = await serve(echoPath, options);
      expect(await get(live.port)).toMatchObject({ status: 200 });
    }
  });

  it('throws at once for what cannot be used, says which file and why, and listens nowhere', async () => {
    await using directory = await temporaryDirectory({ 'bad.pem': 'spam' });
    const bad = join(directory.path, 'bad.pem');
    const wrong: [HTTPSServerOptions, string][] = [
      [{ certfile: bad }, `The certificate in ${bad} cannot be used: there is none in PEM`],
      [{ certfile, keyfile: bad }, `The private key in ${bad} cannot be used: there is none in PEM`],
      [{ certfile }, `The private key in ${certfile} cannot be used: there is none in PEM`],
      [{ certfile: keyfile }, `The certificate in ${keyfile} cannot be used: there is none in PEM`],
      [
        { certfile, keyfile: encryptedKeyfile },
        `The private key in ${encryptedKeyfile} cannot be used: the password is missing or wrong`,
      ],
      [
        { certfile, keyfile: encryptedKeyfile, password: 'eggs' },
        `The private key in ${encryptedKeyfile} cannot be used: the password is missing or wrong`,
      ],
      [
        { certfile, keyfile: fixture('renewed-key.pem') },
        `The certificate in ${certfile} with the key in ${fixture('renewed-key.pem')} cannot be used: they do not belong together`,
      ],
      [{ certfile: join(directory.path, 'none.pem') }, `${directory.path}/none.pem cannot be read: ENOENT`],
      [{ certfile: directory.path }, `${directory.path} cannot be read: EISDIR`],
      [{}, 'An HTTPS server needs a certificate'],
      [{ keyfile }, 'An HTTPS server needs a certificate'],
    ];
    const createSocket = vi.spyOn(HTTPSServer.prototype, 'createSocket');
    try {
      for (const [options, sentence] of wrong)
        expect(() => new HTTPSServer(LOCAL, BaseHTTPRequestHandler, options)).toThrow(sentence);
      await turn();
      expect(createSocket).not.toHaveBeenCalled();
    } finally {
      createSocket.mockRestore();
    }
  });

  it('speaks http/1.1 in ALPN, unless told otherwise', async () => {
    await using live = await serve();
    expect((await secure(live.port, { ALPNProtocols: ['h2', 'http/1.1'] })).alpnProtocol).toBe('http/1.1');
    expect((await secure(live.port)).alpnProtocol).toBe(false);
    expect(await refusal(live.port, { ALPNProtocols: ['h2'] })).toBe(
      'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL',
    );
    await using other = await serve(echoPath, { ...certificate, alpnProtocols: ['spam/1', 'http/1.1'] });
    expect((await secure(other.port, { ALPNProtocols: ['http/1.1', 'spam/1'] })).alpnProtocol).toBe('spam/1');
  });

  it('ThreadingHTTPSServer is one, and all are HTTPServers', async () => {
    await using live = await run(new ThreadingHTTPSServer(LOCAL, handlerClass(echoPath), certificate));
    expect(await get(live.port, '/threads')).toEqual({ status: 200, body: '/threads' });
    expect(live.httpd).toBeInstanceOf(HTTPSServer);
    expect(live.httpd).toBeInstanceOf(HTTPServer);
  });
});

describe('TLS', () => {
  it('1.2 and 1.3, and none before', async () => {
    await using live = await serve();
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const socket = await secure(live.port, { minVersion: version, maxVersion: version });
      expect(socket.getProtocol()).toBe(version);
    }
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' } as const;
    expect(await refusal(live.port, old)).toBe('ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION');
    expect(await get(live.port)).toMatchObject({ status: 200 });
  });

  it("takes node's options instead of files: with an SNICallback each name has its certificate", async () => {
    const renewed = createSecureContext({ cert: ca[1]!, key: readFileSync(fixture('renewed-key.pem')) });
    const tls: TlsOptions = {
      ...context,
      SNICallback: (name, done) => done(null, name === 'localhost' ? renewed : undefined),
    };
    await using live = await serve(echoPath, { tls });
    const named = await secure(live.port, { servername: 'localhost' });
    expect(named.getPeerCertificate().subject.CN).toBe('renewed-localhost');
    expect(await nameOnCertificate(live.port)).toBe('localhost');
  });

  it('a handler knows who calls, and that it is over TLS', async () => {
    const seen: unknown[] = [];
    await using live = await serve((handler) => {
      const { server, request, clientAddress } = handler;
      seen.push(server instanceof HTTPSServer, request instanceof TLSSocket, clientAddress);
      return reply(handler, '');
    });
    const socket = await secure(live.port);
    const { localAddress, localPort } = socket;
    socket.end(request('GET /', 'Connection: close\r\n'));
    expect(statuses(await text(socket))).toEqual([200]);
    expect(seen).toEqual([true, true, [localAddress, localPort]]);
  });

  it('works on a Unix socket, and without a time limit', async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'socket');
    const options = { ...certificate, timeouts: { handshake: Number.POSITIVE_INFINITY } };
    await using live = await serve(echoPath, options, { path });
    for (const where of ['/1', '/2']) {
      const socket = await secure(live.port, { path, servername: 'localhost' });
      socket.write(request(`GET ${where}`, 'Connection: close\r\n'));
      expect(await text(socket)).toMatch(new RegExp(`^HTTP/1.1 200 .*${where}$`, 's'));
    }
  });

  it.skipIf(!hasProgram('curl'))('curl agrees', async () => {
    await using live = await serve();
    const { stdout } = await promisify(execFile)('curl', [
      ...['--silent', '--show-error', '--noproxy', '*', '--cacert', certfile],
      ...['--write-out', ' %{http_code} %{http_version} %{ssl_verify_result} %{num_connects}'],
      ...[1, 2].map((n) => `https://localhost:${live.port}/${n}`),
      ...['--resolve', `localhost:${live.port}:127.0.0.1`],
    ]);
    expect(stdout).toBe('/1 200 1.1 0 1/2 200 1.1 0 0');
  });
});

describe('a connection over TLS is served as any other', () => {
  const echoBody: Answer = async (handler) => {
    handler.sendResponse(200);
    handler.sendHeader('Content-Length', handler.headers.get('content-length')!);
    handler.endHeaders();
    for await (const chunk of handler.rfile) await handler.wfile.write(chunk);
  };

  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    const only = { minVersion: version, maxVersion: version };

    it(`${version}: a body of 5 MiB is echoed`, async () => {
      await using live = await serve(echoBody);
      const body = Buffer.alloc(5 * MIB, 'spam and eggs ');
      const socket = await secure(live.port, only);
      socket.write(request('POST /', `Content-Length: ${body.length}\r\nConnection: close\r\n`));
      socket.write(body);
      expect(bodyOf(await text(socket)) === body.toString()).toBe(true);
    });

    it(`${version}: pipelined requests are answered in order`, async () => {
      await using live = await serve();
      const received = await talk(
        live.port,
        request('GET /first') + request('GET /second', 'Connection: close\r\n'),
        only,
      );
      expect(received).toMatch(/^HTTP\/1\.1 200 .*\/firstHTTP\/1\.1 200 .*\/second$/s);
    });

    it(`${version}: MUST 38: a client that half-closes behind its request gets the whole response`, async () => {
      await using live = await serve(async (handler) => {
        await until(() => handler.request.readableEnded); // its end is here before the response
        await reply(handler, 'x'.repeat(MIB));
      });
      const socket = await secure(live.port, only);
      socket.end(request('GET /'));
      expect((await text(socket)).endsWith(`\r\n${'x'.repeat(MIB)}\r\n0\r\n\r\n`)).toBe(true);
    });

    it(`${version}: nothing is lost of what comes before somebody serves`, async () => {
      await using httpd = new SecureServer(LOCAL, handlerClass(echoBody), certificate);
      const [, port] = await httpd.ready;
      const body = Buffer.alloc(MIB, 'early');
      const socket = await secure(port, only);
      socket.end(Buffer.concat([Buffer.from(request('POST /', `Content-Length: ${body.length}\r\n`)), body]));
      await turn();
      const serving = httpd.serveForever();
      expect(bodyOf(await text(socket)) === body.toString()).toBe(true);
      await httpd.shutdown();
      await serving;
    });

    it(`${version}: MUST 40: who still sends sees the early answer, and no reset`, async () => {
      await using live = await serve();
      const socket = await secure(live.port, only);
      let failure: Error | undefined;
      socket.on('error', (error) => {
        failure = error;
      });
      socket.write('GET /');
      socket.write(Buffer.alloc(3 * MIB, 'u'));
      expect(statuses(await text(socket))).toEqual([414]);
      socket.end();
      await closed(socket);
      expect(failure).toBeUndefined();
    });
  }

  it('a client that takes nothing is waited for', async () => {
    let written = 0;
    let isWaiting = false;
    await using live = await serve(async (handler) => {
      handler.sendResponse(200);
      handler.endHeaders();
      for (const piece = Buffer.alloc(64 * 1024); written < 64 * MIB; written += piece.length) {
        const taken = handler.wfile.write(piece);
        isWaiting = taken !== undefined;
        await taken;
        isWaiting = false;
      }
    });
    const socket = await secure(live.port);
    socket.pause();
    socket.write(request('GET /', 'Connection: close\r\n'));
    // It waits for ever, and not only for what takes a moment to encrypt.
    await until(async () => {
      const before = written;
      for (let turns = 0; turns < 1000; turns++) await turn();
      return isWaiting && before > 0 && written === before;
    });
    expect(written).toBeLessThan(32 * MIB);
    for await (const _ of socket);
    expect(written).toBe(64 * MIB);
  });

  const breaksOff: Answer = async (handler) => {
    handler.sendResponse(200);
    if (handler.path === '/length') handler.sendHeader('Content-Length', '100');
    handler.endHeaders();
    await handler.wfile.write('spam');
    await handler.wfile.flush();
    throw new Error('broken');
  };

  it('a response that breaks off is cut, by a reset where an end would look like its own', async () => {
    for (const [version, path, ending] of [
      ['HTTP/1.0', '/', 'reset'],
      ['HTTP/1.0', '/length', 'end'],
      ['HTTP/1.1', '/', 'end'],
    ] as const) {
      await using live = await run(new SecureServer(LOCAL, handlerClass(breaksOff, version), certificate));
      live.httpd.handleError = () => {};
      const between = await relay(live.port);
      await get(between.port, path).catch(() => {});
      expect(await between.ending).toBe(ending);
    }
  });

  it('a client that takes nothing for too long is reset', async () => {
    await using live = await serve(
      async (handler) => {
        handler.sendResponse(200);
        handler.endHeaders();
        for (const piece = Buffer.alloc(64 * 1024); ; ) await handler.wfile.write(piece);
      },
      { ...certificate, timeouts: { send: 100 } },
    );
    const between = await relay(live.port);
    const socket = await secure(between.port);
    socket.pause();
    socket.write(request('GET /'));
    await until(async () => (await openConnections(live.httpd)) === 0);
    socket.resume();
    expect(await between.ending).toBe('reset');
  });

  it('MUST 41: a handler hears that its client has reset', async () => {
    let ended = false;
    await using live = await serve(async (handler) => {
      below.resetAndDestroy(); // right behind its request, it is told as an end
      await once(handler.signal, 'abort');
      ended = true;
    });
    const below = await bare(live.port);
    const socket = await secure(live.port, { socket: below });
    socket.write(request('GET /'));
    await until(() => ended);
  });
});

describe('handshakes that fail', () => {
  /** The first octets of a real one. */
  async function clientHello(): Promise<Buffer> {
    await using listener = createServer().listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const { port } = listener.address() as AddressInfo;
    const client = dial(port);
    const [socket] = (await once(listener, 'connection')) as [Socket];
    const [hello] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    client.destroy();
    return hello;
  }

  it('MUST 89: garbage and plain HTTP end their connection, and no other', async () => {
    await using live = await serve();
    const other = await secure(live.port);
    for (const data of ['spam'.repeat(1000), request('GET /'), '\x16\x03\x01\x00\x05spam!', '\0'.repeat(9)]) {
      const socket = await bare(live.port);
      socket.write(data, 'latin1');
      await closed(socket);
    }
    other.write(request('GET /', 'Connection: close\r\n'));
    expect(statuses(await text(other))).toEqual([200]);
  });

  it.each([
    ['GET', request('GET /')],
    ['HEAD', request('HEAD /')],
    ['POST with a body', `${request('POST /', 'Content-Length: 4\r\n')}spam`],
    ['a proxied request', request('GET http://localhost/')],
    ['CONNECT', request('CONNECT localhost:1')],
    ['a request that is cut off', 'GET / HT'],
  ])('MUST 89: plain HTTP is told so, and its connection ended: %s', async (_title, octets) => {
    await using live = await serve();
    using client = await RawClient.connect(live.port);
    client.send(octets);
    const [head, body] = (await client.ended()).split('\r\n\r\n');
    expect(body).toBe('This server speaks HTTPS: use https:// instead of http://\n');
    expect(head!.split('\r\n')).toEqual([
      'HTTP/1.1 400 Bad Request',
      'Content-Type: text/plain; charset=utf-8',
      `Content-Length: ${body!.length}`,
      'Connection: close',
    ]);
    expect(await client.closed).toBeUndefined();
    await until(async () => (await openConnections(live.httpd)) === 0);
  });

  it.each([
    ['text', 'spam'.repeat(1000)],
    ['another protocol', 'SSH-2.0-spam\r\n'],
    ['a record that makes no sense', '\x16\x03\x01\x00\x05spam!'],
    ['zeros', '\0'.repeat(500)],
  ])('MUST 89: what is neither TLS nor HTTP is told nothing: %s', async (_title, octets) => {
    await using live = await serve();
    using client = await RawClient.connect(live.port);
    client.send(octets);
    await client.closed;
    expect(client.received).not.toContain('HTTP');
  });

  it('MUST 89: plain HTTP in the middle of a handshake, or behind it, is told nothing', async () => {
    await using live = await serve();
    using begun = await RawClient.connect(live.port);
    begun.send(await clientHello()).send(request('GET /'));
    await begun.closed;
    expect(begun.received).not.toContain('HTTP/1.1');
    const below = await bare(live.port);
    const socket = await secure(live.port, { socket: below });
    let received = '';
    below.on('data', (octets) => (received += octets.toString('latin1')));
    below.write(request('GET /'));
    await closed(socket);
    expect(received).not.toContain('HTTP/1.1');
  });

  it('MUST 89: one that stalls is ended when its time is up, one that trickles too', async () => {
    await using live = await serve(echoPath, { ...certificate, timeouts: { handshake: 300 } });
    const [silent, stalled, trickling] = [
      await bare(live.port),
      await bare(live.port),
      await bare(live.port),
    ];
    const hello = await clientHello();
    stalled.write(hello.subarray(0, 100));
    let sent = 0;
    const timer = setInterval(() => trickling.write(hello.subarray(sent, ++sent)), 20);
    try {
      await Promise.all([silent, stalled, trickling].map(closed));
      expect(sent).toBeLessThan(hello.length);
    } finally {
      clearInterval(timer);
    }
  });

  it('MUST 89: the time is not that of the requests', async () => {
    await using live = await serve(echoPath, { ...certificate, timeouts: { handshake: 1_000 } });
    const socket = await secure(live.port);
    await closed((await bare(live.port)).resume()); // as long as a handshake may take
    socket.write(request('GET /', 'Connection: close\r\n'));
    expect(statuses(await text(socket))).toEqual([200]);
  });

  it.skipIf(!canMeasure)(
    `MUST 89: ${BAD_HANDSHAKES} of them leave nothing behind`,
    { timeout: 300_000 },
    async () => {
      await using live = await serve(echoPath, { ...certificate, timeouts: { handshake: 50 } });
      const hello = await clientHello();
      const ways: ((port: number) => Promise<unknown>)[] = [
        async (port) => {
          const socket = await bare(port);
          socket.end('GET / HTTP/1.1\r\n\r\n');
          await closed(socket);
        },
        async (port) => (await bare(port)).resetAndDestroy(),
        async (port) => {
          const socket = await bare(port);
          socket.write(hello.subarray(0, 100), () => socket.resetAndDestroy());
          await closed(socket);
        },
        async (port) => {
          const socket = await bare(port);
          socket.write(hello, () => socket.resetAndDestroy());
          await closed(socket);
        },
        async (port) => {
          const socket = await bare(port);
          socket.end(hello);
          await closed(socket);
        },
        async (port) => closed(await bare(port)),
        (port) => refusal(port, { ALPNProtocols: ['h2'] }),
        (port) => refusal(port, { ca: [] }),
      ];
      const fail = async (count: number) => {
        await times(count, 20, async (index) => void (await ways[index % ways.length]!(live.port)));
        for (const socket of sockets.splice(0)) socket.destroy();
        await until(async () => (await openConnections(live.httpd)) === 0);
        await turn();
      };
      const descriptors = () => readdirSync('/proc/self/fd').length;
      await fail(2 * ways.length);
      const before = descriptors();
      await fail(BAD_HANDSHAKES);
      expect(descriptors()).toBeLessThanOrEqual(before);
      expect(live.httpd.errors).toEqual([]);
      // On a busy machine a good one may take too long as well.
      await until(async () => (await get(live.port).catch(() => undefined))?.status === 200);
    },
  );
});

describe('callbacks that fail', () => {
  const boom = () => {
    throw new Error('boom\x1b[2J');
  };
  const cases: [string, TlsOptions, ConnectionOptions, message: string][] = [
    ['an SNICallback that throws', { SNICallback: boom }, { servername: 'localhost' }, 'boom\x1b[2J'],
    [
      'an SNICallback that rejects',
      { SNICallback: (async () => boom()) as TlsOptions['SNICallback'] & {} },
      { servername: 'localhost' },
      'boom\x1b[2J',
    ],
    ['an ALPNCallback that throws', { ALPNCallback: boom }, { ALPNProtocols: ['http/1.1'] }, 'boom\x1b[2J'],
    [
      'an ALPNCallback that chooses what was not offered',
      { ALPNCallback: () => 'h3' },
      { ALPNProtocols: ['http/1.1'] },
      'The client does not offer h3',
    ],
    [
      'a pskCallback that throws',
      { pskCallback: boom, ciphers: 'PSK+HIGH', maxVersion: 'TLSv1.2' },
      {
        pskCallback: () => ({ psk: Buffer.alloc(16, 1), identity: 'spam' }),
        ciphers: 'PSK+HIGH',
        maxVersion: 'TLSv1.2',
      },
      'boom\x1b[2J',
    ],
  ];
  it.each(cases)('MUST 89: %s ends that handshake, and is told', async (_, tls, client, message) => {
    await using live = await serve(echoPath, { ...certificate, tls });
    const name = Object.keys(tls)[0];
    expect(await refusal(live.port, client)).not.toBe('secure');
    expect(live.httpd.errors).toEqual([`${name} has failed: ${message}`]);
    if (name === 'pskCallback') return;
    expect(await get(live.port, '/', { servername: '', ALPNProtocols: [] })).toMatchObject({ status: 200 });
  });

  it('MUST 89: one that refuses a name ends that handshake, and is no news', async () => {
    const tls: TlsOptions = { SNICallback: (_name, done) => done(new Error('not here')) };
    await using live = await serve(echoPath, { ...certificate, tls });
    expect(await refusal(live.port, { servername: 'localhost' })).not.toBe('secure');
    expect(live.httpd.errors).toEqual([]);
    expect(await get(live.port, '/', { servername: '' })).toMatchObject({ status: 200 });
  });

  it('MUST 89: an SNICallback that throws behind its answer is told', async () => {
    const tls: TlsOptions = {
      SNICallback(_name, done) {
        done(null);
        throw undefined;
      },
    };
    await using live = await serve(echoPath, { ...certificate, tls });
    await refusal(live.port, { servername: 'localhost' });
    expect(live.httpd.errors).toEqual(['SNICallback has failed: undefined']);
  });

  it('an ALPNCallback chooses', async () => {
    const tls: TlsOptions = { ALPNCallback: ({ protocols }) => protocols.at(-1) };
    await using live = await serve(echoPath, { ...certificate, tls });
    const socket = await secure(live.port, { ALPNProtocols: ['http/1.1', 'eggs'] });
    expect(socket.alpnProtocol).toBe('eggs');
  });

  it('what is printed is one line', async () => {
    const print = vi.spyOn(console, 'error').mockImplementation(() => {});
    try {
      const httpd = new HTTPSServer(LOCAL, BaseHTTPRequestHandler, certificate);
      httpd.handleTLSError(new Error('spam\r\n\x1b[2Jeggs'));
      await httpd.serverClose();
      expect(print.mock.calls).toEqual([['spam [2Jeggs']]);
    } finally {
      print.mockRestore();
    }
  });
});

describe('a certificate that is renewed', () => {
  async function renewable(tls: TlsOptions = {}) {
    const directory = await temporaryDirectory({ 'cert.pem': context.cert, 'key.pem': context.key });
    const path = (name: string) => join(directory.path, name);
    const httpd = new SecureServer(LOCAL, handlerClass(echoPath), {
      certfile: path('cert.pem'),
      keyfile: path('key.pem'),
      tls,
    });
    const [, port] = await httpd.ready;
    return {
      httpd,
      port,
      path,
      /** Has what is new noticed, as a serving server does from time to time. */
      look() {
        httpd.serviceActions();
        httpd.serviceActions();
      },
      /** Takes the place of a file, in one step, as programs that renew do. */
      replace(name: string, source: string) {
        copyFileSync(source, path('new'));
        renameSync(path('new'), path(name));
      },
      async [Symbol.asyncDispose]() {
        await httpd.shutdown({ graceMs: 0 });
        await directory[Symbol.asyncDispose]();
      },
    };
  }

  it('is taken up while the server serves; connections go on', async () => {
    await using server = await renewable();
    const serving = server.httpd.serveForever(0.01);
    const old = await secure(server.port);
    expect(await nameOnCertificate(server.port)).toBe('localhost');
    server.replace('cert.pem', fixture('renewed-cert.pem'));
    server.replace('key.pem', fixture('renewed-key.pem'));
    await until(async () => (await nameOnCertificate(server.port)) === 'renewed-localhost');
    old.write(request('GET /', 'Connection: close\r\n'));
    expect(statuses(await text(old))).toEqual([200]);
    await server.httpd.shutdown({ graceMs: 0 });
    await serving;
  });

  it('may be written over, and may be loaded at once', async () => {
    await using server = await renewable();
    writeFileSync(server.path('cert.pem'), ca[1]!);
    writeFileSync(server.path('key.pem'), readFileSync(fixture('renewed-key.pem')));
    server.httpd.reloadCertificate();
    expect(await nameOnCertificate(server.port)).toBe('renewed-localhost');
  });

  it('is not looked into while it is being replaced', async () => {
    await using server = await renewable();
    server.replace('cert.pem', fixture('renewed-cert.pem'));
    server.httpd.serviceActions();
    server.replace('key.pem', fixture('renewed-key.pem'));
    server.httpd.serviceActions();
    expect(await nameOnCertificate(server.port)).toBe('localhost');
    server.httpd.serviceActions();
    expect(await nameOnCertificate(server.port)).toBe('renewed-localhost');
    expect(server.httpd.errors).toEqual([]);
  });

  it('stays if the new one cannot be used, and that is told once', async () => {
    await using server = await renewable();
    server.replace('cert.pem', fixture('renewed-cert.pem'));
    for (let times = 0; times < 3; times++) server.look();
    expect(server.httpd.errors).toEqual([expect.stringContaining('they do not belong together')]);
    expect(() => server.httpd.reloadCertificate()).toThrow('they do not belong together');
    expect(await nameOnCertificate(server.port)).toBe('localhost');
    rmSync(server.path('key.pem'));
    server.look();
    server.look();
    expect(server.httpd.errors.slice(1)).toEqual([expect.stringContaining('key.pem cannot be read: ENOENT')]);
    expect(await nameOnCertificate(server.port)).toBe('localhost');
    server.replace('key.pem', fixture('renewed-key.pem'));
    server.look();
    expect(await nameOnCertificate(server.port)).toBe('renewed-localhost');
    expect(server.httpd.errors).toHaveLength(2);
  });

  it('changes nothing else', async () => {
    await using server = await renewable({ minVersion: 'TLSv1.3' });
    server.httpd.reloadCertificate();
    expect(await refusal(server.port, { maxVersion: 'TLSv1.2' })).toBe(
      'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
    );
    expect((await secure(server.port)).getProtocol()).toBe('TLSv1.3');
  });
});

describe('the end, and the limit', () => {
  it('MUST 83: shutdown breaks off handshakes, and finishes requests', async () => {
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    let begun = 0;
    const live = await serve(async (handler) => {
      begun++;
      await released;
      await reply(handler, 'finished');
    });
    const served = talk(live.port, request('GET /'));
    await until(() => begun === 1);
    const stalled = await Promise.all(Array.from({ length: 20 }, () => bare(live.port)));
    await until(async () => (await openConnections(live.httpd)) === 21);
    const listener = once(live.httpd.socket, 'close');
    const ended = live.httpd.shutdown();
    await Promise.all(stalled.map(closed)); // and not in 10 seconds
    release();
    expect(await served).toMatch(/^HTTP\/1\.1 200 .*\r\nConnection: close\r\n.*finished$/s);
    await ended;
    await listener; // nothing is open
  });

  it('MUST 83: a handshake that is in time for nothing else is broken off by serverClose() too', async () => {
    await using httpd = new SecureServer(LOCAL, handlerClass(echoPath), certificate);
    const [, port] = await httpd.ready;
    const socket = await bare(port);
    await until(async () => (await openConnections(httpd)) === 1);
    await httpd.serverClose();
    await closed(socket);
  });

  it('handshakes count as connections: the oldest gives way', async () => {
    await using live = await serve(echoPath, { ...certificate, limits: { maxConnections: 3 } });
    const stalled: Socket[] = [];
    for (let count = 1; count <= 3; count++) {
      stalled.push(await bare(live.port));
      await until(async () => (await openConnections(live.httpd)) === count);
    }
    expect(await get(live.port)).toMatchObject({ status: 200 });
    await closed(stalled[0]!);
    expect(stalled.map((socket) => socket.closed)).toEqual([true, false, false]);
  });

  it('an idle connection gives way before a handshake does', async () => {
    await using live = await serve(echoPath, { ...certificate, limits: { maxConnections: 2 } });
    const idle = await secure(live.port);
    idle.write(request('GET /'));
    await once(idle, 'data');
    const stalled = await bare(live.port);
    await until(async () => (await openConnections(live.httpd)) === 2);
    const ended = once(idle, 'end');
    expect(await get(live.port)).toMatchObject({ status: 200 });
    await ended;
    expect(stalled.closed).toBe(false);
  });

  it('a connection in excess is closed while all others are at work', async () => {
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    let begun = 0;
    await using live = await serve(
      async (handler) => {
        begun++;
        await released;
        await reply(handler, 'finished');
      },
      { ...certificate, limits: { maxConnections: 2 } },
    );
    const busy = [1, 2].map(() => talk(live.port, request('GET /', 'Connection: close\r\n')));
    await until(() => begun === 2);
    using client = await RawClient.connect(live.port);
    await client.closed;
    release();
    for (const answer of busy) expect(statuses(await answer)).toEqual([200]);
    await until(async () => (await openConnections(live.httpd)) === 0);
    begun = 0;
    expect(await get(live.port)).toMatchObject({ status: 200 }); // who has gone does not count
  });
});
