// CGIHTTPRequestHandler over a real socket: what programs get, and what becomes of what they say. That they can do no
// harm is tested in cgi-safety.test.ts.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { CGIHTTPRequestHandler } from '../../src/index.js';
import { CGISite, chunked, node, requestText, says, shell, variablesOf } from '../support/cgi-site.js';
import { converse, type Reply } from '../support/http-client.js';

vi.setConfig({ testTimeout: 60_000 }); // programs take their time on a busy machine

const TEXT = 'Content-Type: text/plain';
const ENV = shell(`echo '${TEXT}'`, 'echo', 'env');
const CAT = shell(`echo '${TEXT}'`, 'echo', 'cat');
const WINDOWS = process.platform === 'win32';

let site: CGISite | undefined;

async function serve(...args: Parameters<typeof CGISite.serve>): Promise<CGISite> {
  site = await CGISite.serve(...args);
  return site;
}

afterEach(async () => {
  const served = site;
  site = undefined;
  await served?.[Symbol.asyncDispose]();
  expect(served?.errors ?? []).toEqual([]);
});

/** Serves one program. */
async function run(program: string, extend?: Parameters<typeof CGISite.serve>[1]): Promise<CGISite> {
  return serve({ 'cgi-bin/run': program }, extend);
}

/** The answer to a GET of one program. */
async function answerOf(program: string): Promise<Reply> {
  return (await run(program)).get('/cgi-bin/run');
}

describe.skipIf(WINDOWS)('the handler', () => {
  it('has Python’s members', async () => {
    let handler: CGIHTTPRequestHandler | undefined;
    const { root, ...served } = await run(
      ENV,
      (Base) =>
        class extends Base {
          override async runCgi(): Promise<void> {
            handler = this;
            await super.runCgi();
          }
        },
    );
    const { port } = site!;
    expect(served.log).toEqual([]);
    await converse(port, requestText('GET', '/cgi-bin/run/a%20b?c', { fields: { Connection: 'close' } }));
    expect(handler!.cgiDirectories).toEqual(['/cgi-bin', '/htbin']);
    expect(handler!.cgiInfo).toEqual(['/cgi-bin', 'run/a b']);
    expect(handler!.isExecutable(join(root.path, 'cgi-bin/run'))).toBe(true);
    expect(handler!.isExecutable(root.write('plain'))).toBe(false);
    expect(handler!.isExecutable(join(root.path, 'missing'))).toBe(false);
    expect(['a.py', 'A.PYW', 'a.pyc', 'py'].map((name) => handler!.isPython(name))).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  it('serves the rest of the tree as files', async () => {
    const served = await serve({ 'a.txt': 'text', 'cgi-bin/run': ENV, 'dir/b.txt': 'b' });
    expect(await served.get('/a.txt')).toMatchObject({ status: 200, text: 'text' });
    expect((await served.ask('HEAD', '/a.txt')).get('content-length')).toBe('4');
    expect((await served.get('/dir/')).text).toContain('b.txt');
    expect((await served.get('/')).text).toContain('cgi-bin/');
  });

  it('answers other methods outside of CGI directories as the file server does', async () => {
    const served = await serve({ 'a.txt': 'text' });
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      const reply = await served.ask(method, '/a.txt');
      expect(reply).toMatchObject({ status: 405 });
      expect(reply.get('allow')).toBe('GET, HEAD, OPTIONS');
    }
    expect((await served.ask('OPTIONS', '/a.txt')).get('allow')).toBe('GET, HEAD, OPTIONS');
    expect((await served.ask('PROPFIND', '/a.txt')).status).toBe(501);
  });

  it('names a method in Allow that a subclass has added', async () => {
    const served = await serve(
      {},
      (Base) =>
        class extends Base {
          override do_PUT(): void {
            this.sendResponse(201);
            this.endHeaders();
          }
        },
    );
    expect((await served.ask('PUT', '/a')).status).toBe(201);
    expect((await served.ask('POST', '/a')).get('allow')).toBe('GET, HEAD, OPTIONS, PUT');
  });

  it.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND', 'get', 'M-SEARCH'])(
    'leaves %s of a program to the program',
    async (method) => {
      const served = await run(shell(`echo '${TEXT}'`, 'echo', 'echo "<$REQUEST_METHOD>"'));
      expect(await served.ask(method, '/cgi-bin/run')).toMatchObject({ status: 200, text: `<${method}>\n` });
    },
  );

  it('says nothing in a body to HEAD, whatever the program says', async () => {
    const served = await run(
      shell(`echo '${TEXT}'`, 'echo "X-Method: $REQUEST_METHOD"', 'echo', 'echo body'),
    );
    const head = await served.ask('HEAD', '/cgi-bin/run', { fields: { Connection: 'close' } });
    expect(head).toMatchObject({ status: 200 });
    expect(head.get('x-method')).toBe('HEAD');
    const { raw } = await converse(
      served.port,
      requestText('HEAD', '/cgi-bin/run', { fields: { Connection: 'close' } }),
      ['HEAD'],
    );
    expect(raw.endsWith('\r\n\r\n')).toBe(true);
  });

  it('keeps the connection for the next request', async () => {
    const served = await run(CAT);
    using client = await served.connect();
    for (const body of ['one', '', 'three']) {
      client.send(requestText('POST', '/cgi-bin/run', { body }));
      expect((await client.reply())?.text).toBe(body);
    }
  });

  it('speaks HTTP/1.0, where the end of the answer is the end of the connection', async () => {
    const served = await run(
      CAT,
      (Base) =>
        class extends Base {
          override protocolVersion = 'HTTP/1.0';
        },
    );
    expect(await served.post('/cgi-bin/run', 'x')).toMatchObject({ version: 'HTTP/1.0', text: 'x' });
  });

  it('runs programs in the subdirectories of a CGI directory, and in their own directory', async () => {
    const served = await serve({
      'cgi-bin/a/b/run': shell(`echo '${TEXT}'`, 'echo', 'pwd'),
      'cgi-bin/a/file': '',
    });
    const reply = await served.get('/cgi-bin/a/b/run/c');
    expect(reply.text.trim()).toBe(join(served.root.path, 'cgi-bin/a/b'));
  });

  it('has CGI directories anywhere, also the root', async () => {
    const served = await serve(
      { 'sub/dir/run': ENV, run: ENV },
      (Base) =>
        class extends Base {
          override cgiDirectories = ['/'];
        },
    );
    expect(variablesOf(await served.get('/run/x'))).toMatchObject({ SCRIPT_NAME: '/run', PATH_INFO: '/x' });
    expect(variablesOf(await served.get('/sub/dir/run'))).toMatchObject({ SCRIPT_NAME: '/sub/dir/run' });
    expect((await served.get('/')).status).toBe(403);
  });

  it('has them below basePath', async () => {
    const served = await serve(
      { 'cgi-bin/run': ENV, 'a.txt': 'a' },
      (Base) =>
        class extends Base {
          override basePath = '/my docs';
        },
    );
    expect(variablesOf(await served.get('/my%20docs/cgi-bin/run/x'))).toMatchObject({
      SCRIPT_NAME: '/my docs/cgi-bin/run',
      PATH_INFO: '/x',
      PATH_TRANSLATED: join(served.root.path, 'x'),
      SCRIPT_FILENAME: join(served.root.path, 'cgi-bin/run'),
    });
    expect((await served.get('/cgi-bin/run')).status).toBe(404);
    expect((await served.get('/my%20docs/a.txt')).text).toBe('a');
  });

  it('404 for what is not there, 403 for what is no program', async () => {
    const served = await serve({ 'cgi-bin/run': ENV, 'cgi-bin/plain.py': 'SOURCE', 'cgi-bin/dir/x': '' });
    served.root.fifo('cgi-bin/fifo');
    for (const [target, status] of [
      ['/cgi-bin/missing', 404],
      ['/cgi-bin/missing/x', 404],
      ['/cgi-bin/dir/missing', 404],
      ['/htbin/run', 404],
      ['/cgi-bin/.hidden', 404],
      ['/cgi-bin/plain.py', 403],
      ['/cgi-bin/plain.py/x', 403],
      ['/cgi-bin/dir', 403],
      ['/cgi-bin/dir/', 403],
      ['/cgi-bin/', 403],
      ['/cgi-bin', 403],
      ['/cgi-bin/fifo', 403],
    ] as const)
      expect((await served.get(target)).status, target).toBe(status);
    expect((await served.get('/cgi-bin/plain.py')).text).toContain('chmod +x');
  });

  it('does not run hidden programs, unless dotfiles are served; behind the program they do not matter', async () => {
    const files = { 'cgi-bin/.run': ENV, 'cgi-bin/run': ENV, 'cgi-bin/.well-known': ENV };
    const served = await serve(files);
    expect((await served.get('/cgi-bin/.run')).status).toBe(404);
    expect((await served.get('/cgi-bin/.well-known')).status).toBe(404);
    expect(variablesOf(await served.get('/cgi-bin/run/.git/x'))['PATH_INFO']).toBe('/.git/x');
    await served[Symbol.asyncDispose]();
    const open = await serve(
      files,
      (Base) =>
        class extends Base {
          override dotfiles = true;
        },
    );
    expect((await open.get('/cgi-bin/.run')).status).toBe(200);
  });

  it('runs files of a suffix by their interpreter, executable or not', async () => {
    const served = await serve(
      { 'cgi-bin/a b.shell': `echo '${TEXT}'\necho\necho "$0" $#`, 'cgi-bin/other.SHELL': 'x' },
      (Base) =>
        class extends Base {
          override cgiInterpreters = { '.shell': 'sh' };
        },
    );
    const reply = await served.get('/cgi-bin/a%20b.shell?-c+x');
    expect(reply.text).toBe(`${join(served.root.path, 'cgi-bin/a b.shell')} 0\n`);
    expect((await served.get('/cgi-bin/other.SHELL')).status).toBe(403);
  });

  const php = spawnSync('php-cgi', ['-v']);
  it.skipIf(php.status !== 0)('runs PHP (skipped where php-cgi is not installed)', async () => {
    const served = await serve(
      { 'cgi-bin/a.php': '<?php echo $_GET["q"], $_POST["p"], $_SERVER["PATH_INFO"] ?? "";' },
      (Base) =>
        class extends Base {
          override cgiInterpreters = { '.php': 'php-cgi' };
        },
    );
    const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
    const reply = await served.post('/cgi-bin/a.php/info?q=1', 'p=2', form);
    expect(reply.get('content-type')).toMatch(/^text\/html/);
    expect(reply.text).toBe('12/info');
  });

  it('500 for one that cannot be started; the log says why', async () => {
    const served = await run('#!/no/such/interpreter\n');
    expect((await served.get('/cgi-bin/run')).status).toBe(500);
    expect(served.log.join('\n')).toMatch(/the interpreter that its first line names/);
  });
});

describe.skipIf(WINDOWS)('what a program gets', () => {
  it('RFC 3875 §4.1: the meta-variables', async () => {
    const served = await run(
      ENV,
      (Base) =>
        class extends Base {
          override cgiEnvironment = { MODE: 'test' };

          override parseRequest(): boolean {
            const isGoingOn = super.parseRequest();
            this.remoteUser = 'ann';
            this.authType = 'Basic';
            return isGoingOn;
          }
        },
    );
    const { path } = served.root;
    const reply = await served.post('/cgi-bin/run/%c3%a4//b?x=%20y', 'body', {
      Host: 'example.org:99',
      'Content-Type': 'text/x',
      'X-One': '1',
    });
    expect(variablesOf(reply)).toEqual({
      AUTH_TYPE: 'Basic',
      CONTENT_LENGTH: '4',
      CONTENT_TYPE: 'text/x',
      DOCUMENT_ROOT: path,
      GATEWAY_INTERFACE: 'CGI/1.1',
      HTTP_HOST: 'example.org:99',
      HTTP_X_ONE: '1',
      MODE: 'test',
      PATH: process.env['PATH'],
      PATH_INFO: '/ä/b',
      PATH_TRANSLATED: join(path, 'ä/b'),
      PWD: join(path, 'cgi-bin'), // the shell's own
      QUERY_STRING: 'x=%20y',
      REDIRECT_STATUS: '200',
      REMOTE_ADDR: '127.0.0.1',
      REMOTE_HOST: '127.0.0.1',
      REMOTE_USER: 'ann',
      REQUEST_METHOD: 'POST',
      REQUEST_URI: '/cgi-bin/run/%c3%a4//b?x=%20y',
      SCRIPT_FILENAME: join(path, 'cgi-bin/run'),
      SCRIPT_NAME: '/cgi-bin/run',
      SERVER_NAME: 'example.org',
      SERVER_PORT: `${served.port}`,
      SERVER_PROTOCOL: 'HTTP/1.1',
      SERVER_SOFTWARE: expect.stringMatching(/^SimpleHTTP\/[\d.]+ Node\//),
    });
  });

  it('absolute-form: the same as origin-form, but for the host', async () => {
    const served = await run(ENV);
    expect(variablesOf(await served.get('http://other:1/cgi-bin/run?q'))).toMatchObject({
      REQUEST_URI: '/cgi-bin/run?q',
      SERVER_NAME: 'other',
      HTTP_HOST: 'other:1',
    });
  });

  it('a body of known length, as it comes', async () => {
    const served = await run(CAT);
    expect((await served.post('/cgi-bin/run', 'a body\r\n\0\xff')).body.toString('latin1')).toBe(
      'a body\r\n\0\xff',
    );
  });

  it('no body: an end at once', async () => {
    const served = await run(CAT);
    expect(await served.get('/cgi-bin/run')).toMatchObject({ status: 200, text: '' });
  });

  it('100 (Continue) is sent when the program is there to read', async () => {
    const served = await run(CAT);
    using client = await served.connect();
    client.send(
      requestText('POST', '/cgi-bin/run', { fields: { Expect: '100-continue', 'Content-Length': '4' } }),
    );
    expect((await client.reply())?.status).toBe(100);
    client.send('body');
    expect((await client.reply())?.text).toBe('body');
    client.send(
      requestText('POST', '/cgi-bin/missing', { fields: { Expect: '100-continue', 'Content-Length': '4' } }),
    );
    expect((await client.reply())?.status).toBe(404);
  });

  it('a chunked body with its length, short or long', async () => {
    const served = await run(
      shell(`echo '${TEXT}'`, 'echo', 'echo "$CONTENT_LENGTH $HTTP_TRANSFER_ENCODING"', 'cksum'),
    );
    for (const size of [0, 1, 70_000, 1_000_000]) {
      const body = 'x'.repeat(size);
      const reply = await served.post('/cgi-bin/run', chunked(body, 4093), {
        'Transfer-Encoding': 'chunked',
      });
      const [sum] = spawnSync('cksum', { input: body }).stdout.toString().split('\n');
      expect(reply.text).toBe(`${size} \n${sum}\n`);
    }
  });

  it('both ways at once: more than the pipes hold, answered before it is read', async () => {
    const served = await run(
      node(
        `process.stdout.write('${TEXT}\\n\\n'); process.stdin.on('data', (d) => process.stdout.write(d));`,
      ),
    );
    const body = Buffer.alloc(8 * 1024 * 1024, 'abcdefghijklmnopq');
    using client = await served.connect();
    client.send(requestText('POST', '/cgi-bin/run', { fields: { 'Content-Length': `${body.length}` } }));
    client.send(body);
    const reply = await client.reply();
    expect(createHash('sha256').update(reply!.body).digest('hex')).toBe(
      createHash('sha256').update(body).digest('hex'),
    );
  }, 60_000);

  it('a body that it does not want: the answer comes all the same', async () => {
    const served = await run(says(`${TEXT}\\n\\nno, thanks`));
    const body = 'x'.repeat(4 * 1024 * 1024);
    const reply = await served.post('/cgi-bin/run', body);
    expect(reply).toMatchObject({ status: 200, text: 'no, thanks' });
    expect((await served.post('/cgi-bin/run', 'short')).text).toBe('no, thanks');
  });
});

describe.skipIf(WINDOWS)('what a program says', () => {
  it('§6.2.1 a document, with the status and the fields it wants', async () => {
    const reply = await answerOf(
      says(
        'Status: 201 Made\\nX-A: b\\nContent-Type: text/plain\\nSet-Cookie: a=1\\nSet-Cookie: b=2\\n\\nbody\\n',
      ),
    );
    expect(reply).toMatchObject({ status: 201, reason: 'Made', text: 'body\n' });
    expect(reply.get('x-a')).toBe('b');
    expect(reply.get('set-cookie')).toBe('a=1, b=2');
    expect(reply.get('server')).toMatch(/^SimpleHTTP/);
  });

  it('lines may end in CRLF', async () => {
    expect(await answerOf(says('Content-Type: text/plain\\r\\n\\r\\n\\r\\nbody'))).toMatchObject({
      status: 200,
      text: '\r\nbody',
    });
  });

  it('a header in pieces, and its end together with the body', async () => {
    const reply = await answerOf(
      shell(
        'printf "Content-"',
        'sleep 0.1',
        'printf "Type: text/plain\\n"',
        'sleep 0.1',
        'printf "\\nbo"',
        'printf dy',
      ),
    );
    expect(reply).toMatchObject({ status: 200, text: 'body' });
  });

  it('the header leaves before the body is there', async () => {
    const served = await run(shell(`printf '${TEXT}\\n\\n'`, 'read line', 'echo "<$line>"'));
    using client = await served.connect();
    client.send(requestText('POST', '/cgi-bin/run', { fields: { 'Content-Length': '3' } }));
    await client.until((raw) => raw.includes('\r\n\r\n'));
    client.send('hi\n');
    expect((await client.reply())?.text).toBe('<hi>\n');
  });

  it('no body, and none where the status allows none', async () => {
    const served = await serve({
      'cgi-bin/empty': says('Status: 404\\n\\n'),
      'cgi-bin/204': says('Status: 204\\nContent-Type: text/plain\\nContent-Length: 4\\n\\nbody'),
      'cgi-bin/304': says('Status: 304\\nETag: "x"\\n\\n'),
    });
    using client = await served.connect();
    for (const [path, status] of [
      ['empty', 404],
      ['204', 204],
      ['304', 304],
    ] as const) {
      client.send(requestText('GET', `/cgi-bin/${path}`));
      const reply = await client.reply();
      expect(reply).toMatchObject({ status, text: '' });
      expect(reply!.get('content-type')).toBe(path === '204' ? 'text/plain' : undefined);
    }
    expect(client.rest).toBe('');
  });

  it('§6.2.2 a local redirect: what a GET of that path gives, query and all', async () => {
    const served = await serve({
      'cgi-bin/run': shell('cat > /dev/null', 'echo "Location: /cgi-bin/./x/../env/info?a=b"', 'echo'),
      'cgi-bin/env': ENV,
      'cgi-bin/file': says('Location: /a.txt\\n\\n'),
      'cgi-bin/typed': says('Content-Type: text/html\\nLocation: /a.txt\\n\\n<a href=/a.txt>'),
      'a.txt': 'text',
    });
    const reply = await served.post('/cgi-bin/run', 'body', { 'Content-Type': 'text/x', 'X-A': '1' });
    const variables = variablesOf(reply);
    expect(variables).toMatchObject({
      REQUEST_METHOD: 'GET',
      QUERY_STRING: 'a=b',
      PATH_INFO: '/info',
      SCRIPT_NAME: '/cgi-bin/env',
      REQUEST_URI: '/cgi-bin/run',
      HTTP_X_A: '1',
    });
    expect(variables).not.toHaveProperty('CONTENT_LENGTH');
    expect(variables).not.toHaveProperty('CONTENT_TYPE');
    for (const name of ['file', 'typed']) {
      const file = await served.get(`/cgi-bin/${name}`);
      expect(file).toMatchObject({ status: 200, text: 'text' });
      expect(file.get('location')).toBeUndefined();
    }
    expect((await served.ask('HEAD', '/cgi-bin/file')).get('content-length')).toBe('4');
  });

  it('MUST 75: at most ten local redirects', async () => {
    const served = await serve({
      'cgi-bin/loop': says('Location: /cgi-bin/loop\\n\\n'),
      'cgi-bin/count': shell(
        'n=$(($QUERY_STRING + 1))',
        'if [ $n -gt 10 ]; then echo "Location: /a.txt"; else echo "Location: /cgi-bin/count?$n"; fi',
        'echo',
      ),
      'a.txt': 'text',
    });
    expect((await served.get('/cgi-bin/loop')).status).toBe(500);
    expect((await served.get('/cgi-bin/count?1')).text).toBe('text'); // ten
    expect((await served.get('/cgi-bin/count?0')).status).toBe(500); // eleven
    // The count is the request's, not the connection's.
    using client = await served.connect();
    for (let i = 0; i < 3; i++) {
      client.send(requestText('GET', '/cgi-bin/count?5'));
      expect((await client.reply())?.text).toBe('text');
    }
  });

  it('a local redirect finds files as requests do: no further than the root', async () => {
    const served = await serve({
      'cgi-bin/up': says('Location: /../secret.txt\\n\\n'),
      'cgi-bin/encoded': says('Location: /%2e%2e/secret.txt\\n\\n'),
      'cgi-bin/hidden': says('Location: /.env\\n\\n'),
      'cgi-bin/host': says('Location: //evil.example/a.txt\\n\\n'),
      '../secret.txt': 'SECRET',
      '.env': 'SECRET',
    });
    for (const [name, status] of [
      ['up', 502],
      ['encoded', 502],
      ['hidden', 404],
      ['host', 404],
    ] as const) {
      const reply = await served.get(`/cgi-bin/${name}`);
      expect(reply.status, name).toBe(status);
      expect(reply.text).not.toContain('SECRET');
    }
  });

  it('§6.2.3, §6.2.4 a redirect for the client, with a document or without', async () => {
    const served = await serve({
      'cgi-bin/plain': says('Location: https://example.org/a?b#c\\n\\n'),
      'cgi-bin/page': says(
        'Status: 303 See It\\nLocation: https://example.org/\\nContent-Type: text/html\\n\\n<p>',
      ),
      'cgi-bin/cookie': says('Location: /welcome\\nSet-Cookie: a=1\\n\\n'),
    });
    const plain = await served.get('/cgi-bin/plain');
    expect(plain).toMatchObject({ status: 302, reason: 'Found', text: '' });
    expect(plain.get('location')).toBe('https://example.org/a?b#c');
    expect(await served.get('/cgi-bin/page')).toMatchObject({ status: 303, reason: 'See It', text: '<p>' });
    const cookie = await served.get('/cgi-bin/cookie');
    expect(cookie.status).toBe(302);
    expect(cookie.get('location')).toBe('/welcome');
    expect(cookie.get('set-cookie')).toBe('a=1');
  });

  it('on standard error goes to the log, with the name of the script', async () => {
    const served = await run(shell('echo "what went wrong" >&2', `printf '${TEXT}\\n\\nok'`));
    const reply = await served.get('/cgi-bin/run');
    expect(reply.text).toBe('ok');
    await expect
      .poll(() => served.log.join('\n'), { timeout: 10_000 })
      .toContain('/cgi-bin/run: what went wrong');
  });

  it('an exit with an error, behind a whole answer, is logged', async () => {
    const served = await run(shell(`printf '${TEXT}\\n\\nok'`, 'exit 3'));
    expect((await served.get('/cgi-bin/run')).text).toBe('ok');
    expect(served.log.join('\n')).toContain('exited with status 3');
  });

  it('has its length if the program ends at once', async () => {
    const served = await run(shell(`printf '${TEXT}\\n\\nok'`));
    using client = await served.connect();
    // On a busy machine what is "at once" may take too long.
    for (let tries = 1; ; tries++) {
      client.send(requestText('GET', '/cgi-bin/run'));
      const reply = await client.reply();
      expect(reply).toMatchObject({ status: 200, text: 'ok' });
      if (reply!.get('content-length') === '2') break;
      expect(tries).toBeLessThan(200);
    }
  });

  it('a program that is killed in the middle of its answer: the client can tell', async () => {
    const served = await run(shell(`printf '${TEXT}\\n\\nhalf'`, 'kill -9 $$'));
    using client = await served.connect();
    client.send(requestText('GET', '/cgi-bin/run'));
    // Everything may still be together when it is known: then it is an error instead.
    const reply = await client.reply().catch(() => undefined);
    expect(reply?.status ?? 'cut').not.toBe(200);
    expect(served.log.join('\n')).toContain('ended by SIGKILL');
  });
});

describe.skipIf(WINDOWS)('nph- scripts (RFC 3875 §5)', () => {
  const RAW = shell("printf 'HTTP/1.1 299 Odd\\r\\nX: y\\r\\n\\r\\n'", 'cat');

  it('are refused, and the refusal says why', async () => {
    const served = await serve({ 'cgi-bin/nph-a': RAW, 'cgi-bin/sub/nph-b': RAW });
    for (const target of ['/cgi-bin/nph-a', '/cgi-bin/sub/nph-b', '/cgi-bin/%6eph-a']) {
      const reply = await served.get(target);
      expect(reply.status).toBe(403);
      expect(reply.text).toContain('past the server');
    }
  });

  it('write to the client themselves if cgiNph is set, and the connection ends', async () => {
    const served = await serve(
      { 'cgi-bin/nph-a': RAW },
      (Base) =>
        class extends Base {
          override cgiNph = true;
        },
    );
    const body = 'x'.repeat(500_000);
    for (const [sent, fields] of [
      [body, {}],
      [chunked(body, 5000), { 'Transfer-Encoding': 'chunked' }],
      ['', {}],
    ] as const) {
      const { raw, reset } = await converse(
        served.port,
        requestText('POST', '/cgi-bin/nph-a', { body: sent, fields }),
      );
      expect(raw).toBe(`HTTP/1.1 299 Odd\r\nX: y\r\n\r\n${sent === '' ? '' : body}`);
      expect(reset).toBe(false);
    }
    expect(served.log.some((line) => line.includes('POST /cgi-bin/nph-a'))).toBe(true);
  });

  it('are stopped when the client goes', async () => {
    const served = await serve(
      { 'cgi-bin/nph-a': shell('echo $$ > pid', 'echo started', 'exec sleep 1000') },
      (Base) =>
        class extends Base {
          override cgiNph = true;
        },
    );
    const client = await served.connect();
    client.send(requestText('GET', '/cgi-bin/nph-a'));
    await client.until((raw) => raw.includes('started'));
    const closed = once(client.socket, 'close');
    client.socket.resetAndDestroy();
    await closed;
    const pid = Number(readFileSync(join(served.root.path, 'cgi-bin/pid'), 'utf8'));
    await expect.poll(() => existsSync(`/proc/${pid}`), { timeout: 10_000 }).toBe(false);
  });
});
