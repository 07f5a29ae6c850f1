// Octets of files and of memory.

import { openSync, truncateSync } from 'node:fs';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { multipartRanges } from '../../src/files/range.js';
import {
  type ClosableSource,
  FileSource,
  MemorySource,
  PartsSource,
} from '../../src/handlers/file-source.js';
import { descriptorsBelow, TemporaryDirectory } from '../support/site.js';

const KIB = 1024;
const MIB = 1024 * KIB;
const OCTETS = Buffer.from(Array.from({ length: 2 * MIB }, (_, index) => (index * 7) % 251));

let directory: TemporaryDirectory;
let path: string;

beforeEach(() => {
  directory = new TemporaryDirectory();
  path = directory.write('file', OCTETS);
});

afterEach(() => {
  vi.restoreAllMocks();
  expect.soft(descriptorsBelow(directory.path) ?? []).toEqual([]);
  directory[Symbol.dispose]();
});

async function readAll(source: ClosableSource): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for (let chunk = await source.read(); chunk !== undefined; chunk = await source.read()) chunks.push(chunk);
  expect(await source.read()).toBeUndefined();
  source.close();
  return Buffer.concat(chunks);
}

it.each([
  [0, 2 * MIB],
  [0, 64 * KIB],
  [0, 64 * KIB + 1],
  [0, 512 * KIB],
  [0, 512 * KIB + 1],
  [1, 1],
  [2 * MIB - 1, 1],
  [100_000, 700_000],
  [5, 0],
])('from %i, %i octets of a file', async (start, length) => {
  const read = await readAll(new FileSource(openSync(path, 'r'), start, length));
  expect(read.equals(OCTETS.subarray(start, start + length))).toBe(true);
});

it('a little of a file is there without waiting', () => {
  const source = new FileSource(openSync(path, 'r'), 0, 10);
  expect(source.read()).toEqual(OCTETS.subarray(0, 10));
  source.close();
});

it.each([100, 1_500_000])(
  'MUST 54: a file of %i octets that shrinks is an error, not an end',
  async (length) => {
    const source = new FileSource(openSync(path, 'r'), 0, length);
    truncateSync(path, 50);
    await expect(readAll(source)).rejects.toThrow('The file has become shorter');
    source.close();
  },
);

/** Where each look at the clock is ten milliseconds behind the last, so that every read takes too long. */
function onASlowDisk(): void {
  let now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => (now += 10));
}

it('a descriptor stays open until a read in flight has ended', async () => {
  onASlowDisk();
  const source = new FileSource(openSync(path, 'r'), 0, OCTETS.length);
  expect(source.read()).toHaveLength(512 * KIB);
  const reading = source.read();
  source.close();
  source.close();
  if (process.platform === 'linux') expect(descriptorsBelow(directory.path)).toHaveLength(1);
  expect((await reading)?.length).toBe(512 * KIB);
});

it.each(['a fast disk', 'a slow disk'])(
  'pieces are large, unless too many sources hold one: from %s',
  async (disk) => {
    if (disk === 'a slow disk') onASlowDisk();
    else vi.spyOn(performance, 'now').mockReturnValue(0);
    const sources = Array.from({ length: 40 }, () => new FileSource(openSync(path, 'r'), 0, OCTETS.length));
    for (let read = 0; read < 2; read++) {
      const chunks = await Promise.all(sources.map((source) => source.read()));
      expect(chunks.map((chunk) => chunk?.length)).toEqual([
        ...Array(32).fill(512 * KIB),
        ...Array(8).fill(64 * KIB),
      ]);
    }
    for (const source of sources.slice(0, 32)) source.close();
    expect((await sources[39]!.read())?.length).toBe(512 * KIB);
    for (const source of sources) source.close();
  },
);

it('after some time on a slow disk, what is there is tried in place again', async () => {
  onASlowDisk();
  const large = directory.write('large', Buffer.alloc(10 * MIB));
  const source = new FileSource(openSync(large, 'r'), 0, 10 * MIB);
  const inPlace: boolean[] = [];
  for (let chunk = source.read(); (await chunk) !== undefined; chunk = source.read())
    inPlace.push(!(chunk instanceof Promise));
  expect(inPlace.slice(0, 18)).toEqual([true, ...Array(16).fill(false), true]);
  source.close();
});

it('a large file is read in place, but not for long without letting others have their turn', async () => {
  vi.spyOn(performance, 'now').mockReturnValue(0);
  const large = directory.write('large', Buffer.alloc(5 * MIB));
  const source = new FileSource(openSync(large, 'r'), 0, 5 * MIB);
  const inPlace: boolean[] = [];
  for (let chunk = source.read(); (await chunk) !== undefined; chunk = source.read())
    inPlace.push(!(chunk instanceof Promise));
  expect(inPlace).toEqual([true, true, true, true, false, true, true, true, false, true]);
  source.close();
});

it('closed while others have their turn, it ends', async () => {
  vi.spyOn(performance, 'now').mockReturnValue(0);
  const large = directory.write('large', Buffer.alloc(5 * MIB));
  const source = new FileSource(openSync(large, 'r'), 0, 5 * MIB);
  for (let read = 0; read < 4; read++) source.read();
  const next = source.read();
  source.close();
  expect(await next).toBeUndefined();
});

it('octets that are given back make room for others; no others do', () => {
  vi.spyOn(performance, 'now').mockReturnValue(0);
  const source = new FileSource(openSync(path, 'r'), 0, OCTETS.length);
  const first = source.read() as Buffer;
  source.recycle(new Uint8Array(first));
  const second = source.read() as Buffer;
  expect(second.buffer).not.toBe(first.buffer);
  source.recycle(second);
  const third = source.read() as Buffer;
  expect(third.buffer).toBe(second.buffer);
  expect(third.equals(OCTETS.subarray(1024 * KIB, 1536 * KIB))).toBe(true);
  expect(first.equals(OCTETS.subarray(0, 512 * KIB))).toBe(true);
  source.close();
});

it('the parts of a file, each behind its head', async () => {
  const ranges = [
    { start: 0, end: 99_999 },
    { start: 150_000, end: 150_001 },
  ];
  const multipart = multipartRanges(ranges, OCTETS.length, 'text/x', 'boundary');
  const descriptor = openSync(path, 'r');
  const file = {
    size: OCTETS.length,
    source: (start: number, length: number) => new FileSource(descriptor, start, length),
  };
  const read = await readAll(new PartsSource(file, multipart));
  const [first, second] = multipart.parts;
  expect(read.length).toBe(multipart.contentLength);
  expect(
    read.equals(
      Buffer.concat([
        Buffer.from(first!.head),
        OCTETS.subarray(0, 100_000),
        Buffer.from(second!.head),
        OCTETS.subarray(150_000, 150_002),
        Buffer.from(multipart.tail),
      ]),
    ),
  ).toBe(true);
});

it('octets in memory, none of them included', async () => {
  expect(await readAll(new MemorySource(Buffer.from('abc')))).toEqual(Buffer.from('abc'));
  expect(await readAll(new MemorySource(Buffer.alloc(0)))).toEqual(Buffer.alloc(0));
  const closed = new MemorySource(Buffer.from('abc'));
  closed.close();
  expect(closed.read()).toBeUndefined();
});
