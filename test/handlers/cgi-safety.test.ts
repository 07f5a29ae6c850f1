// What CGI programs and their callers cannot do: the requirements for CGI, over a real socket. That what is found out
// about one file alone is right is tested beside it.

import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { CGIHTTPRequestHandler } from '../../src/index.js';
import { CGISite, chunked, node, requestText, says, shell, variablesOf } from '../support/cgi-site.js';
import { converse } from '../support/http-client.js';
import { canSeeProcesses, childrenOf, membersOf } from '../support/processes.js';
import { times } from '../support/raw-client.js';
import { isFull } from '../support/server-process.js';

vi.setConfig({ testTimeout: 60_000 }); // programs take their time on a busy machine

const TEXT = 'Content-Type: text/plain';
const HEAD = `printf '${TEXT}\\n\\n'`;
const ENV = shell(HEAD, 'env');
const WINDOWS = process.platform === 'win32';
/** Longer than anything takes, on a busy machine too. */
const PATIENCE = { timeout: 30_000, interval: 20 };

let site: CGISite | undefined;

async function serve(...args: Parameters<typeof CGISite.serve>): Promise<CGISite> {
  site = await CGISite.serve(...args);
  return site;
}

/** Serves one program, by a handler with these class variables. */
function run(program: string, variables: Partial<CGIHTTPRequestHandler> = {}): Promise<CGISite> {
  return serve({ 'cgi-bin/run': program }, withVariables(variables));
}

function withVariables(variables: Partial<CGIHTTPRequestHandler>) {
  return (Base: typeof CGIHTTPRequestHandler) => {
    class Handler extends Base {}
    Object.assign(Handler.prototype, variables);
    return Handler;
  };
}

afterEach(async () => {
  const served = site;
  site = undefined;
  await served?.[Symbol.asyncDispose]();
  expect.soft(served?.errors ?? []).toEqual([]);
  // Whatever a test has started is buried soon.
  if (canSeeProcesses) await expect.poll(() => programsOf(process.pid), PATIENCE).toEqual([]);
});

/** Children in a group of their own: programs, and not what Node or the tests have started. */
function programsOf(parent: number): number[] {
  return childrenOf(parent)
    .filter(({ pid, group }) => pid === group)
    .map(({ pid }) => pid);
}

/** The number that a program has written to a file beside it: its own, which is that of its group. */
async function groupOf(served: CGISite, name = 'pid'): Promise<number> {
  const path = join(served.root.path, 'cgi-bin', name);
  await expect.poll(() => existsSync(path) && readFileSync(path, 'utf8').endsWith('\n'), PATIENCE).toBe(true);
  return Number(readFileSync(path, 'utf8'));
}

const WRITE_PID = 'echo $$ > pid.new; mv pid.new pid';

describe.skipIf(WINDOWS)('the environment', () => {
  it('MUST 68: has no HTTP_PROXY, and no variable of a field with an odd name', async () => {
    const served = await run(ENV);
    const variables = variablesOf(
      await served.get('/cgi-bin/run', {
        Proxy: 'http://evil/',
        X_Forwarded_For: 'spoofed',
        'X.Y': '1',
        'X-Kept': '1',
      }),
    );
    const names = Object.keys(variables).filter((name) => name.startsWith('HTTP_'));
    expect(names.sort()).toEqual(['HTTP_HOST', 'HTTP_X_KEPT']);
  });

  it('MUST 69: nothing of the server’s own reaches a program but PATH', async () => {
    const secrets = { SECRET_TOKEN: 'a', LD_LIBRARY_PATH: '/b', NODE_EXTRA_CA_CERTS: '/c', http_proxy: 'd' };
    Object.assign(process.env, secrets);
    try {
      const served = await run(ENV, { cgiEnvironment: { REMOTE_USER: 'root', MODE: 'x' } });
      const variables = variablesOf(await served.get('/cgi-bin/run'));
      for (const name of [...Object.keys(secrets), 'REMOTE_USER', 'HOME', 'NODE_OPTIONS'])
        expect(variables).not.toHaveProperty(name);
      expect(variables).toMatchObject({ MODE: 'x', PATH: process.env['PATH'] });
    } finally {
      for (const name of Object.keys(secrets)) delete process.env[name];
    }
  });

  it('MUST 70: tells of a user only if the handler has made sure of one, and never the password', async () => {
    const served = await run(ENV);
    const { text } = await served.get('/cgi-bin/run', {
      Authorization: 'Basic cm9vdDpwYXNz',
      'Remote-User': 'root',
    });
    expect(text).not.toMatch(/^(?:REMOTE_USER|AUTH_TYPE|HTTP_AUTHORIZATION)=/m);
    expect(text).not.toContain('cm9vdDpwYXNz');
  });

  it('MUST 71: a query is never an argument', async () => {
    const served = await run(shell(HEAD, 'echo "$# <$*> <$QUERY_STRING>"'));
    for (const query of ['-s', 'a+b', '-d+allow_url_include%3d1', '--', 'x', '%22;reboot', '$(reboot)']) {
      expect((await served.get(`/cgi-bin/run?${query}`)).text).toBe(`0 <> <${query}>\n`);
    }
  });

  it('MUST 71: no shell reads the name of a program', async () => {
    const name = '$(touch pwned);`touch pwned` \'"& |';
    const served = await serve({ [`cgi-bin/${name}`]: shell(HEAD, 'echo "$0"') });
    const reply = await served.get(`/cgi-bin/${encodeURIComponent(name)}`);
    expect(reply.text).toBe(`${join(served.root.path, 'cgi-bin', name)}\n`);
    expect(existsSync(join(served.root.path, 'cgi-bin/pwned'))).toBe(false);
  });

  it.each(['run.bat', 'run.CMD'])('MUST 71: %s is refused, also with an interpreter', async (name) => {
    const served = await serve(
      { [`cgi-bin/${name}`]: shell(HEAD) },
      withVariables({ cgiInterpreters: { '.bat': 'sh', '.CMD': 'sh' } }),
    );
    expect((await served.get(`/cgi-bin/${name}`)).status).toBe(403);
  });
});

describe.skipIf(WINDOWS)('the source', () => {
  const MARKER = 'SOURCE-OF-A-PROGRAM';
  const PROGRAM = shell(`# ${MARKER}`, HEAD, 'echo ran');
  const PLAIN = `<!-- ${MARKER} -->`;
  const FILES = {
    'cgi-bin/run.py': PROGRAM,
    'cgi-bin/run.py.gz': PLAIN,
    'cgi-bin/run.py.br': PLAIN,
    'cgi-bin/plain.py': PLAIN,
    'cgi-bin/plain.html': PLAIN,
    'cgi-bin/index.html': PLAIN,
    'cgi-bin/sub/deep.py': PROGRAM,
    'cgi-bin/sub/index.html': PLAIN,
    'sub/dir/cgi-bin/run.py': PROGRAM,
    'pub/page.html': 'page',
    'pub/listed/': '',
    '404.html': 'not here',
  };

  async function serveSources(variables: Partial<CGIHTTPRequestHandler> = {}): Promise<CGISite> {
    const served = await serve(
      FILES,
      withVariables({ cgiDirectories: ['/cgi-bin', '/htbin', '/sub/dir/cgi-bin'], ...variables }),
    );
    const { root } = served;
    root.link('link.py', 'cgi-bin/run.py');
    root.link('link.html', 'cgi-bin/plain.html');
    root.link('alias', 'cgi-bin');
    root.link('pub/index.html', '../cgi-bin/plain.html');
    root.link('pub/page.html.gz', '../cgi-bin/plain.py');
    root.link('pub/page.html.br', '../cgi-bin/plain.py');
    root.link('pub/listed/run.py', '../../cgi-bin/run.py');
    root.link('real-htbin/run.py', '../cgi-bin/run.py');
    served.write('scripts/run.py', PROGRAM);
    root.link('htbin', 'scripts');
    return served;
  }

  it('MUST 72: is not sent, however its path is written', async () => {
    const served = await serveSources();
    const ran = [
      '/cgi-bin/run.py',
      '//cgi-bin//run.py',
      '/./cgi-bin/./run.py',
      '/cgi-bin/run.py/',
      '/cgi-bin/run.py/.',
      '/%63gi-bin/run%2Epy',
      '/cgi-bin/run.py/x.html',
      '/cgi-bin/run.py?x',
      '/cgi-bin/sub/deep.py',
      '/sub/dir/cgi-bin/run.py',
    ];
    for (const target of ran)
      expect(await served.get(target), target).toMatchObject({ status: 200, text: 'ran\n' });
    const refused = [
      '/cgi-bin/plain.py',
      '/cgi-bin/plain.html',
      '/cgi-bin/index.html',
      '/cgi-bin/run.py.gz',
      '/cgi-bin/run.py.br',
      '/cgi-bin/plain.py%20',
      '/cgi-bin/plain.py.',
      '/cgi-bin/plain.py/',
      '/cgi-bin%2fplain.py',
      '/cgi-bin/sub%2fdeep.py',
      '/cgi-bin%5cplain.py',
      '/cgi-bin/plain.py%00',
      '/cgi-bin/plain.py::$DATA',
      '/x/../cgi-bin/plain.py',
      '/cgi-bin/%2e%2e/cgi-bin/plain.py',
      '/CGI-BIN/plain.py',
      '/cgi-bin/PLAIN.PY',
      '/cgi-bin',
      '/cgi-bin/',
      '/cgi-bin/sub/',
      '/sub/dir/cgi-bin/',
      '/cgi-bin/.',
      '/cgi-bin/..',
      '/link.py',
      '/link.html',
      '/alias',
      '/alias/',
      '/alias/run.py',
      '/alias/plain.html',
      '/alias/sub/',
      '/pub/',
      '/pub/listed/run.py',
      '/real-htbin/run.py',
    ];
    for (const target of refused) {
      for (const method of ['GET', 'HEAD', 'POST']) {
        const { raw } = await converse(
          served.port,
          requestText(method, target, { fields: { Connection: 'close' } }),
          [method],
        );
        expect(raw, target).toMatch(/^HTTP\/1\.1 40[0345] /);
        expect(raw, target).not.toContain(MARKER);
      }
    }
  });

  it('MUST 72: is not sent through the real name of a CGI directory that is a link', async () => {
    const served = await serveSources();
    expect((await served.get('/htbin/run.py')).text).toBe('ran\n');
    expect((await served.get('/scripts/run.py')).status).toBe(404);
    expect((await served.get('/scripts/')).status).toBe(404);
  });

  it('MUST 72: is not sent as a compressed sibling, a page in place of another, or in a listing', async () => {
    const served = await serveSources({
      cleanUrls: true,
      fallbackPage: '/cgi-bin/plain.html',
      notFoundPage: 'cgi-bin/plain.html',
    });
    const coded = await served.get('/pub/page.html', { 'Accept-Encoding': 'gzip, br' });
    expect(coded).toMatchObject({ status: 200, text: 'page' });
    for (const target of ['/missing', '/link', '/cgi-bin/plain', '/missing/', '/pub/nothing']) {
      const reply = await served.get(target, { Accept: 'text/html' });
      expect(reply.status, target).toBeGreaterThanOrEqual(400);
      expect(reply.text).not.toContain(MARKER);
    }
    const listing = await served.get('/pub/listed/');
    expect(listing.status).toBe(200);
    expect(listing.text).not.toContain('run.py');
  });

  it('MUST 72: is not sent when links may leave the root, either', async () => {
    const served = await serveSources({ followSymlinks: true, dotfiles: true });
    for (const target of ['/link.py', '/alias/run.py', '/scripts/run.py', '/pub/'])
      expect((await served.get(target)).status, target).toBe(404);
  });

  it('MUST 72: random spellings of its path, with random fields: no answer has it', async () => {
    const served = await serveSources({
      cleanUrls: true,
      notFoundPage: '404.html',
      fallbackPage: '/404.html',
    });
    const path = fc.constantFrom(
      '/cgi-bin/run.py',
      '/cgi-bin/plain.py',
      '/cgi-bin/plain',
      '/cgi-bin/index.html',
      '/cgi-bin/sub/deep.py',
      '/cgi-bin/',
      '/sub/dir/cgi-bin/run.py',
      '/htbin/run.py',
      '/scripts/run.py',
      '/link.py',
      '/link',
      '/alias/plain.html',
      '/alias/',
      '/pub/',
      '/pub/page.html',
      '/pub/listed/run.py',
    );
    const spelling = fc.oneof(
      { weight: 60, arbitrary: fc.constant('as is') },
      fc.constantFrom('encoded', 'upper', 'slash', 'dot', 'twice', 'up', 'backslash'),
    );
    const suffix = fc.oneof(
      { weight: 2, arbitrary: fc.constant('') },
      fc.constantFrom(
        '/',
        '/.',
        '.',
        '%20',
        '%00',
        '.gz',
        '.br',
        '.html',
        '?',
        '?x',
        ';x',
        '%2f',
        '/x',
        '~',
        '::$DATA',
        '#',
      ),
    );
    const fields = fc.record(
      {
        Range: fc.constantFrom('bytes=0-', 'bytes=1-9', 'bytes=-20', 'bytes=0-1,4-60'),
        'Accept-Encoding': fc.constantFrom('gzip', 'br', 'zstd, br, gzip', 'identity'),
        Accept: fc.constantFrom('text/html', '*/*', 'application/json'),
        'If-None-Match': fc.constantFrom('*', '"x"'),
      },
      { requiredKeys: [] },
    );
    const method = fc.constantFrom('GET', 'GET', 'HEAD', 'POST', 'OPTIONS', 'PROPFIND');
    let ran = 0;
    await fc.assert(
      fc.asyncProperty(
        path,
        fc.array(spelling, { minLength: 32, maxLength: 32 }),
        suffix,
        method,
        fields,
        async (plain, spellings, end, name, some) => {
          const target =
            plain.replace(/./g, (character, at: number) => spell(character, spellings[at % 32]!)) + end;
          const all = { Connection: 'close', ...some };
          const { raw } = await converse(served.port, requestText(name, target, { fields: all }), [name]);
          expect(raw).toMatch(/^HTTP\/1\.1 \d{3} /);
          expect(raw).not.toContain(MARKER);
          if (raw.includes('ran\n')) ran++;
        },
      ),
      { numRuns: isFull ? 5000 : 400 },
    );
    expect(ran).toBeGreaterThan(0);
  }, 300_000);

  /** One character of a path in another spelling, of which not all mean the same. */
  function spell(character: string, how: string): string {
    switch (how) {
      case 'encoded':
        return character === '/' ? character : `%${character.charCodeAt(0).toString(16)}`;
      case 'upper':
        return character.toUpperCase();
      case 'slash':
        return character === '/' ? '//' : character;
      case 'dot':
        return character === '/' ? '/./' : character;
      case 'twice':
        return character === '.' ? '%252e' : character;
      case 'up':
        return character === '/' ? '/x/../' : character;
      case 'backslash':
        return character === '/' ? '%5c' : character;
      default:
        return character;
    }
  }
});

describe.skipIf(WINDOWS)('the program that is run', () => {
  it('MUST 73: is found octet by octet, also where folding case changes the length of names', async () => {
    const served = await serve({ 'cgi-bin/ß.py': ENV, 'cgi-bin/İ/run': ENV });
    expect(variablesOf(await served.get('/cgi-bin/%C3%9F.py/SS'))).toMatchObject({
      SCRIPT_NAME: '/cgi-bin/ß.py',
      PATH_INFO: '/SS',
    });
    expect(variablesOf(await served.get('/cgi-bin/%C4%B0/run/%C4%B0/x'))).toMatchObject({
      SCRIPT_NAME: '/cgi-bin/İ/run',
      PATH_INFO: '/İ/x',
    });
    expect((await served.get('/cgi-b%C4%B1n/run')).status).toBe(404);
  });

  it('MUST 73: lies in the real CGI directory, and in the root', async () => {
    const served = await serve({
      'cgi-bin/run': ENV,
      'outside.sh': ENV,
      '../cgi-bin-secret/run': ENV,
      '../other/run': ENV,
    });
    const { root } = served;
    root.link('cgi-bin/inside', 'run');
    root.link('cgi-bin/outside', '../outside.sh');
    root.link('cgi-bin/shell', '/bin/sh');
    root.link('cgi-bin/secret', '../../cgi-bin-secret');
    root.link('htbin', '../other');
    expect((await served.get('/cgi-bin/inside')).status).toBe(200);
    for (const target of ['/cgi-bin/outside', '/cgi-bin/shell', '/cgi-bin/secret/run', '/htbin/run'])
      expect((await served.get(target)).status, target).toBe(403);
  });

  it('MUST 73: a CGI directory may lie outside of the root if links may lead there, but not its programs elsewhere', async () => {
    const served = await serve({ '../other/run': ENV }, withVariables({ followSymlinks: true }));
    served.root.link('cgi-bin', '../other');
    served.root.link('../other/shell', '/bin/sh');
    expect((await served.get('/cgi-bin/run')).status).toBe(200);
    expect((await served.get('/cgi-bin/shell')).status).toBe(403);
  });
});

describe.skipIf(WINDOWS)('the body', () => {
  it('MUST 74: is exactly CONTENT_LENGTH octets, and then ends, however much the program wants', async () => {
    const served = await run(shell(HEAD, 'head -c 1000000 | wc -c'));
    using client = await served.connect();
    const request = requestText('POST', '/cgi-bin/run', { body: 'x'.repeat(1000) });
    client.send(request.repeat(3)); // what is behind a body is the next request
    for (let i = 0; i < 3; i++) expect((await client.reply())?.text.trim()).toBe('1000');
  });

  it('MUST 74: what comes in chunks is taken apart, and what is behind it is the next request', async () => {
    const served = await run(shell(HEAD, 'echo "$CONTENT_LENGTH"', 'cat'));
    using client = await served.connect();
    const body = chunked('0123456789', 3);
    client.send(
      requestText('POST', '/cgi-bin/run', { body, fields: { 'Transfer-Encoding': 'chunked' } }).repeat(2),
    );
    for (let i = 0; i < 2; i++) expect((await client.reply())?.text).toBe('10\n0123456789');
  });

  it('MUST 74: what comes in chunks and is too much is refused, and the program is not started', async () => {
    const served = await run(shell('touch started', HEAD), {
      cgiLimits: { ...CGIHTTPRequestHandler.prototype.cgiLimits, maxSpoolSize: 100_000 },
    });
    const fields = { 'Transfer-Encoding': 'chunked' };
    const { replies } = await converse(
      served.port,
      requestText('POST', '/cgi-bin/run', { body: chunked('x'.repeat(100_001), 9999), fields }),
    );
    expect(replies[0]?.status).toBe(413);
    expect(existsSync(join(served.root.path, 'cgi-bin/started'))).toBe(false);
  });

  it('MUST 74: one that breaks off never looks complete: the program is stopped', async () => {
    const served = await run(shell(WRITE_PID, 'cat > got', 'touch complete', HEAD));
    using client = await served.connect();
    client.send(
      requestText('POST', '/cgi-bin/run', { fields: { 'Content-Length': '1000' } }) + 'x'.repeat(500),
    );
    const group = await groupOf(served);
    client.end();
    expect((await client.reply())?.status).toBe(400);
    if (canSeeProcesses) await expect.poll(() => membersOf(group), PATIENCE).toEqual([]);
    expect(existsSync(join(served.root.path, 'cgi-bin/complete'))).toBe(false);
  });
});

describe.skipIf(WINDOWS)('the output', () => {
  it.each([
    ['nothing', 'true', 'without any output'],
    ['nothing, and an error', 'exit 7', 'status 7'],
    ['the half of a header', "printf 'Content-Type: text/pl'", 'in the middle of its header'],
    ['a header without its end', `printf '${TEXT}\\n'`, 'in the middle of its header'],
    ['a header that is no header', "printf '<html>\\n\\n'", 'no field'],
    ['a status line', "printf 'HTTP/1.1 200 OK\\n\\n'", 'status line'],
    ['a bad status', "printf 'Status: 2000\\n\\n'", 'Status is a number'],
    ['an interim status', "printf 'Status: 100 Continue\\n\\n'", 'Status is a number'],
    ['a lone CR', "printf 'X: a\\rSet-Cookie: evil=1\\n\\n'", 'may not be sent'],
    ['NUL', "printf 'X: a\\000b\\n\\n'", 'may not be sent'],
    ['an empty header', "printf '\\nbody'", 'header is empty'],
    ['an endless header', 'yes "X: y"', 'more than 8192'],
    ['an endless line', "yes | tr -d '\\n'", 'more than 8192'],
    ['its end by a signal', 'kill -9 $$', 'ended by SIGKILL'],
  ])('MUST 75: %s is answered with 502, and logged', async (_, command, reason) => {
    const served = await run(shell(command));
    const reply = await served.get('/cgi-bin/run');
    expect(reply.status).toBe(502);
    expect(reply.get('set-cookie')).toBeUndefined();
    expect(served.log.join('\n')).toContain(reason);
  });

  it('MUST 75: fields of the connection are the server’s', async () => {
    const served = await run(
      says(`${TEXT}\\nConnection: close\\nTransfer-Encoding: gzip\\nKeep-Alive: x\\nUpgrade: h2c\\n\\nbody`),
    );
    using client = await served.connect();
    for (let i = 0; i < 2; i++) {
      client.send(requestText('GET', '/cgi-bin/run'));
      const reply = await client.reply();
      expect(reply).toMatchObject({ status: 200, text: 'body' });
      expect(reply!.head).not.toMatch(/^(?:Connection|Keep-Alive|Upgrade):|gzip/im);
    }
  });

  it('MUST 76: without a type it is not taken for a page', async () => {
    const served = await run(says('Status: 200\\n\\n<script>alert(1)</script>'));
    const reply = await served.get('/cgi-bin/run');
    expect(reply.status).toBe(200);
    expect(reply.get('content-type')).toBe('application/octet-stream');
    expect(reply.get('x-content-type-options')).toBe('nosniff');
  });

  it('MUST 79: is no faster than the client takes it', async () => {
    const served = await run(
      shell(
        HEAD,
        'n=0',
        'while :; do head -c 65536 /dev/zero; n=$(($n + 1)); echo $n > count.new; mv count.new count; done',
      ),
    );
    using client = await served.connect();
    client.socket.pause();
    client.send(requestText('GET', '/cgi-bin/run'));
    const path = join(served.root.path, 'cgi-bin/count');
    let last = -1;
    await expect
      .poll(
        () => {
          const count = existsSync(path) ? Number(readFileSync(path, 'utf8')) : 0;
          const isStill = count === last && count > 0;
          last = count;
          return isStill;
        },
        { timeout: 60_000, interval: 500 },
      )
      .toBe(true);
    // The buffers of two sockets and a pipe, and no more.
    expect(last * 65_536).toBeLessThan(32 * 1024 * 1024);
  }, 90_000);

  it('MUST 79: less than its Content-Length: the connection is cut', async () => {
    const served = await run(says(`${TEXT}\\nContent-Length: 10\\n\\nshort`));
    using client = await served.connect();
    client.send(requestText('GET', '/cgi-bin/run'));
    await expect(client.reply()).rejects.toThrow('Cut off');
    expect(served.log.join('\n')).toContain('5 octets behind Content-Length: 10');
  });

  it('MUST 79: more than its Content-Length: never a response that looks whole', async () => {
    const served = await serve({
      'cgi-bin/short': says(`${TEXT}\\nContent-Length: 3\\n\\nlonger`),
      'cgi-bin/long': node(
        `process.stdout.write('${TEXT}\\nContent-Length: 100000\\n\\n' + 'x'.repeat(99_000));
         setTimeout(() => process.stdout.write('x'.repeat(2000)), 100);`,
      ),
    });
    expect((await served.get('/cgi-bin/short')).status).toBe(502);
    using client = await served.connect();
    client.send(requestText('GET', '/cgi-bin/long'));
    await expect(client.reply()).rejects.toThrow('Cut off');
  });

  it('MUST 80: on standard error never reaches the client, and the log only as lines', async () => {
    const served = await run(
      shell("printf 'SECRET \\033[2J\\nsecond\\n' >&2", 'yes flood | head -n 100000 >&2', HEAD, 'echo body'),
    );
    const { raw } = await converse(
      served.port,
      requestText('GET', '/cgi-bin/run', { fields: { Connection: 'close' } }),
    );
    expect(raw).toContain('body');
    expect(raw).not.toMatch(/SECRET|flood/);
    await expect.poll(() => served.log.join('\n'), PATIENCE).toContain('left out');
    const lines = served.log.filter((line) => line.includes('/cgi-bin/run'));
    expect(lines).toContain('/cgi-bin/run: SECRET \\x1b[2J');
    expect(lines.length).toBeLessThan(200);
  });
});

describe.skipIf(!canSeeProcesses)('the time', () => {
  it('MUST 77: a program that does not answer is ended, and the answer is 504', async () => {
    const served = await run(shell(WRITE_PID, 'sleep 1000 & sleep 1000'), { cgiTimeout: 0.3 });
    const reply = await served.get('/cgi-bin/run');
    expect(reply.status).toBe(504);
    const group = await groupOf(served);
    await expect.poll(() => membersOf(group), PATIENCE).toEqual([]);
  });

  it('MUST 77: a header that comes octet by octet is not in time', async () => {
    const served = await run(shell('while :; do printf x; sleep 0.05; done'), { cgiTimeout: 0.4 });
    expect((await served.get('/cgi-bin/run')).status).toBe(504);
  });

  it('MUST 77: one that falls silent in its answer is ended, and the answer cut off', async () => {
    const served = await run(shell(WRITE_PID, HEAD, 'echo begun', 'sleep 1000'), { cgiTimeout: 0.3 });
    using client = await served.connect();
    client.send(requestText('GET', '/cgi-bin/run'));
    await expect(client.reply()).rejects.toThrow('Cut off');
    expect(client.received).toContain('begun');
    const group = await groupOf(served);
    await expect.poll(() => membersOf(group), PATIENCE).toEqual([]);
    expect(served.log.join('\n')).toContain('took too long');
  });

  it('MUST 77: one that does not listen to SIGTERM is killed', async () => {
    const served = await run(shell("trap '' TERM", WRITE_PID, 'while :; do sleep 1; done'), {
      cgiTimeout: 0.3,
      cgiLimits: { ...CGIHTTPRequestHandler.prototype.cgiLimits, killAfterMs: 200 },
    });
    expect((await served.get('/cgi-bin/run')).status).toBe(504);
    const group = await groupOf(served);
    await expect.poll(() => membersOf(group), PATIENCE).toEqual([]);
  });

  it('MUST 77: one that goes on saying something has as long as it wants', async () => {
    const served = await run(shell(HEAD, 'for i in 1 2 3 4 5 6 7 8; do echo $i; sleep 0.25; done'), {
      cgiTimeout: 1,
    });
    expect((await served.get('/cgi-bin/run')).text).toBe('1\n2\n3\n4\n5\n6\n7\n8\n');
  });

  it('MUST 77: the time of a slow client does not count', async () => {
    const served = await run(shell(HEAD, 'cat'), { cgiTimeout: 0.2 });
    using client = await served.connect();
    client.send(requestText('POST', '/cgi-bin/run', { fields: { 'Content-Length': '6' } }));
    for (const part of ['ab', 'cd', 'ef']) {
      await new Promise((resolve) => setTimeout(resolve, 500));
      client.send(part);
    }
    expect((await client.reply())?.text).toBe('abcdef');
  });

  it('MUST 77: a grandchild that keeps standard output does not hold the answer', async () => {
    const served = await run(shell(WRITE_PID, HEAD, 'echo done', 'sleep 1000 &'));
    expect((await served.get('/cgi-bin/run')).text).toBe('done\n');
    const group = await groupOf(served);
    await expect.poll(() => membersOf(group), PATIENCE).toEqual([]);
  });

  it.each([
    ['resets the connection, while nothing is said', 'sleep 1000', 'resetAndDestroy'],
    ['closes it, while something is', 'while :; do echo x; sleep 0.05; done', 'destroy'],
  ] as const)('MUST 78: a client that %s ends the program and all of its group', async (_, command, end) => {
    const served = await run(shell(WRITE_PID, HEAD, 'echo begun', 'sleep 1000 &', command));
    using client = await served.connect();
    client.send(requestText('GET', '/cgi-bin/run'));
    await client.until((raw) => raw.includes('begun'));
    const group = await groupOf(served);
    expect(membersOf(group).length).toBeGreaterThan(0);
    client.socket[end]();
    await expect.poll(() => membersOf(group), PATIENCE).toEqual([]);
  });

  it('MUST 78: so does the end of the server', async () => {
    const served = await run(shell(WRITE_PID, 'sleep 1000'));
    using client = await served.connect();
    client.send(requestText('GET', '/cgi-bin/run'));
    const group = await groupOf(served);
    await served.httpd.shutdown({ graceMs: 0 });
    await expect.poll(() => membersOf(group), PATIENCE).toEqual([]);
  });

  it('MUST 78: many that go, at any time, leave no process, dead or alive', async () => {
    const served = await run(shell(HEAD, 'echo begun', 'sleep 1000'));
    await times(isFull ? 1000 : 60, 20, async (index) => {
      const client = await served.connect();
      client.send(requestText('POST', '/cgi-bin/run', { fields: { 'Content-Length': '10' }, body: '' }));
      if (index % 3 === 0) await client.until((raw) => raw.includes('begun'));
      else if (index % 3 === 1) client.send('some');
      client.socket.resetAndDestroy();
    });
    await expect.poll(() => programsOf(process.pid), PATIENCE).toEqual([]);
  }, 120_000);
});

describe.skipIf(WINDOWS)('the number of programs', () => {
  it('MUST 80: is limited; some wait, and the others are told when to come again', async () => {
    const served = await run(
      shell('touch "started-$QUERY_STRING"', 'while ! [ -e go ]; do sleep 0.05; done', HEAD, 'echo done'),
      {
        cgiLimits: {
          ...CGIHTTPRequestHandler.prototype.cgiLimits,
          maxRunning: 2,
          maxWaiting: 2,
          maxWaitMs: 60_000,
        },
      },
    );
    const started = () =>
      [0, 1, 2, 3, 4, 5].filter((n) => existsSync(join(served.root.path, `cgi-bin/started-${n}`)));
    const clients = await Promise.all([0, 1, 2, 3, 4, 5].map(() => served.connect()));
    for (const [index, client] of clients.entries()) client.send(requestText('GET', `/cgi-bin/run?${index}`));
    const replies = clients.map((client) => client.reply());
    await expect
      .poll(() => clients.filter(({ received }) => received.includes(' 503 ')).length, PATIENCE)
      .toBe(2);
    await expect.poll(() => started().length, PATIENCE).toBe(2);
    writeFileSync(join(served.root.path, 'cgi-bin/go'), '');
    const answers = await Promise.all(replies);
    expect(answers.map((reply) => reply!.status).sort()).toEqual([200, 200, 200, 200, 503, 503]);
    expect(answers.find((reply) => reply!.status === 503)!.get('retry-after')).toMatch(/^\d+$/);
    expect(started()).toHaveLength(4);
    for (const client of clients) client[Symbol.dispose]();
  }, 60_000);

  it('MUST 80: a program that fails gives its place back', async () => {
    const served = await serve(
      {
        'cgi-bin/bad': '#!/no/such/interpreter\n',
        'cgi-bin/slow': shell('sleep 1000'),
        'cgi-bin/none': shell('true'),
      },
      withVariables({
        cgiTimeout: 0.2,
        cgiLimits: { ...CGIHTTPRequestHandler.prototype.cgiLimits, maxRunning: 1, maxWaiting: 1 },
      }),
    );
    for (const [name, status] of [
      ['bad', 500],
      ['slow', 504],
      ['none', 502],
      ['missing', 404],
      ['bad', 500],
    ] as const)
      expect((await served.get(`/cgi-bin/${name}`)).status).toBe(status);
  });

  it('MUST 80: many at once are all answered', async () => {
    const served = await run(shell(HEAD, 'echo done'));
    const count = isFull ? 500 : 100;
    let answered = 0;
    await times(count, count, async () => {
      const reply = await served.get('/cgi-bin/run');
      if (reply.status === 200) expect(reply.text).toBe('done\n');
      else expect(reply.status).toBe(503);
      answered++;
    });
    expect(answered).toBe(count);
  }, 120_000);
});

it.skipIf(WINDOWS)('a directory that cannot be looked into is refused', async () => {
  const served = await serve({ 'cgi-bin/run': ENV });
  const path = join(served.root.path, 'cgi-bin/loop');
  served.root.link('cgi-bin/loop', 'loop');
  expect(existsSync(path)).toBe(false);
  expect((await served.get('/cgi-bin/loop')).status).toBe(404);
  expect((await served.get(`/cgi-bin/${'x'.repeat(300)}`)).status).toBe(404);
  mkdirSync(join(served.root.path, 'cgi-bin/empty'));
  expect(statSync(join(served.root.path, 'cgi-bin/empty')).isDirectory()).toBe(true);
  expect((await served.get('/cgi-bin/empty/run')).status).toBe(404);
});
