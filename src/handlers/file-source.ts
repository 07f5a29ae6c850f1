// Octets of files and of memory as ByteSources, for `copyfile`.

import { close, closeSync, read, readSync } from 'node:fs';
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
 * Part of an open file, read from its descriptor: never more octets than asked for, fewer if the file has shrunk.
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

  read(): Buffer | undefined | Promise<Buffer | undefined> {
    if (this.#remaining === 0) return undefined;
    const buffer = Buffer.allocUnsafeSlow(Math.min(this.#remaining, CHUNK_SIZE));
    if (this.#blocking)
      return this.#take(buffer, readSync(this.#descriptor, buffer, 0, buffer.length, this.#position));
    return new Promise((resolve, reject) => {
      this.#busy = true;
      read(this.#descriptor, buffer, 0, buffer.length, this.#position, (error, length) => {
        this.#busy = false;
        if (this.#closed) close(this.#descriptor);
        if (error === null) resolve(this.#take(buffer, length));
        else reject(error);
      });
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    // The number may name another file as soon as it is closed, so a read in flight has to end first.
    if (!this.#busy) closeSync(this.#descriptor);
  }

  #take(buffer: Buffer, length: number): Buffer | undefined {
    if (length === 0) {
      this.#remaining = 0;
      return undefined;
    }
    this.#position += length;
    this.#remaining -= length;
    return buffer.subarray(0, length);
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

/** Several ranges of a file, each behind the head of its part: a `multipart/byteranges` body. */
export class PartsSource implements ClosableSource {
  readonly #descriptor: number;
  readonly #multipart: MultipartRanges;
  #nextPart = 0;
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
