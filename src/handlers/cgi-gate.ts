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

  /** A place, if there is one. */
  enter(): Release | undefined {
    if (this.#running >= this.#limits.maxRunning) return undefined;
    this.#running++;
    return this.#place();
  }

  /**
   * Waits in line for a place.
   * @returns `undefined` if the line is too long, if it took too long, or if the signal was aborted meanwhile.
   */
  async wait(signal: AbortSignal): Promise<Release | undefined> {
    if (signal.aborted || this.#waiting.size >= this.#limits.maxWaiting) return undefined;
    return (await this.#turn(signal)) ? this.#place() : undefined;
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
