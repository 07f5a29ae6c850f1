// Time that passes only when a test says so.

import { Deadlines } from '../../src/connection/deadlines.js';

const SECOND = 1000;

/** A clock to be set, and the deadlines that go by it. The sweep that a real timer makes each second is made by hand. */
export class FakeClock {
  now = 0;
  readonly deadlines = new Deadlines(() => this.now);

  /** Lets time pass, with a sweep each second as in real life. */
  pass(milliseconds: number): void {
    for (let left = milliseconds; left > 0; left -= SECOND) {
      this.now += Math.min(left, SECOND);
      this.deadlines.sweep();
    }
  }
}
