// What ends the command early.

/** Wrong usage, as most commands say it. */
export const EXIT_USAGE = 2;

/** Something is wrong that a person can put right: shown as one line, without a stack. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
  readonly exitCode: number;

  /** @param message what is wrong, and what to do. */
  constructor(message: string, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}
