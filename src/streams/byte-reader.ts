// contract
/** Where a reader takes its bytes from. */
export interface ByteSource {
  /**
   * The next bytes: at least one; `undefined` at the end, and on every call after it. A promise only if the caller
   * must wait. One call at a time. Rejects when the source breaks.
   */
  read(): Uint8Array | undefined | Promise<Uint8Array | undefined>;
}
