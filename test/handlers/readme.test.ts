// The README of a directory, as its listing shows it.

import { chmodSync, truncateSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findReadme } from '../../src/handlers/readme.js';
import { descriptorsBelow, isRoot, TemporaryDirectory } from '../support/site.js';

let site: TemporaryDirectory;
let root: string;

beforeEach(() => {
  site = new TemporaryDirectory({ 'www/': '' });
  root = join(site.path, 'www');
});

afterEach(() => {
  expect.soft(descriptorsBelow(site.path) ?? []).toEqual([]);
  site[Symbol.dispose]();
});

function find(directory = root, more: { dotfiles?: boolean; followSymlinks?: boolean } = {}) {
  return findReadme(directory, { root, dotfiles: false, followSymlinks: false, ...more });
}

/** Changed so long ago that it may be remembered. */
function writeOld(name: string, content: string | Uint8Array): string {
  const path = site.write(name, content);
  utimesSync(path, 1_700_000_000, 1_700_000_000);
  return path;
}

it.each([
  ['README.md', '# Hello', '<h1 id="hello">Hello</h1>\n'],
  ['readme.md', '# Hello', '<h1 id="hello">Hello</h1>\n'],
  ['README.markdown', '*a*', '<p><em>a</em></p>\n'],
  ['README.txt', '*a* <b>\n  & c', '<pre class="plain">*a* &lt;b&gt;\n  &amp; c</pre>\n'],
  ['README', '*a*', '<pre class="plain">*a*</pre>\n'],
  ['README.md', '\ufeff# Hello', '<h1 id="hello">Hello</h1>\n'],
  ['README.md', '', ''],
])('%s with %j is %j', async (name, content, html) => {
  site.write(`www/${name}`, content);
  const readme = await find();
  expect(readme?.html).toBe(html);
  expect(readme?.name.toLowerCase()).toBe(name.toLowerCase());
});

it('is the Markdown, if there are several', async () => {
  site.write('www/README', 'plain');
  site.write('www/README.txt', 'text');
  site.write('www/README.md', 'markdown');
  expect(await find()).toEqual({ name: 'README.md', html: '<p>markdown</p>\n' });
});

it('is none where there is none', async () => {
  site.write('www/READ.me', '');
  site.write('www/README.md/', '');
  expect(await find()).toBeUndefined();
  expect(await find(join(root, 'nothing'))).toBeUndefined();
});

it('shows no octets that are no text', async () => {
  site.write('www/README', Uint8Array.of(0x61, 0xff, 0xc3, 0x28, 0x62));
  expect((await find())?.html).toBe('<pre class="plain">a\ufffd\ufffd(b</pre>\n');
});

describe('is opened as any file', () => {
  it('MUST 52, MUST 56: not through a link that leaves the root or leads to a hidden file', async () => {
    site.write('secret.md', 'secret');
    site.write('www/.hidden.md', 'hidden');
    site.link('www/README.md', '../secret.md');
    site.link('www/README.txt', '.hidden.md');
    expect(await find()).toBeUndefined();
    expect((await find(root, { followSymlinks: true }))?.html).toBe('<p>secret</p>\n');
    expect((await find(root, { dotfiles: true }))?.html).toBe('<pre class="plain">hidden</pre>\n');
  });

  it('follows a link inside', async () => {
    site.write('www/docs/index.md', 'inside');
    site.link('www/README.md', 'docs/index.md');
    expect(await find()).toEqual({ name: 'README.md', html: '<p>inside</p>\n' });
  });

  it.skipIf(process.platform === 'win32')('MUST 53: not if it is a FIFO, and nobody waits', async () => {
    site.fifo('www/README.md');
    expect(await find()).toBeUndefined();
  });

  it.skipIf(isRoot)('is none if it may not be read (root may read all)', async () => {
    chmodSync(site.write('www/README.md', 'x'), 0);
    expect(await find()).toBeUndefined();
  });
});

it('is rendered again when the file has changed', async () => {
  writeOld('www/README.md', 'one');
  const [first, second] = [await find(), await find()];
  expect(second).toEqual(first);
  site.write('www/README.md', 'two');
  expect((await find())?.html).toBe('<p>two</p>\n');
  writeOld('www/README.md', 'three');
  expect((await find())?.html).toBe('<p>three</p>\n');
});

describe('is bounded', () => {
  it('reads 256 KiB, and says that there is more', async () => {
    truncateSync(site.write('www/README', `${'x'.repeat(256 * 1024 - 1)}ü`), 2 ** 30);
    const { html } = (await find())!;
    expect(html).toBe(
      `<pre class="plain">${'x'.repeat(256 * 1024 - 1)}</pre>\n<p>Only the first 256 KiB are shown.</p>`,
    );
  });

  it.each([
    ['rows of tables', 'a|b\n-|-\n', 'x|y\n'],
    ['columns of tables', '', `|${'x|'.repeat(1000)}\n|${'-|'.repeat(1000)}\n|x|\n`],
    ['open brackets', '', '['],
    ['images in images', '', '!['],
    ['links in links', '', '[a]('],
    ['emphasis', '', '*a **a '],
    ['lists', '', '- a\n'],
    ['quotations', '', '> '],
    ['definitions', '', '[\n'],
    ['URLs', '', 'http://a/('],
    ['ampersands', '', '&'],
  ])(
    'shows any text within its limits: %s',
    async (_, head, unit) => {
      const text = head + unit.repeat((256 * 1024 - head.length) / unit.length);
      writeOld('www/README.md', text);
      const readme = await find();
      expect(readme?.html.length).toBeGreaterThan(0);
      expect(readme?.html.length).toBeLessThan(5 * text.length + 1000);
    },
    60_000,
  );

  it('shows what would become too much HTML as it stands', async () => {
    site.write('www/README.md', `a|b\n-|-\n${'x|y\n'.repeat(60_000)}`);
    expect((await find())?.html).toMatch(/^<pre class="plain">a\|b\n/);
  }, 60_000);
});
