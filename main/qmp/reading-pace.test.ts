import { expect, test } from 'vitest';
import { ReadingPace } from './reading-pace.ts';

/** A stream that is paused or not, and a clock that the test moves. */
function paced() {
  const state = { now: 0, busy: 0, paused: false };
  const rests: number[] = [];
  let wake: (() => void) | undefined;
  const pace = new ReadingPace(
    { pause: () => stream(true), resume: () => stream(false) },
    {
      monoMs: () => state.now,
      busyMs: () => state.busy,
      after: (ms, then) => {
        rests.push(ms);
        wake = () => {
          state.now += ms;
          then();
        };
        return () => (wake = undefined);
      },
    },
  );
  function stream(paused: boolean): void {
    state.paused = paused;
  }
  const work = (ms: number): void =>
    pace.measure(() => {
      state.busy += ms;
      state.now += ms;
    });
  return { pace, state, rests, work, wake: () => wake?.(), isResting: () => wake !== undefined };
}

test('a quiet monitor is read at once, for ever', () => {
  const { state, rests, work } = paced();
  for (let each = 0; each < 1000; each += 1) {
    work(1);
    state.now += 100;
  }
  expect([state.paused, rests]).toEqual([false, []]);
});

test('one large answer passes', () => {
  const { state, work } = paced();
  work(100);
  expect(state.paused).toBe(false);
});

test('one that never stops gets an eighth of the time', () => {
  const { state, work, wake, isResting } = paced();
  for (let each = 0; each < 1000; each += 1) {
    if (isResting()) wake();
    work(5);
  }
  expect(state.busy / state.now).toBeCloseTo(0.125, 1);
});

test('what still came while it rests does not make it rest twice', () => {
  const { state, rests, work, wake } = paced();
  work(200);
  work(200);
  expect([rests.length, state.paused]).toEqual([1, true]);
  wake();
  expect(state.paused).toBe(false);
});

test('a monitor that has been closed is not resumed', () => {
  const { state, pace, work, isResting } = paced();
  work(500);
  pace.stop();
  expect([isResting(), state.paused]).toEqual([false, true]);
});

test('one that was closed by what it said rests no more', () => {
  const { state, rests, pace } = paced();
  pace.measure(() => {
    state.busy += 500;
    pace.stop();
  });
  expect(rests).toEqual([]);
});
