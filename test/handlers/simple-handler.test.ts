// The file server over a real socket: what is right for each probe, and the requirements for static files. What the
// pure functions decide is tested in test/files/; that it reaches the wire is tested here.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  chmodSync,
  renameSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formatHttpDate } from '../../src/http1/date.js';
import { built } from '../support/built.js';
import { RawClient, request, statuses, times } from '../support/raw-client.js';
import {
  type Answer,
  descriptorsBelow,
  isRoot,
  parseAnswer,
  Site,
  TemporaryDirectory,
} from '../support/site.js';

/** 48 octets, no two neighbours alike. */
const TEXT = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUV';
const HOUR = 3600_000;
const isLinux = process.platform === 'linux';

/** When `a.txt` was changed. */
const MODIFIED = Date.parse('2024-05-06T07:08:09Z');

let site: Site;

beforeEach(async () => {
  site = await Site.serve({
    'a.txt': TEXT,
    'b.html': '<p>b</p>',
    'dir/inner.txt': 'inner',
    'indexed/index.html': '<p>index</p>',
    'empty/': '',
    '.env': 'SECRET',
    '.git/config': 'SECRET',
    '.well-known/x.txt': 'known',
  });
  utimesSync(join(site.root.path, 'a.txt'), new Date(MODIFIED), new Date(MODIFIED));
});

afterEach(async () => {
  const { path } = site.root;
  await site[Symbol.asyncDispose]();
  expect.soft(site.errors).toEqual([]);
  expect.soft(descriptorsBelow(path) ?? []).toEqual([]);
});

/** The entity tag of a file. */
async function etagOf(target: string): Promise<string> {
  return (await site.ask('HEAD', target)).field('etag')!;
}

describe('a file', () => {
  it('is answered with its octets, and everything that a cache and a browser want to know', async () => {
    const answer = await site.get('/a.txt');
    expect(answer).toMatchObject({ version: 'HTTP/1.1', status: 200, reason: 'OK', body: TEXT });
    expect(answer.field('content-type')).toBe('text/plain; charset=utf-8');
    expect(answer.field('content-length')).toBe('48');
    expect(answer.field('last-modified')).toBe('Mon, 06 May 2024 07:08:09 GMT');
    expect(answer.field('etag')).toMatch(/^W\/"[0-9a-f-]+"$/);
    expect(answer.field('accept-ranges')).toBe('bytes');
    expect(answer.field('cache-control')).toBe('no-cache');
    expect(answer.field('x-content-type-options')).toBe('nosniff');
    expect(answer.field('server')).toMatch(/^SimpleHTTP\/[\d.]+ Node\//);
  });

  it('HEAD: the same fields, and no body', async () => {
    const [get, head] = [await site.get('/a.txt'), await site.ask('HEAD', '/a.txt')];
    expect(head).toMatchObject({ status: 200, body: '' });
    for (const name of ['content-type', 'content-length', 'last-modified', 'etag', 'accept-ranges']) {
      expect(head.field(name)).toBe(get.field(name));
    }
  });

  it('of no length has a body of no length', async () => {
    site.root.write('nothing.txt');
    const answer = await site.get('/nothing.txt');
    expect(answer).toMatchObject({ status: 200, body: '' });
    expect(answer.field('content-length')).toBe('0');
  });

  it.each([4096, 65_536, 65_537, 1_000_000])('of %i octets arrives whole', async (size) => {
    const octets = Buffer.alloc(size, TEXT);
    site.root.write('big.bin', octets);
    const { body } = await site.get('/big.bin');
    expect(Buffer.from(body, 'latin1').equals(octets)).toBe(true);
  });

  it('with a name in any script, and any spelling of its URL', async () => {
    site.root.write('gemütlich & 東京 100%.txt', 'x');
    expect((await site.get('/gem%C3%BCtlich%20&%20%E6%9D%B1%E4%BA%AC%20100%25.txt')).body).toBe('x');
    expect((await site.get('/gem\xc3\xbctlich%20%26%20\xe6\x9d\xb1\xe4\xba\xac%20100%25.txt')).body).toBe(
      'x',
    );
    expect((await site.get('/%61.txt')).body).toBe(TEXT);
    expect((await site.get('//dir/./inner.txt')).body).toBe('inner');
  });

  it('ignores the query', async () => {
    expect((await site.get('/a.txt?v=../2#3')).status).toBe(400); // a fragment is no part of a target
    expect((await site.get('/a.txt?v=../2')).body).toBe(TEXT);
  });

  it('keeps the connection of a client that wants more', async () => {
    using client = await site.connect();
    client.send(
      request('GET /a.txt') + request('HEAD /a.txt') + request('GET /b.html', 'Connection: close\r\n'),
    );
    expect(statuses(await client.ended())).toEqual([200, 200, 200]);
    expect(client.received.endsWith('\r\n\r\n<p>b</p>')).toBe(true);
  });

  it('that is not there, or is asked for as a directory, is a 404', async () => {
    for (const target of ['/nothing', '/a.txt/', '/a.txt/x', '/dir/nothing/', '/b']) {
      expect(await site.get(target), target).toMatchObject({ status: 404, reason: 'Not Found' });
    }
  });

  it('is logged', async () => {
    await site.get('/a.txt?q');
    expect(site.log).toEqual(['"%s" %s %s GET /a.txt?q HTTP/1.1 200 -']);
  });
});

describe('ranges', () => {
  const range = (value: string, fields = {}) => site.get('/a.txt', { Range: value, ...fields });

  it.each([
    ['bytes=0-4', 0, 4],
    ['bytes=-5', 43, 47],
    ['bytes=40-', 40, 47],
    ['bytes=47-1000', 47, 47],
    ['bytes=-1000', 0, 47],
    ['Bytes=0-0', 0, 0],
  ])('%s: exactly those octets', async (value, start, end) => {
    const answer = await range(value);
    expect(answer).toMatchObject({ status: 206, body: TEXT.slice(start, end + 1) });
    expect(answer.field('content-range')).toBe(`bytes ${start}-${end}/48`);
    expect(answer.field('content-length')).toBe(String(end - start + 1));
    expect(answer.field('content-type')).toBe('text/plain; charset=utf-8');
    expect(answer.field('etag')).toBe(await etagOf('/a.txt'));
  });

  it('several: each in its part', async () => {
    const answer = await range('bytes=0-1,4-5, -3');
    expect(answer.status).toBe(206);
    const boundary = /^multipart\/byteranges; boundary=(\w+)$/.exec(answer.field('content-type')!)?.[1];
    expect(answer.field('content-length')).toBe(String(answer.body.length));
    const parts = answer.body.split(`\r\n--${boundary}`).slice(1, -1);
    expect(parts).toEqual(
      [
        ['bytes 0-1/48', 'ab'],
        ['bytes 4-5/48', 'ef'],
        ['bytes 45-47/48', 'TUV'],
      ].map(
        ([where, octets]) =>
          `\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Range: ${where}\r\n\r\n${octets}`,
      ),
    );
    expect(answer.body.endsWith(`\r\n--${boundary}--\r\n`)).toBe(true);
  });

  it('several of a file that is larger than one read', async () => {
    const octets = Buffer.alloc(300_000, TEXT);
    site.root.write('big.bin', octets);
    const { body } = await site.get('/big.bin', { Range: 'bytes=10-150009,200000-299999' });
    const [, first = '', second = ''] = body.split(/\r\n--\w+\r\n[\s\S]*?\r\n\r\n/);
    expect(first).toBe(octets.toString('latin1', 10, 150_010));
    expect(second.startsWith(octets.toString('latin1', 200_000))).toBe(true);
  });

  it('that lie behind the end: 416, with the size, without the file', async () => {
    for (const value of ['bytes=99999-', 'bytes=48-', 'bytes=-0', 'bytes=48-50,60-']) {
      const answer = await range(value);
      expect(answer.status, value).toBe(416);
      expect(answer.field('content-range')).toBe('bytes */48');
      expect(answer.body).not.toContain(TEXT.slice(0, 5));
    }
  });

  it('MUST 63: what is no range, too many of them or too long is ignored', async () => {
    const many = Array.from({ length: 17 }, (_, index) => `${index * 2}-${index * 2}`);
    for (const value of [
      'bytes=5-2',
      'lines=0-1',
      'bytes=',
      'bytes=a-b',
      'bytes=0-1;4-5',
      'bytes 0-4',
      'bytes=0x0-0x4',
      `bytes=${many.join()}`,
      `bytes=0-1${','.repeat(1024)}`,
    ]) {
      expect(await range(value), value).toMatchObject({ status: 200, body: TEXT });
    }
  });

  it('MUST 63: HEAD has no ranges', async () => {
    const answer = await site.ask('HEAD', '/a.txt', { Range: 'bytes=0-4' });
    expect(answer.status).toBe(200);
    expect(answer.field('content-length')).toBe('48');
  });

  it('MUST 65: If-Range with another validator or a weak one: the whole file; with the date: the range', async () => {
    const etag = await etagOf('/a.txt');
    for (const value of [
      etag,
      etag.slice(2),
      '"other"',
      formatHttpDate(MODIFIED + 1000),
      formatHttpDate(MODIFIED - 1000),
      'x',
    ]) {
      expect(await range('bytes=0-4', { 'If-Range': value }), value).toMatchObject({
        status: 200,
        body: TEXT,
      });
    }
    const dated = await range('bytes=0-4', { 'If-Range': formatHttpDate(MODIFIED) });
    expect(dated).toMatchObject({ status: 206, body: 'abcde' });
  });
});

describe('conditions', () => {
  const statusFor = async (fields: Readonly<Record<string, string>>) =>
    (await site.get('/a.txt', fields)).status;
  const before = formatHttpDate(MODIFIED - HOUR);
  const exactly = formatHttpDate(MODIFIED);
  const after = formatHttpDate(MODIFIED + HOUR);

  it('MUST 65: If-None-Match: a list, `*` and the strong spelling match; it takes precedence', async () => {
    const etag = await etagOf('/a.txt');
    for (const value of [etag, etag.slice(2), `"x", ${etag}`, '*']) {
      expect(await statusFor({ 'If-None-Match': value }), value).toBe(304);
    }
    expect(await statusFor({ 'If-None-Match': '"x"', 'If-Modified-Since': after })).toBe(200);
    expect(await statusFor({ 'If-None-Match': etag, 'If-Modified-Since': before })).toBe(304);
  });

  it('of two lines of If-None-Match, the second counts, too', async () => {
    using client = await site.connect();
    client.send(
      request(
        'GET /a.txt',
        `If-None-Match: "x"\r\nIf-None-Match: ${await etagOf('/a.txt')}\r\nConnection: close\r\n`,
      ),
    );
    expect(statuses(await client.ended())).toEqual([304]);
  });

  it('MUST 65: an entity tag tells no inode: a copy has the same', async () => {
    const etag = await etagOf('/a.txt');
    const copy = site.root.write('copy.txt', TEXT);
    utimesSync(copy, new Date(MODIFIED), new Date(MODIFIED));
    expect(await etagOf('/copy.txt')).toBe(etag);
    expect(etag).not.toContain(statSync(copy).ino.toString(16).padStart(6, '.'));
  });

  it('If-Modified-Since: 304 unless the file is younger', async () => {
    expect(await statusFor({ 'If-Modified-Since': before })).toBe(200);
    expect(await statusFor({ 'If-Modified-Since': exactly })).toBe(304);
    expect(await statusFor({ 'If-Modified-Since': after })).toBe(304);
  });

  it('MUST 64: a date that cannot be read is no condition', async () => {
    for (const value of [
      'yesterday',
      '2024-05-06',
      'Mon, 06 May 2024 07:08:09 CEST',
      '0',
      ' '.repeat(99),
      'x'.repeat(8000),
    ]) {
      expect(await statusFor({ 'If-Modified-Since': value }), value).toBe(200);
      expect(await statusFor({ 'If-Unmodified-Since': value }), value).toBe(200);
    }
  });

  it('MUST 64: Last-Modified is never later than Date', async () => {
    const future = new Date(Date.now() + HOUR);
    utimesSync(join(site.root.path, 'a.txt'), future, future);
    const answer = await site.get('/a.txt');
    expect(Date.parse(answer.field('last-modified')!)).toBeLessThanOrEqual(Date.parse(answer.field('date')!));
  });

  it('If-Match, If-Unmodified-Since: 412 if they fail', async () => {
    expect(await statusFor({ 'If-Match': '"x"' })).toBe(412);
    expect(await statusFor({ 'If-Match': await etagOf('/a.txt') })).toBe(412); // it is weak
    expect(await statusFor({ 'If-Match': '*' })).toBe(200);
    expect(await statusFor({ 'If-Unmodified-Since': before })).toBe(412);
    expect(await statusFor({ 'If-Unmodified-Since': exactly })).toBe(200);
    expect(await statusFor({ 'If-Unmodified-Since': before, 'If-Match': '*' })).toBe(200);
  });

  it('304: the validators, no body, and the connection persists', async () => {
    using client = await site.connect();
    client.send(request('GET /a.txt', 'If-None-Match: *\r\n'));
    const answer = parseAnswer(await client.until((received) => received.includes('\r\n\r\n')));
    expect(answer).toMatchObject({ status: 304, body: '' });
    expect(answer.field('etag')).toBe(await etagOf('/a.txt'));
    expect(answer.field('cache-control')).toBe('no-cache');
    expect(answer.field('content-length')).toBeUndefined();
    expect(answer.field('content-type')).toBeUndefined();
    client.send(request('GET /b.html'));
    await client.until((received) => received.endsWith('<p>b</p>'));
  });

  it('an edit shows on the next request, whatever was kept', async () => {
    const etag = await etagOf('/a.txt');
    site.root.write('a.txt', 'edited');
    expect(await site.get('/a.txt', { 'If-None-Match': etag })).toMatchObject({
      status: 200,
      body: 'edited',
    });
  });
});

describe('methods', () => {
  it('MUST 67: what would change something is a 405 that says what may be done instead', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
      const answer = await site.ask(method, '/a.txt', { 'Content-Length': '0' });
      expect(answer.status, method).toBe(405);
      expect(answer.field('allow')).toBe('GET, HEAD, OPTIONS');
    }
    expect((await site.get('/a.txt')).body).toBe(TEXT);
  });

  it('an upload is refused before it is read', async () => {
    using client = await site.connect();
    client.send(request('PUT /a.txt', 'Content-Length: 1000000\r\nExpect: 100-continue\r\n'));
    expect(statuses(await client.ended())).toEqual([405]);
  });

  it('OPTIONS says what may be done', async () => {
    for (const target of ['/a.txt', '/', '*']) {
      const answer = await site.ask('OPTIONS', target);
      expect(answer).toMatchObject({ status: 204, body: '' });
      expect(answer.field('allow')).toBe('GET, HEAD, OPTIONS');
    }
  });

  it('what has no do_ method at all is a 501', async () => {
    for (const method of ['FOO', 'TRACE', 'get', 'GETs'])
      expect((await site.ask(method, '/a.txt')).status).toBe(501);
  });
});

describe('paths', () => {
  const hostile = `
    /.. /../ /../secret.txt /dir/../a.txt /a/../x /%2e%2e/secret.txt /.%2e/secret.txt /..%2fsecret.txt
    /dir/..%2f..%2fsecret.txt /%2e%2e%2fsecret.txt /..%5csecret.txt /%5c..%5csecret.txt
    /%c0%ae%c0%ae/secret.txt /%c0%af../secret.txt /%e0%80%ae%e0%80%ae/secret.txt /a.txt%00
    /a.txt%00.html /%00 /%zz /% /%2 /%ff /%fe%ff /%252e%252e/secret.txt /%25%32%65%25%32%65/secret.txt
    /dir%2finner.txt /%2fetc%2fpasswd /dir%5cinner.txt //etc/passwd /C:/Windows /a.txt::$DATA
  `
    .trim()
    .split(/\s+/);

  it.each(hostile)('MUST 47, MUST 48: %s is a 400 or 404', async (target) => {
    site.root.write('../secret.txt', 'SECRET');
    const answer = await site.get(target);
    expect([400, 404]).toContain(answer.status);
    expect(answer.body).not.toContain('SECRET');
    expect(answer.body).not.toContain(site.root.path);
  });

  it('MUST 47: no encoding of a way out leads out', async () => {
    site.root.write('../secret.txt', 'SECRET');
    const pieces = '.. %2e%2e .%2E %252e. ..%00 / %2f %5c %255c // . dir secret.txt %c0%ae %u002e';
    const piece = fc.constantFrom(...pieces.split(' '));
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 8 }), async (way) => {
        const { status, body } = await site.get(`/${way.join('')}secret.txt`);
        expect(body).not.toContain('SECRET');
        expect([400, 404]).toContain(status);
      }),
      { numRuns: 200 },
    );
  });

  it('MUST 49: every spelling of a path gets the verdict of the plain one, or is refused', async () => {
    const variants = [
      (path: string) => `/${path}`,
      (path: string) => `/.${path}`,
      (path: string) => `/x/..${path}`,
      (path: string) => `http://other.example${path}`,
      (path: string) => path.replace(/[a-z]/g, (c) => `%${c.charCodeAt(0).toString(16)}`),
      (path: string) => path.replace('.', '%2E'),
    ];
    for (const path of [
      '/a.txt',
      '/.env',
      '/dir/inner.txt',
      '/.git/config',
      '/nothing',
      '/.well-known/x.txt',
    ]) {
      const plain = await site.get(path);
      for (const variant of variants) {
        const answer = await site.get(variant(path));
        if (answer.status < 400) expect([answer.status, answer.body]).toEqual([plain.status, plain.body]);
        else expect(answer.body).not.toContain('SECRET');
      }
    }
  });

  it('absolute-form is served as origin-form', async () => {
    expect(await site.get(`http://localhost:${site.port}/a.txt`)).toMatchObject({ status: 200, body: TEXT });
    expect(await site.get('http://localhost')).toMatchObject({ status: 200 });
  });

  it('MUST 50: a directory whose name only begins like the root is outside', async () => {
    site.root.write('../root-secret/s.txt', 'SECRET');
    site.root.link('out', '../root-secret');
    for (const target of [
      '/../root-secret/s.txt',
      '/..%2froot-secret/s.txt',
      '/out/s.txt',
      '/out/',
      '/out',
    ]) {
      expect(await site.get(target), target).toMatchObject({ status: 404 });
    }
  });

  it('MUST 56: hidden names are not served, but for .well-known', async () => {
    site.root.link('pub', '.env');
    site.root.link('repository', '.git');
    site.root.write('dir/.htpasswd', 'SECRET');
    site.root.write('dir/.well-known/x', 'SECRET');
    for (const target of [
      '/.env',
      '/%2eenv',
      '/.git/config',
      '/.git/',
      '/.git',
      '/pub',
      '/repository/config',
      '/dir/.htpasswd',
      '/dir/.well-known/x',
    ]) {
      expect(await site.get(target), target).toMatchObject({ status: 404 });
    }
    expect((await site.get('/.well-known/x.txt')).body).toBe('known');
    expect((await site.get('/.well-known/')).body).toContain('href="x.txt"');
  });

  it('MUST 66: the longest path that can be sent is answered, and so are others meanwhile', async () => {
    const long = 8000;
    for (const path of ['%00', '%2e', '/', 'a', '../', '%'].map((piece) =>
      piece.repeat(long / piece.length),
    )) {
      expect([301, 400, 404]).toContain((await site.get(`/${path}x`)).status);
    }
    expect((await site.get('/a.txt')).body).toBe(TEXT);
  });
});

describe('links', () => {
  let outside: TemporaryDirectory;
  beforeEach(() => {
    outside = new TemporaryDirectory({ 's.txt': 'SECRET', 'index.html': 'SECRET' });
    site.root.link('out.txt', join(outside.path, 's.txt'));
    site.root.link('out', outside.path);
    site.root.link('empty/index.html', join(outside.path, 's.txt'));
  });
  afterEach(() => outside[Symbol.dispose]());

  it('MUST 52: that leave the root are a 404, as file, directory, index page and trailing slash', async () => {
    for (const target of ['/out.txt', '/out.txt/', '/out', '/out/', '/out/s.txt', '/empty/']) {
      const answer = await site.get(target);
      expect(answer, target).toMatchObject({ status: 404 });
      expect(answer.body).not.toContain('SECRET');
    }
  });

  it('MUST 52: that leave the root are not listed', async () => {
    const { body } = await site.get('/');
    expect(body).toContain('href="a.txt"');
    expect(body).not.toContain('href="out');
  });

  it('that stay inside are served and listed, as what they lead to', async () => {
    site.root.link('in.txt', 'a.txt');
    site.root.link('in', 'dir');
    site.root.link('nowhere', 'nothing');
    expect((await site.get('/in.txt')).body).toBe(TEXT);
    expect((await site.get('/in/inner.txt')).body).toBe('inner');
    const { body } = await site.get('/');
    expect(body).toContain('href="in.txt"');
    expect(body).toContain('href="in/"');
    expect(body).not.toContain('nowhere');
  });
});

describe('directories', () => {
  it('without a slash: 301 to the same with a slash, the query kept', async () => {
    for (const [target, location] of [
      ['/dir', '/dir/'],
      ['/dir?q=1', '/dir/?q=1'],
      ['/dir?', '/dir/?'],
      ['//dir?x=%20&y', '/dir/?x=%20&y'],
      ['http://example.com/dir', '/dir/'],
    ] as const) {
      const answer = await site.get(target);
      expect(answer, target).toMatchObject({ status: 301, body: '' });
      expect(answer.field('location')).toBe(location);
      expect(answer.field('content-length')).toBe('0');
      expect(answer.field('cache-control')).toBe('no-cache');
    }
  });

  it('MUST 59: no redirect leads to another host', async () => {
    site.root.write('evil.example/x/', '');
    site.root.write('a b/ü?/', '');
    const slashes = fc.constantFrom(
      '/',
      '//',
      '///',
      '/\\',
      '/%5c',
      '/%09/',
      '/.//',
      '/./',
      '//%2f',
      '/%2f/',
    );
    const name = fc.constantFrom(
      'evil.example',
      'evil.example/x',
      'evil.example/..',
      'dir',
      'a%20b/%C3%BC%3F',
      '@evil.example',
    );
    await fc.assert(
      fc.asyncProperty(
        slashes,
        name,
        fc.constantFrom('', '?q=//evil', '?\\'),
        async (prefix, path, query) => {
          const answer = await site.get(prefix + path + query);
          const location = answer.field('location');
          if (location === undefined) return;
          expect(location).toMatch(/^\/(?![/\\])/);
          expect(new URL(location, 'http://good.example/a').host).toBe('good.example');
          expect((await site.get(location)).status).toBe(200);
        },
      ),
      { numRuns: 120 },
    );
  });

  it('have their index page served, and the other one if that is missing or a directory', async () => {
    expect(await site.get('/indexed/')).toMatchObject({ status: 200, body: '<p>index</p>' });
    site.root.write('second/index.html/x', '');
    site.root.write('second/index.htm', '<p>second</p>');
    const answer = await site.get('/second/', { Range: 'bytes=0-2' });
    expect(answer).toMatchObject({ status: 206, body: '<p>' });
    expect(answer.field('content-type')).toBe('text/html; charset=utf-8');
    site.root.write('third/index.html/x', '');
    expect((await site.get('/third/')).body).toContain('href="index.html/"');
  });

  it.skipIf(isRoot)(
    'an index page that may not be read is refused, not replaced by a listing (root may read all)',
    async () => {
      site.root.write('closed/secret.txt', '');
      chmodSync(site.root.write('closed/index.html', 'x'), 0);
      const answer = await site.get('/closed/');
      expect(answer).toMatchObject({ status: 404 });
      expect(answer.body).not.toContain('secret.txt');
    },
  );

  it('without an index page are listed', async () => {
    const answer = await site.get('/?ignored');
    expect(answer.status).toBe(200);
    expect(answer.field('content-type')).toBe('text/html; charset=utf-8');
    expect(answer.field('content-length')).toBe(String(answer.body.length));
    expect(answer.field('cache-control')).toBe('no-cache');
    expect(answer.field('vary')).toBe('Accept, Accept-Encoding');
    expect(answer.body).toContain('<title>Directory listing for /</title>');
    expect([...answer.body.matchAll(/<tr class[^>]*><td><a href="([^"]*)/g)].map(([, href]) => href)).toEqual(
      ['.well-known/', 'dir/', 'empty/', 'indexed/', 'a.txt', 'b.html'],
    );
    const head = await site.ask('HEAD', '/?ignored');
    expect(head).toMatchObject({ status: 200, body: '' });
    expect(head.field('content-length')).toBe(answer.field('content-length'));
  });

  it('are listed in the order asked for', async () => {
    const names = async (query: string) =>
      [...(await site.get(`/${query}`)).body.matchAll(/<tr class="(?:code|text)"><td><a href="([^"]*)/g)].map(
        ([, href]) => href,
      );
    expect(await names('?sort=name&order=desc')).toEqual(['b.html', 'a.txt']);
    expect(await names('?sort=size')).toEqual(['b.html', 'a.txt']);
    expect(await names('?sort=date&order=asc')).toEqual(['a.txt', 'b.html']);
  });

  it('are listed as JSON to those who prefer it', async () => {
    const answer = await site.get('/dir/', { Accept: 'application/json' });
    expect(answer.field('content-type')).toBe('application/json');
    expect(JSON.parse(answer.body)).toMatchObject({
      path: '/dir/',
      entries: [{ name: 'inner.txt', href: 'inner.txt', type: 'file', size: 5 }],
      complete: true,
    });
    const browser = await site.get('/dir/', { Accept: 'text/html,application/xhtml+xml,*/*;q=0.8' });
    expect(browser.field('content-type')).toBe('text/html; charset=utf-8');
  });

  it('MUST 60: hostile names are text in a listing, and reachable by their links', async () => {
    const names = [
      '"><img src=x onerror=alert(1)>',
      "'onmouseover='x",
      '<b>&amp;',
      'a\nb',
      'a:b',
      'javascript:alert(1)',
      '?q#f',
      '%41',
      ' ',
      'ü',
    ];
    for (const [index, name] of names.entries()) site.root.write(`hostile/${name}`, String(index));
    const answer = await site.get('/hostile/');
    expect(answer.field('content-security-policy')).toContain("default-src 'none'");
    expect(answer.field('x-content-type-options')).toBe('nosniff');
    expect(answer.body).not.toMatch(/<img|<b>|onerror="|javascript:[^<]*"/);
    const links = [...answer.body.matchAll(/<tr class="file"><td><a href="([^"]*)"/g)].map(
      ([, href]) => href,
    );
    expect(links).toHaveLength(names.length);
    const bodies = await Promise.all(links.map(async (href) => (await site.get(`/hostile/${href}`)).body));
    expect(bodies.map(Number).sort()).toEqual(names.map((_, index) => index));
  });

  it.skipIf(!isLinux)(
    'MUST 60: names that are not UTF-8, or hold a backslash, have no URL and are not listed',
    async () => {
      const path = Buffer.concat([Buffer.from(`${site.root.path}/dir/octet-`), Buffer.of(0xff)]);
      writeFileSync(path, '');
      site.root.write('dir/back\\slash', '');
      const { body } = await site.get('/dir/');
      expect(body).not.toContain('octet-');
      expect(body).not.toContain('slash');
      expect(body).toContain('inner.txt');
    },
  );

  it('MUST 60: a listing ends at 10,000 entries, and says so', async () => {
    const path = join(site.root.path, 'many');
    execFileSync('sh', ['-c', `mkdir ${path} && cd ${path} && seq 10002 | xargs touch`]);
    const { entries, complete } = JSON.parse((await site.get('/many/', { Accept: 'application/json' })).body);
    expect(entries).toHaveLength(10_000);
    expect(complete).toBe(false);
  });

  it('that are links inside or hold links are listed once more by another name', async () => {
    site.root.link('again', 'dir');
    expect((await site.get('/again/')).body).toContain('inner.txt');
  });

  it.skipIf(isRoot)('MUST 55: that may not be read are a 404 (root may read everything)', async () => {
    chmodSync(site.root.write('locked/'), 0);
    expect(await site.get('/locked/')).toMatchObject({ status: 404 });
    chmodSync(join(site.root.path, 'locked'), 0o700);
  });
});

describe('types', () => {
  it('MUST 62: text has its charset, what is not known is an octet-stream', async () => {
    for (const [name, type] of [
      ['a.html', 'text/html; charset=utf-8'],
      ['a.css', 'text/css; charset=utf-8'],
      ['a.js', 'text/javascript; charset=utf-8'],
      ['a.mjs', 'text/javascript; charset=utf-8'],
      ['a.json', 'application/json; charset=utf-8'],
      ['a.svg', 'image/svg+xml; charset=utf-8'],
      ['a.md', 'text/markdown; charset=utf-8'],
      ['a.wasm', 'application/wasm'],
      ['a.png', 'image/png'],
      ['A.PNG', 'image/png'],
      ['a.tar.gz', 'application/gzip'],
      ['a.unheard-of', 'application/octet-stream'],
      ['Makefile', 'application/octet-stream'],
    ] as const) {
      site.root.write(`types/${name}`, 'x');
      const answer = await site.get(`/types/${name}`);
      expect(answer.field('content-type'), name).toBe(type);
      expect(answer.field('x-content-type-options')).toBe('nosniff');
    }
  });

  it('MUST 62: whatever has a body has a type, and nosniff', async () => {
    const answers: Answer[] = [
      await site.get('/nothing'),
      await site.get('/%zz'),
      await site.get('/'),
      await site.get('/', { Accept: 'application/json' }),
      await site.get('/a.txt', { Range: 'bytes=0-1' }),
      await site.get('/a.txt', { Range: 'bytes=0-1,3-4' }),
      await site.get('/a.txt', { Range: 'bytes=99-' }),
      await site.get('/a.txt', { 'If-Match': '"x"' }),
      await site.ask('POST', '/a.txt'),
      await site.ask('FOO', '/a.txt'),
    ];
    for (const answer of answers) {
      expect(answer.body).not.toBe('');
      expect(answer.field('content-type')).toMatch(/^\w+\/[\w-]+/);
      expect(answer.field('x-content-type-options')).toBe('nosniff');
    }
  });

  it('Accept-Encoding that refuses what we do not send anyway changes nothing', async () => {
    const answer = await site.get('/a.txt', { 'Accept-Encoding': 'gzip;q=0, br' });
    expect(answer).toMatchObject({ status: 200, body: TEXT });
    expect(answer.field('content-encoding')).toBeUndefined();
  });

  it('MUST 61: an error page repeats little, and nothing as markup', async () => {
    await fc.assert(
      fc.asyncProperty(fc.stringMatching(/^[A-Z<>&"'!-~]{1,3000}$/), async (text) => {
        const target = `/<script>${text.replace(/[#\\]/g, '')}`;
        const { body } = await site.get(target);
        expect(body).not.toContain('<script');
        expect(body.length).toBeLessThan(2048);
      }),
      { numRuns: 50 },
    );
  });
});

describe('what is no file', () => {
  it('MUST 53: a hundred requests for a FIFO are answered, and others with them', async () => {
    site.root.fifo('fifo');
    const fifos: number[] = [];
    await times(100, 100, async (index) => {
      if (index % 10 === 0) expect((await site.get('/a.txt')).body).toBe(TEXT);
      fifos.push((await site.get('/fifo')).status);
    });
    expect(fifos).toEqual(Array(100).fill(404));
    expect((await site.get('/')).body).not.toContain('fifo');
  });

  it.skipIf(!isLinux)('MUST 54: a file that says it is empty is, whatever can be read from it', async () => {
    await using proc = await Site.serve(
      {},
      (Base) =>
        class extends Base {
          override directory = '/proc/self';
        },
    );
    const answer = await proc.get('/status');
    expect(answer).toMatchObject({ status: 200, body: '' });
    expect(answer.field('content-length')).toBe('0');
  });
});

describe('files that change while they are sent', () => {
  const SIZE = 64 * 1024 * 1024;

  /** A request whose answer has begun and waits for its client. */
  async function begun(): Promise<RawClient> {
    const path = site.root.write('changing.bin', '');
    truncateSync(path, SIZE);
    const client = await site.connect();
    client.send(request('GET /changing.bin', 'Connection: close\r\n'));
    await client.until((received) => received.length > 0);
    client.stall();
    return client;
  }

  it('MUST 54: of one that grows, no more is sent than was announced', async () => {
    using client = await begun();
    appendFileSync(join(site.root.path, 'changing.bin'), 'more');
    client.resume();
    await client.ended();
    const answer = parseAnswer(client.received);
    expect(answer.field('content-length')).toBe(String(SIZE));
    expect(answer.body.length).toBe(SIZE);
    expect(answer.body.endsWith('more')).toBe(false);
  });

  it('MUST 54: of one that shrinks, the connection is cut, so that nobody takes it for whole', async () => {
    using client = await begun();
    truncateSync(join(site.root.path, 'changing.bin'), 1024);
    client.resume();
    await client.closed;
    expect(parseAnswer(client.received).body.length).toBeLessThan(SIZE);
    expect(String(site.errors.splice(0))).toBe('Error: The file has become shorter while it was being sent');
  });

  it('one that is replaced is sent as it was', async () => {
    using client = await begun();
    renameSync(site.root.write('new.bin', 'new'), join(site.root.path, 'changing.bin'));
    client.resume();
    await client.ended();
    expect(parseAnswer(client.received).body.length).toBe(SIZE);
  });

  it('of one whose client has gone, the descriptor is closed', async () => {
    using client = await begun();
    if (isLinux) expect(descriptorsBelow(site.root.path)).toHaveLength(1);
    client.reset();
    await expect.poll(() => descriptorsBelow(site.root.path) ?? []).toEqual([]);
  });
});

describe('want of resources', () => {
  it.skipIf(!isLinux)(
    'MUST 55: 503 with Retry-After while descriptors have run out, and 200 again after it',
    async () => {
      const child = spawn(
        '/bin/sh',
        [
          '-c',
          'ulimit -n 64; exec "$0" --input-type=module -e "$1" "$2"',
          process.execPath,
          EXHAUSTIBLE,
          site.root.path,
        ],
        {
          stdio: ['ignore', 'pipe', 'inherit'],
        },
      );
      try {
        const [port] = await once(createInterface(child.stdout), 'line');
        // It has been accepted when it has been answered.
        const connect = async () => {
          const client = await RawClient.connect(Number(port));
          client.send(request('HEAD /a.txt'));
          await client.until((received) => received.endsWith('\r\n\r\n'));
          client.received = '';
          return client;
        };
        using hog = await connect();
        using file = await connect();
        using listing = await connect();
        using later = await connect();
        hog.send(request('POST /exhaust'));
        await hog.until((received) => received.includes('204'));
        for (const [client, target] of [
          [file, '/a.txt'],
          [listing, '/dir/'],
        ] as const) {
          client.send(request(`GET ${target}`));
          const answer = parseAnswer(await client.ended());
          expect(answer.status).toBe(503);
          expect(answer.field('retry-after')).toMatch(/^\d+$/);
        }
        hog.send(request('POST /release'));
        await hog.until((received) => statuses(received).length === 2);
        later.send(request('GET /a.txt', 'Connection: close\r\n'));
        expect(parseAnswer(await later.ended())).toMatchObject({ status: 200, body: TEXT });
      } finally {
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
    },
  );
});

/** Opens all the descriptors it can when told to. */
const EXHAUSTIBLE = `
import { closeSync, openSync } from 'node:fs';
import { HTTPServer, SimpleHTTPRequestHandler } from ${JSON.stringify(built('index.js'))};
const held = [];
class Handler extends SimpleHTTPRequestHandler {
  protocolVersion = 'HTTP/1.1';
  directory = process.argv[1];
  logMessage() {}
  do_POST() {
    if (this.path === '/release') for (const descriptor of held.splice(0)) closeSync(descriptor);
    else try { for (;;) held.push(openSync('/dev/null')); } catch {}
    this.sendResponse(204);
    this.endHeaders();
  }
}
const httpd = new HTTPServer(['127.0.0.1', 0], Handler);
await httpd.ready;
console.log(httpd.serverPort);
await httpd.serveForever();
`;

describe('what a subclass may override', () => {
  it('directory: relative to where the process works', async () => {
    await using here = await Site.serve(
      {},
      (Base) =>
        class extends Base {
          override directory = 'src';
        },
    );
    expect((await here.get('/index.ts')).status).toBe(200);
    expect((await here.get('/../package.json')).status).toBe(404);
  });

  it('indexPages, extensionsMap and dotfiles', async () => {
    await using other = await Site.serve(
      { 'd/home.foo': 'home', 'd/index.html': 'index', '.env': 'shown', 'd/.hidden': '' },
      (Base) =>
        class extends Base {
          override indexPages = ['home.foo'];
          override extensionsMap = { '.foo': 'text/x-foo', '': 'application/x-unknown' };
          override dotfiles = true;
        },
    );
    const home = await other.get('/d/');
    expect(home).toMatchObject({ status: 200, body: 'home' });
    expect(home.field('content-type')).toBe('text/x-foo; charset=utf-8');
    expect((await other.get('/.env')).body).toBe('shown');
    expect((await other.get('/')).body).toContain('.env');
  });

  it('translatePath: to anywhere; guessType: from the path it gave', async () => {
    const elsewhere = new TemporaryDirectory({ 'b.css': 'b', 'sub/.hidden': '' });
    await using other = await Site.serve(
      { 'a.txt': 'a' },
      (Base) =>
        class extends Base {
          override translatePath(path: string): string {
            return path.startsWith('/elsewhere/')
              ? join(elsewhere.path, path.slice('/elsewhere'.length))
              : super.translatePath(path);
          }
          override guessType(path: string): string {
            return path === join(elsewhere.path, 'b.css') ? 'text/x-mine' : super.guessType(path);
          }
        },
    );
    try {
      const answer = await other.get('/elsewhere/b.css');
      expect(answer).toMatchObject({ status: 200, body: 'b' });
      expect(answer.field('content-type')).toBe('text/x-mine');
      expect((await other.get('/elsewhere/')).body).toContain('b.css');
      expect((await other.get('/elsewhere/sub/')).body).not.toContain('<bdi>.hidden');
      expect((await other.get('/a.txt')).body).toBe('a');
      expect((await other.get('/elsewhere/../a.txt')).status).toBe(404);
    } finally {
      elsewhere[Symbol.dispose]();
    }
  });

  it('listDirectory: may refuse', async () => {
    await using other = await Site.serve(
      { 'd/': '' },
      (Base) =>
        class extends Base {
          override async listDirectory(): Promise<undefined> {
            this.sendError(403, 'No listings here');
          }
        },
    );
    expect(await other.get('/d/')).toMatchObject({ status: 403, reason: 'No listings here' });
  });

  it('sendHead and copyfile: whoever calls sendHead closes what it gives', async () => {
    await using other = await Site.serve(
      { 'a.txt': 'abc' },
      (Base) =>
        class extends Base {
          override copyfile(
            source: Parameters<typeof Base.prototype.copyfile>[0],
            output: Parameters<typeof Base.prototype.copyfile>[1],
          ) {
            return super.copyfile({ read: () => upper(source.read()) }, output);
          }
          override sendHead() {
            return this.path === '/none' ? void this.sendError(410) : super.sendHead();
          }
          do_SIZE() {
            const source = this.sendHead();
            if (source instanceof Promise || source === undefined) return;
            source.close();
            this.closeConnection = true;
          }
        },
    );
    expect((await other.get('/a.txt')).body).toBe('ABC');
    expect((await other.get('/none')).status).toBe(410);
    expect(descriptorsBelow(other.root.path) ?? []).toEqual([]);
  });

  it('endHeaders: adds a field to every answer', async () => {
    await using other = await Site.serve(
      { 'a.txt': 'a', 'd/': '' },
      (Base) =>
        class extends Base {
          override endHeaders(): void {
            this.sendHeader('Cross-Origin-Opener-Policy', 'same-origin');
            super.endHeaders();
          }
        },
    );
    for (const target of ['/a.txt', '/', '/d', '/nothing', '/%zz']) {
      expect((await other.get(target)).field('cross-origin-opener-policy'), target).toBe('same-origin');
    }
  });

  it('do_PUT: and Allow tells of it', async () => {
    await using other = await Site.serve(
      { 'a.txt': 'a' },
      (Base) =>
        class extends Base {
          override do_PUT(): void {
            this.sendResponse(201);
            this.endHeaders();
          }
        },
    );
    expect((await other.ask('PUT', '/a.txt')).status).toBe(201);
    for (const method of ['OPTIONS', 'POST']) {
      expect((await other.ask(method, '/a.txt')).field('allow')).toBe('GET, HEAD, OPTIONS, PUT');
    }
  });

  it('what throws is a 500, and no descriptor is lost by it', async () => {
    await using other = await Site.serve(
      { 'a.txt': 'a', 'd/': '' },
      (Base) =>
        class extends Base {
          override guessType(path: string): string {
            if (this.path.startsWith('/a.txt?type')) throw new Error('type');
            return this.path === '/a.txt?crlf' ? 'text/html\r\nX: y' : super.guessType(path);
          }
          override endHeaders(): void {
            if (this.path === '/a.txt?head' && !this.closeConnection) throw new Error('head');
            super.endHeaders();
          }
          override copyfile(): void {
            throw new Error('copy');
          }
        },
    );
    for (const query of ['type', 'crlf'])
      expect((await other.get(`/a.txt?${query}`)).status, query).toBe(500);
    expect((await other.get('/a.txt?copy')).status).toBe(500);
    expect((await other.get('/d/?copy')).status).toBe(500);
    using client = await other.connect();
    client.send(request('GET /a.txt?head'));
    expect(statuses(await client.ended())).toEqual([500]);
    expect(descriptorsBelow(other.root.path) ?? []).toEqual([]);
    expect(other.errors).toHaveLength(5);
  });
});

async function upper(chunk: unknown): Promise<Uint8Array | undefined> {
  const octets = (await chunk) as Uint8Array | undefined;
  return octets && Buffer.from(Buffer.from(octets).toString('latin1').toUpperCase());
}
