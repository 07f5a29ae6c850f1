// Which name somebody meant. Pure.

/** Names that many slips apart, or half of their letters, are different names. */
const SLIPS_MAX = 2;

/** The name most like a misspelt one; case, `-` and `_` do not matter. `undefined` if none is like it. */
export function nearest(misspelt: string, names: Iterable<string>): string | undefined {
  const word = letters(misspelt);
  let best: string | undefined;
  let fewest = Math.min(SLIPS_MAX + 1, word.length / 2);
  for (const name of names) {
    const slips = countSlips(word, letters(name));
    if (slips < fewest) [best, fewest] = [name, slips];
  }
  return best;
}

function letters(name: string): string {
  return name
    .replace(/^BASEHTTP_/i, '')
    .replace(/[-_]/g, '')
    .toLowerCase();
}

/** Letters too many, too few, wrong or swapped with the next: the optimal string alignment distance. */
function countSlips(from: string, to: string): number {
  let before: number[] = [];
  let row = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const same = from[i - 1] === to[j - 1] ? 0 : 1;
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + same);
      const swapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      if (swapped) next[j] = Math.min(next[j]!, before[j - 2]! + 1);
    }
    [before, row] = [row, next];
  }
  return row[to.length]!;
}
