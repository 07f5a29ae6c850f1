import type { FirstAnswer } from './answer.js';

export interface Outcome {
  readonly verdict: 'right' | 'wrong' | 'not offered';
  /** For the table. */
  readonly cell: string;
}

type Bytes = string | { readonly bytes: string; readonly answers: number };

export interface Probe {
  readonly title: string;
  readonly basis: string;
  readonly steps: readonly (Bytes | ((answers: readonly FirstAnswer[], root: string) => Bytes | Outcome))[];
  judge(...answers: readonly FirstAnswer[]): Outcome;
}

export const groups: readonly { readonly title: string; readonly probes: readonly Probe[] }[];

/** What shutdown.js and survey.js have seen of a process. */
export interface Seen {
  readonly isWhole?: boolean;
  readonly exit?: number | string | undefined;
  readonly deaths?: number;
}

export const signals: {
  readonly title: string;
  readonly probes: readonly {
    readonly name: string;
    readonly title: string;
    readonly basis: string;
    judge(seen: Seen): Outcome;
  }[];
};

export function runProbe(
  probe: Pick<Probe, 'steps' | 'judge'>,
  send: (bytes: string, answersExpected: number) => Promise<FirstAnswer | { readonly failure: string }>,
  root: string,
): Promise<Outcome>;
