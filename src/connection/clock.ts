// Time, as the engine needs it. Tests bring a clock of their own.

/** Milliseconds since some fixed moment, never going back. */
export type Clock = () => number;

/** The clock of the process. */
export const systemClock: Clock = () => performance.now();
