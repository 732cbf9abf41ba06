import { expect, test } from 'vitest';
import type { JournalEvent } from '#contract/migration.ts';
import type { Sample, SubflowSample, SubflowState } from '#contract/telemetry.ts';
import { noSubflows, subflowEvents } from './subflow-events.ts';

/** One subflow through a row of states, a second apart; `undefined` where the kernel does not list it. */
function told(...states: readonly (SubflowState | undefined)[]): string[] {
  let memory = noSubflows;
  return states.flatMap((state, second) => {
    const result = subflowEvents(memory, sampleAt(second * 1000, state ? [subflow('1/0', state)] : []));
    memory = result.memory;
    return result.events.map(inWords);
  });
}

function inWords(event: JournalEvent): string {
  return event.kind === 'subflow-back' ? `${event.kind} after ${event.afterMs} ms` : event.kind;
}

function sampleAt(atMonoMs: number, subflows: SubflowSample[]): Sample {
  return { atMonoMs, atEpochMs: 1e12 + atMonoMs, connections: [], subflows, throughputBitsPerSecond: 0 };
}

function subflow(id: string, state: SubflowState, more: Partial<SubflowSample> = {}): SubflowSample {
  return {
    id,
    interface: 'eth1',
    localAddress: '10.0.1.1',
    localPort: 50_000,
    remoteAddress: '10.0.1.2',
    remotePort: 42_001,
    state,
    bytesSent: 0,
    bytesRetransmitted: 0,
    throughputBitsPerSecond: 0,
    shareFraction: 0,
    rttUs: 200,
    rttVarianceUs: 20,
    congestionWindowBytes: 14_480,
    retransmits: 0,
    unsentBytes: 0,
    ...more,
  };
}

test.each<[string, readonly (SubflowState | undefined)[], readonly string[]]>([
  ['comes', ['active'], ['subflow-established']],
  ['comes as a backup', ['backup'], ['subflow-established']],
  ['stays', ['active', 'active', 'active'], ['subflow-established']],
  ['changes its priority', ['active', 'backup', 'active'], ['subflow-established']],
  ['is lost', ['active', 'failing'], ['subflow-established', 'subflow-lost']],
  ['is lost and found stale', ['active', 'failing', 'stale'], ['subflow-established', 'subflow-lost']],
  [
    'comes back',
    ['active', 'stale', 'stale', 'active'],
    ['subflow-established', 'subflow-lost', 'subflow-back after 2000 ms'],
  ],
  [
    'is lost a second time, which is counted afresh',
    ['active', 'stale', 'active', 'active', 'stale', 'active'],
    ['subflow-established', 'subflow-lost', 'subflow-back after 1000 ms', 'subflow-lost', 'subflow-back after 1000 ms'],
  ],
  ['is closed', ['active', 'closed', 'closed'], ['subflow-established', 'subflow-closed']],
  [
    'is lost, closed, and opened again',
    ['active', 'stale', 'closed', 'active', 'stale', 'active'],
    [
      'subflow-established',
      'subflow-lost',
      'subflow-closed',
      'subflow-back after 2000 ms',
      'subflow-lost',
      'subflow-back after 1000 ms',
    ],
  ],
  ['was closed before the first look', ['closed'], []],
  ['is not listed for a while', ['active', undefined, 'active'], ['subflow-established']],
  ['is in trouble when first seen', ['failing', 'active'], ['subflow-established', 'subflow-back after 1000 ms']],
])('a subflow that %s', (_name, states, events) => {
  expect(told(...states)).toEqual(events);
});

test('an event says which path it is about', () => {
  const { events } = subflowEvents(noSubflows, sampleAt(0, [subflow('d27c32f1/1', 'active', { interface: 'eth2' })]));
  expect(events).toEqual([
    {
      kind: 'subflow-established',
      subflow: 'd27c32f1/1',
      interface: 'eth2',
      localAddress: '10.0.1.1',
      remoteAddress: '10.0.1.2',
    },
  ]);
});

test('an address that has gone has no interface any more', () => {
  const { interface: _gone, ...rest } = subflow('1/0', 'active');
  const { events } = subflowEvents(noSubflows, sampleAt(0, [rest]));
  expect(events).toEqual([
    { kind: 'subflow-established', subflow: '1/0', localAddress: '10.0.1.1', remoteAddress: '10.0.1.2' },
  ]);
});

test('each subflow is followed for itself', () => {
  const first = subflowEvents(noSubflows, sampleAt(0, [subflow('1/0', 'active'), subflow('1/1', 'active')]));
  const { events } = subflowEvents(first.memory, sampleAt(1000, [subflow('1/0', 'active'), subflow('1/1', 'failing')]));
  expect(events).toMatchObject([{ kind: 'subflow-lost', subflow: '1/1' }]);
});
