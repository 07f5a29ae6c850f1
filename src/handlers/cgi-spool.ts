// A body whose length is not known before its end, kept until then: CONTENT_LENGTH must be known when a program starts.

import { randomUUID } from 'node:crypto';
import { closeSync, openSync, unlinkSync, write } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ByteLimitError, type ByteSource } from '../streams/byte-reader.js';
import { type ClosableSource, FileSource, MemorySource } from './file-source.js';

/** A body that is complete. */
export interface Spooled {
  readonly length: number;
  /** Holds it, and nobody else does. */
  readonly source: ClosableSource;
}

/** Up to this a body is kept in memory. */
const MEMORY_SIZE = 64 * 1024;

/**
 * Reads a body to its end: into memory, or, if it is longer than 64 KiB, into a temporary file that nobody else can open
 * and that is gone when it is closed, or when this process ends.
 * @param limit in octets.
 * @throws {ByteLimitError} the body is longer.
 * @throws what reading the body, or writing the file, throws.
 */
export async function spool(body: ByteSource, limit: number): Promise<Spooled> {
  const memory = Buffer.allocUnsafe(Math.min(MEMORY_SIZE, limit));
  const file = new TemporaryFile();
  let length = 0;
  let used = 0;
  try {
    for (let chunk = await body.read(); chunk !== undefined; chunk = await body.read()) {
      length += chunk.length;
      if (length > limit) throw new ByteLimitError(limit);
      if (used + chunk.length > memory.length) {
        await file.append(memory.subarray(0, used));
        used = 0;
      }
      if (chunk.length > memory.length) await file.append(chunk);
      else used += Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length).copy(memory, used);
    }
    if (file.size === 0) return { length, source: new MemorySource(memory.subarray(0, used)) };
    await file.append(memory.subarray(0, used));
    return { length, source: file.toSource() };
  } catch (error) {
    file.close();
    throw error;
  }
}

const writeFully = promisify(write);

/** Has no name any more as soon as it is open. */
class TemporaryFile {
  size = 0;
  #descriptor: number | undefined;

  async append(octets: Uint8Array): Promise<void> {
    if (octets.length === 0) return;
    this.#descriptor ??= openNameless();
    for (let done = 0; done < octets.length; ) {
      const { bytesWritten } = await writeFully(
        this.#descriptor,
        octets,
        done,
        octets.length - done,
        this.size,
      );
      done += bytesWritten;
      this.size += bytesWritten;
    }
  }

  /** From its beginning; the file is the source's from now on. */
  toSource(): FileSource {
    return new FileSource(this.#descriptor!, 0, this.size);
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
  }
}

function openNameless(): number {
  const path = join(tmpdir(), `basehttp-${randomUUID()}`);
  const descriptor = openSync(path, 'wx+', 0o600);
  unlinkSync(path);
  return descriptor;
}
