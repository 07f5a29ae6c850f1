// What a listing may tell of a directory.

import { chmodSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { directoryEntries } from '../../src/handlers/directory-entries.js';
import { isFull } from '../support/server-process.js';
import { descriptorsBelow, isRoot, TemporaryDirectory } from '../support/site.js';

let site: TemporaryDirectory;
let root: string;

beforeEach(() => {
  site = new TemporaryDirectory({
    'www/a.txt': 'abc',
    'www/d/b.txt': 'b',
    'www/.env': '',
    'outside/secret': '',
  });
  root = join(site.path, 'www');
});

afterEach(() => {
  expect.soft(descriptorsBelow(site.path) ?? []).toEqual([]);
  site[Symbol.dispose]();
});

async function namesIn(directory: string, dotfiles = false): Promise<string[] | string> {
  const entries = await directoryEntries(directory, { root, dotfiles, followSymlinks: false });
  return typeof entries === 'string' ? entries : entries.map(({ name }) => name).sort();
}

it('tells name, kind, size and time of change of files and directories', async () => {
  site.link('www/link', 'a.txt');
  const entries = await directoryEntries(root, { root, dotfiles: false, followSymlinks: false });
  if (typeof entries === 'string') throw new Error(entries);
  const [file, directory, link] = entries.toSorted((one, other) => (one.name < other.name ? -1 : 1));
  expect(file).toMatchObject({ name: 'a.txt', isDirectory: false, isLink: false, size: 3 });
  expect(Math.abs(file!.mtimeMs - Date.now())).toBeLessThan(60_000);
  expect(directory).toMatchObject({ name: 'd', isDirectory: true, isLink: false });
  expect(link).toMatchObject({ name: 'link', isDirectory: false, isLink: true, size: 3 });
});

it('MUST 52, MUST 56: tells no hidden name, and no link that leads to one, nowhere, or outside', async () => {
  site.link('www/out', '../outside');
  site.link('www/out.txt', '../outside/secret');
  site.link('www/pub', '.env');
  site.link('www/nowhere', 'nothing');
  site.link('www/loop', 'loop');
  expect(await namesIn(root)).toEqual(['a.txt', 'd']);
  expect(await namesIn(root, true)).toEqual(['.env', 'a.txt', 'd', 'pub']);
});

it('tells only the names that are wanted', async () => {
  site.write('www/b.txt');
  const entries = await directoryEntries(
    root,
    { root, dotfiles: false, followSymlinks: false },
    (name) => name === 'b.txt' || name === '.env',
  );
  expect(entries).toMatchObject([{ name: 'b.txt' }]);
});

it('shows .well-known where it is public, at the top', async () => {
  site.write('www/.well-known/x');
  site.write('www/d/.well-known/x');
  expect(await namesIn(root)).toContain('.well-known');
  expect(await namesIn(join(root, 'd'))).toEqual(['b.txt']);
  expect(await namesIn(join(root, '.well-known'))).toEqual(['x']);
});

it('MUST 53: tells of no FIFO and no socket', async () => {
  site.fifo('www/fifo');
  const socket = createServer().listen(join(root, 'socket'));
  await new Promise((resolve) => socket.once('listening', resolve));
  expect(await namesIn(root)).toEqual(['a.txt', 'd']);
  await new Promise((resolve) => socket.close(resolve));
});

it('of a directory that a handler chose outside of the root: everything that is not hidden', async () => {
  site.write('outside/.hidden');
  site.link('outside/in', '../www/a.txt');
  expect(await namesIn(join(site.path, 'outside'))).toEqual(['in', 'secret']);
});

it('says why there is nothing to tell', async () => {
  site.link('www/out', '../outside');
  expect(await namesIn(join(root, 'nothing'))).toBe('missing');
  expect(await namesIn(join(root, 'a.txt'))).toBe('refused');
  expect(await namesIn(join(root, 'out'))).toBe('refused');
});

it.skipIf(isRoot)(
  'MUST 55: refuses a directory that may not be read (root may read everything)',
  async () => {
    chmodSync(site.write('www/locked/'), 0o100);
    expect(await namesIn(join(root, 'locked'))).toBe('refused');
    chmodSync(join(root, 'locked'), 0o700);
  },
);

it('lets others have their turn', async () => {
  for (let index = 0; index < 1000; index++) site.write(`www/many/${index}`);
  let turns = 0;
  let done = false;
  const listing = namesIn(join(root, 'many')).finally(() => {
    done = true;
  });
  while (!done) {
    await setImmediate();
    turns++;
  }
  expect(await listing).toHaveLength(1000);
  expect(turns).toBeGreaterThan(3);
});

it.skipIf(process.platform !== 'linux')(
  'MUST 51: lists what it has checked, however fast a link is swapped',
  { timeout: 60_000 },
  async () => {
    const swapper = new Worker(SWAP, { eval: true, workerData: root });
    const seen = new Set<string>();
    try {
      await new Promise((resolve, reject) => swapper.once('message', resolve).once('error', reject));
      for (let round = 0; round < (isFull ? 20_000 : 2000); round++)
        seen.add(String(await namesIn(join(root, 'link'))));
    } finally {
      await swapper.terminate();
    }
    expect([...seen].toSorted()).toEqual(['b.txt', 'refused']);
  },
);

/** Lets `link` lead now inside, now outside, without a moment in which it is not there. */
const SWAP = `
const { renameSync, symlinkSync } = require('node:fs');
const { parentPort, workerData: root } = require('node:worker_threads');
const swap = (target) => { symlinkSync(target, root + '/new'); renameSync(root + '/new', root + '/link'); };
swap('d');
parentPort.postMessage('ready');
for (;;) { swap('../outside'); swap('d'); }
`;
