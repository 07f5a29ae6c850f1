// Who may run, who waits, and who is turned away.

import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { CGIGate } from '../../src/handlers/cgi-gate.js';

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  expect.soft(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

const { signal } = new AbortController();

/** What has become of a promise by now. */
async function stateOf(promise: Promise<unknown>): Promise<string> {
  let state = 'waiting';
  promise.then((release) => {
    state = release === undefined ? 'refused' : 'entered';
  });
  await vi.advanceTimersByTimeAsync(0);
  return state;
}

it('MUST 80: lets so many in, has so many wait in line, and turns the others away', async () => {
  const gate = new CGIGate({ maxRunning: 2, maxWaiting: 2, maxWaitMs: 1000 });
  const all = Array.from({ length: 6 }, () => gate.enter(signal));
  const states = () => Promise.all(all.map(stateOf));
  expect(await states()).toEqual(['entered', 'entered', 'waiting', 'waiting', 'refused', 'refused']);
  (await all[1])!();
  expect(await states()).toEqual(['entered', 'entered', 'entered', 'waiting', 'refused', 'refused']);
  (await all[1])!(); // once more is nothing
  expect(await stateOf(all[3]!)).toBe('waiting');
  (await all[0])!();
  expect(await stateOf(all[3]!)).toBe('entered');
  (await all[2])!();
  (await all[3])!();
  const next = [gate.enter(signal), gate.enter(signal)];
  expect(await Promise.all(next.map(stateOf))).toEqual(['entered', 'entered']);
});

it('MUST 80: nobody waits longer than that', async () => {
  const gate = new CGIGate({ maxRunning: 1, maxWaiting: 1, maxWaitMs: 1000 });
  const release = (await gate.enter(signal))!;
  const second = gate.enter(signal);
  await vi.advanceTimersByTimeAsync(999);
  expect(await stateOf(second)).toBe('waiting');
  await vi.advanceTimersByTimeAsync(1);
  expect(await stateOf(second)).toBe('refused');
  release();
  expect(await stateOf(gate.enter(signal))).toBe('entered');
});

it('who goes away leaves the line', async () => {
  const gate = new CGIGate({ maxRunning: 1, maxWaiting: 1, maxWaitMs: 1000 });
  const release = (await gate.enter(signal))!;
  const impatient = new AbortController();
  const second = gate.enter(impatient.signal);
  impatient.abort();
  expect(await stateOf(second)).toBe('refused');
  expect(await stateOf(gate.enter(impatient.signal))).toBe('refused');
  const third = gate.enter(signal);
  expect(await stateOf(third)).toBe('waiting');
  release();
  expect(await stateOf(third)).toBe('entered');
});
