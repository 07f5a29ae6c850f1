// Bodies that are kept until their length is known.

import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { spool } from '../../src/handlers/cgi-spool.js';
import { ByteLimitError, type ByteSource } from '../../src/streams/byte-reader.js';
import { descriptorsBelow } from '../support/site.js';

const MIB = 1024 * 1024;

function sourceOf(...chunks: Uint8Array[]): ByteSource {
  const rest = [...chunks];
  return { read: () => (rest.length % 2 === 0 ? Promise.resolve(rest.shift()) : rest.shift()) };
}

async function readAll(source: ByteSource): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for (let chunk = await source.read(); chunk !== undefined; chunk = await source.read()) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Descriptors of files that have no name any more. */
function nameless(): string[] {
  return (descriptorsBelow(tmpdir()) ?? []).filter(
    (path) => path.includes('basehttp-') && path.endsWith(' (deleted)'),
  );
}

describe('spool()', () => {
  it('gives back what it was given, however long, and in whatever pieces', async () => {
    const sizes = fc.array(fc.constantFrom(1, 1000, 65_535, 65_536, 65_537, 200_000), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(sizes, async (all) => {
        const chunks = all.map((size, index) => Buffer.alloc(size, `${index}.`));
        const { length, source } = await spool(sourceOf(...chunks), 2 * MIB);
        const body = await readAll(source);
        source.close();
        expect(length).toBe(body.length);
        expect(body.equals(Buffer.concat(chunks))).toBe(true);
      }),
      { numRuns: 50 },
    );
    expect(nameless()).toEqual([]);
  });

  it('keeps what is short in memory', async () => {
    const { source } = await spool(sourceOf(Buffer.alloc(64 * 1024)), MIB);
    expect(nameless()).toEqual([]);
    source.close();
  });

  it.skipIf(process.platform !== 'linux')('keeps what is longer in a file that has no name', async () => {
    const { length, source } = await spool(sourceOf(Buffer.alloc(MIB), Buffer.alloc(1)), 2 * MIB);
    expect(length).toBe(MIB + 1);
    expect(nameless()).toHaveLength(1);
    const [file = ''] = nameless();
    expect(readdirSync(tmpdir())).not.toContain(file.replace(/.*\/(basehttp-\S+).*/, '$1'));
    source.close();
    expect(nameless()).toEqual([]);
  });

  it('MUST 74: refuses what is longer than allowed, and keeps nothing of it', async () => {
    const body = sourceOf(Buffer.alloc(MIB), Buffer.alloc(1));
    await expect(spool(body, MIB)).rejects.toThrow(ByteLimitError);
    await expect(spool(sourceOf(Buffer.alloc(11)), 10)).rejects.toThrow(ByteLimitError);
    expect((await spool(sourceOf(Buffer.alloc(10)), 10)).length).toBe(10);
    expect(nameless()).toEqual([]);
  });

  it('passes on the error of a body that breaks, and keeps nothing of it', async () => {
    const error = new Error('The client has gone');
    let reads = 0;
    const broken: ByteSource = {
      read: () => (reads++ < 3 ? Buffer.alloc(50_000) : Promise.reject(error)),
    };
    await expect(spool(broken, MIB)).rejects.toBe(error);
    expect(nameless()).toEqual([]);
  });
});
