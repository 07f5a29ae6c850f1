export interface FuzzOptions {
  /** Run `i` depends on `seed + i`. */
  readonly seed: number;
  readonly runs: number;
  /** What is mutated. */
  readonly corpus: readonly Buffer[];
  readonly onProgress?: (done: number) => void;
}

/** An input that showed a fault; all of it can be written as JSON. */
export interface FuzzFailure {
  readonly seed: number;
  readonly error: string;
  /** Latin1. */
  readonly input: string;
  /** The lengths of the pieces. */
  readonly cuts: readonly number[];
  readonly limits: object;
}

export function fuzz(options: FuzzOptions): FuzzFailure | undefined;
export function fuzzOnce(seed: number, corpus: readonly Buffer[]): FuzzFailure | undefined;
