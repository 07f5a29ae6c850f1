// Reading octets the way Python's binary files are read, from whatever delivers them in chunks. Knows neither sockets
// nor HTTP.

/** Where a reader takes its bytes from. */
export interface ByteSource {
  /**
   * The next bytes: at least one; `undefined` at the end, and on every call after it. A promise only if the caller
   * must wait. One call at a time. Rejects when the source breaks.
   */
  read(): Uint8Array | undefined | Promise<Uint8Array | undefined>;
  /** Takes back bytes that it gave, to put others in their place. Only for who has not passed them on to be kept. */
  recycle?(bytes: Uint8Array): void;
}

/** What a {@link ByteReader} may be told about its source. */
export interface ByteReaderOptions {
  /** The most bytes that `read()` without a number, `bytes()`, `text()` and `json()` gather. Default: no limit. */
  readonly maxBytes?: number;
  /** How many bytes the source will deliver, if that is known beforehand. */
  readonly announced?: number;
}

/** There is more to read than may be gathered in memory. */
export class ByteLimitError extends RangeError {
  override readonly name = 'ByteLimitError';
  /** What was allowed, in bytes. */
  readonly limit: number;

  constructor(limit: number) {
    super(
      `There are more than the ${limit} bytes that may be read at once: read it in pieces, or raise the limit`,
    );
    this.limit = limit;
  }
}

/**
 * A stream of bytes to read from, as `rfile` is. One read at a time: a second one begun before the first has settled
 * is refused with an `Error`. Every method passes on the error of a source that breaks.
 */
export class ByteReader {
  readonly #source: ByteSource;
  readonly #maxBytes: number;
  /** What the source still has to deliver, if that is known. */
  #announced: number | undefined;
  /** What has been taken from the source and belongs to the next read. */
  #rest: Buffer | undefined;
  #reading = false;
  #stream: ReadableStream<Uint8Array> | undefined;

  constructor(source: ByteSource, options: ByteReaderOptions = {}) {
    this.#source = source;
    this.#maxBytes = options.maxBytes ?? Number.POSITIVE_INFINITY;
    this.#announced = options.announced;
  }

  /**
   * Exactly `n` bytes, fewer only if the end comes first; at the end an empty Buffer. Without `n`, or with -1: see
   * {@link bytes}.
   * @throws {RangeError} `n` is not a number of bytes.
   */
  async read(n = -1): Promise<Buffer> {
    return n === -1 ? this.bytes() : this.#gather(checked(n, 'read'), false);
  }

  /**
   * The bytes up to and including the next LF; behind the last LF what is left; at the end an empty Buffer.
   * @param limit no more bytes than this, even if the line is longer: the next call goes on in it. -1: no limit
   * @throws {RangeError} `limit` is not a number of bytes.
   */
  async readline(limit = -1): Promise<Buffer> {
    return this.#gather(limit === -1 ? Number.POSITIVE_INFINITY : checked(limit, 'readline'), true);
  }

  /** The next bytes, however many come; `undefined` at the end. A promise only if they must be waited for. */
  readChunk(): Buffer | undefined | Promise<Buffer | undefined> {
    this.#refuseSecond();
    const chunk = this.#next();
    return chunk instanceof Promise ? this.#alone(chunk) : chunk;
  }

  /**
   * Everything up to the end.
   * @throws {ByteLimitError} that is more than `maxBytes`: known before anything is read if the length was announced,
   * else once one byte too many has come; what was read by then is lost.
   */
  async bytes(): Promise<Buffer> {
    const limit = this.#maxBytes;
    const left = this.#announced === undefined ? 0 : this.#announced + (this.#rest?.length ?? 0);
    if (left > limit) throw new ByteLimitError(limit);
    const bytes = await this.#gather(limit + 1, false);
    if (bytes.length > limit) throw new ByteLimitError(limit);
    return bytes;
  }

  /**
   * Everything up to the end as UTF-8, without a byte order mark; what is not UTF-8 becomes U+FFFD.
   * @throws {ByteLimitError} as {@link bytes}
   */
  async text(): Promise<string> {
    return new TextDecoder().decode(await this.bytes());
  }

  /**
   * Everything up to the end as JSON.
   * @throws {SyntaxError} it is not JSON.
   * @throws {ByteLimitError} as {@link bytes}
   */
  async json(): Promise<unknown> {
    return JSON.parse(await this.text());
  }

  /** The chunks, as they come. A loop that is left early leaves the rest to be read. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, undefined> {
    for (let chunk = await this.readChunk(); chunk !== undefined; chunk = await this.readChunk()) yield chunk;
  }

  /** The lines, each with its LF. A loop that is left early leaves the rest to be read. */
  async *lines(): AsyncGenerator<Buffer, void, undefined> {
    for (let line = await this.readline(); line.length > 0; line = await this.readline()) yield line;
  }

  /**
   * The same bytes as a web stream: one for all calls. It reads only when it is read. Cancelling it stops reading, and
   * leaves what has not been read where it is.
   */
  stream(): ReadableStream<Uint8Array> {
    this.#stream ??= new ReadableStream(
      {
        pull: async (controller) => {
          const chunk = await this.readChunk();
          if (chunk === undefined) controller.close();
          else controller.enqueue(chunk);
        },
      },
      { highWaterMark: 0 },
    );
    return this.#stream;
  }

  /** At most `most` bytes, ending also behind the first LF if `oneLine`. No byte is looked at or copied twice. */
  async #gather(most: number, oneLine: boolean): Promise<Buffer> {
    this.#refuseSecond();
    this.#reading = true;
    try {
      const parts: Buffer[] = [];
      let size = 0;
      let complete = false;
      while (size < most && !complete) {
        const next = this.#next();
        const chunk = next instanceof Promise ? await next : next;
        if (chunk === undefined) break;
        const lineLength = oneLine ? chunk.indexOf(LF) + 1 : 0;
        const part = this.#split(chunk, Math.min(lineLength || chunk.length, most - size));
        parts.push(part);
        size += part.length;
        complete = oneLine && lineLength === part.length;
      }
      return parts.length === 1 ? parts[0]! : Buffer.concat(parts, size);
    } finally {
      this.#reading = false;
    }
  }

  /** The first `length` bytes of the chunk; the others wait for the next read. */
  #split(chunk: Buffer, length: number): Buffer {
    if (length === chunk.length) return chunk;
    this.#rest = chunk.subarray(length);
    return chunk.subarray(0, length);
  }

  #next(): Buffer | undefined | Promise<Buffer | undefined> {
    const rest = this.#rest;
    if (rest !== undefined) {
      this.#rest = undefined;
      return rest;
    }
    const chunk = this.#source.read();
    return chunk instanceof Promise ? chunk.then((bytes) => this.#received(bytes)) : this.#received(chunk);
  }

  #received(chunk: Uint8Array | undefined): Buffer | undefined {
    if (chunk === undefined) return undefined;
    if (this.#announced !== undefined) this.#announced -= chunk.length;
    return Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
  }

  async #alone(chunk: Promise<Buffer | undefined>): Promise<Buffer | undefined> {
    this.#reading = true;
    try {
      return await chunk;
    } finally {
      this.#reading = false;
    }
  }

  #refuseSecond(): void {
    if (this.#reading) throw new Error('Another read is under way: await it before reading on');
  }
}

const LF = 0x0a;

function checked(count: number, method: string): number {
  if (Number.isSafeInteger(count) && count >= 0) return count;
  throw new RangeError(`${method}() takes a number of bytes, 0 or more, not ${count}`);
}
