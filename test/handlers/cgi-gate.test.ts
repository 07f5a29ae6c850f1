// Who may run, who waits, and who is turned away.

import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { CGIGate } from '../../src/handlers/cgi-gate.js';

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  expect.soft(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

const enter = async (gate: CGIGate, signal = new AbortController().signal) =>
  gate.enter() ?? (await gate.wait(signal));

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
  const all = Array.from({ length: 6 }, () => enter(gate));
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
  const next = [enter(gate), enter(gate)];
  expect(await Promise.all(next.map(stateOf))).toEqual(['entered', 'entered']);
});

it('MUST 80: nobody waits longer than that', async () => {
  const gate = new CGIGate({ maxRunning: 1, maxWaiting: 1, maxWaitMs: 1000 });
  const release = (await enter(gate))!;
  const second = enter(gate);
  await vi.advanceTimersByTimeAsync(999);
  expect(await stateOf(second)).toBe('waiting');
  await vi.advanceTimersByTimeAsync(1);
  expect(await stateOf(second)).toBe('refused');
  release();
  expect(await stateOf(enter(gate))).toBe('entered');
});

it('who goes away leaves the line', async () => {
  const gate = new CGIGate({ maxRunning: 1, maxWaiting: 1, maxWaitMs: 1000 });
  const release = (await enter(gate))!;
  const impatient = new AbortController();
  const second = enter(gate, impatient.signal);
  impatient.abort();
  expect(await stateOf(second)).toBe('refused');
  expect(await stateOf(enter(gate, impatient.signal))).toBe('refused');
  const third = enter(gate);
  expect(await stateOf(third)).toBe('waiting');
  release();
  expect(await stateOf(third)).toBe('entered');
});
