import { expect, test } from 'vitest';
import { Stopwatch } from './stopwatch.ts';

/** A watch on a clock that a test sets. */
function begun(atMs = 1000): { readonly clock: { nowMs: number }; readonly watch: Stopwatch } {
  const clock = { nowMs: atMs };
  return { clock, watch: new Stopwatch({ monoMs: () => clock.nowMs }) };
}

test('begins with nothing past, whatever the time', () => {
  const { watch, clock } = begun();
  const atOnce = watch.elapsed();
  clock.nowMs = 1300;
  expect([atOnce, watch.elapsed()]).toEqual([
    { withoutProgressMs: 0, sourceStoppedMs: 0, unchangedMs: 0 },
    { withoutProgressMs: 300, sourceStoppedMs: 0, unchangedMs: 300 },
  ]);
});

test('bytes count as progress where there are more than ever, the first ones also where there are none', () => {
  const { watch, clock } = begun();
  const after = [0, 500, 499, 500, 501].map((bytes) => {
    clock.nowMs += 100;
    watch.moved(bytes);
    return watch.elapsed().withoutProgressMs;
  });
  expect([after, watch.elapsed().unchangedMs]).toEqual([[0, 0, 100, 200, 0], 500]);
});

test('a change counts as progress too, and progress is no change', () => {
  const { watch, clock } = begun();
  clock.nowMs += 100;
  watch.changed();
  clock.nowMs += 100;
  watch.moved(1);
  clock.nowMs += 50;
  const first = watch.elapsed();
  watch.changed();
  expect([first, watch.elapsed()]).toEqual([
    { withoutProgressMs: 50, sourceStoppedMs: 0, unchangedMs: 150 },
    { withoutProgressMs: 0, sourceStoppedMs: 0, unchangedMs: 0 },
  ]);
});

test('a source that is stopped is so since it was first seen so, until it is seen to run', () => {
  const { watch, clock } = begun();
  const after = [true, true, false, true].map((stopped) => {
    clock.nowMs += 100;
    watch.sourceIsStopped(stopped);
    clock.nowMs += 10;
    return watch.elapsed().sourceStoppedMs;
  });
  expect(after).toEqual([10, 120, 0, 10]);
});
