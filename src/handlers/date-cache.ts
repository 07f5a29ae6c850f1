// The date that is in each response and each line of the log, without making it for each.

/** The current date as text, made once a second, without a look at the clock in between. */
export class DateCache {
  readonly #format: (ms: number) => string;
  #text = '';

  /** @param format makes the text, of milliseconds since the epoch. */
  constructor(format: (ms: number) => string) {
    this.#format = format;
  }

  /** The date in this second. */
  now(): string {
    if (this.#text === '') this.#refresh();
    return this.#text;
  }

  #refresh(): void {
    const now = Date.now();
    this.#text = this.#format(now);
    const expire = () => {
      this.#text = '';
    };
    setTimeout(expire, 1000 - (now % 1000)).unref();
  }
}
