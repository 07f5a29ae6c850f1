// contract
/** Where a writer puts its bytes. */
export interface ByteSink {
  /** Takes the data; a promise only if the caller should wait before it writes more. Text is sent as UTF-8. */
  write(data: string | Uint8Array): void | Promise<void>;
  /** Sends what is buffered now. */
  flush(): void | Promise<void>;
}
