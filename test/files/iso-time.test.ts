import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isoTime } from '../../src/files/iso-time.js';

it('is what toISOString() says, for all times that it has', () => {
  const time = fc.oneof(
    fc.integer({ min: -8.64e15, max: 8.64e15 }),
    fc.integer({ min: -3e12, max: 3e12 }),
    fc.double({ min: -1e13, max: 1e13, noNaN: true }),
    fc.constantFrom(0, -1, 1, -0.5, 8.64e15, -8.64e15, 86_399_999, 86_400_000, -86_400_000, -86_400_001),
  );
  fc.assert(
    fc.property(time, (ms) => {
      expect(isoTime(ms)).toBe(new Date(ms).toISOString());
    }),
    { numRuns: 1000 },
  );
});

it('is right for more days than it keeps', () => {
  const times = Array.from({ length: 10_000 }, (_, day) => day * 86_400_000 + day);
  expect(times.map(isoTime)).toEqual(times.map((ms) => new Date(ms).toISOString()));
});

it.each([Number.NaN, Number.POSITIVE_INFINITY, -8.64e15 - 1000, 1e300])('has no text for %d', (ms) => {
  expect(isoTime(ms)).toBeUndefined();
});
