/** One answer; text is latin1. */
export interface Answer {
  readonly status: number;
  /** In wire order, in lower case. */
  readonly names: readonly string[];
  readonly body: string;
  field(name: string): string | undefined;
}

/** The first answer, and what came behind it. */
export interface FirstAnswer extends Answer {
  readonly others: readonly Answer[];
  /** What is no answer. */
  readonly rest: string;
}

export function parseAnswers(
  text: string,
  firstMethod: string,
  ended: boolean,
): { readonly answers: readonly Answer[]; readonly rest: string };
