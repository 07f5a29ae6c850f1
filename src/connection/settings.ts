// What the connections of one server share: limits, time limits, who watches the time, and whose turn it is.

import { Deadlines } from './deadlines.js';
import {
  defaultLimits,
  defaultReceiveRate,
  defaultTimeouts,
  type Limits,
  type ReceiveRate,
  type Timeouts,
} from './limits.js';
import { Turns } from './turns.js';

/** What can be set for the connections of a server; what is left out has its default. */
export interface ConnectionOptions {
  /** How much a peer may send or hold. */
  readonly limits?: Partial<Limits>;
  /** How long a peer may take, in milliseconds. */
  readonly timeouts?: Partial<Timeouts>;
  /** How slow a body may come. */
  readonly receiveRate?: Partial<ReceiveRate>;
}

/** The same, complete. One for all connections of a server: they share the timer of `deadlines`, and take turns. */
export interface ConnectionSettings {
  readonly limits: Limits;
  readonly timeouts: Timeouts;
  readonly receiveRate: ReceiveRate;
  readonly deadlines: Deadlines;
  readonly turns: Turns;
}

/** The options with their defaults, and a timer and turns of their own unless others are brought. */
export function connectionSettings(
  options: ConnectionOptions = {},
  deadlines: Deadlines = new Deadlines(),
  turns: Turns = new Turns(),
): ConnectionSettings {
  return {
    limits: { ...defaultLimits, ...options.limits },
    timeouts: { ...defaultTimeouts, ...options.timeouts },
    receiveRate: { ...defaultReceiveRate, ...options.receiveRate },
    deadlines,
    turns,
  };
}
