// The same octets to CPython's http.server and to ours: equal outcomes, or a difference that is listed here with its
// reason. A difference that is not listed fails, and so does a listed one that is gone.

import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SimpleHTTPRequestHandler } from '../../src/index.js';
import { get, HttpClient, post, type Reply } from '../support/http-client.js';
import { type Live, QuietHandler, QuietServer, run } from '../support/live.js';
import { type PythonPeer, pythonMissing, startPython } from '../support/python-peer.js';

/** The handler of python-handlers.py, in our words. */
class Base extends QuietHandler {
  override protocolVersion = 'HTTP/1.1';

  do_GET() {
    this.#answer(`${this.command} ${this.path} ${this.requestVersion}`);
  }
  do_HEAD = this.do_GET;
  do_OPTIONS = this.do_GET;
  do_DELETE = this.do_GET;

  async do_POST() {
    this.#answer(`POST ${(await this.rfile.read()).length}`);
  }
  do_FIELD() {
    this.#answer(this.headers.get('X-Field', 'none'));
  }
  do_NOTHING() {}
  do_FAIL() {
    throw new Error('on purpose');
  }
  do_ERROR() {
    this.sendError(Number(this.path.slice(1)));
  }

  #answer(text: string) {
    const body = Buffer.from(text, 'latin1');
    this.sendResponse(200);
    this.sendHeader('Content-Type', 'text/plain');
    this.sendHeader('Content-Length', body.length);
    this.endHeaders();
    this.wfile.write(body);
  }
}

/** What is sent, and what comes of it. */
interface Probe {
  readonly name: string;
  readonly sent: string;
  /** What CPython does, as `outcome` tells it. */
  readonly python: string;
  /** What we do. */
  readonly ours: string;
  /** Why we differ; `undefined` if we do not. */
  readonly why: string | undefined;
  /** Nothing is sent behind it, not even what asks whether the connection is still open. */
  readonly isLast: boolean;
}

function same(name: string, sent: string, both: string, { isLast = false } = {}): Probe {
  return { name, sent, python: both, ours: both, why: undefined, isLast };
}

function differs(
  name: string,
  sent: string,
  python: string,
  ours: string,
  why: string,
  { isLast = false } = {},
): Probe {
  return { name, sent, python, ours, why, isLast };
}

/** The same on a connection that both may close without reading what follows. */
const LAST_THING = { isLast: true };

const STRICT =
  'two parties that read a request differently can be played off against each other: 400 and close';
const NO_09 = 'HTTP/0.9 is not spoken: it has no status, no fields and no end';
const LIMITS = 'limits are those of other servers, and can be set';
const BODY = 'the engine knows where a body ends';

const PROBES: readonly Probe[] = [
  same('HTTP/1.1', get(), '200 GET / HTTP/1.1, open'),
  same('HTTP/1.0', 'GET / HTTP/1.0\r\n\r\n', '200 GET / HTTP/1.0, closed'),
  same(
    'HTTP/1.0, kept alive',
    'GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n',
    '200 GET / HTTP/1.0, open',
  ),
  same('HTTP/1.2', 'GET / HTTP/1.2\r\nHost: a\r\n\r\n', '200 GET / HTTP/1.2, open'),
  same('Connection: close', get('/', 'Connection: close\r\n'), '200 GET / HTTP/1.1, closed'),
  same('CONNECTION: CLOSE', get('/', 'CONNECTION: CLOSE\r\n'), '200 GET / HTTP/1.1, closed'),
  differs(
    'close in a list',
    get('/', 'Connection: close, x\r\n'),
    '200 GET / HTTP/1.1, open',
    '200 GET / HTTP/1.1, closed',
    'Connection is a list (RFC 9110 §7.6.1)',
  ),
  same('pipelined', get('/1') + get('/2'), '200 GET /1 HTTP/1.1 + 200 GET /2 HTTP/1.1, open'),
  same('HEAD', get('/', '', 'HEAD'), '200 , open'),
  same(
    'Upgrade that nobody handles',
    get('/', 'Connection: upgrade\r\nUpgrade: h2c\r\n'),
    '200 GET / HTTP/1.1, open',
  ),
  same('nothing at all', '', 'nothing, closed', LAST_THING),

  // Methods
  same('a method without do_', get('/', '', 'SPAM'), '501, closed'),
  same('methods are case-sensitive', get('/', '', 'get'), '501, closed'),
  same('CONNECT', get('a:80', '', 'CONNECT'), '501, closed'),
  differs('a method that is no token', get('/', '', 'A@B'), '501, closed', '400, closed', STRICT),
  differs(
    'a method that answers nothing',
    get('/', '', 'NOTHING'),
    'nothing, closed',
    '500, closed',
    'the client would wait for ever',
    LAST_THING,
  ),
  differs(
    'a method that fails',
    get('/', '', 'FAIL'),
    'nothing, closed',
    '500, closed',
    'clients retry silence',
    LAST_THING,
  ),
  same('send_error(404)', get('/404', '', 'ERROR'), '404, closed'),
  same('send_error(204)', get('/204', '', 'ERROR'), '204, closed'),
  same('send_error(999)', get('/999', '', 'ERROR'), '999, closed'),

  // Targets
  same('query', get('/a?b=c&d'), '200 GET /a?b=c&d HTTP/1.1, open'),
  same('slashes inside', get('/a//b'), '200 GET /a//b HTTP/1.1, open'),
  same('slashes in front', get('//a//b'), '200 GET /a//b HTTP/1.1, open'),
  same('octets above 127', get('/\xe4'), '200 GET /\xe4 HTTP/1.1, open'),
  same('asterisk-form', get('*', '', 'OPTIONS'), '200 OPTIONS * HTTP/1.1, open'),
  differs('asterisk-form elsewhere', get('*'), '200 GET * HTTP/1.1, open', '400, closed', STRICT),
  differs(
    'absolute-form',
    get('http://example.org/a?b'),
    '200 GET http://example.org/a?b HTTP/1.1, open',
    '200 GET /a?b HTTP/1.1, open',
    'both forms name the same resource (RFC 9112 §3.2.2): guards and routers see one path',
  ),
  differs('no slash in front', get('a'), '200 GET a HTTP/1.1, open', '400, closed', STRICT),
  differs('bad percent-encoding', get('/%zz'), '200 GET /%zz HTTP/1.1, open', '400, closed', STRICT),
  differs('a fragment', get('/a#b'), '200 GET /a#b HTTP/1.1, open', '400, closed', STRICT),
  differs('a backslash', get('/a\\b'), '200 GET /a\\b HTTP/1.1, open', '400, closed', STRICT),
  differs('a quote', get('/"'), '200 GET /" HTTP/1.1, open', '400, closed', STRICT),
  differs('a control character', get('/\x01'), '200 GET /\x01 HTTP/1.1, open', '400, closed', STRICT),

  // The request line
  same('four words', 'GET /a b HTTP/1.1\r\nHost: a\r\n\r\n', '400, closed'),
  differs(
    'two spaces',
    'GET  / HTTP/1.1\r\nHost: a\r\n\r\n',
    '200 GET / HTTP/1.1, open',
    '400, closed',
    STRICT,
  ),
  differs('tabs', 'GET\t/\tHTTP/1.1\r\nHost: a\r\n\r\n', '200 GET / HTTP/1.1, open', '400, closed', STRICT),
  differs(
    'a space behind',
    'GET / HTTP/1.1 \r\nHost: a\r\n\r\n',
    '200 GET / HTTP/1.1, open',
    '400, closed',
    STRICT,
  ),
  differs(
    'a space in front',
    ' GET / HTTP/1.1\r\nHost: a\r\n\r\n',
    '200 GET / HTTP/1.1, open',
    '400, closed',
    STRICT,
  ),
  differs(
    'lines that end in LF',
    'GET / HTTP/1.1\nHost: a\n\n',
    '200 GET / HTTP/1.1, open',
    '400, closed',
    STRICT,
  ),
  differs('no version', 'GET /\r\n\r\n', '"GET / HTTP/0.9", closed', '400, closed', NO_09, LAST_THING),
  differs('HTTP/0.9', 'GET / HTTP/0.9\r\n\r\n', '"GET / HTTP/0.9", closed', '505, closed', NO_09, LAST_THING),
  differs(
    'no version, POST',
    'POST /\r\n',
    'a page without a head, closed',
    '400, closed',
    NO_09,
    LAST_THING,
  ),
  differs('one word', 'GET\r\n\r\n', 'a page without a head, closed', '400, closed', NO_09, LAST_THING),
  differs(
    'no HTTP',
    'GET / FUBAR\r\n\r\n',
    'a page without a head, closed',
    '400, closed',
    NO_09,
    LAST_THING,
  ),
  differs(
    'http/1.1',
    'GET / http/1.1\r\n\r\n',
    'a page without a head, closed',
    '400, closed',
    NO_09,
    LAST_THING,
  ),
  differs(
    'HTTP/2.0',
    'GET / HTTP/2.0\r\n\r\n',
    'a page without a head, closed',
    '505, closed',
    NO_09,
    LAST_THING,
  ),
  differs(
    'HTTP/1.10',
    'GET / HTTP/1.10\r\nHost: a\r\n\r\n',
    '200 GET / HTTP/1.10, open',
    '400, closed',
    STRICT,
  ),
  differs(
    'HTTP/01.1',
    'GET / HTTP/01.1\r\nHost: a\r\n\r\n',
    '200 GET / HTTP/01.1, open',
    '400, closed',
    STRICT,
  ),
  differs(
    'an empty line in front',
    `\r\n${get('/', 'Connection: close\r\n')}`,
    'nothing, closed',
    '200 GET / HTTP/1.1, closed',
    'old clients send one behind a POST (RFC 9112 §2.2)',
    LAST_THING,
  ),
  differs(
    'part of a request line',
    'GET / HT',
    'a page without a head, closed',
    '400, closed',
    NO_09,
    LAST_THING,
  ),
  differs(
    'part of a head',
    'GET / HTTP/1.1\r\nHost: a\r\n',
    '200 GET / HTTP/1.1, closed',
    '400, closed',
    'what was cut off may have said something else (RFC 9112 §8)',
    LAST_THING,
  ),

  // Fields
  same('a field in any case', get('/', 'x-FIELD: a\r\n', 'FIELD'), '200 a, open'),
  same('a field twice: the first', get('/', 'X-Field: a\r\nX-Field: b\r\n', 'FIELD'), '200 a, open'),
  same('an empty field', get('/', 'X-Field:\r\n', 'FIELD'), '200 , open'),
  same('octets above 127 in a field', get('/', 'X-Field: \xe4\r\n', 'FIELD'), '200 \xe4, open'),
  same('a field called __proto__', get('/', '__proto__: 1\r\n', 'FIELD'), '200 none, open'),
  differs(
    'blanks around a value',
    get('/', 'X-Field: \t a b \t\r\n', 'FIELD'),
    '200 a b \t, open',
    '200 a b, open',
    'they are no part of it (RFC 9110 §5.5)',
  ),
  differs('no Host', 'GET / HTTP/1.1\r\n\r\n', '200 GET / HTTP/1.1, open', '400, closed', STRICT),
  differs('Host twice', get('/', 'Host: b\r\n'), '200 GET / HTTP/1.1, open', '400, closed', STRICT),
  differs(
    'a Host that is none',
    'GET / HTTP/1.1\r\nHost: a/b\r\n\r\n',
    '200 GET / HTTP/1.1, open',
    '400, closed',
    STRICT,
  ),
  differs(
    'a folded field',
    get('/', 'X-Field: a\r\n b\r\n', 'FIELD'),
    '200 a\r\n b, open',
    '400, closed',
    STRICT,
  ),
  differs(
    'a space before the colon',
    get('/', 'X-Field : a\r\n', 'FIELD'),
    '200 none, open',
    '400, closed',
    STRICT,
  ),
  differs('no colon', get('/', 'oh\r\nX-Field: a\r\n', 'FIELD'), '200 none, open', '400, closed', STRICT),
  differs('no name', get('/', ': v\r\nX-Field: a\r\n', 'FIELD'), '200 a, open', '400, closed', STRICT),
  differs('NUL', get('/', 'X-Field: a\0b\r\n', 'FIELD'), '200 a\0b, open', '400, closed', STRICT),
  differs('CR', get('/', 'X-Field: a\rb\r\n', 'FIELD'), '200 a, open', '400, closed', STRICT),

  // Limits
  same('101 fields', get('/', 'A: b\r\n'.repeat(100)), '431, closed'),
  differs('100 fields', get('/', 'A: b\r\n'.repeat(99)), '431, closed', '200 GET / HTTP/1.1, open', LIMITS),
  same('a request line of 8 KiB', get(`/${'x'.repeat(8192 - 14)}`), `200 GET /${'x'.repeat(31)}, open`),
  differs(
    'and one octet',
    get(`/${'x'.repeat(8193 - 14)}`),
    `200 GET /${'x'.repeat(31)}, open`,
    '414, closed',
    LIMITS,
  ),
  same('a request line of 64 KiB and one octet', `GET ${'x'.repeat(65_533)}`, '414, closed', LAST_THING),
  differs(
    '20 KB of fields',
    get('/', `X: ${'x'.repeat(20_000)}\r\n`),
    '200 GET / HTTP/1.1, open',
    '431, closed',
    LIMITS,
  ),

  // Bodies
  same('a body', post('body'), '200 POST 4, open'),
  same('two bodies', post('body') + post('longer'), '200 POST 4 + 200 POST 6, open'),
  differs(
    'a body that is not read',
    get('/', 'Content-Length: 29\r\n') + get('/smuggled').slice(0, 29),
    '200 GET / HTTP/1.1 + 200 GET /smuggled HTTP/1.1, closed',
    '200 GET / HTTP/1.1, closed',
    `${BODY}: it is stepped over`,
    LAST_THING,
  ),
  differs(
    'a chunked body',
    `${get('/', 'Transfer-Encoding: chunked\r\n', 'POST')}4\r\nbody\r\n0\r\n\r\n`,
    '200 POST 0 + a page without a head, closed',
    '200 POST 4, closed',
    `${BODY}: chunks are taken apart`,
    LAST_THING,
  ),
  differs(
    'Content-Length and Transfer-Encoding',
    `${get('/', 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', 'POST')}0\r\n\r\n`,
    '200 POST 5, open',
    '400, closed',
    STRICT,
  ),
  differs(
    'Content-Length twice',
    `${get('/', 'Content-Length: 4\r\nContent-Length: 4\r\n', 'POST')}body`,
    '200 POST 4, open',
    '400, closed',
    STRICT,
  ),
  differs(
    'Content-Length: +4',
    `${get('/', 'Content-Length: +4\r\n', 'POST')}body`,
    '200 POST 4, open',
    '400, closed',
    STRICT,
  ),
  differs(
    'Content-Length: x',
    `${get('/', 'Content-Length: x\r\n', 'POST')}`,
    'nothing, closed',
    '400, closed',
    STRICT,
    LAST_THING,
  ),
  differs(
    'part of a body',
    `${get('/', 'Content-Length: 9\r\n', 'POST')}body`,
    '200 POST 4, closed',
    '400, closed',
    `${BODY}: part of it is not taken for all`,
    LAST_THING,
  ),

  // Expectations
  same(
    '100-continue in HTTP/1.0',
    'GET / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n',
    '200 GET / HTTP/1.0, closed',
  ),
  differs(
    '100-continue, and the body at once',
    `${get('/', 'Content-Length: 4\r\nExpect: 100-continue\r\n', 'POST')}body`,
    '100 + 200 POST 4, open',
    '200 POST 4, open',
    'what is here already needs no asking for (RFC 9110 §10.1.1)',
  ),
  differs(
    '100-continue without a body',
    get('/', 'Expect: 100-continue\r\n'),
    '100 + 200 GET / HTTP/1.1, open',
    '200 GET / HTTP/1.1, open',
    'there is nothing to continue with',
  ),
  differs(
    'another expectation',
    get('/', 'Expect: magic\r\n'),
    '200 GET / HTTP/1.1, open',
    '417, closed',
    'what is not met is said (RFC 9110 §10.1.1)',
  ),
];

const CACHED = 'If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n';
const DOT_DOT = 'a client has resolved dots already: what still has them tries something (RFC 3986 §5.2.4)';

const FILE_PROBES: readonly Probe[] = [
  same('a file', get('/a.txt'), '200 hello\n, open'),
  same('HEAD of a file', get('/a.txt', '', 'HEAD'), '200 , open'),
  same('a file with a query', get('/a.txt?b'), '200 hello\n, open'),
  same('a file, encoded', get('/a%2etxt'), '200 hello\n, open'),
  same('two slashes', get('//a.txt'), '200 hello\n, open'),
  same('no such file', get('/b.txt'), '404, closed'),
  same('a file as a directory', get('/a.txt/'), '404, closed'),
  same('a directory', get('/dir/'), '200, open'),
  same('a directory without its slash', get('/dir'), '301 /dir/, open'),
  same('a directory without its slash, with a query', get('/dir?a=b'), '301 /dir/?a=b, open'),
  same('a directory that could be a host', get('//dir'), '301 /dir/, open'),
  same('an index page', get('/site/'), '200, open'),
  same('not modified', get('/a.txt', CACHED), '304, open'),
  same('modified', get('/a.txt', CACHED.replace('1994', '1993').replace('Sun', 'Sat')), '200 hello\n, open'),
  same('a bad date', get('/a.txt', 'If-Modified-Since: yesterday\r\n'), '200 hello\n, open'),
  differs(
    'If-None-Match',
    get('/a.txt', `${CACHED}If-None-Match: *\r\n`),
    '200 hello\n, open',
    '304, open',
    'files have an ETag, so If-None-Match is answered (RFC 9110 §13.1.2)',
  ),
  differs(
    'a range',
    get('/a.txt', 'Range: bytes=1-3\r\n'),
    '200 hello\n, open',
    '206 ell, open',
    'ranges are served',
  ),
  differs(
    'a hidden file',
    get('/.hidden'),
    '200, open',
    '404, closed',
    'dotfiles are served only if asked to',
  ),
  differs('dots', get('/dir/../a.txt'), '200 hello\n, open', '404, closed', DOT_DOT),
  differs('encoded dots', get('/%2e%2e/a.txt'), '200 hello\n, open', '404, closed', DOT_DOT),
  differs('NUL', get('/a%00'), 'nothing, closed', '400, closed', 'a refusal is said', LAST_THING),
  differs('POST', post(''), '501, closed', '405, closed', 'the method is known, and not allowed here'),
  differs('OPTIONS', get('/', '', 'OPTIONS'), '501, closed', '204, open', 'Allow tells what can be asked'),
];

const LAST = get('/last', 'Connection: close\r\n');

/**
 * In words: the responses, with their bodies if these are of our making, and whether the connection was then open. That
 * is found out by a last request.
 */
async function outcome(port: number, { sent, isLast }: Probe): Promise<string> {
  using client = await HttpClient.connect(port);
  client.send(sent);
  if (isLast) client.end();
  const replies: string[] = [];
  try {
    for (;;) {
      const reply = await client.reply(replies.length === 0 ? sent.split(' ', 1)[0] : 'GET');
      if (reply === undefined) break;
      if (reply.text.startsWith('GET /last ')) return `${replies.join(' + ')}, open`;
      replies.push(described(reply));
      if (replies.length === 1 && !isLast) client.send(LAST);
    }
  } catch {
    replies.push(client.rest.startsWith('<!DOCTYPE') ? 'a page without a head' : JSON.stringify(client.rest));
  }
  return `${replies.join(' + ') || 'nothing'}, closed`;
}

function described(reply: Reply): string {
  const { status } = reply;
  const isOfOurMaking = reply.get('content-type')?.startsWith('text/plain') && reply.body.length < 10_000;
  if (reply.get('location') !== undefined) return `${status} ${reply.get('location')}`;
  return isOfOurMaking ? `${status} ${reply.body.toString('latin1').slice(0, 36)}` : String(status);
}

describe.skipIf(pythonMissing !== undefined)(
  `like CPython${pythonMissing ? ` (${pythonMissing})` : ''}`,
  () => {
    let python: PythonPeer;
    let base: Live;
    let simple: Live;
    let directory: string;

    beforeAll(async () => {
      directory = mkdtempSync(join(tmpdir(), 'basehttp-differential-'));
      writeFiles(directory);
      class Simple extends SimpleHTTPRequestHandler {
        override protocolVersion = 'HTTP/1.1';
        override directory = directory;
        override logMessage() {}
      }
      [python, base, simple] = await Promise.all([
        startPython(directory),
        run(new QuietServer(['127.0.0.1', 0], Base)),
        run(new QuietServer(['127.0.0.1', 0], Simple)),
      ]);
    });

    afterAll(async () => {
      await Promise.all([python, base, simple].map((each) => each?.[Symbol.asyncDispose]()));
      rmSync(directory, { recursive: true });
    });

    describe.each([
      ['BaseHTTPRequestHandler', PROBES, (): [number, number] => [python.base, base.port]],
      ['SimpleHTTPRequestHandler', FILE_PROBES, (): [number, number] => [python.simple, simple.port]],
    ] as const)('%s', (_name, probes, ports) => {
      it.each(probes.map((probe) => [titleOf(probe), probe] as const))('%s', async (_title, probe) => {
        const [theirs, ours] = ports();
        const outcomes = await Promise.all([outcome(theirs, probe), outcome(ours, probe)]);
        expect(outcomes).toEqual([probe.python, probe.ours]);
      });
    });
  },
);

it('every difference has a reason, and is one', () => {
  for (const { name, python, ours, why } of [...PROBES, ...FILE_PROBES])
    expect([name, python === ours]).toEqual([name, why === undefined]);
});

function titleOf({ name, why }: Probe): string {
  return why === undefined ? `${name}: the same` : `${name}: different, since ${why}`;
}

function writeFiles(directory: string): void {
  writeFileSync(join(directory, 'last'), 'GET /last ');
  writeFileSync(join(directory, 'a.txt'), 'hello\n');
  mkdirSync(join(directory, 'dir'));
  mkdirSync(join(directory, 'site'));
  writeFileSync(join(directory, 'site', 'index.html'), '<p>index\n');
  writeFileSync(join(directory, '.hidden'), 'hidden\n');
  utimesSync(join(directory, 'a.txt'), 784111777, 784111777);
}
