import { expect, test } from 'vitest';
import type { JournalEntry, JournalEvent } from '#contract/migration.ts';
import { guestDowntimeMs } from './guest-downtime.ts';
import { examplePlan } from './testing/example-migration.ts';

type At = readonly [atMs: number, event: JournalEvent];

const planned: JournalEvent = { kind: 'planned', plan: examplePlan() };
const asked: At = [100, { kind: 'intended', step: 'migrate' }];
const changed = (side: 'source' | 'destination', run: 'running' | 'stopped'): JournalEvent => ({
  kind: 'run-changed',
  side,
  run,
});
const seen = (side: 'source' | 'destination', run: string): JournalEvent => ({
  kind: 'observed',
  side,
  observation: { kind: 'answering', run, migration: 'active' },
});

/** A journal of entries at these times; the wall clock goes with the monotonic one. */
function journal(...events: readonly At[]): JournalEntry[] {
  return [[0, planned] as const, ...events].map(([atMs, event], sequence) => ({
    sequence,
    atMonoMs: 5000 + atMs,
    atEpochMs: 1_000_000 + atMs,
    event,
  }));
}

test('the guest stands still from the STOP on the source to the RESUME on the destination', () => {
  const entries = journal(
    asked,
    [1000, changed('source', 'stopped')],
    [1210, seen('source', 'postmigrate')],
    [1236, changed('destination', 'running')],
    [1240, seen('destination', 'running')],
  );
  expect(guestDowntimeMs(entries)).toBe(236);
});

test('where the events were missed, the answers that follow them count', () => {
  const entries = journal(
    asked,
    [900, seen('source', 'running')],
    [1000, seen('source', 'finish-migrate')],
    [1100, seen('destination', 'running')],
  );
  expect(guestDowntimeMs(entries)).toBe(100);
});

test('a stall that was forced back counts as well, and so does the next try', () => {
  const entries = journal(
    asked,
    [1000, changed('source', 'stopped')],
    [3000, changed('source', 'running')],
    [4000, changed('source', 'stopped')],
    [4050, changed('destination', 'running')],
  );
  expect(guestDowntimeMs(entries)).toBe(2050);
});

test('a manager that died in between is bridged by the wall clock', () => {
  const before = journal(asked, [1000, changed('source', 'stopped')]);
  const attached: JournalEntry = {
    sequence: 3,
    atMonoMs: 7,
    atEpochMs: 1_023_000,
    event: { kind: 'attached', user: 'ada', pid: 7 },
  };
  const after = { sequence: 4, atMonoMs: 17, atEpochMs: 1_023_010, event: seen('destination', 'running') };
  expect(guestDowntimeMs([...before, attached, after])).toBe(22_010);
});

test.each([
  ['never stopped', [asked, [500, seen('source', 'running')]]],
  ['does not run at the end', [asked, [500, changed('source', 'stopped')]]],
  [
    'was stopped by its operator before',
    [[50, changed('source', 'stopped')], [60, changed('source', 'running')], asked],
  ],
  ['cannot be seen', [asked, [500, { kind: 'observed', side: 'source', observation: { kind: 'silent' } }]]],
  [
    'stops on the destination only',
    [asked, [500, changed('destination', 'stopped')], [600, seen('destination', 'paused')]],
  ],
] as readonly (readonly [string, readonly At[]])[])('a guest that %s has no downtime to report', (_, events) => {
  expect(guestDowntimeMs(journal(...events))).toBeUndefined();
});

test('a guest that was paused before has none, nor has a journal without its plan', () => {
  const paused = { kind: 'planned', plan: examplePlan({ guestWasRunning: false }) } as const;
  const [, ...rest] = journal(asked, [1000, changed('source', 'stopped')], [1100, changed('destination', 'running')]);
  const first: JournalEntry = { sequence: 0, atMonoMs: 5000, atEpochMs: 1_000_000, event: paused };
  expect([guestDowntimeMs([first, ...rest]), guestDowntimeMs(rest)]).toEqual([undefined, undefined]);
});
