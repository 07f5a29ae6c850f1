// Writing octets the way Python's binary files are written, to whatever takes them. Knows neither sockets nor HTTP.

/** Where a writer puts its bytes. */
export interface ByteSink {
  /** Takes the data; a promise only if the caller should wait before it writes more. Text is sent as UTF-8. */
  write(data: string | Uint8Array): void | Promise<void>;
  /** Sends what is buffered now. */
  flush(): void | Promise<void>;
  /** Whether bytes that were written may still be looked at; unless it is false, they may. */
  readonly pending?: boolean;
}

/** A stream of bytes to write to, as `wfile` is. Every method passes on the error of a sink that breaks. */
export class ByteWriter {
  readonly #sink: ByteSink;
  #stream: WritableStream<string | Uint8Array> | undefined;

  constructor(sink: ByteSink) {
    this.#sink = sink;
  }

  /**
   * Writes text as UTF-8, or bytes, which must be left alone until they are sent. A promise only if the peer must be
   * waited for before more is written: `await` is always right.
   * @throws {TypeError} the data is neither.
   */
  write(data: string | Uint8Array): void | Promise<void> {
    if (typeof data !== 'string' && !(data instanceof Uint8Array)) {
      throw new TypeError(
        `write() takes a string or a Uint8Array, not ${data === null ? 'null' : typeof data}`,
      );
    }
    return this.#sink.write(data);
  }

  /** Whether bytes that were written may still be looked at: until it is false they must be left alone. */
  get pending(): boolean {
    return this.#sink.pending ?? true;
  }

  /** Writes one after the other, no faster than the peer takes them. Nothing is added between them. */
  async writelines(lines: Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>): Promise<void> {
    for await (const line of lines) await this.write(line);
  }

  /** Sends now what has been kept back. A promise only if the peer must be waited for. */
  flush(): void | Promise<void> {
    return this.#sink.flush();
  }

  /** The same as a web stream: one for all calls. Closing it flushes, and ends nothing. */
  stream(): WritableStream<string | Uint8Array> {
    this.#stream ??= new WritableStream({
      write: (data) => this.write(data),
      close: () => this.flush(),
    });
    return this.#stream;
  }
}
