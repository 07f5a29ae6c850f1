// What is in memory is never older than what is on disk. Files are kept only when they have not been changed for some
// seconds: where a test wants them kept, it sets the clock forward.

import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Boundary } from '../../src/handlers/opened-file.js';
import { findFile, ServedFile, siblingsOf } from '../../src/handlers/served-file.js';
import { descriptorsBelow, TemporaryDirectory } from '../support/site.js';

let directory: TemporaryDirectory;
let boundary: Boundary;

beforeEach(() => {
  directory = new TemporaryDirectory({ 'a.txt': 'first', 'dir/b.txt': 'b' });
  boundary = { root: directory.path, dotfiles: false, followSymlinks: false };
});

afterEach(() => {
  vi.useRealTimers();
  const left = descriptorsBelow(directory.path) ?? [];
  directory[Symbol.dispose]();
  expect(left).toEqual([]);
});

function lookLater(): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 });
}

function at(name: string): string {
  return join(directory.path, name);
}

function find(name: string): ServedFile {
  const found = findFile(at(name), boundary);
  if (typeof found === 'string') throw new Error(`${name}: ${found}`);
  return found;
}

/** What a request would be sent. */
async function contentOf(name: string): Promise<string> {
  const file = find(name);
  const source = file.source(0, file.size);
  try {
    const chunks: Uint8Array[] = [];
    for (let chunk = await source.read(); chunk !== undefined; chunk = await source.read())
      chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  } finally {
    source.close();
    file.close();
  }
}

describe('a small file', () => {
  it('is read once, and shared', async () => {
    lookLater();
    expect(await contentOf('a.txt')).toBe('first');
    expect(find('a.txt')).toBe(find('a.txt'));
    expect(find('a.txt').octets?.toString()).toBe('first');
  });

  it('is not kept while it might change once more within a tick of the clock', async () => {
    for (let round = 0; round < 300; round++) {
      const content = String(round).padStart(8, '0');
      writeFileSync(at('a.txt'), content);
      expect(await contentOf('a.txt')).toBe(content);
    }
  });

  it.each<[string, () => void, string]>([
    ['is written', () => writeFileSync(at('a.txt'), 'second version'), 'second version'],
    ['grows', () => appendFileSync(at('a.txt'), '!'), 'first!'],
    ['shrinks', () => truncateSync(at('a.txt'), 2), 'fi'],
    [
      'is replaced by one of the same size and time',
      () => {
        writeFileSync(at('new'), 'FIRST');
        utimesSync(at('new'), 1e9, 1e9);
        renameSync(at('new'), at('a.txt'));
      },
      'FIRST',
    ],
    [
      'becomes a link to another',
      () => {
        rmSync(at('a.txt'));
        symlinkSync('dir/b.txt', at('a.txt'));
      },
      'b',
    ],
  ])('shows at once that it %s', async (_how, change, content) => {
    utimesSync(at('a.txt'), 1e9, 1e9);
    lookLater();
    expect(await contentOf('a.txt')).toBe('first');
    change();
    expect(await contentOf('a.txt')).toBe(content);
  });

  it('is gone, forbidden or a directory as soon as it is', () => {
    lookLater();
    find('a.txt');
    rmSync(at('a.txt'));
    expect(findFile(at('a.txt'), boundary)).toBe('missing');
    mkdirSync(at('a.txt'));
    expect(findFile(at('a.txt'), boundary)).toBe('directory');
  });

  it('is not served from memory to who may not see it', () => {
    directory.write('.env', 'SECRET');
    directory.link('link', '../outside');
    directory.write('../outside', 'outside');
    lookLater();
    expect(findFile(at('.env'), { ...boundary, dotfiles: true })).toBeInstanceOf(ServedFile);
    expect(findFile(at('.env'), boundary)).toBe('refused');
    expect(findFile(at('link'), { ...boundary, followSymlinks: true })).toBeInstanceOf(ServedFile);
    expect(findFile(at('link'), boundary)).toBe('refused');
  });

  it.skipIf(process.getuid?.() === 0)('that may no longer be read is not served from memory', () => {
    lookLater();
    find('a.txt');
    chmodSync(at('a.txt'), 0);
    expect(findFile(at('a.txt'), boundary)).toBe('refused');
  });

  it('may be empty', async () => {
    directory.write('empty', '');
    lookLater();
    expect(await contentOf('empty')).toBe('');
    expect(await contentOf('empty')).toBe('');
  });
});

describe('a larger file', () => {
  const large = 'x'.repeat(300_000);

  it('is kept once it has been read as a whole', async () => {
    directory.write('large', large);
    lookLater();
    const file = find('large');
    expect(file.octets).toBeUndefined();
    file.close();
    expect(await contentOf('large')).toBe(large);
    expect(find('large').octets?.length).toBe(large.length);
  });

  it('is not kept if it changes while it is read', async () => {
    directory.write('large', large);
    lookLater();
    const file = find('large');
    const source = file.source(0, file.size);
    await source.read();
    appendFileSync(at('large'), 'more');
    while ((await source.read()) !== undefined);
    source.close();
    const changed = find('large');
    expect(changed.octets).toBeUndefined();
    expect(changed.size).toBe(large.length + 4);
    changed.close();
  });

  it('is not kept if only a part is read, or if it is too large', async () => {
    directory.write('large', large);
    directory.write('huge', 'x'.repeat(3_000_000));
    lookLater();
    const part = find('large');
    const source = part.source(10, 100);
    expect((await source.read())?.length).toBe(100);
    source.close();
    await contentOf('huge');
    for (const name of ['large', 'huge']) {
      const file = find(name);
      expect(file.octets).toBeUndefined();
      file.close();
    }
  });
});

describe('what was made of a file', () => {
  it('is kept until the file changes', () => {
    lookLater();
    find('a.txt').keepDerived('br', Buffer.from('made'));
    expect(find('a.txt').derived('br')?.toString()).toBe('made');
    expect(find('a.txt').derived('gzip')).toBeUndefined();
    appendFileSync(at('a.txt'), '!');
    expect(find('a.txt').derived('br')).toBeUndefined();
  });
});

describe('siblings', () => {
  const SUFFIXES = ['.br', '.gz'];

  it('are those that are there, now', () => {
    lookLater();
    expect(siblingsOf(at('a.txt'), SUFFIXES)).toEqual([]);
    directory.write('a.txt.gz', 'gz');
    expect(siblingsOf(at('a.txt'), SUFFIXES)).toEqual(['.gz']);
    directory.write('a.txt.br', 'br');
    expect(siblingsOf(at('a.txt'), SUFFIXES)).toEqual(['.br', '.gz']);
    rmSync(at('a.txt.gz'));
    expect(siblingsOf(at('a.txt'), SUFFIXES)).toEqual(['.br']);
    mkdirSync(at('a.txt.gz'));
    expect(siblingsOf(at('a.txt'), SUFFIXES)).toEqual(['.br']);
  });

  it('of a file in no directory are none', () => {
    expect(siblingsOf(at('no/where'), SUFFIXES)).toEqual([]);
  });
});
