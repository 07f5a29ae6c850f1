// Octets that were read or made before, within a bound. Knows neither files nor HTTP.

/** What is kept: some octets, and whatever else the caller wants to know of them. */
export interface CacheEntry {
  readonly octets: Uint8Array;
}

/** Keeps what was used last, as far as it fits. */
export class OctetCache<Entry extends CacheEntry> {
  readonly #maxSize: number;
  /** In the order of their latest use, give or take: see `get`. */
  readonly #entries = new Map<string, Entry>();
  #size = 0;
  /** The entry that was used last, which need not be moved to the end again. */
  #latest: string | undefined;

  /** @param maxSize in octets, keys and all else included as an estimate. */
  constructor(maxSize: number) {
    this.#maxSize = maxSize;
  }

  /** Octets that are kept. */
  get size(): number {
    return this.#size;
  }

  get(key: string): Entry | undefined {
    const entry = this.#entries.get(key);
    if (entry !== undefined && this.#latest !== key) {
      this.#entries.delete(key);
      this.#entries.set(key, entry);
      this.#latest = key;
    }
    return entry;
  }

  /** Takes the place of an entry with the same key. What is larger than an eighth of the bound is not kept. */
  set(key: string, entry: Entry): void {
    this.delete(key);
    const size = sizeOf(key, entry);
    if (size > this.#maxSize / 8) return;
    this.#entries.set(key, entry);
    this.#size += size;
    this.#latest = key;
    for (const oldest of this.#entries.keys()) {
      if (this.#size <= this.#maxSize) break;
      this.delete(oldest);
    }
  }

  delete(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#size -= sizeOf(key, entry);
    if (this.#latest === key) this.#latest = undefined;
  }
}

/** So that a million empty files do not count as nothing. */
const OVERHEAD = 512;

function sizeOf(key: string, { octets }: CacheEntry): number {
  return octets.byteLength + 2 * key.length + OVERHEAD;
}
