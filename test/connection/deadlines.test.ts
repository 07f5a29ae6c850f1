import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Deadlines, type Timed } from '../../src/connection/deadlines.js';
import { FakeClock } from '../support/fake-clock.js';

function timed(deadline: number, onDeadline: () => void = () => {}): Timed {
  return { deadline, onDeadline };
}

describe('Deadlines', () => {
  it('tells those whose deadline has come, and no others', () => {
    const clock = new FakeClock();
    const told: number[] = [];
    for (const at of [500, 1000, 1001, Number.POSITIVE_INFINITY])
      clock.deadlines.add(timed(at, () => told.push(at)));
    clock.pass(1000);
    expect(told).toEqual([500, 1000]);
  });

  it('tells again a second later unless the deadline is moved', () => {
    const clock = new FakeClock();
    let count = 0;
    const one = timed(1000, () => {
      if (++count === 2) one.deadline = Number.POSITIVE_INFINITY;
    });
    clock.deadlines.add(one);
    clock.pass(5000);
    expect(count).toBe(2);
  });

  it('survives that one of the told takes itself or others away', () => {
    const clock = new FakeClock();
    const told: string[] = [];
    const second = timed(0, () => told.push('second'));
    const first = timed(0, () => {
      told.push('first');
      clock.deadlines.delete(first);
      clock.deadlines.delete(second);
    });
    clock.deadlines.add(first);
    clock.deadlines.add(second);
    clock.pass(1000);
    expect(told).toEqual(['first']);
  });

  it('lists what is watched', () => {
    const deadlines = new Deadlines(() => 0);
    const one = timed(1);
    deadlines.add(one);
    expect([...deadlines]).toEqual([one]);
    deadlines.delete(one);
    expect([...deadlines]).toEqual([]);
  });
});

describe('the timer of Deadlines', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('is one for all, sweeps once a second, and runs only while there is something to watch', () => {
    const deadlines = new Deadlines(() => 0);
    const told = vi.fn();
    const both = [timed(0, told), timed(0, told)];
    expect(vi.getTimerCount()).toBe(0);
    for (const one of both) deadlines.add(one);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(999);
    expect(told).toHaveBeenCalledTimes(0);
    vi.advanceTimersByTime(1);
    expect(told).toHaveBeenCalledTimes(2);
    for (const one of both) deadlines.delete(one);
    expect(vi.getTimerCount()).toBe(0);
    deadlines.add(both[0]!);
    expect(vi.getTimerCount()).toBe(1);
  });
});
