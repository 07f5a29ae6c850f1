// Time limits for thousands of connections at the price of one timer: each holds one number, and one sweep a second
// compares them all.

import { type Clock, systemClock } from './clock.js';

/** Something with a time limit. */
export interface Timed {
  /** When, by the clock; `Infinity` for never. Set it as often as you like: it costs nothing. */
  deadline: number;
  /** The deadline has passed. Called again a second later unless the deadline is moved. */
  onDeadline(): void;
}

const SWEEP_INTERVAL = 1000;

/** Watches deadlines. The timer runs only while there is something to watch, and never keeps the process alive. */
export class Deadlines {
  readonly clock: Clock;
  readonly #watched = new Set<Timed>();
  #timer: NodeJS.Timeout | undefined;

  constructor(clock: Clock = systemClock) {
    this.clock = clock;
  }

  add(timed: Timed): void {
    this.#watched.add(timed);
    this.#timer ??= setInterval(() => this.sweep(), SWEEP_INTERVAL).unref();
  }

  delete(timed: Timed): void {
    this.#watched.delete(timed);
    if (this.#watched.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Everything that is watched. */
  [Symbol.iterator](): IterableIterator<Timed> {
    return this.#watched.values();
  }

  /** Tells everyone whose deadline has passed. The timer calls it; tests may. */
  sweep(): void {
    const now = this.clock();
    for (const timed of this.#watched) {
      if (timed.deadline <= now) timed.onDeadline();
    }
  }
}
