import { expect, test } from 'vitest';
import type { SubflowReading, SubflowSampler } from './ports.ts';
import { SampleReader } from './sample-reader.ts';

const reading: SubflowReading = {
  sample: { atMonoMs: 1, atEpochMs: 1, connections: [], subflows: [], throughputBitsPerSecond: 0 },
  troubles: { unanswered: [], closed: [] },
};

/** A sampler that answers when the test says so, and a clock that stands where the test sets it. */
function slow() {
  const answer = Promise.withResolvers<SubflowReading>();
  const clock = { nowMs: 0, monoMs: () => clock.nowMs };
  const state = { disposed: false };
  const sampler: SubflowSampler = {
    sample: () => answer.promise,
    [Symbol.dispose]: () => {
      state.disposed = true;
    },
  };
  return { answer, clock, state, sampler };
}

test('hands on what the host answers', async () => {
  const { answer, clock, sampler } = slow();
  const reader = new SampleReader(Promise.resolve(sampler), clock);
  answer.resolve(reading);
  expect(await reader.next()).toBe(reading);
});

test('reports for how long an answer has been owed, from the question to the answer', async () => {
  const { answer, clock, sampler } = slow();
  const reader = new SampleReader(Promise.resolve(sampler), clock);
  const seen = [reader.overdueMs];
  const next = reader.next();
  clock.nowMs = 700;
  seen.push(reader.overdueMs);
  answer.resolve(reading);
  await next;
  seen.push(reader.overdueMs);
  expect(seen).toEqual([0, 700, 0]);
});

test('a host that is still opening the sampler owes an answer as well', () => {
  const { clock } = slow();
  const reader = new SampleReader(new Promise(() => undefined), clock);
  void reader.next();
  clock.nowMs = 900;
  expect(reader.overdueMs).toBe(900);
});

test('a sampler that was refused is reported when it is asked', async () => {
  const reader = new SampleReader(Promise.reject(new Error('refused')), slow().clock);
  await expect(reader.next()).rejects.toThrow('refused');
});

test('disposing of it ends a wait without an answer, closes the sampler, and nothing is asked any more', async () => {
  const { clock, state, sampler } = slow();
  const reader = new SampleReader(Promise.resolve(sampler), clock);
  const next = reader.next();
  await Promise.resolve();
  reader[Symbol.dispose]();
  expect([await next, await reader.next(), state.disposed]).toEqual([undefined, undefined, true]);
});

test('a refusal that comes after it was disposed of is ignored', async () => {
  const { answer, clock, sampler } = slow();
  const reader = new SampleReader(Promise.resolve(sampler), clock);
  const next = reader.next();
  reader[Symbol.dispose]();
  answer.reject(new Error('closed'));
  expect(await next).toBeUndefined();
});
