import { expect, test } from 'vitest';
import type { JournalEvent } from '#contract/migration.ts';
import { maySend, maySendOverPaths, standsStill } from './sending.ts';
import { answering, begun, gone, sees, silent, stateAfter, unreachable } from './simulation/states.ts';

const negotiated = (protocol: 'mptcp' | 'tcp'): JournalEvent => ({
  kind: 'negotiated',
  protocol,
  when: 'connected',
  connections: [],
  text: 'so the kernel says',
});
const seen = (run: string, migration: string): JournalEvent => sees('source', answering(run, migration));

test.each<[string, readonly JournalEvent[], boolean]>([
  ['before a first look', [], true],
  ['while it copies', [seen('running', 'active')], true],
  ['while its host cannot be asked', [sees('source', unreachable)], true],
  ['when it is gone', [sees('source', gone)], false],
  ['when it has failed', [seen('running', 'failed')], false],
  ['when it is cancelled', [seen('running', 'cancelled')], false],
  ['when it has handed over', [seen('postmigrate', 'completed')], false],
  [
    'when it has handed over, and cannot be asked since',
    [seen('postmigrate', 'completed'), sees('source', silent)],
    false,
  ],
  ['after the end', [{ kind: 'ended', outcome: 'unknown', guest: 'unknown' }], false],
])('a source may send %s: %s', (_when, journal, may) => {
  expect(maySend(stateAfter([...begun, ...journal]))).toBe(may);
});

test.each<[string, readonly JournalEvent[], boolean]>([
  ['what it is is not known yet', [], false],
  ['it is plain TCP', [negotiated('tcp')], false],
  ['it is MPTCP', [negotiated('mptcp')], true],
  ['it was MPTCP', [negotiated('mptcp'), negotiated('tcp')], false],
  ['it is MPTCP and its source is gone', [negotiated('mptcp'), sees('source', gone)], false],
])('the paths of a connection can be changed where %s', (_where, journal, may) => {
  expect(maySendOverPaths(stateAfter([...begun, ...journal]))).toBe(may);
});

test('a source stands still where it reports so or is silent', () => {
  const all = [answering('running', 'active'), answering('paused', 'active'), silent, gone, unreachable];
  expect(all.map(standsStill)).toEqual([false, true, true, false, false]);
});
