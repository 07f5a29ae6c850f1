// How many programs may run at once, and how many requests may wait for one of them to end.

/** What may run at once. */
export interface CGIGateLimits {
  /** The most programs that run at the same time. */
  readonly maxRunning: number;
  /** The most requests that wait for their turn. */
  readonly maxWaiting: number;
  /** The longest that a request waits, in milliseconds. */
  readonly maxWaitMs: number;
}

/** Gives the place back, once: to be called when the program has ended. Calling it again does nothing. */
export type Release = () => void;

/** Lets so many through at a time; the others wait in line, or are turned away. */
export class CGIGate {
  readonly #limits: CGIGateLimits;
  #running = 0;
  /** In the order they came. Each is told whether it may enter. */
  readonly #waiting = new Set<(mayEnter: boolean) => void>();

  constructor(limits: CGIGateLimits) {
    this.#limits = limits;
  }

  /**
   * Resolves when there is a place; with `undefined` if the line is too long, if it took too long, or if the signal was
   * aborted meanwhile.
   */
  async enter(signal: AbortSignal): Promise<Release | undefined> {
    const { maxRunning, maxWaiting } = this.#limits;
    if (signal.aborted) return undefined;
    if (this.#running < maxRunning) this.#running++;
    else if (this.#waiting.size >= maxWaiting || !(await this.#turn(signal))) return undefined;
    return this.#place();
  }

  #turn(signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const leave = (mayEnter: boolean) => {
        clearTimeout(timer);
        signal.removeEventListener('abort', giveUp);
        this.#waiting.delete(leave);
        resolve(mayEnter);
      };
      const giveUp = () => leave(false);
      const timer = setTimeout(giveUp, this.#limits.maxWaitMs);
      signal.addEventListener('abort', giveUp);
      this.#waiting.add(leave);
    });
  }

  #place(): Release {
    let taken = true;
    return () => {
      if (taken) this.#giveBack();
      taken = false;
    };
  }

  /** The place goes to the next in line, if there is one. */
  #giveBack(): void {
    const [next] = this.#waiting;
    if (next === undefined) this.#running--;
    else next(true);
  }
}
