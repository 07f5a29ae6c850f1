// What a program says on its standard error, as lines that a log can take: not too long, and not too many. Knows neither
// the program nor the log; what may stand in a line of a log is log.ts's matter.

import { type Clock, systemClock } from '../connection/clock.js';

/** The most of one line that is passed on, in bytes. */
const LONGEST_LINE = 1024;
/** The most lines of one program in a second. */
const MOST_A_SECOND = 20;
/** The most lines of one program. */
const MOST = 100;

const LF = 0x0a;
const CR = 0x0d;
const CUT = '...';
const NOTHING: Buffer = Buffer.alloc(0);

/** Cuts the standard error of one program into lines. Lines that are left out are counted, and reported in the last. */
export class StderrLines {
  readonly #onLine: (line: string) => void;
  readonly #clock: Clock;
  /** The beginning of a line whose end has not come. */
  #begun = NOTHING;
  #passed = 0;
  #passedThisSecond = 0;
  #secondEnds = Number.NEGATIVE_INFINITY;
  #leftOut = 0;

  constructor(onLine: (line: string) => void, clock: Clock = systemClock) {
    this.#onLine = onLine;
    this.#clock = clock;
  }

  /** Takes the next bytes; passes on each line that is complete. */
  write(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, start)) {
      this.#complete(chunk.subarray(start, end));
      start = end + 1;
    }
    this.#begin(chunk.subarray(start));
  }

  /** There is no more: passes on a last line without an end, and says how many lines were left out. */
  end(): void {
    if (this.#begun.length > 0) this.#complete(NOTHING);
    if (this.#leftOut > 0) this.#onLine(`${this.#leftOut} more lines on standard error were left out`);
    this.#leftOut = 0;
  }

  /** Keeps one byte more than a line may have, to know that it is longer. The copy lets go of the whole chunk. */
  #begin(part: Buffer): void {
    const room = LONGEST_LINE + 1 - this.#begun.length;
    if (part.length > 0 && room > 0) this.#begun = Buffer.concat([this.#begun, part.subarray(0, room)]);
  }

  #complete(part: Buffer): void {
    this.#begin(part);
    const line = text(this.#begun);
    this.#begun = NOTHING;
    if (line === '') return;
    if (this.#mayPass()) this.#onLine(line);
    else this.#leftOut++;
  }

  #mayPass(): boolean {
    if (this.#passed === MOST) return false;
    const now = this.#clock();
    if (now >= this.#secondEnds) {
      this.#secondEnds = now + 1000;
      this.#passedThisSecond = 0;
    }
    if (this.#passedThisSecond === MOST_A_SECOND) return false;
    this.#passedThisSecond++;
    this.#passed++;
    return true;
  }
}

function text(line: Buffer): string {
  const cut = line.length > LONGEST_LINE;
  const end = cut ? LONGEST_LINE : line.length - (line.at(-1) === CR ? 1 : 0);
  return line.toString('utf8', 0, end) + (cut ? CUT : '');
}
