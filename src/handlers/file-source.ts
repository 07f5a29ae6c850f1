// Octets of files and of memory as ByteSources, for `copyfile`. Knows no HTTP.

import { closeSync, read, readSync } from 'node:fs';
import { type MultipartRanges, rangeLength } from '../files/range.js';
import type { ByteSource } from '../streams/byte-reader.js';

/** A source that holds something open. */
export interface ClosableSource extends ByteSource {
  /** Gives up what the source holds. Call it once the source is not read any more, whatever happened. */
  close(): void;
}

/** One read of a large file. */
const CHUNK_SIZE = 64 * 1024;

/**
 * Part of an open file, read from its descriptor: never more octets than asked for.
 * Up to 64 KiB are read in place, which costs less than to wait for them; more without blocking.
 */
export class FileSource implements ClosableSource {
  readonly #descriptor: number;
  readonly #blocking: boolean;
  #position: number;
  #remaining: number;
  #busy = false;
  #closed = false;

  /** @param descriptor is the source's from now on. */
  constructor(descriptor: number, start: number, length: number) {
    this.#descriptor = descriptor;
    this.#position = start;
    this.#remaining = length;
    this.#blocking = length <= CHUNK_SIZE;
  }

  /** @throws {Error} the file has become shorter than it was; or the error of the file system. */
  read(): Buffer | undefined | Promise<Buffer | undefined> {
    if (this.#remaining === 0) return undefined;
    const buffer = Buffer.allocUnsafe(Math.min(this.#remaining, CHUNK_SIZE));
    if (this.#blocking) {
      return this.#take(buffer, readSync(this.#descriptor, buffer, 0, buffer.length, this.#position));
    }
    return this.#readLater(buffer);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    // The number may name another file as soon as it is closed, so a read in flight has to end first.
    if (!this.#busy) closeSync(this.#descriptor);
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
    return buffer.subarray(0, length);
  }
}

/** Several ranges of a file, each behind the head of its part: a `multipart/byteranges` body. */
export class PartsSource implements ClosableSource {
  readonly #descriptor: number;
  readonly #multipart: MultipartRanges;
  #nextPart = 0;
  /** What is being read; it holds the descriptor for all of them. */
  #range: FileSource;

  /** @param descriptor is the source's from now on. */
  constructor(descriptor: number, multipart: MultipartRanges) {
    this.#descriptor = descriptor;
    this.#multipart = multipart;
    this.#range = new FileSource(descriptor, 0, 0);
  }

  read(): Buffer | undefined | Promise<Buffer | undefined> {
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
    this.#range = new FileSource(this.#descriptor, part.range.start, rangeLength(part.range));
    return Buffer.from(part.head);
  }
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
