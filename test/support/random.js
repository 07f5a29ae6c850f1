// Numbers that look random and are the same for the same seed: whatever fails can be run again. Plain JavaScript, so
// that the fuzzer runs without a compiler.

/**
 * A source of numbers (mulberry32): fast, small, and random enough for choosing test inputs.
 * @param {number} seed an integer
 */
export function randomSource(seed) {
  let state = seed | 0;

  /** From 0 up to, not including, `limit`. */
  function below(limit) {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  }

  /** One of the items. */
  function pick(items) {
    return items[below(items.length)];
  }

  /** The octets in up to `maxPieces` pieces, none of them empty. */
  function cut(octets, maxPieces = 8) {
    const pieces = [];
    let start = 0;
    for (let left = 1 + below(maxPieces); left > 1 && start < octets.length; left--) {
      const end = start + 1 + below(octets.length - start);
      pieces.push(octets.subarray(start, end));
      start = end;
    }
    if (start < octets.length) pieces.push(octets.subarray(start));
    return pieces;
  }

  return { below, pick, cut };
}
