// Octets of files and of memory as ByteSources, for `copyfile`. Knows no HTTP.

import { closeSync, read, readSync } from 'node:fs';
import { type MultipartRanges, rangeLength } from '../files/range.js';
import type { ByteSource } from '../streams/byte-reader.js';

/** A source that holds something open. */
export interface ClosableSource extends ByteSource {
  /** Gives up what the source holds. Call it once the source is not read any more, whatever happened. */
  close(): void;
}

/** What a source gives: octets, nothing more, or a promise of one of these. */
type Chunk = ReturnType<ByteSource['read']>;

/** Octets that can be read from any place on. */
export interface SeekableOctets {
  readonly size: number;
  /** What is in a range of them. Several may be made, but only one is open at a time. */
  source(start: number, length: number): ClosableSource;
}

/** What is read in place, and the least that is read of a large file at once. */
const CHUNK_SIZE = 64 * 1024;

/**
 * To read this much at once halved what a long download cost in a bare loop over a socket. But a client that stops taking
 * it leaves it in memory, so only so many sources may hold that much at the same time.
 */
const LARGE_CHUNK_SIZE = 512 * 1024;
const LARGE_CHUNKS_MAX = 32;
let largeChunks = 0;

/**
 * Part of an open file, read from its descriptor: never more octets than asked for.
 * Up to 64 KiB are read in place, which costs less than to wait for them; more without blocking, in larger pieces.
 */
export class FileSource implements ClosableSource {
  readonly #descriptor: number;
  readonly #blocking: boolean;
  readonly #onWhole: ((octets: Buffer) => void) | undefined;
  /** What all octets are read into, if someone wants them together. */
  #whole: Buffer | undefined;
  #position: number;
  #remaining: number;
  #busy = false;
  #closed = false;
  #holdsLarge = false;

  /**
   * @param descriptor is the source's from now on.
   * @param onWhole is given all octets as soon as the last are read; they are held in memory for it.
   */
  constructor(descriptor: number, start: number, length: number, onWhole?: (octets: Buffer) => void) {
    this.#descriptor = descriptor;
    this.#position = start;
    this.#remaining = length;
    this.#blocking = length <= CHUNK_SIZE;
    this.#onWhole = onWhole;
  }

  /** @throws {Error} the file has become shorter than it was; or the error of the file system. */
  read(): Buffer | undefined | Promise<Buffer | undefined> {
    this.#releaseLarge();
    if (this.#remaining === 0) return undefined;
    if (this.#closed) throw new Error('The file has been closed');
    const buffer = this.#room();
    if (this.#blocking) {
      return this.#take(buffer, readSync(this.#descriptor, buffer, 0, buffer.length, this.#position));
    }
    return this.#readLater(buffer);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#releaseLarge();
    // The number may name another file as soon as it is closed, so a read in flight has to end first.
    if (!this.#busy) closeSync(this.#descriptor);
  }

  /** Where the next octets go. */
  #room(): Buffer {
    const size = Math.min(this.#remaining, this.#blocking ? CHUNK_SIZE : this.#chunkSize());
    if (this.#onWhole === undefined) return Buffer.allocUnsafe(size);
    this.#whole ??= Buffer.allocUnsafeSlow(this.#remaining);
    const start = this.#whole.length - this.#remaining;
    return this.#whole.subarray(start, start + size);
  }

  #chunkSize(): number {
    if (largeChunks >= LARGE_CHUNKS_MAX) return CHUNK_SIZE;
    largeChunks++;
    this.#holdsLarge = true;
    return LARGE_CHUNK_SIZE;
  }

  /** Whoever reads on, or closes, is done with what was read before. */
  #releaseLarge(): void {
    if (!this.#holdsLarge) return;
    this.#holdsLarge = false;
    largeChunks--;
  }

  #readLater(buffer: Buffer): Promise<Buffer> {
    this.#busy = true;
    return new Promise((resolve, reject) => {
      read(this.#descriptor, buffer, 0, buffer.length, this.#position, (error, length) => {
        this.#busy = false;
        if (this.#closed) closeSync(this.#descriptor);
        try {
          if (error !== null) throw error;
          resolve(this.#take(buffer, length));
        } catch (failure) {
          reject(failure);
        }
      });
    });
  }

  #take(buffer: Buffer, length: number): Buffer {
    if (length === 0) throw new Error('The file has become shorter while it was being sent');
    this.#position += length;
    this.#remaining -= length;
    if (this.#remaining === 0 && this.#whole !== undefined) this.#onWhole?.(this.#whole);
    return buffer.subarray(0, length);
  }
}

/** Several ranges of a representation, each behind the head of its part: a `multipart/byteranges` body. */
export class PartsSource implements ClosableSource {
  readonly #octets: SeekableOctets;
  readonly #multipart: MultipartRanges;
  #nextPart = 0;
  /** What is being read; to close it closes them all. */
  #range: ClosableSource;

  constructor(octets: SeekableOctets, multipart: MultipartRanges) {
    this.#octets = octets;
    this.#multipart = multipart;
    this.#range = octets.source(0, 0);
  }

  read(): Chunk {
    return this.#range.read() ?? this.#readHead();
  }

  close(): void {
    this.#range.close();
  }

  /** The head of the next part, whose range is read behind it; the tail behind the last. */
  #readHead(): Buffer | undefined {
    const { parts, tail } = this.#multipart;
    const part = parts[this.#nextPart++];
    if (part === undefined) return this.#nextPart === parts.length + 1 ? Buffer.from(tail) : undefined;
    this.#range = this.#octets.source(part.range.start, rangeLength(part.range));
    return Buffer.from(part.head);
  }
}

/** A source that gives all of its octets to someone else as well, if they are few enough. */
export class KeptSource implements ClosableSource {
  readonly #source: ClosableSource;
  readonly #maxSize: number;
  readonly #onWhole: (octets: Buffer) => void;
  #chunks: Uint8Array[] = [];
  #size = 0;

  /** @param onWhole is called at the end, if they are `maxSize` octets at most. */
  constructor(source: ClosableSource, maxSize: number, onWhole: (octets: Buffer) => void) {
    this.#source = source;
    this.#maxSize = maxSize;
    this.#onWhole = onWhole;
  }

  async read(): Promise<Uint8Array | undefined> {
    const chunk = await this.#source.read();
    this.#size += chunk?.length ?? 0;
    if (this.#size > this.#maxSize) this.#chunks = [];
    else if (chunk !== undefined) this.#chunks.push(chunk);
    else this.#onWhole(Buffer.concat(this.#chunks));
    return chunk;
  }

  close(): void {
    this.#source.close();
  }
}

/** Octets in memory, which many answers may share. */
export class MemoryOctets implements SeekableOctets {
  readonly #octets: Buffer;

  constructor(octets: Buffer) {
    this.#octets = octets;
  }

  get size(): number {
    return this.#octets.length;
  }

  source(start: number, length: number): MemorySource {
    return memorySource(this.#octets, start, length);
  }
}

/** A source of a range of octets in memory. */
export function memorySource(octets: Buffer, start: number, length: number): MemorySource {
  const isWhole = start === 0 && length === octets.length;
  return new MemorySource(isWhole ? octets : octets.subarray(start, start + length));
}

/** Octets that are in memory already. */
export class MemorySource implements ClosableSource {
  #octets: Buffer | undefined;

  constructor(octets: Buffer) {
    this.#octets = octets;
  }

  read(): Buffer | undefined {
    const octets = this.#octets;
    this.#octets = undefined;
    return octets?.length === 0 ? undefined : octets;
  }

  close(): void {
    this.#octets = undefined;
  }
}
