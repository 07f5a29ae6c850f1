// The file server over a long time: large downloads, and many requests of all kinds, cost no memory and no descriptors.

import { readFileSync } from 'node:fs';
import { truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { RawClient, request, statuses, times } from '../support/raw-client.js';
import { canMeasure, isFull, ServerProcess } from '../support/server-process.js';
import { TemporaryDirectory } from '../support/site.js';

const KIB = 1024;
const MIB = 1024 * KIB;
const BIG = (isFull ? 1024 : 128) * MIB;
const [SOME, MORE] = isFull ? [100_000, 1_000_000] : [10_000, 30_000];

const TEXT = 'A line of text, as there are many.\n';
const NAMES = Array.from({ length: 300 }, (_, index) => `small/${index}.html`);
const FILES = {
  ...Object.fromEntries(NAMES.map((name, index) => [name, `${index} ${TEXT}`.repeat(1 + (index % 200))])),
  'middle.bin': Buffer.alloc(200 * KIB, 'm'),
  'listed/a.txt': 'a',
  'listed/b.txt': 'b',
};

describe.skipIf(!canMeasure)('the file server (skipped where a process cannot be measured)', () => {
  it(`memory is flat while ${BIG / MIB} MiB are downloaded, once and by four at a time`, {
    timeout: 900_000,
  }, async () => {
    using directory = new TemporaryDirectory({ big: '' });
    await truncate(join(directory.path, 'big'), BIG);
    await using server = await ServerProcess.start({ directory: directory.path });
    await times(8, 4, () => download(server, 16 * MIB));
    const before = await server.until(({ sockets }) => sockets === 0);
    const peakBefore = peak(server);
    await download(server, BIG);
    const peakOfOne = peak(server);
    await times(4, 4, () => download(server, BIG / 4));
    const after = await server.until(({ sockets }) => sockets === 0);
    const peakOfFour = peak(server);
    if (isFull) console.log('download', inMib({ before, peakBefore, peakOfOne, peakOfFour, after }));
    // Pieces that had to wait for the client are garbage, of which V8 allows 32 MiB outside its heap.
    expect(peakOfFour - peakBefore).toBeLessThan(48 * MIB);
    expect(after.rss - before.rss).toBeLessThan(16 * MIB);
    expect(after).toMatchObject({ failed: 0, uncaught: 0, active: 0, descriptors: before.descriptors });
  });

  it(`memory and descriptors after ${MORE} requests are those after ${SOME}`, {
    timeout: 1_800_000,
  }, async () => {
    using directory = new TemporaryDirectory(FILES);
    await using server = await ServerProcess.start({ directory: directory.path });
    await requests(server, SOME); // for the memory of files, and the compiler, to have done what they do
    await requests(server, SOME);
    const before = await server.until(({ sockets }) => sockets === 0);
    await requests(server, MORE - SOME);
    const after = await server.until(({ sockets }) => sockets === 0);
    if (isFull) console.log('requests', inMib({ before, peak: peak(server), after }));
    expect(after.heapUsed).toBeLessThan(before.heapUsed * 1.05);
    expect(after.rss - before.rss).toBeLessThan(24 * MIB);
    expect(after).toMatchObject({ failed: 0, uncaught: 0, active: 0, descriptors: before.descriptors });
  });
});

/** Gets the first octets of the large file, and keeps none of them. */
async function download(server: ServerProcess, size: number): Promise<void> {
  using client = await RawClient.connect(server.port);
  client.send(request('GET /files/big', `Connection: close\r\nRange: bytes=0-${size - 1}\r\n`));
  client.drop();
  await client.closed;
  expect(client.socket.bytesRead).toBeGreaterThan(size);
}

const GZIP = 'Accept-Encoding: gzip\r\n';
/** A request for a small file, and what is done with it, by turns; the statuses are those of the answers. */
const MIX: readonly ((name: string) => readonly [request: string, status: number])[] = [
  (name) => [request(`GET /files/${name}`), 200],
  (name) => [request(`GET /files/${name}`, GZIP), 200],
  (name) => [request(`GET /files/${name}`, 'If-None-Match: *\r\n'), 304],
  (name) => [request(`GET /files/${name}`, 'Range: bytes=2-9\r\n'), 206],
  (name) => [request(`GET /files/${name}`, 'Range: bytes=0-1,5-6\r\n'), 206],
  () => [request('GET /files/middle.bin', 'Range: bytes=100000-100099\r\n'), 206],
  () => [request('GET /files/listed/', 'Accept: application/json\r\n'), 200],
  () => [request('GET /files/listed'), 301],
];
/** These end their connection. */
const LAST: readonly ((name: string) => readonly [request: string, status: number])[] = [
  (name) => [request(`GET /files/${name}`, 'Connection: close\r\n'), 200],
  () => [request('GET /files/middle.bin', 'Connection: close\r\n'), 200],
  () => [request('GET /files/missing'), 404],
  (name) => [request(`GET /files/${name}`, 'Range: bytes=99999999-\r\n'), 416],
  (name) => [request(`GET /files/${name}`, 'If-Match: "other"\r\n'), 412],
  () => ['GET /files/%zz HTTP/1.1\r\n\r\n', 400],
];
const PER_CONNECTION = 50;

/** Sends so many requests of all kinds, and looks at the answers. */
async function requests(server: ServerProcess, count: number): Promise<void> {
  await times(count / PER_CONNECTION, 20, async (index) => {
    const nth = (at: number) => (at * 7 + index * PER_CONNECTION) % NAMES.length;
    const conversation = Array.from({ length: PER_CONNECTION - 1 }, (_, at) =>
      MIX[(index + at) % MIX.length]!(NAMES[nth(at)]!),
    );
    conversation.push(LAST[index % LAST.length]!(NAMES[index % NAMES.length]!));
    using client = await RawClient.connect(server.port);
    client.send(conversation.map(([text]) => text).join(''));
    await client.closed;
    expect(statuses(client.received)).toEqual(conversation.map(([, status]) => status));
  });
}

/** The most memory that the process has ever had, in octets. */
function peak({ pid }: ServerProcess): number {
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) * KIB;
}

/** For reading. */
function inMib(
  sizes: Readonly<Record<string, number | { rss: number; heapUsed: number; descriptors: number }>>,
) {
  const mib = (size: number) => Number((size / MIB).toFixed(1));
  return Object.fromEntries(
    Object.entries(sizes).map(([name, size]) => [
      name,
      typeof size === 'number'
        ? mib(size)
        : { rss: mib(size.rss), heapUsed: mib(size.heapUsed), descriptors: size.descriptors },
    ]),
  );
}
