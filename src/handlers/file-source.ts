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

/** What is read at once: the fewer calls of the system, the better. It stays in the processor's caches. */
const CHUNK_SIZE = 512 * 1024;
/** A client that stops taking it leaves it in memory, so only so many sources read that much; */
const CHUNKS_MAX = 32;
/** the others read this. */
const SMALL_CHUNK_SIZE = 64 * 1024;
/** So many octets in place, and others have their turn. */
const IN_PLACE_MAX = 2 * 1024 * 1024;
/** A read that takes longer, in milliseconds, was one of a disk, or of a network: */
const SLOW_MS = 5;
/** so many that follow are left to another thread. */
const ELSEWHERE = 16;

/** How many sources have read, or are reading, more than a small chunk that may still be in use. */
let chunksHeld = 0;

/**
 * Part of an open file, read from its descriptor: never more octets than asked for. Most files that are asked for are in
 * the system's memory: to read them in place costs less than to wait for another thread. Where they are not, that reads.
 */
export class FileSource implements ClosableSource {
  readonly #descriptor: number;
  readonly #onWhole: ((octets: Buffer) => void) | undefined;
  /** What all octets are read into, if someone wants them together. */
  #whole: Buffer | undefined;
  #position: number;
  #remaining: number;
  #inPlace = 0;
  #elsewhere = 0;
  /** What was read into last, and whether others may be: then it is in the processor's caches. */
  #piece: Buffer | undefined;
  #isFree = false;
  #busy = false;
  #closed = false;
  #holdsChunk = false;

  /**
   * @param descriptor is the source's from now on.
   * @param onWhole is given all octets as soon as the last are read; they are held in memory for it.
   */
  constructor(descriptor: number, start: number, length: number, onWhole?: (octets: Buffer) => void) {
    this.#descriptor = descriptor;
    this.#position = start;
    this.#remaining = length;
    this.#onWhole = onWhole;
  }

  /** @throws {Error} the file has become shorter than it was; or the error of the file system. */
  read(): Buffer | undefined | Promise<Buffer | undefined> {
    this.#releaseChunk();
    if (this.#remaining === 0) return undefined;
    if (this.#closed) throw new Error('The file has been closed');
    if (this.#elsewhere > 0) {
      this.#elsewhere--;
      return this.#readElsewhere(this.#room());
    }
    if (this.#inPlace < IN_PLACE_MAX) return this.#readInPlace();
    this.#inPlace = 0;
    return new Promise(setImmediate).then(() => (this.#closed ? undefined : this.read()));
  }

  recycle(octets: Uint8Array): void {
    this.#isFree = octets.buffer === this.#piece?.buffer;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#releaseChunk();
    // The number may name another file as soon as it is closed, so a read in flight has to end first.
    if (!this.#busy) closeSync(this.#descriptor);
  }

  #readInPlace(): Buffer {
    const buffer = this.#room();
    const since = performance.now();
    const length = readSync(this.#descriptor, buffer, 0, buffer.length, this.#position);
    if (performance.now() - since > SLOW_MS) this.#elsewhere = ELSEWHERE;
    this.#inPlace += length;
    return this.#take(buffer, length);
  }

  /** Where the next octets go. */
  #room(): Buffer {
    const size = this.#nextSize();
    if (this.#onWhole !== undefined) {
      this.#whole ??= Buffer.allocUnsafeSlow(this.#remaining);
      const start = this.#whole.length - this.#remaining;
      return this.#whole.subarray(start, start + size);
    }
    if (!this.#isFree || this.#piece === undefined || this.#piece.length < size)
      this.#piece = Buffer.allocUnsafeSlow(size);
    this.#isFree = false;
    return beginning(this.#piece, size);
  }

  #nextSize(): number {
    if (this.#remaining <= SMALL_CHUNK_SIZE) return this.#remaining;
    if (chunksHeld >= CHUNKS_MAX) return SMALL_CHUNK_SIZE;
    chunksHeld++;
    this.#holdsChunk = true;
    return Math.min(this.#remaining, CHUNK_SIZE);
  }

  /** Whoever reads on, or closes, is done with what was read before. */
  #releaseChunk(): void {
    if (!this.#holdsChunk) return;
    this.#holdsChunk = false;
    chunksHeld--;
  }

  #readElsewhere(buffer: Buffer): Promise<Buffer> {
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
    return beginning(buffer, length);
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

/** A view costs more than to see that none is needed. */
function beginning(octets: Buffer, length: number): Buffer {
  return length === octets.length ? octets : octets.subarray(0, length);
}
