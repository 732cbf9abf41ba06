import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { systemClock } from './clock.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('sleeps for as long as it is asked to', async () => {
  const before = systemClock.monoMs();
  const slept = systemClock.sleep(500);
  await vi.advanceTimersByTimeAsync(500);
  await slept;
  expect(systemClock.monoMs() - before).toBe(500);
});

test('wakes when the signal fires, and leaves nothing behind', async () => {
  const controller = new AbortController();
  const slept = systemClock.sleep(60_000, controller.signal);
  controller.abort();
  await slept;
  expect([vi.getTimerCount(), getEventListeners(controller.signal, 'abort').length]).toEqual([0, 0]);
});

test('does not sleep at all when the signal has fired before', async () => {
  await systemClock.sleep(60_000, AbortSignal.abort());
  expect(vi.getTimerCount()).toBe(0);
});

test('takes its listener off the signal after a full sleep', async () => {
  const controller = new AbortController();
  const slept = systemClock.sleep(5, controller.signal);
  await vi.advanceTimersByTimeAsync(5);
  await slept;
  expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
});
