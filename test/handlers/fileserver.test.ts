// What is right for a file server, row by row: the questions that file servers answer differently, each put to ours over
// a real socket. docs/comparison.md has the answers of the others.

import { statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formatHttpDate } from '../../src/http1/date.js';
import { startCommand } from '../support/command.js';
import { ask, get } from '../support/http-client.js';
import { RawClient, request } from '../support/raw-client.js';
import { Site, TemporaryDirectory } from '../support/site.js';

/** 48 octets, no two neighbours alike. */
const TEXT = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUV';
const LONG_TEXT = 'Worth compressing. '.repeat(500);
const HOSTILE = '"><img src=x onerror=alert(1)>';
const MODIFIED = Date.parse('2024-05-06T07:08:09Z');
const HOUR = 3600_000;

let site: Site;

beforeEach(async () => {
  site = await Site.serve({
    'a.txt': TEXT,
    'b.html': '<p>b</p>',
    'unknown.xyzzy': 'x',
    'no-suffix': 'x',
    'long.txt': LONG_TEXT,
    'packed.txt': LONG_TEXT,
    'packed.txt.gz': gzipSync(LONG_TEXT),
    'dir/inner.txt': 'inner',
    'evil.example/x.txt': 'x',
    [`hostile/${HOSTILE}`]: 'hostile',
    '.env': 'SECRET',
    '.git/config': 'SECRET',
    '.well-known/x.txt': 'known',
  });
  site.root.write('../secret.txt', 'SECRET');
  for (const name of ['a.txt', 'packed.txt', 'packed.txt.gz']) {
    utimesSync(join(site.root.path, name), new Date(MODIFIED), new Date(MODIFIED));
  }
});

afterEach(async () => {
  await site[Symbol.asyncDispose]();
  expect.soft(site.errors).toEqual([]);
});

const ranged = (range: string, fields = {}) => site.get('/a.txt', { Range: range, ...fields });
const etagOf = async (target: string) => (await site.get(target)).field('etag')!;

describe('ranges', () => {
  it.each([
    ['bytes=0-4', 0, 4],
    ['bytes=-5', 43, 47],
    ['bytes=40-', 40, 47],
    ['bytes=-1000', 0, 47],
  ])(
    '`bytes=0-4`, `bytes=-5`, `bytes=40-`: 206, Content-Range, exactly those bytes; a suffix longer than the file means the whole file: %s',
    async (value, start, end) => {
      const answer = await ranged(value);
      expect(answer).toMatchObject({ status: 206, body: TEXT.slice(start, end + 1) });
      expect(answer.field('content-range')).toBe(`bytes ${start}-${end}/48`);
      expect(answer.field('content-length')).toBe(String(end - start + 1));
    },
  );

  it('`bytes=0-1,4-5`: 206 multipart/byteranges, or 200 whole; never the first part as if it were all', async () => {
    const answer = await ranged('bytes=0-1,4-5');
    expect(answer.status).toBe(206);
    expect(answer.field('content-range')).toBeUndefined();
    const boundary = /^multipart\/byteranges; boundary=(\w+)$/.exec(answer.field('content-type')!)![1];
    const parts = answer.body.split(`--${boundary}`).slice(1, -1);
    expect(parts.map((part) => /bytes \d+-\d+\/48/.exec(part)![0])).toEqual(['bytes 0-1/48', 'bytes 4-5/48']);
    expect(parts.map((part) => part.split('\r\n\r\n')[1])).toEqual(['ab\r\n', 'ef\r\n']);
  });

  it('`bytes=99999-`: 416 with `Content-Range: bytes */SIZE` and no file body', async () => {
    const answer = await ranged('bytes=99999-');
    expect(answer.status).toBe(416);
    expect(answer.field('content-range')).toBe('bytes */48');
    expect(answer.body).not.toContain(TEXT);
  });

  it.each(['bytes=5-2', 'lines=0-1', 'garbage', 'bytes=', 'bytes=a-b', 'bytes=--5', 'bytes=0-1;2-3'])(
    '`bytes=5-2`, `lines=0-1`, garbage: the field is ignored: 200: %s',
    async (value) => {
      const answer = await ranged(value);
      expect(answer).toMatchObject({ status: 200, body: TEXT });
      expect(answer.field('content-range')).toBeUndefined();
    },
  );

  it('`If-Range` with another validator, or a weak one: 200 whole', async () => {
    const weak = await etagOf('/a.txt');
    expect(weak).toMatch(/^W\//);
    const others = ['"other"', weak, formatHttpDate(MODIFIED + HOUR), formatHttpDate(MODIFIED - HOUR), 'x'];
    for (const value of others) {
      const answer = await ranged('bytes=0-4', { 'If-Range': value });
      expect(answer, value).toMatchObject({ status: 200, body: TEXT });
    }
    const own = await ranged('bytes=0-4', { 'If-Range': formatHttpDate(MODIFIED) });
    expect(own).toMatchObject({ status: 206, body: 'abcde' });
  });
});

describe('conditions', () => {
  const statusFor = async (fields: Readonly<Record<string, string>>) =>
    (await site.get('/a.txt', fields)).status;
  const [before, after] = [formatHttpDate(MODIFIED - HOUR), formatHttpDate(MODIFIED + HOUR)];

  it('`If-None-Match` list, `*`, weak comparison: 304; it takes precedence over `If-Modified-Since`', async () => {
    const etag = await etagOf('/a.txt');
    for (const value of [etag, `"x", ${etag}, "y"`, '*', etag.replace(/^W\//, '')]) {
      expect(await statusFor({ 'If-None-Match': value }), value).toBe(304);
      expect(await statusFor({ 'If-None-Match': value, 'If-Modified-Since': before }), value).toBe(304);
    }
    expect(await statusFor({ 'If-None-Match': '"x"' })).toBe(200);
    expect(await statusFor({ 'If-None-Match': '"x"', 'If-Modified-Since': after })).toBe(200);
    expect(await statusFor({ 'If-Modified-Since': after })).toBe(304);
  });

  it('`If-Match`, `If-Unmodified-Since` failing: 412', async () => {
    expect(await statusFor({ 'If-Match': '"x"' })).toBe(412);
    expect(await statusFor({ 'If-Unmodified-Since': before })).toBe(412);
    expect(await statusFor({ 'If-Match': '*', 'If-Unmodified-Since': before })).toBe(200);
    expect(await statusFor({ 'If-Unmodified-Since': after })).toBe(200);
  });

  it('cache: `Cache-Control: no-cache` with validators by default: an edit shows on reload', async () => {
    const first = await site.get('/a.txt');
    expect(first.field('cache-control')).toBe('no-cache');
    const reload = {
      'If-None-Match': first.field('etag')!,
      'If-Modified-Since': first.field('last-modified')!,
    };
    expect(await statusFor(reload)).toBe(304);
    site.root.write('a.txt', TEXT.toUpperCase());
    expect(await site.get('/a.txt', reload)).toMatchObject({ status: 200, body: TEXT.toUpperCase() });
  });
});

describe('methods', () => {
  it.each(['POST', 'PUT', 'DELETE'])(
    'POST, PUT, DELETE to a file: 405 with `Allow: GET, HEAD` (a method the handler has no `do_` for at all: 501): %s',
    async (method) => {
      const answer = await site.ask(method, '/a.txt', { 'Content-Length': '0' });
      expect(answer.status).toBe(405);
      expect(answer.field('allow')).toMatch(/^GET, HEAD\b/);
      expect(answer.body).not.toContain(TEXT);
      expect((await site.ask('FOO', '/a.txt')).status).toBe(501);
      expect(statSync(join(site.root.path, 'a.txt')).size).toBe(TEXT.length);
    },
  );
});

describe('paths', () => {
  it('`/.env`, `/.git/config`: 404 by default; `/.well-known/x.txt` 200', async () => {
    for (const target of ['/.env', '/%2eenv', '/.git/config', '/.git/', '/.git']) {
      const answer = await site.get(target);
      expect(answer.status, target).toBe(404);
      expect(answer.body).not.toContain('SECRET');
    }
    expect(await site.get('/.well-known/x.txt')).toMatchObject({ status: 200, body: 'known' });
  });

  it('symlink that leaves the root: 404 by default', async () => {
    using outside = new TemporaryDirectory({ 'secret.txt': 'SECRET' });
    site.root.link('file', join(outside.path, 'secret.txt'));
    site.root.link('directory', outside.path);
    for (const target of ['/file', '/directory', '/directory/', '/directory/secret.txt']) {
      const answer = await site.get(target);
      expect(answer.status, target).toBe(404);
      expect(answer.body).not.toContain('SECRET');
    }
  });

  it.each(
    '%00 a.txt%00 %zz %ff %c0%ae%c0%ae/secret.txt %2fetc%2fpasswd dir%2finner.txt dir%5cinner.txt ..%5csecret.txt %2e%2e/secret.txt ..%2fsecret.txt ../secret.txt dir/../a.txt'.split(
      ' ',
    ),
  )(
    '`%%00`, `%%zz`, `%%c0%%ae`, `%%2f`, `%%5c`, `..` after decoding: 400 or 404, the process unharmed: /%s',
    async (path) => {
      const answer = await site.get(`/${path}`);
      expect([400, 404]).toContain(answer.status);
      expect(answer.body).not.toContain('SECRET');
      expect(await site.get('/a.txt')).toMatchObject({ status: 200, body: TEXT });
    },
  );

  it('directory without slash: 301 to the same path with a slash, query kept, never `//host`', async () => {
    for (const [target, location] of [
      ['/dir', '/dir/'],
      ['/dir?q=1', '/dir/?q=1'],
      ['//dir', '/dir/'],
      ['//evil.example', '/evil.example/'],
      ['///evil.example?//x', '/evil.example/?//x'],
    ] as const) {
      const answer = await site.get(target);
      expect(answer.status, target).toBe(301);
      expect(answer.field('location')).toBe(location);
    }
    for (const target of ['//evil.example/%2e%2e', '//evil.example/..', '/%5cevil.example', '/%09/dir']) {
      expect((await site.get(target)).field('location'), target).toBeUndefined();
    }
  });

  it('`/b.html`: 200: no clean-URL rewriting unless asked for', async () => {
    expect(await site.get('/b.html')).toMatchObject({ status: 200, body: '<p>b</p>' });
    expect((await site.get('/b')).status).toBe(404);
  });

  it('absolute-form target: served as origin-form', async () => {
    for (const host of [`localhost:${site.port}`, 'localhost']) {
      expect(await site.get(`http://${host}/a.txt`)).toMatchObject({ status: 200, body: TEXT });
    }
    expect((await site.get('http://localhost/.env')).status).toBe(404);
  });

  it('listing with a file named `"><img src=x onerror=alert(1)>`: shown as text, reachable by its link', async () => {
    const { status, body } = await site.get('/hostile/');
    expect(status).toBe(200);
    expect(body).not.toContain('<img');
    expect(body).toMatch(
      /(?:&quot;|&#34;|")(?:&gt;|&#62;)(?:&lt;|&#60;)img src=x onerror=alert\(1\)(?:&gt;|&#62;)/,
    );
    const hrefs = [...body.matchAll(/<a[^>]* href="([^"]+)"/g)].map(([, href]) => href!);
    const href = hrefs.find((one) => one.includes('onerror'))!;
    const { pathname } = new URL(href, 'http://localhost/hostile/');
    expect(await site.get(pathname)).toMatchObject({ status: 200, body: 'hostile' });
  });
});

describe('types and codings', () => {
  it('text types: `; charset=utf-8`; unknown types `application/octet-stream`; `X-Content-Type-Options: nosniff`', async () => {
    for (const [target, type] of [
      ['/a.txt', 'text/plain; charset=utf-8'],
      ['/b.html', 'text/html; charset=utf-8'],
      ['/unknown.xyzzy', 'application/octet-stream'],
      ['/no-suffix', 'application/octet-stream'],
      ['/dir/', 'text/html; charset=utf-8'],
    ] as const) {
      const answer = await site.get(target);
      expect(answer.field('content-type'), target).toBe(type);
      expect(answer.field('x-content-type-options'), target).toBe('nosniff');
    }
  });

  it.each(['packed.txt', 'long.txt'])(
    '`Accept-Encoding: gzip;q=0`, `identity;q=0, *;q=0`: obeyed; `Vary: Accept-Encoding` wherever the answer depends on it: %s',
    async (name) => {
      const accepting = (accepted?: string) =>
        ask(site.port, get(`/${name}`, accepted === undefined ? '' : `Accept-Encoding: ${accepted}\r\n`));
      const coded = await accepting('gzip');
      expect(coded.get('content-encoding')).toBe('gzip');
      expect(gunzipSync(coded.body).toString()).toBe(LONG_TEXT);
      const plain = await accepting();
      for (const answer of [plain, await accepting('gzip;q=0'), await accepting('*;q=0, identity')]) {
        expect(answer.get('content-encoding')).toBeUndefined();
        expect(answer.text).toBe(LONG_TEXT);
      }
      const none = await accepting('identity;q=0, *;q=0');
      expect(none.status).toBe(406);
      for (const answer of [coded, plain]) expect(answer.get('vary')).toMatch(/\baccept-encoding\b/i);
      expect(coded.get('etag')).not.toBe(plain.get('etag'));
    },
  );
});

describe('the process', () => {
  it('SIGTERM: in-flight answers finish, exit 0', { timeout: 60_000 }, async () => {
    const size = 64 * 2 ** 20; // more than sockets hold
    using root = new TemporaryDirectory({ 'big.bin': Buffer.alloc(size, 'x') });
    await using program = await startCommand(['0', root.path]);
    using client = await RawClient.connect(program.port);
    client.send(request('GET /big.bin'));
    const head = await client.until((received) => received.includes('\r\n\r\n'));
    client.stall();
    const headLength = head.indexOf('\r\n\r\n') + 4;
    program.child.kill('SIGTERM');
    // It has heard the signal when it takes no more connections.
    while (await connects(program.port));
    client.drop();
    expect(await client.closed).toBeUndefined();
    expect(client.socket.bytesRead - headLength).toBe(size);
    expect(await program.exited).toBe(0);
  });
});

async function connects(port: number): Promise<boolean> {
  try {
    using _ = await RawClient.connect(port);
    return true;
  } catch {
    return false;
  }
}
