// Connections to which something has come in the same round of the event loop take their turns together: first each
// does its work, then each sends what that gave. So our code and the kernel's stay in the processor's caches, from which
// they would drive each other out if one request were finished before the next is looked at (docs/performance.md).

/** A connection, as far as it takes turns. */
export interface TurnTaker {
  /** Does what there is to do; what that gives waits. */
  onTurn(): void;
  /** Sends it. */
  onTurnEnd(): void;
}

/** Has something done when everything that has arrived has been read. */
export type Schedule = (takeTurns: () => void) => void;

/** So many take a turn together: enough for what they share to be paid by many, few enough for none to wait long. */
const TOGETHER = 32;

/** The turns that are due. */
export class Turns {
  readonly #schedule: Schedule;
  #due: TurnTaker[] = [];

  constructor(schedule: Schedule = setImmediate) {
    this.#schedule = schedule;
  }

  /** The taker's turn comes in this round. Who is added twice may find nothing to do. */
  add(taker: TurnTaker): void {
    if (this.#due.push(taker) === 1) this.#schedule(this.#take);
  }

  readonly #take = (): void => {
    const takers = this.#due;
    this.#due = [];
    for (let start = 0; start < takers.length; start += TOGETHER) {
      const group = takers.slice(start, start + TOGETHER);
      for (const taker of group) taker.onTurn();
      for (const taker of group) taker.onTurnEnd();
    }
  };
}
