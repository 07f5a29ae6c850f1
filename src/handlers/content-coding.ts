// Compressing what is sent: content codings (RFC 9110 §8.4.1) as the runtime has them. Knows no request.

import { Readable, type Transform } from 'node:stream';
import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import type { ByteSource } from '../streams/byte-reader.js';
import type { ClosableSource } from './file-source.js';

/** A content coding, as in Accept-Encoding and Content-Encoding. */
export type Coding = 'br' | 'zstd' | 'gzip';

/** What Node 22.15 and later have; the types are those of Node 20. */
interface Zstandard {
  zstdCompress?(
    octets: Uint8Array,
    options: object,
    callback: (error: Error | null, result: Buffer) => void,
  ): void;
  createZstdCompress?(options?: object): Transform;
}

const { zstdCompress, createZstdCompress }: Zstandard = zlib as Zstandard;

/** The codings that can be made here, what makes text smallest first. */
export const CODINGS: readonly Coding[] =
  zstdCompress === undefined ? ['br', 'gzip'] : ['br', 'zstd', 'gzip'];

// The levels at which a megabyte of text takes some ten milliseconds: what is made here is made while somebody waits.
const BROTLI_QUALITY = 4;
const GZIP_LEVEL = 6;

/** Compresses at once, in the background. */
export function compress(octets: Uint8Array, coding: Coding): Promise<Buffer> {
  switch (coding) {
    case 'br':
      return promisify(zlib.brotliCompress)(octets, brotliOptions(octets.length));
    case 'zstd':
      return promisify(zstdCompress!)(octets, {});
    case 'gzip':
      return promisify(zlib.gzip)(octets, { level: GZIP_LEVEL });
  }
}

/** A source compressed as it is read. */
export class CompressedSource implements ClosableSource {
  readonly #source: ClosableSource;
  readonly #input: Readable;
  readonly #compressor: Transform;
  readonly #chunks: AsyncIterator<Buffer>;

  /** @param source is this one's from now on. @param size of the source in octets. */
  constructor(source: ClosableSource, coding: Coding, size: number) {
    this.#source = source;
    this.#input = Readable.from(chunksOf(source), { highWaterMark: 1 });
    this.#compressor = makeCompressor(coding, size);
    this.#input.on('error', (error) => this.#compressor.destroy(error)).pipe(this.#compressor);
    this.#chunks = this.#compressor[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  async read(): Promise<Buffer | undefined> {
    const { value, done } = await this.#chunks.next();
    return done === true ? undefined : value;
  }

  close(): void {
    this.#input.destroy();
    this.#compressor.destroy();
    this.#source.close();
  }
}

async function* chunksOf(source: ByteSource): AsyncGenerator<Uint8Array> {
  for (let chunk = await source.read(); chunk !== undefined; chunk = await source.read()) yield chunk;
}

function makeCompressor(coding: Coding, size: number): Transform {
  switch (coding) {
    case 'br':
      return zlib.createBrotliCompress(brotliOptions(size));
    case 'zstd':
      return createZstdCompress!();
    case 'gzip':
      return zlib.createGzip({ level: GZIP_LEVEL });
  }
}

function brotliOptions(size: number): zlib.BrotliOptions {
  const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_SIZE_HINT } = zlib.constants;
  return { params: { [BROTLI_PARAM_QUALITY]: BROTLI_QUALITY, [BROTLI_PARAM_SIZE_HINT]: size } };
}
