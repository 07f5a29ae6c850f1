// What the command serves, with the options that change it.

import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { runCommand, startCommand } from '../support/command.js';
import { request, talk } from '../support/raw-client.js';
import { parseAnswer, TemporaryDirectory } from '../support/site.js';

vi.setConfig({ testTimeout: 60_000 }); // each starts several commands, and the machine may be busy

let site: TemporaryDirectory;

beforeAll(() => {
  site = new TemporaryDirectory({
    'index.html': '<p>index</p>',
    'home.html': '<p>home</p>',
    '404.html': '<p>own 404</p>',
    'about.html': '<p>about</p>',
    'report & co.html': '<p>report</p>',
    'secret.txt': 'secret',
    LICENSE: 'license',
    'assets/app.js': 'app',
    'assets/deep/x.css': 'x',
    'list/a.txt': 'a',
    '.hidden': 'hidden',
  });
});

afterAll(() => site[Symbol.dispose]());

async function ask(port: number, target: string, method = 'GET', fields = '') {
  return parseAnswer(await talk(port, request(`${method} ${target}`, `Connection: close\r\n${fields}`)));
}

describe('one file', () => {
  it('is served, and nothing else of its directory; the root leads to it', async () => {
    await using command = await startCommand(['0', `${site.path}/report & co.html`]);
    expect(command.url).toBe(`http://127.0.0.1:${command.port}/report%20%26%20co.html`);
    expect(command.stdout).toMatch(/^Serving .*\/report & co\.html at http/);
    expect((await ask(command.port, '/report%20%26%20co.html?q')).body).toBe('<p>report</p>');
    expect((await ask(command.port, '/report%20%26%20co.html', 'HEAD')).status).toBe(200);
    const answer = await ask(command.port, '/?q=1');
    expect([answer.status, answer.field('Location')]).toEqual([302, '/report%20%26%20co.html?q=1']);
    for (const other of [
      '/secret.txt',
      '/index.html',
      '/assets/',
      '/assets/app.js',
      '/.hidden',
      '/404.html',
      '/report%20%26%20co.html/',
      '/report%20%26%20co.html/x',
      '//secret.txt',
      '/./secret.txt',
    ]) {
      const { status, body } = await ask(command.port, other);
      expect(status, other).toBe(404);
      expect(body).not.toMatch(/secret|hidden|own 404|<p>index/);
    }
    expect((await ask(command.port, '/secret.txt', 'POST')).status).toBe(405);
  });

  it('may be hidden, or a link that leads elsewhere: it was named', async () => {
    using other = new TemporaryDirectory();
    other.link('link.txt', `${site.path}/secret.txt`);
    await using link = await startCommand(['0', `${other.path}/link.txt`]);
    expect((await ask(link.port, '/link.txt')).body).toBe('secret');
    await using hidden = await startCommand(['0', `${site.path}/.hidden`]);
    expect((await ask(hidden.port, '/.hidden')).body).toBe('hidden');
    expect((await ask(hidden.port, '/secret.txt')).status).toBe(404);
  });

  it('below --base', async () => {
    await using command = await startCommand(['0', `${site.path}/secret.txt`, '--base', '/docs']);
    expect(command.url).toBe(`http://127.0.0.1:${command.port}/docs/secret.txt`);
    expect((await ask(command.port, '/docs/secret.txt')).body).toBe('secret');
    expect((await ask(command.port, '/docs/')).field('Location')).toBe('/docs/secret.txt');
    for (const other of ['/', '/secret.txt', '/docs/index.html'])
      expect((await ask(command.port, other)).status, other).toBe(404);
  });

  it('has no programs', () => {
    const { status, stderr } = runCommand(['0', `${site.path}/secret.txt`, '--cgi']);
    expect(status).toBe(2);
    expect(stderr).toBe('basehttp: --cgi runs the programs of a directory, and secret.txt is a file\n');
  });
});

describe('the options that a handler has', () => {
  it('by default', async () => {
    await using command = await startCommand(['0', site.path]);
    expect((await ask(command.port, '/')).body).toBe('<p>index</p>');
    const missing = await ask(command.port, '/about');
    expect([missing.status, missing.body]).toEqual([404, '<p>own 404</p>']);
    expect((await ask(command.port, '/.hidden')).status).toBe(404);
    expect((await ask(command.port, '/LICENSE')).field('Content-Type')).toBe('application/octet-stream');
    expect((await ask(command.port, '/list/')).status).toBe(200);
    expect((await ask(command.port, '/secret.txt')).field('Cache-Control')).toBe('no-cache');
  });

  it('--index, --clean-urls, --no-listing, --dotfiles, --content-type, --header, --404', async () => {
    await using command = await startCommand([
      ...['0', site.path, '--index', 'home.html', '--clean-urls', '--no-listing', '--dotfiles'],
      ...['--content-type', 'text/x-spam', '-H', 'X-Spam: eggs', '--404', 'secret.txt'],
    ]);
    expect((await ask(command.port, '/')).body).toBe('<p>home</p>');
    expect((await ask(command.port, '/about')).body).toBe('<p>about</p>');
    const listing = await ask(command.port, '/list/');
    expect([listing.status, listing.body]).toEqual([404, 'secret']);
    expect((await ask(command.port, '/.hidden')).body).toBe('hidden');
    const license = await ask(command.port, '/LICENSE');
    expect(license.field('Content-Type')).toMatch(/^text\/x-spam/);
    expect(license.field('X-Spam')).toBe('eggs');
  });

  it.each([
    ['is missing', 'missing.html', 'does not exist'],
    ['is a directory', 'list', 'is no file that is served'],
    ['is hidden', '.hidden', 'is no file that is served'],
    ['lies outside', '../outside.html', 'is no file that is served'],
    ['is a link that leads outside', 'link.html', 'is no file that is served'],
  ])('MUST 86: --404, if the page %s', (_title, page, reason) => {
    using own = new TemporaryDirectory({
      'outside.html': 'outside',
      'root/.hidden': 'hidden',
      'root/list/a.txt': 'a',
    });
    own.link('root/link.html', join(own.path, 'outside.html'));
    const root = join(own.path, 'root');
    const { status, stdout, stderr } = runCommand(['0', root, '--404', page]);
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toBe(
      `basehttp: the page for 404, ${join(root, page)}, ${reason}: name a file in ${root}\n`,
    );
  });

  it('without --404, 404.html need not be there', async () => {
    using own = new TemporaryDirectory({ 'a.txt': 'a' });
    await using command = await startCommand(['0', own.path]);
    expect((await ask(command.port, '/missing')).status).toBe(404);
    expect(command.stderr).not.toContain('404.html');
  });

  it('--spa: the index page, whatever that is', async () => {
    await using command = await startCommand(['0', site.path, '--spa', '--index', 'home.html']);
    const answer = await ask(command.port, '/some/route', 'GET', 'Accept: text/html\r\n');
    expect([answer.status, answer.body]).toEqual([200, '<p>home</p>']);
  });

  it('--base: everything below it', async () => {
    await using command = await startCommand(['0', site.path, '--base', '/my docs']);
    expect(command.url).toBe(`http://127.0.0.1:${command.port}/my%20docs/`);
    expect((await ask(command.port, '/my%20docs/secret.txt')).body).toBe('secret');
    expect((await ask(command.port, '/my%20docs')).field('Location')).toBe('/my%20docs/');
    expect((await ask(command.port, '/secret.txt')).status).toBe(404);
  });
});

describe('--cache', () => {
  it('by the name of the file or where it is, the first that matches', async () => {
    await using command = await startCommand([
      ...['0', site.path, '--clean-urls'],
      ...['--cache', '*.js=max-age=1', '--cache', '/assets/**=max-age=2', '--cache', '*.html=max-age=3'],
    ]);
    const cacheOf = async (target: string) => (await ask(command.port, target)).field('Cache-Control');
    expect(await cacheOf('/assets/app.js')).toBe('max-age=1');
    expect(await cacheOf('/assets/deep/x.css')).toBe('max-age=2');
    for (const page of ['/about.html', '/about', '/']) expect(await cacheOf(page), page).toBe('max-age=3');
    for (const other of ['/secret.txt', '/LICENSE']) expect(await cacheOf(other), other).toBe('no-cache');
    // A listing, a redirect, and that there is nothing, are no files.
    for (const other of ['/assets/', '/assets', '/assets/missing.js', '/missing'])
      expect((await cacheOf(other)) ?? 'no-cache', other).toBe('no-cache');
  });

  it('with 304 too', async () => {
    await using command = await startCommand(['0', site.path, '--cache', 'assets/*=max-age=2']);
    const etag = (await ask(command.port, '/assets/app.js')).field('ETag');
    const answer = await ask(command.port, '/assets/app.js', 'GET', `If-None-Match: ${etag}\r\n`);
    expect([answer.status, answer.field('Cache-Control')]).toEqual([304, 'max-age=2']);
  });
});

describe('--cors', () => {
  it('lets every page read every answer, errors included, and see their fields', async () => {
    await using command = await startCommand(['0', site.path, '--cors']);
    for (const [target, status] of [
      ['/secret.txt', 200],
      ['/list/', 200],
      ['/list', 301],
      ['/missing', 404],
      ['/%zz', 400],
    ] as const) {
      const answer = await ask(command.port, target, 'GET', 'Origin: http://spam.example\r\n');
      expect(answer.status, target).toBe(status);
      expect(answer.field('Access-Control-Allow-Origin')).toBe('*');
      expect(answer.field('Access-Control-Expose-Headers')).toBe('*');
      expect(answer.field('Access-Control-Allow-Credentials')).toBeUndefined();
    }
    const refused = await ask(command.port, '/secret.txt', 'POST');
    expect([refused.status, refused.field('Access-Control-Allow-Origin')]).toEqual([405, '*']);
    const range = await ask(command.port, '/secret.txt', 'GET', 'Range: bytes=1-2\r\n');
    expect([range.status, range.field('Access-Control-Allow-Origin')]).toEqual([206, '*']);
  });

  it('grants a preflight what it asks for', async () => {
    await using command = await startCommand(['0', site.path, '--cors']);
    const preflight = 'Origin: null\r\nAccess-Control-Request-Method: GET\r\n';
    const answer = await ask(
      command.port,
      '/secret.txt',
      'OPTIONS',
      `${preflight}Access-Control-Request-Headers: range,if-none-match\r\n`,
    );
    expect(answer.status).toBe(204);
    expect(answer.field('Access-Control-Allow-Origin')).toBe('*');
    expect(answer.field('Access-Control-Allow-Methods')).toBe('GET');
    expect(answer.field('Access-Control-Allow-Headers')).toBe('range,if-none-match');
    expect(answer.field('Access-Control-Max-Age')).toBe('600');
  });

  it.each(['a b', 'a,,b', 'a:b', 'x'.repeat(1025), 'é'])('and repeats no nonsense: %j', async (names) => {
    await using command = await startCommand(['0', site.path, '--cors']);
    const fields = `Origin: null\r\nAccess-Control-Request-Method: GET\r\nAccess-Control-Request-Headers: ${names}\r\n`;
    const answer = await ask(command.port, '/', 'OPTIONS', fields);
    expect([answer.status, answer.field('Access-Control-Allow-Headers')]).toEqual([204, undefined]);
    const odd = await ask(
      command.port,
      '/',
      'OPTIONS',
      'Origin: null\r\nAccess-Control-Request-Method: a b\r\n',
    );
    expect([odd.status, odd.field('Access-Control-Allow-Methods')]).toEqual([204, undefined]);
  });

  it('other OPTIONS are as ever', async () => {
    await using command = await startCommand(['0', site.path, '--cors']);
    expect((await ask(command.port, '/', 'OPTIONS')).field('Allow')).toContain('GET');
  });

  it('MUST 82: without it no answer has anything of the kind', async () => {
    await using command = await startCommand(['0', site.path]);
    for (const method of ['GET', 'OPTIONS', 'POST']) {
      const fields = 'Origin: http://spam.example\r\nAccess-Control-Request-Method: GET\r\n';
      const received = await talk(
        command.port,
        request(`${method} /secret.txt`, `Connection: close\r\n${fields}`),
      );
      expect(received).not.toMatch(/access-control/i);
    }
  });
});

describe('--coop', () => {
  it('isolates, errors included', async () => {
    await using command = await startCommand(['0', site.path, '--coop']);
    for (const target of ['/', '/list/', '/missing', '/%zz']) {
      const answer = await ask(command.port, target);
      expect(answer.field('Cross-Origin-Opener-Policy'), target).toBe('same-origin');
      expect(answer.field('Cross-Origin-Embedder-Policy')).toBe('require-corp');
      expect(answer.field('Cross-Origin-Resource-Policy')).toBe('same-origin');
    }
  });

  it('with --cors others may embed the answers', async () => {
    await using command = await startCommand(['0', site.path, '--coop', '--cors']);
    const answer = await ask(command.port, '/');
    expect(answer.field('Cross-Origin-Resource-Policy')).toBe('cross-origin');
    expect(answer.field('Access-Control-Allow-Origin')).toBe('*');
  });
});

describe('MUST 86: what cannot be served is said in one line', () => {
  it.each([
    ['no-such-directory', 'no-such-directory does not exist: name a directory or a file that does'],
    ['/dev/null', '/dev/null is neither a directory nor a file: name one that is'],
  ])('%s', (path, sentence) => {
    const { status, stdout, stderr } = runCommand(['0', path]);
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^basehttp: [^\n]+\n$/);
    expect(stderr).toContain(sentence);
  });

  it.skipIf(process.platform === 'win32')('a file that no URL leads to', () => {
    using own = new TemporaryDirectory({ 'a\\b.txt': '' });
    const { status, stderr } = runCommand(['0', join(own.path, 'a\\b.txt')]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^basehttp: no URL leads to [^\n]+ because of its backslash: rename it\n$/);
  });

  it.skipIf(process.platform === 'win32' || process.getuid?.() === 0)('what may not be read', () => {
    using own = new TemporaryDirectory({ 'a.txt': '', 'dir/b.txt': '' });
    for (const name of ['a.txt', 'dir']) {
      chmodSync(join(own.path, name), 0);
      const { status, stderr } = runCommand(['0', join(own.path, name)]);
      chmodSync(join(own.path, name), 0o700);
      expect(status).toBe(1);
      expect(stderr).toContain('cannot be read: name a file or directory that you may read');
    }
  });
});
