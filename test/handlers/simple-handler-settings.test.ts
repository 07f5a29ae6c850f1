// What a subclass of SimpleHTTPRequestHandler may set, over a real socket.

import { afterEach, describe, expect, it } from 'vitest';
import type { SimpleHTTPRequestHandler } from '../../src/index.js';
import { type Answer, type Files, Site } from '../support/site.js';

type Settings = Partial<
  Pick<
    SimpleHTTPRequestHandler,
    | 'basePath'
    | 'cleanUrls'
    | 'defaultContentType'
    | 'dotfiles'
    | 'extraResponseHeaders'
    | 'fallbackPage'
    | 'followSymlinks'
    | 'indexPages'
    | 'listings'
    | 'notFoundPage'
  >
>;

let site: Site;

async function serve(files: Files, settings: Settings): Promise<void> {
  site = await Site.serve(files, (Base) => {
    class Configured extends Base {}
    Object.assign(Configured.prototype, settings);
    return Configured;
  });
}

afterEach(async () => {
  await site[Symbol.asyncDispose]();
  expect(site.errors).toEqual([]);
});

function asBrowser(target: string): Promise<Answer> {
  return site.get(target, { Accept: 'text/html,application/xhtml+xml,*/*;q=0.8' });
}

describe('fallbackPage', () => {
  const APP = { 'index.html': '<p>app</p>', 'main.js': 'js', 'dir/x.txt': 'x', '.env': 'SECRET' };

  it.each([
    '/users',
    '/users/1',
    '/users/',
    '/users/john.doe',
    '/dir/nothing',
    '/main.js/',
    '/dir/',
    '/a%2Fb',
    '/a%5Cb',
  ])('answers the navigation to %s', async (target) => {
    await serve(APP, { fallbackPage: 'index.html' });
    const answer = await asBrowser(target);
    expect([answer.status, answer.body]).toEqual([200, '<p>app</p>']);
    expect(answer.field('content-type')).toBe('text/html; charset=utf-8');
    expect(answer.field('cache-control')).toBe('no-cache');
  });

  it('does not stand in for scripts, images and data', async () => {
    await serve(APP, { fallbackPage: 'index.html' });
    for (const target of ['/old.js', '/img/logo.png']) expect((await site.get(target)).status).toBe(404);
    expect((await site.get('/users')).status).toBe(200);
    expect((await site.get('/users', { Accept: 'application/json' })).status).toBe(404);
  });

  it('leaves files, what is hidden and what is malformed as they are', async () => {
    await serve(APP, { fallbackPage: '/index.html' });
    expect((await asBrowser('/main.js')).body).toBe('js');
    expect((await asBrowser('/.env')).status).toBe(404);
    expect((await asBrowser('/%zz')).status).toBe(400);
    expect((await asBrowser('/../x')).status).toBe(404);
  });

  it('stands in for a listing, but not for one as JSON', async () => {
    await serve(APP, { fallbackPage: 'index.html', listings: false });
    expect((await asBrowser('/dir/')).body).toBe('<p>app</p>');
    await site[Symbol.asyncDispose]();
    await serve(APP, { fallbackPage: 'index.html' });
    expect((await site.get('/dir/', { Accept: 'application/json' })).body).toContain('x.txt');
  });

  it('that is not there is a 404, or a listing', async () => {
    await serve({ 'dir/x.txt': 'x' }, { fallbackPage: 'index.html' });
    expect((await asBrowser('/users')).status).toBe(404);
    expect((await asBrowser('/dir/')).body).toContain('x.txt');
  });
});

describe('notFoundPage', () => {
  const PAGE = { '404.html': '<p>lost</p>', 'a.txt': 'a', 'dir/': '', '.env': 'SECRET' };

  it('is the body of each 404, without conditions and ranges', async () => {
    await serve(PAGE, { notFoundPage: '404.html' });
    for (const target of ['/nothing', '/dir/nothing', '/a.txt/', '/.env', '/../x', '/a%2fb', '/a%5cb']) {
      const answer = await site.get(target, { Range: 'bytes=0-1', 'If-None-Match': '*' });
      expect(answer.status, target).toBe(404);
      expect(answer.body, target).toBe('<p>lost</p>');
    }
    const head = await site.ask('HEAD', '/nothing');
    expect([head.status, head.body, head.field('content-length')]).toEqual([404, '', '11']);
  });

  it('that is not there changes nothing', async () => {
    await serve({}, { notFoundPage: '404.html' });
    const answer = await site.get('/nothing');
    expect(answer.status).toBe(404);
    expect(answer.body).toContain('Not Found');
  });
});

describe('cleanUrls', () => {
  const PAGES = {
    'about.html': 'about',
    'both.html': 'page',
    'both/index.html': 'directory',
    exact: 'exact',
    'exact.html': 'page',
  };

  it('finds a page by its name without .html', async () => {
    await serve(PAGES, { cleanUrls: true });
    const answer = await site.get('/about?x=1');
    expect([answer.status, answer.body]).toEqual([200, 'about']);
    expect(answer.field('content-type')).toBe('text/html; charset=utf-8');
    expect((await site.get('/about.html')).body).toBe('about');
    expect((await site.get('/both')).body).toBe('page');
    expect((await site.get('/both/')).body).toBe('directory');
    expect((await site.get('/exact')).body).toBe('exact');
    expect((await site.get('/about/')).status).toBe(404);
  });

  it('MUST 52: a page that is a link out of the directory is not there', async () => {
    await serve(PAGES, { cleanUrls: true });
    site.root.write('../secret.html', 'SECRET');
    site.root.link('linked.html', '../secret.html');
    expect((await site.get('/linked')).status).toBe(404);
  });

  it('MUST 48: finds no page beside the directory that is served', async () => {
    await serve(PAGES, { cleanUrls: true, basePath: '/docs' });
    site.root.write('../root.html', 'SECRET');
    const answer = await site.get('/docs');
    expect([answer.status, answer.field('location'), answer.body]).toEqual([301, '/docs/', '']);
  });

  it('is asked for', async () => {
    await serve(PAGES, {});
    expect((await site.get('/about')).status).toBe(404);
  });
});

describe('basePath', () => {
  const FILES = { 'index.html': 'home', 'a b/c.txt': 'c', 'docs/d.txt': 'd', '.env': 'SECRET' };

  it.each(['/docs', '/docs/', 'docs'])('%s: serves below it, and nothing elsewhere', async (basePath) => {
    await serve(FILES, { basePath });
    expect((await site.get('/docs/')).body).toBe('home');
    expect((await site.get('/docs/a%20b/c.txt')).body).toBe('c');
    expect((await site.get('/docs/docs/d.txt')).body).toBe('d');
    expect((await site.get('/docs/.env')).status).toBe(404);
    for (const target of ['/', '/a%20b/c.txt', '/docsx/a', '/d', '/doc'])
      expect((await site.get(target)).status, target).toBe(404);
  });

  it('redirects to itself and below itself', async () => {
    await serve(FILES, { basePath: '/my docs' });
    expect((await site.get('/my%20docs')).field('location')).toBe('/my%20docs/');
    expect((await site.get('/my%20docs/a%20b?q')).field('location')).toBe('/my%20docs/a%20b/?q');
  });
});

describe('extraResponseHeaders', () => {
  const HEADERS = [
    ['X-One', '1'],
    ['Cache-Control', 'max-age=60'],
    ['X-One', '2'],
  ] as const;

  it('are added to files and listings, in place of what would be there', async () => {
    await serve({ 'a.txt': 'abc' }, { extraResponseHeaders: HEADERS });
    const whole = await site.get('/a.txt');
    const answers = [
      whole,
      await site.get('/a.txt', { Range: 'bytes=0-0' }),
      await site.get('/a.txt', { 'If-None-Match': whole.field('etag')! }),
      await site.get('/'),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 206, 304, 200]);
    for (const answer of answers) {
      expect(answer.field('x-one')).toBe('1, 2');
      expect(answer.field('cache-control')).toBe('max-age=60');
    }
    expect((await site.get('/nothing')).field('x-one')).toBeUndefined();
  });

  it('add to Vary: a cache has to know, too, what was negotiated', async () => {
    await serve({ 'a.txt': 'abc' }, { extraResponseHeaders: [['Vary', 'Cookie']] });
    expect((await site.get('/a.txt')).field('vary')).toBe('Accept-Encoding, Cookie');
    expect((await site.get('/')).field('vary')).toBe('Accept, Accept-Encoding, Cookie');
  });
});

describe('the others', () => {
  it('listings: a directory without an index page is not found', async () => {
    await serve({ 'a.txt': 'a', 'd/index.html': 'index' }, { listings: false });
    expect((await site.get('/')).status).toBe(404);
    expect((await site.get('/d/')).body).toBe('index');
    expect((await site.get('/a.txt')).body).toBe('a');
  });

  it('indexPages: the first that is there', async () => {
    await serve({ 'main.html': 'main', 'index.html': 'index' }, { indexPages: ['no.html', 'main.html'] });
    expect((await site.get('/')).body).toBe('main');
  });

  it('defaultContentType: of names that tell none', async () => {
    await serve({ README: 'x', 'a.unknown': 'x', 'a.css': 'x' }, { defaultContentType: 'text/plain' });
    expect((await site.get('/README')).field('content-type')).toBe('text/plain; charset=utf-8');
    expect((await site.get('/a.unknown')).field('content-type')).toBe('text/plain; charset=utf-8');
    expect((await site.get('/a.css')).field('content-type')).toBe('text/css; charset=utf-8');
  });

  it('MUST 52: followSymlinks lets links out of the directory, but not to what is hidden in it', async () => {
    await serve({ '.env': 'SECRET' }, { followSymlinks: true });
    site.root.write('../outside/o.txt', 'outside');
    site.root.link('out', '../outside');
    site.root.link('pub', '.env');
    expect((await site.get('/out/o.txt')).body).toBe('outside');
    const listing = await site.get('/');
    expect(listing.body).toContain('out/');
    expect(listing.body).not.toContain('pub');
    expect((await site.get('/pub')).status).toBe(404);
  });

  it('cacheControl(): by file', async () => {
    site = await Site.serve({ 'assets/a.js': 'a', 'b.js': 'b' }, (Base) => {
      return class extends Base {
        override cacheControl(path: string): string {
          return path.includes('/assets/') ? 'max-age=31536000, immutable' : super.cacheControl(path);
        }
      };
    });
    expect((await site.get('/assets/a.js')).field('cache-control')).toBe('max-age=31536000, immutable');
    expect((await site.get('/b.js')).field('cache-control')).toBe('no-cache');
  });
});
