// wget, which mirrors what it finds in listings.

import { readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run, succeed } from '../support/client-program.js';
import { hasProgram } from '../support/command.js';
import { octets, Site, TemporaryDirectory } from '../support/site.js';

const OCTETS = octets(2_000_000);
/** What a URL, a page or a shell could take for something else. Not `%41`: wget decodes it twice to make a file name. */
const NAMES = [
  'with space.txt',
  ' lead and trail ',
  'größe.txt',
  '日本語.txt',
  'a & b.txt',
  '&amp;.txt',
  '#top',
  'what?.txt',
  '?sort=name',
  '100%.txt',
  'it\'s "quoted".txt',
  '<b>.txt',
  'a:b.txt',
  'a;b=c+d.txt',
  '~x[1]{2}|^`.txt',
];

describe.skipIf(!hasProgram('wget'))('wget (skipped where it is not installed)', { timeout: 60_000 }, () => {
  let site: Site;
  let copies: TemporaryDirectory;

  beforeAll(async () => {
    site = await Site.serve({
      'big.bin': OCTETS,
      'tree/plain.txt': 'plain',
      'tree/empty.txt': '',
      'tree/archive.tar.gz': octets(5000),
      ...Object.fromEntries(NAMES.map((name) => [`tree/${name}`, `content of ${name}`])),
      ...Object.fromEntries(NAMES.map((name) => [`tree/nested/${name} dir/deep/file`, `below ${name}`])),
      'tree/site/index.html': '<p><a href="page.html">page</a>',
      'tree/site/page.html': '<p>page',
      'beside/not-below.txt': 'not below',
    });
    for (const path of filesOf(site.root.path)) utimesSync(path, 1_500_000_000, 1_500_000_000);
    copies = new TemporaryDirectory();
  });

  afterAll(async () => {
    copies?.[Symbol.dispose]();
    await site?.[Symbol.asyncDispose]();
    expect(site.errors).toEqual([]);
  });

  const wget = (...args: string[]) =>
    succeed('wget', ['--no-config', '-nv', '--tries=2', '--timeout=60', '-P', copies.path, ...args]);
  const url = (path: string) => `http://127.0.0.1:${site.port}/${path}`;
  const mirror = (path: string) => wget('-m', '-np', '-nH', url(path));

  it('-m: makes the same tree, with the same times', async () => {
    await mirror('tree/');
    const copied = join(copies.path, 'tree');
    expect(contentsOf(copied)).toEqual(contentsOf(join(site.root.path, 'tree')));
    for (const path of filesOf(copied)) expect(statSync(path).mtimeMs, path).toBe(1_500_000_000_000);
    // The heads of the columns are links only for browsers: else each directory would be got seven times.
    expect(site.log.filter((line) => line.includes('sort='))).toEqual([]);
  });

  it('-m: gets nothing again that has not changed, and what has', async () => {
    await mirror('tree/');
    site.log.length = 0;
    site.root.write('tree/plain.txt', 'changed');
    await mirror('tree/');
    expect(readFileSync(join(copies.path, 'tree/plain.txt'), 'utf8')).toBe('changed');
    const again = site.log.filter((line) => / 200 /.test(line) && !/GET \S*\/(\?\S*)? HTTP/.test(line));
    expect(again).toEqual([expect.stringContaining('/tree/plain.txt ')]);
  });

  it('-c: goes on with what it has', async () => {
    const path = join(copies.path, 'big.bin');
    writeFileSync(path, OCTETS.subarray(0, 1_000_001));
    site.log.length = 0;
    await wget('-c', url('big.bin'));
    expect(readFileSync(path).equals(OCTETS)).toBe(true);
    expect(site.log).toEqual([expect.stringMatching(/GET \/big\.bin HTTP\/1\.1 206/)]);
    await run('wget', ['--no-config', '-q', '-c', '-P', copies.path, url('big.bin')]);
    expect(readFileSync(path).equals(OCTETS)).toBe(true);
  });

  it('--spider: finds out what is there', async () => {
    await wget('--spider', url('big.bin'));
    await expect(wget('--spider', url('missing'))).rejects.toThrow('ended with 8');
  });
});

/** The paths of all files below a directory but the pages that list one. */
function filesOf(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !isListing(path));
}

function isListing(path: string): boolean {
  return basename(path) === 'index.html' && /Directory listing for/.test(readFileSync(path, 'utf8'));
}

function contentsOf(directory: string): Record<string, string> {
  const paths = filesOf(directory).sort();
  return Object.fromEntries(
    paths.map((path) => [path.slice(directory.length), readFileSync(path, 'latin1')]),
  );
}
