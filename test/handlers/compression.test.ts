// Content codings over a real socket: compressed siblings of files, and compressing while somebody waits.

import { randomBytes } from 'node:crypto';
import { openSync, statSync, truncateSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import * as zlib from 'node:zlib';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CompressedSource } from '../../src/handlers/content-coding.js';
import { FileSource } from '../../src/handlers/file-source.js';
import { type Answer, descriptorsBelow, Site } from '../support/site.js';

const TEXT = Array.from({ length: 2000 }, (_, line) => `line ${line} of a text that is worth it\n`).join('');
const LARGE = TEXT.repeat(30); // some 2 MiB
const hasZstandard = 'zstdDecompressSync' in zlib;

let site: Site;

beforeEach(async () => {
  site = await Site.serve({
    'text.txt': TEXT,
    'large.txt': LARGE,
    'short.txt': 'short',
    'picture.png': TEXT,
    'made.js': TEXT,
    'made.js.br': 'BR SIBLING',
    'made.js.gz': 'GZ SIBLING',
  });
});

afterEach(async () => {
  const { path } = site.root;
  await site[Symbol.asyncDispose]();
  expect.soft(site.errors).toEqual([]);
  expect.soft(descriptorsBelow(path) ?? []).toEqual([]);
});

function accepting(
  target: string,
  coding: string,
  fields: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  return site.get(target, { 'Accept-Encoding': coding, ...fields });
}

function octets({ body }: Answer): Buffer {
  return Buffer.from(body, 'latin1');
}

/** Joins the chunks of a body that was sent in some. */
function unchunked(answer: Answer): Buffer {
  expect(answer.field('transfer-encoding')).toBe('chunked');
  const received = octets(answer);
  const chunks: Buffer[] = [];
  for (let at = 0; ; ) {
    const end = received.indexOf('\r\n', at);
    const size = Number.parseInt(received.toString('latin1', at, end), 16);
    if (size === 0) return Buffer.concat(chunks);
    chunks.push(received.subarray(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
  }
}

describe('compressing', () => {
  it.each([
    ['br', brotliDecompressSync],
    ['gzip', gunzipSync],
    ['x-gzip', gunzipSync],
  ] as const)('%s for who accepts it', async (coding, decompress) => {
    for (let round = 0; round < 2; round++) {
      const answer = await accepting('/text.txt', coding);
      expect(answer.status).toBe(200);
      expect(answer.field('content-encoding')).toBe(coding.replace('x-', ''));
      expect(answer.field('vary')).toBe('Accept-Encoding');
      expect(answer.field('content-type')).toBe('text/plain; charset=utf-8');
      expect(answer.field('content-length')).toBe(String(answer.body.length));
      expect(answer.body.length).toBeLessThan(TEXT.length / 4);
      expect(decompress(octets(answer)).toString()).toBe(TEXT);
    }
  });

  it.skipIf(!hasZstandard)('zstd, where the runtime has it', async () => {
    const answer = await accepting('/text.txt', 'zstd');
    expect(answer.field('content-encoding')).toBe('zstd');
    const { zstdDecompressSync } = zlib as unknown as { zstdDecompressSync(octets: Buffer): Buffer };
    expect(zstdDecompressSync(octets(answer)).toString()).toBe(TEXT);
  });

  it.each([
    ['gzip, deflate, br, zstd', 'br'],
    ['br;q=0.5, gzip', 'gzip'],
    ['*', 'br'],
    ['br;q=0, *', hasZstandard ? 'zstd' : 'gzip'],
    ['gzip;q=0', undefined],
    ['deflate', undefined],
    ['', undefined],
    ['identity', undefined],
  ])('Accept-Encoding: %s gives %s', async (field, coding) => {
    const answer = await accepting('/text.txt', field);
    expect(answer.status).toBe(200);
    expect(answer.field('content-encoding')).toBe(coding);
    expect(answer.field('vary')).toBe('Accept-Encoding');
  });

  it('without the field, the text as it is; with Vary all the same', async () => {
    const answer = await site.get('/text.txt');
    expect(answer.field('content-encoding')).toBeUndefined();
    expect(answer.field('vary')).toBe('Accept-Encoding');
    expect(answer.body).toBe(TEXT);
  });

  it('where nothing is acceptable, 406', async () => {
    for (const target of ['/text.txt', '/picture.png']) {
      const answer = await accepting(target, 'identity;q=0, *;q=0');
      expect(answer.status).toBe(406);
      expect(answer.field('vary')).toBe('Accept-Encoding');
    }
    expect((await accepting('/picture.png', 'br, identity;q=0')).status).toBe(406);
    expect((await accepting('/text.txt', 'br, identity;q=0')).status).toBe(200);
  });

  it('not what is short, nor what gets no smaller', async () => {
    expect((await accepting('/short.txt', 'br')).field('content-encoding')).toBeUndefined();
    const picture = await accepting('/picture.png', 'br');
    expect(picture.field('content-encoding')).toBeUndefined();
    expect(picture.field('vary')).toBeUndefined();
  });

  it('a longer text while it is sent; kept, its length is known', async () => {
    utimesSync(join(site.root.path, 'large.txt'), 1e9, 1e9);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 });
    try {
      const streamed = await accepting('/large.txt', 'gzip');
      expect(streamed.field('content-length')).toBeUndefined();
      expect(streamed.field('accept-ranges')).toBeUndefined();
      expect(gunzipSync(unchunked(streamed)).equals(Buffer.from(LARGE))).toBe(true);
      const kept = await accepting('/large.txt', 'gzip');
      expect(kept.field('content-length')).toBe(String(kept.body.length));
      expect(kept.field('etag')).toBe(streamed.field('etag'));
      expect(gunzipSync(octets(kept)).equals(Buffer.from(LARGE))).toBe(true);
    } finally {
      vi.useRealTimers();
    }
  });

  it('a file that shrinks meanwhile is an error, not the end', async () => {
    const path = site.root.write('huge.txt', 'x'.repeat(9_000_000));
    const file = new FileSource(openSync(path, 'r'), 0, 9_000_000);
    const source = new CompressedSource(file, 'gzip', 9_000_000);
    truncateSync(path, 100_000);
    const reading = (async () => {
      while ((await source.read()) !== undefined);
    })();
    await expect(reading).rejects.toThrow('The file has become shorter');
    source.close();
  });

  it('of which nobody wants the rest is given up', async () => {
    const path = site.root.write('huge.txt', randomBytes(9_000_000));
    const source = new CompressedSource(new FileSource(openSync(path, 'r'), 0, 9_000_000), 'gzip', 9_000_000);
    await source.read();
    source.close();
    source.close();
    await vi.waitFor(() => expect(descriptorsBelow(site.root.path) ?? []).toEqual([]));
  });

  it('many who ask at once get the same', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => accepting('/text.txt', 'br')));
    expect(new Set(answers.map((answer) => answer.body)).size).toBe(1);
  });

  it('an edit shows at once', async () => {
    await accepting('/text.txt', 'br');
    site.root.write('text.txt', TEXT.replaceAll('line', 'LINE'));
    const answer = await accepting('/text.txt', 'br');
    expect(brotliDecompressSync(octets(answer)).toString()).toBe(TEXT.replaceAll('line', 'LINE'));
  });

  it('each coding has an entity tag of its own, and its conditions', async () => {
    const etags = await Promise.all(
      ['br', 'gzip', 'identity'].map(async (coding) => (await accepting('/text.txt', coding)).field('etag')!),
    );
    expect(new Set(etags).size).toBe(3);
    const [br, gzip] = etags;
    const same = await accepting('/text.txt', 'br', { 'If-None-Match': br! });
    expect(same.status).toBe(304);
    expect(same.field('vary')).toBe('Accept-Encoding');
    expect(same.field('etag')).toBe(br);
    expect((await accepting('/text.txt', 'br', { 'If-None-Match': gzip! })).status).toBe(200);
  });

  it('a range is one of what is sent', async () => {
    const whole = await accepting('/text.txt', 'gzip');
    const part = await accepting('/text.txt', 'gzip', { Range: 'bytes=10-19' });
    expect(part.status).toBe(206);
    expect(part.field('content-encoding')).toBe('gzip');
    expect(part.field('content-range')).toBe(`bytes 10-19/${whole.body.length}`);
    expect(part.body).toBe(whole.body.slice(10, 20));
    expect((await accepting('/large.txt', 'gzip', { Range: 'bytes=0-9' })).status).toBe(200);
  });

  it('HEAD tells what GET would', async () => {
    const get = await accepting('/text.txt', 'br');
    const head = await site.ask('HEAD', '/text.txt', { 'Accept-Encoding': 'br' });
    expect(head.body).toBe('');
    for (const name of ['content-encoding', 'content-length', 'etag', 'vary', 'content-type'])
      expect(head.field(name), name).toBe(get.field(name));
    expect((await site.ask('HEAD', '/large.txt', { 'Accept-Encoding': 'br' })).status).toBe(200);
  });

  it('a listing, too', async () => {
    for (let file = 0; file < 100; file++) site.root.write(`many/file-${file}`);
    const answer = await accepting('/many/', 'gzip');
    expect(answer.field('content-encoding')).toBe('gzip');
    expect(answer.field('vary')).toBe('Accept, Accept-Encoding');
    expect(gunzipSync(octets(answer)).toString('latin1')).toBe((await site.get('/many/')).body);
    expect((await accepting('/many/', 'identity;q=0')).status).toBe(406);
  });

  it('not at all, if it is switched off', async () => {
    await using plain = await Site.serve({ 'a.js': TEXT, 'a.js.gz': 'gz' }, (Base) => {
      return class extends Base {
        override compression = false;
      };
    });
    const answer = await plain.get('/a.js', { 'Accept-Encoding': 'gzip' });
    expect(answer.body).toBe(TEXT);
    expect(answer.field('vary')).toBeUndefined();
  });
});

describe('compressed siblings', () => {
  it('are sent in place of the file, under its name and type', async () => {
    const answer = await accepting('/made.js', 'gzip, br');
    expect(answer.body).toBe('BR SIBLING');
    expect(answer.field('content-encoding')).toBe('br');
    expect(answer.field('content-type')).toBe('text/javascript; charset=utf-8');
    expect(answer.field('content-length')).toBe('10');
    expect(answer.field('vary')).toBe('Accept-Encoding');
    expect((await accepting('/made.js', 'gzip')).body).toBe('GZ SIBLING');
    expect((await accepting('/made.js', 'identity')).body).toBe(TEXT);
    expect((await site.get('/made.js')).body).toBe(TEXT);
  });

  it('have ranges and conditions of their own', async () => {
    const part = await accepting('/made.js', 'br', { Range: 'bytes=3-' });
    expect([part.status, part.body, part.field('content-range')]).toEqual([206, 'SIBLING', 'bytes 3-9/10']);
    const etag = part.field('etag')!;
    expect((await accepting('/made.js', 'br', { 'If-None-Match': etag })).status).toBe(304);
    expect((await accepting('/made.js', 'gzip', { 'If-None-Match': etag })).status).toBe(200);
    expect((await accepting('/made.js', 'br', { Range: 'bytes=10-' })).field('content-range')).toBe(
      'bytes */10',
    );
  });

  it('by their own names are files like any other', async () => {
    const answer = await accepting('/made.js.gz', 'gzip');
    expect(answer.body).toBe('GZ SIBLING');
    expect(answer.field('content-encoding')).toBeUndefined();
    expect(answer.field('content-type')).toBe('application/gzip');
  });

  it('that are older than the file are passed over', async () => {
    const { mtimeMs } = statSync(join(site.root.path, 'made.js'));
    const before = new Date(mtimeMs - 5000);
    utimesSync(join(site.root.path, 'made.js.br'), before, before);
    expect((await accepting('/made.js', 'br, gzip')).body).toBe('GZ SIBLING');
    utimesSync(join(site.root.path, 'made.js.gz'), before, before);
    const answer = await accepting('/made.js', 'br, gzip');
    expect(brotliDecompressSync(octets(answer)).toString()).toBe(TEXT);
  });

  it('of the same second are passed over if they are older, but not if only one has a part of a second', async () => {
    const made = (name: string, seconds: number) => utimesSync(join(site.root.path, name), seconds, seconds);
    made('made.js', 1000.5);
    made('made.js.br', 1000.25);
    made('made.js.gz', 1000.75);
    expect((await accepting('/made.js', 'br, gzip')).body).toBe('GZ SIBLING');
    made('made.js.br', 1000);
    expect((await accepting('/made.js', 'br, gzip')).body).toBe('BR SIBLING');
  });

  it('MUST 52: that are links out of the directory are passed over', async () => {
    site.root.write('../secret.br', 'SECRET');
    site.root.write('page.html', TEXT);
    site.root.link('page.html.br', '../secret.br');
    const answer = await accepting('/page.html', 'br');
    expect(brotliDecompressSync(octets(answer)).toString()).toBe(TEXT);
  });

  it('of which there are more than of files: none is served without the file', async () => {
    site.root.write('only.css.gz', 'gz');
    expect((await accepting('/only.css', 'gzip')).status).toBe(404);
  });
});
