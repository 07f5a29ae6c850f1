// What a probe finds of a server: 'right', 'wrong', or 'not offered' (allowed, but less than was asked for), and a few
// words for the table.

export const right = (cell) => outcome('right', cell);
export const wrong = (cell) => outcome('wrong', cell);
export const notOffered = (cell) => outcome('not offered', cell);

/** @param cell a number, or what the server has said: that may be nothing. */
function outcome(verdict, cell) {
  return { verdict, cell: String(cell) || 'an empty field' };
}

const ORDER = ['wrong', 'not offered', 'right'];

/** One outcome of several: the worst, with what distinguishes it from the others. */
export function worst(outcomes) {
  const verdict = ORDER.find((one) => outcomes.some(({ verdict }) => verdict === one));
  const cells = outcomes.filter((one) => one.verdict === verdict).map(({ cell }) => cell);
  return { verdict, cell: [...new Set(cells)].join(', ') };
}

/** The same of those that were offered, if any was: for what a server need do in one way only. */
export function worstOffered(outcomes) {
  const offered = outcomes.filter(({ verdict }) => verdict !== 'not offered');
  return worst(offered.length > 0 ? offered : outcomes);
}
