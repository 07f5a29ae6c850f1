// What the connections of one server share: limits, time limits, and who watches the time.

import { Deadlines } from './deadlines.js';
import {
  defaultLimits,
  defaultReceiveRate,
  defaultTimeouts,
  type Limits,
  type ReceiveRate,
  type Timeouts,
} from './limits.js';

/** What can be set for the connections of a server; what is left out has its default. */
export interface ConnectionOptions {
  /** How much a peer may send or hold. */
  readonly limits?: Partial<Limits>;
  /** How long a peer may take, in milliseconds. */
  readonly timeouts?: Partial<Timeouts>;
  /** How slow a body may come. */
  readonly receiveRate?: Partial<ReceiveRate>;
}

/** The same, complete. One for all connections of a server: they share the timer of `deadlines`. */
export interface ConnectionSettings {
  readonly limits: Limits;
  readonly timeouts: Timeouts;
  readonly receiveRate: ReceiveRate;
  readonly deadlines: Deadlines;
}

/** The options with their defaults, and a timer of their own unless `deadlines` brings one. */
export function connectionSettings(
  options: ConnectionOptions = {},
  deadlines: Deadlines = new Deadlines(),
): ConnectionSettings {
  return {
    limits: { ...defaultLimits, ...options.limits },
    timeouts: { ...defaultTimeouts, ...options.timeouts },
    receiveRate: { ...defaultReceiveRate, ...options.receiveRate },
    deadlines,
  };
}
