// What may be opened, on a platform that can tell where an open file is, and on one that cannot.

import { chmodSync, closeSync, fstatSync, readFileSync, readSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type * as OpenedFile from '../../src/handlers/opened-file.js';
import { isFull } from '../support/server-process.js';
import { descriptorsBelow, isRoot, TemporaryDirectory } from '../support/site.js';

const withProc = await import('../../src/handlers/opened-file.js');
vi.resetModules();
vi.doMock('node:fs', async (original) => ({
  ...(await original<typeof import('node:fs')>()),
  existsSync: () => false,
}));
const withoutProc = await import('../../src/handlers/opened-file.js');
vi.doUnmock('node:fs');

const platforms: [string, typeof OpenedFile][] = [['where descriptors have no paths', withoutProc]];
if (process.platform === 'linux') platforms.unshift(['where descriptors have paths', withProc]);

describe.each(platforms)('%s', (_title, { openDirectory, openFile }) => {
  let site: TemporaryDirectory;

  beforeEach(() => {
    site = new TemporaryDirectory({
      'www/a.txt': 'a',
      'www/d/b.txt': 'b',
      'www/.env': 'E',
      'www-secret/s.txt': 's',
    });
  });

  afterEach(() => {
    expect(descriptorsBelow(site.path) ?? []).toEqual([]);
    site[Symbol.dispose]();
  });

  const root = () => join(site.path, 'www');
  const open = (name: string, dotfiles = false) => {
    const opened = openFile(join(root(), name), { root: root(), dotfiles, followSymlinks: false });
    if (typeof opened === 'string') return opened;
    try {
      expect(opened.stats.ino).toBe(fstatSync(opened.descriptor).ino);
      return readFileSync(opened.descriptor, 'utf8');
    } finally {
      closeSync(opened.descriptor);
    }
  };

  it('opens a file, and says that a directory is one', () => {
    expect(open('a.txt')).toBe('a');
    expect(open('d/b.txt')).toBe('b');
    expect(open('d')).toBe('directory');
    expect(open('')).toBe('directory');
  });

  it('MUST 72: opens nothing in a closed directory, whatever leads there and in whatever case it is named', () => {
    site.link('www/link', 'd/b.txt');
    site.link('outside.txt', 'www/d/b.txt');
    const refused = (path: string, ...closed: string[]) =>
      openFile(join(site.path, path), { root: root(), dotfiles: false, followSymlinks: true, closed });
    for (const path of ['www/d/b.txt', 'www/link', 'www/d', 'outside.txt']) {
      expect(refused(path, join(root(), 'd'))).toBe('refused');
      expect(refused(path, '/nowhere', join(root(), 'D'))).toBe('refused');
    }
    expect(open('d/b.txt')).toBe('b');
    const boundary = { root: root(), dotfiles: false, followSymlinks: false, closed: [join(root(), 'd')] };
    expect(openDirectory(join(root(), 'd'), boundary)).toBe('refused');
    const opened = openFile(join(root(), 'a.txt'), boundary);
    if (typeof opened === 'string') throw new Error(opened);
    closeSync(opened.descriptor);
  });

  it('says of what is not there that it is missing', () => {
    expect(open('nothing')).toBe('missing');
    expect(open('a.txt/b')).toBe('missing');
  });

  it('MUST 55: refuses what the file system refuses', () => {
    site.link('www/loop', 'loop');
    expect(open('loop')).toBe('refused');
    expect(open('x'.repeat(300))).toBe('refused');
    expect(open('\0')).toBe('refused');
  });

  it.skipIf(isRoot)('MUST 55: refuses what may not be read (root may read everything)', () => {
    chmodSync(site.write('www/closed.txt', 'x'), 0);
    chmodSync(site.write('www/locked/'), 0);
    expect(open('closed.txt')).toBe('refused');
    expect(open('locked/a.txt')).toBe('refused');
    chmodSync(join(root(), 'locked'), 0o700);
  });

  it.skipIf(isRoot)('serves the files of a directory that may be entered, but not read', () => {
    chmodSync(site.write('www/entered/'), 0o300);
    site.write('www/entered/a.txt', 'a');
    expect(open('entered')).toBe('directory');
    expect(open('entered/a.txt')).toBe('a');
    expect(
      openDirectory(join(root(), 'entered'), { root: root(), dotfiles: false, followSymlinks: false }),
    ).toBe('refused');
    chmodSync(join(root(), 'entered'), 0o700);
  });

  it('MUST 50, MUST 52: refuses links that leave the root, to a directory with a name that only begins like it, too', () => {
    site.link('www/out.txt', '../www-secret/s.txt');
    site.link('www/out', '../www-secret');
    site.link('www/etc', '/etc');
    expect(open('out.txt')).toBe('refused');
    expect(open('out')).toBe('refused');
    expect(open('out/s.txt')).toBe('refused');
    expect(open('etc/passwd')).toBe('refused');
    expect(openDirectory(join(root(), 'out'), { root: root(), dotfiles: false, followSymlinks: false })).toBe(
      'refused',
    );
  });

  it('follows links that stay inside', () => {
    site.link('www/in.txt', 'd/b.txt');
    site.link('www/in', 'd');
    expect(open('in.txt')).toBe('b');
    expect(open('in/b.txt')).toBe('b');
  });

  it('MUST 56: refuses links to hidden names, unless those are served', () => {
    site.link('www/pub', '.env');
    expect(open('pub')).toBe('refused');
    expect(open('pub', true)).toBe('E');
    expect(open('.env')).toBe('refused');
    expect(open('.env', true)).toBe('E');
  });

  it('takes a link as root', () => {
    site.link('current', 'www');
    const boundary = { root: join(site.path, 'current'), dotfiles: false, followSymlinks: false };
    const opened = openFile(join(site.path, 'current/a.txt'), boundary);
    expect(opened).not.toBeTypeOf('string');
    if (typeof opened !== 'string') closeSync(opened.descriptor);
    site.link('www/out.txt', '../www-secret/s.txt');
    expect(openFile(join(site.path, 'current/out.txt'), boundary)).toBe('refused');
  });

  it('does not check what a handler chose outside of the root', () => {
    const opened = openFile(join(site.path, 'www-secret/s.txt'), {
      root: root(),
      dotfiles: false,
      followSymlinks: false,
    });
    expect(opened).not.toBeTypeOf('string');
    if (typeof opened !== 'string') closeSync(opened.descriptor);
  });

  it('MUST 53: refuses FIFOs, sockets and devices, and waits for none of them', async () => {
    site.fifo('www/fifo');
    const socket = createServer().listen(join(root(), 'socket'));
    await new Promise((resolve) => socket.once('listening', resolve));
    expect(open('fifo')).toBe('refused');
    expect(open('socket')).toBe('refused');
    expect(openFile('/dev/null', { root: '/dev', dotfiles: false, followSymlinks: false })).toBe('refused');
    expect(openFile('/dev/null', { root: root(), dotfiles: false, followSymlinks: false })).toBe('refused');
    await new Promise((resolve) => socket.close(resolve));
  });
});

it.skipIf(process.platform !== 'linux')(
  'MUST 51: what is opened is what was checked, however fast a link is swapped',
  { timeout: 60_000 },
  async () => {
    using site = new TemporaryDirectory({ 'www/in/f': 'public', 'out/f': 'secret' });
    const root = join(site.path, 'www');
    const swapper = new Worker(SWAP, { eval: true, workerData: root });
    const seen: Record<string, number> = {};
    try {
      await new Promise((resolve, reject) => swapper.once('message', resolve).once('error', reject));
      const buffer = Buffer.alloc(16);
      for (let round = 0; round < ROUNDS; round++) {
        const opened = withProc.openFile(join(root, 'link/f'), {
          root,
          dotfiles: false,
          followSymlinks: false,
        });
        if (typeof opened === 'string') {
          seen[opened] = (seen[opened] ?? 0) + 1;
          continue;
        }
        const content = buffer.toString('latin1', 0, readSync(opened.descriptor, buffer, 0, 16, 0));
        closeSync(opened.descriptor);
        seen[content] = (seen[content] ?? 0) + 1;
      }
    } finally {
      await swapper.terminate();
    }
    expect(seen['secret']).toBeUndefined();
    expect(seen['public']).toBeGreaterThan(0);
    expect(seen['refused']).toBeGreaterThan(0);
    expect(descriptorsBelow(site.path)).toEqual([]);
  },
);

/** With `BASEHTTP_FULL=1` as many as the requirement says. */
const ROUNDS = isFull ? 100_000 : 10_000;

/** Lets `link` lead now inside, now outside, without a moment in which it is not there. */
const SWAP = `
const { renameSync, symlinkSync } = require('node:fs');
const { parentPort, workerData: root } = require('node:worker_threads');
const swap = (target) => { symlinkSync(target, root + '/new'); renameSync(root + '/new', root + '/link'); };
swap('in');
parentPort.postMessage('ready');
for (;;) { swap('../out'); swap('in'); }
`;
