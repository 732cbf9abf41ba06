import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { atMostEvery } from './at-most-every.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** When the work was done, in milliseconds. */
function watched(): { limited: ReturnType<typeof atMostEvery>; at: number[] } {
  const at: number[] = [];
  const begunMs = Date.now();
  return { limited: atMostEvery(100, () => at.push(Date.now() - begunMs)), at };
}

test('is done in the next turn, never in the asker’s own', () => {
  const { limited, at } = watched();
  limited.ask();
  expect(at).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(at).toHaveLength(1);
});

test('is done at the pace that was set, however often it is asked for, and once after the last asking', () => {
  const { limited, at } = watched();
  for (let elapsedMs = 0; elapsedMs < 250; elapsedMs += 10) {
    limited.ask();
    vi.advanceTimersByTime(10);
  }
  vi.advanceTimersByTime(1000);
  const gaps = at.slice(1).map((time, index) => time - (at[index] ?? 0));
  expect([at.length, gaps.every((gap) => gap >= 100), (at.at(-1) ?? 0) >= 240]).toEqual([4, true, true]);
});

test('rests when it is not asked', () => {
  const { limited, at } = watched();
  limited.ask();
  vi.advanceTimersByTime(1000);
  limited.ask();
  vi.advanceTimersByTime(1);
  expect(at).toHaveLength(2);
});

test('is not done any more once it is cancelled', () => {
  const { limited, at } = watched();
  limited.ask();
  limited.cancel();
  vi.advanceTimersByTime(1000);
  expect(at).toEqual([]);
});
