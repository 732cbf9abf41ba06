import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { recordSchema, type JournalEvent } from '#contract/migration.ts';
import { recordToJson } from './json.ts';
import { migrationRecord } from './record.ts';
import { summaryOf } from './testing/summary-of.ts';
import {
  exampleEvents,
  exampleId,
  examplePlan,
  exampleSamples,
  finalQemu,
  journalOf,
  sampleAt,
  subflowAt,
} from './testing/example-migration.ts';

const ended = { name: 'ended', guest: 'destination' } as const;
const copying = { name: 'copying', guest: 'source' } as const;
const mebibyte = 2 ** 20;

const record = migrationRecord({ entries: journalOf(...exampleEvents), samples: exampleSamples, phase: ended });

function without(members: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([name]) => !members.includes(name)));
}

test('the record of a finished migration', () => {
  expect(without(['events', 'samples', 'subflows', 'paths', 'checks', 'settings'])).toEqual({
    schema: 'switchyard.migration/1',
    id: exampleId,
    guest: 'lab-guest',
    source: 'lab-source',
    destination: 'lab-destination',
    startedAtEpochMs: Date.UTC(2026, 10, 22, 12, 2, 50),
    endedAtEpochMs: Date.UTC(2026, 10, 22, 12, 2, 51, 800),
    user: 'ada',
    outcome: 'done-on-destination',
    guestState: 'destination',
    phase: 'ended',
    transport: {
      requested: 'prefer',
      negotiated: 'mptcp',
      fallback: false,
      text: 'Multipath TCP confirmed by the kernel, 2 subflows',
    },
    totals: {
      durationMs: 1800,
      setupTimeMs: 20,
      downtimeMs: 38,
      totalTimeMs: 2020,
      transferredBytes: 200 * mebibyte,
      goodputBitsPerSecond: 100 * mebibyte * 8,
      capacityBitsPerSecond: 1e9,
      efficiencyFraction: (100 * mebibyte * 8) / 1e9,
      iterations: 3,
      retransmits: 4,
    },
    reconciliation: {
      subflowBytes: 200 * mebibyte,
      connectionBytes: 200 * mebibyte,
      reinjectedBytes: 0,
      qemuBytes: 200 * mebibyte,
      differenceFraction: 0,
    },
    iterations: [
      { iteration: 1, dirtiedBytes: 0, sentBytes: 150 * mebibyte, remainingBytes: 40 * mebibyte, verdict: 'first' },
      {
        iteration: 2,
        dirtiedBytes: 40 * mebibyte,
        sentBytes: 40 * mebibyte,
        remainingBytes: 42 * mebibyte,
        verdict: 'converging',
      },
      { iteration: 3, dirtiedBytes: 42 * mebibyte, sentBytes: 10 * mebibyte, remainingBytes: 0, verdict: 'borderline' },
    ],
    versions: { switchyard: '0.1.0', 'qemu-source': '7.2.22' },
  });
});

test('its JSON is a record by the contract, and the same one', () => {
  expect(recordSchema.parse(JSON.parse(recordToJson(record)))).toEqual(record);
});

test('an open migration lasts up to its last entry, and has no outcome', () => {
  const open = migrationRecord({
    entries: journalOf(...exampleEvents.slice(0, 9)),
    samples: exampleSamples,
    phase: copying,
  });
  expect(open).toMatchObject({ guestState: 'source', phase: 'copying', totals: { durationMs: 800 } });
  expect('outcome' in open).toBe(false);
});

test('one that was taken up again after its end is open again', () => {
  const entries = journalOf(
    { kind: 'planned', plan: examplePlan() },
    { kind: 'ended', outcome: 'unknown', guest: 'unknown' },
    { kind: 'attached', user: 'ada', pid: 7 },
  );
  expect('outcome' in migrationRecord({ entries, samples: [], phase: copying })).toBe(false);
});

test('time is monotonic within one manager, by the wall clock between two', () => {
  const [planned, migrating, attached, later] = journalOf(
    { kind: 'planned', plan: examplePlan() },
    { kind: 'done', step: 'migrate' },
    { kind: 'attached', user: 'ada', pid: 7 },
    { kind: 'committed' },
  );
  if (!planned || !migrating || !attached || !later) throw new TypeError('four entries');
  const entries = [
    planned,
    // The wall clock was set back by an hour meanwhile.
    { ...migrating, atEpochMs: planned.atEpochMs - 3_600_000 },
    { ...attached, atEpochMs: planned.atEpochMs - 3_600_000 + 5000, atMonoMs: 3 },
    { ...later, atMonoMs: 53 },
  ];
  expect(migrationRecord({ entries, samples: [], phase: copying }).totals.durationMs).toBe(100 + 5000 + 50);
});

test('without figures of QEMU, what the journal holds is enough', () => {
  const iteration: JournalEvent = {
    kind: 'iteration',
    iteration: 2,
    remainingBytes: 10,
    transferredBytes: 1000,
    dirtyPagesPerSecond: 0,
  };
  const entries = journalOf({ kind: 'planned', plan: examplePlan() }, { kind: 'done', step: 'migrate' }, iteration);
  expect(migrationRecord({ entries, samples: [], phase: copying }).totals).toMatchObject({
    transferredBytes: 1000,
    goodputBitsPerSecond: 1000 * 8 * 10,
    iterations: 2,
  });
});

describe('paths that are missing', () => {
  const missing = { interfaces: ['eth1', 'eth2'], reasons: [{ side: 'source', text: 'No route.' }] } as const;
  const subflow = { subflow: '1/2', interface: 'eth2', localAddress: '10.0.2.1', remoteAddress: '10.0.2.2' };
  const told: JournalEvent[] = [
    { kind: 'planned', plan: examplePlan() },
    { kind: 'subflow-established', ...subflow },
    { kind: 'negotiated', protocol: 'mptcp', when: 'connected', connections: [], text: 'MPTCP' },
    { kind: 'path-missing', interfaces: [...missing.interfaces], reasons: [...missing.reasons] },
  ];
  const missingAfter = (...events: JournalEvent[]): unknown =>
    migrationRecord({ entries: journalOf(...told, ...events), samples: [], phase: copying }).transport.missing;

  test('are reported with what is to be done', () => {
    expect(missingAfter()).toEqual(missing);
  });

  test('are not missing any more once a subflow has been made there', () => {
    expect([
      missingAfter({ kind: 'subflow-established', ...subflow }),
      missingAfter(
        { kind: 'subflow-established', ...subflow },
        { kind: 'subflow-back', ...subflow, interface: 'eth1', afterMs: 1 },
      ),
    ]).toEqual([{ ...missing, interfaces: ['eth1'] }, undefined]);
  });
});

test('a capacity that is not known of every path is left out', () => {
  const [first, ...others] = examplePlan().paths;
  if (!first) throw new TypeError('a path');
  const { speedBitsPerSecond: _unknown, ...nameless } = first;
  const plan = examplePlan({ paths: [nameless, ...others] });
  const { totals } = migrationRecord({ entries: journalOf({ kind: 'planned', plan }), samples: [], phase: copying });
  expect([totals.capacityBitsPerSecond, totals.efficiencyFraction]).toEqual([undefined, undefined]);
});

test.for([
  ['prefer', 'tcp', true],
  ['off', 'tcp', false],
  ['require', 'mptcp', false],
] as const)('asked for %s, got %s: a fallback is %s', ([mptcp, protocol, fallback]) => {
  const plan = examplePlan({ settings: { ...examplePlan().settings, mptcp } });
  const entries = journalOf(
    { kind: 'planned', plan },
    {
      kind: 'negotiated',
      protocol,
      when: 'connected',
      connections: [],
      text: 'as the kernel says',
      command: 'sysctl net.mptcp',
    },
  );
  expect(migrationRecord({ entries, samples: [], phase: copying }).transport).toEqual({
    requested: mptcp,
    negotiated: protocol,
    fallback,
    text: 'as the kernel says',
    command: 'sysctl net.mptcp',
  });
});

test('what another version wrote is reported at its place', () => {
  const entries = journalOf(...exampleEvents.slice(0, 2));
  const foreign = [{ sequence: 1, atEpochMs: 5, raw: { kind: 'path-weighed' } }];
  const [first, second] = entries;
  if (!first || !second) throw new TypeError('two entries');
  const { events } = migrationRecord({
    entries: [first, { ...second, sequence: 2 }],
    samples: [],
    phase: copying,
    foreign,
  });
  expect(events.map(({ kind, text }) => [kind, text]).slice(1)).toEqual([
    ['path-weighed', 'An event that another version of Switchyard wrote (path-weighed).'],
    ['intended', 'Asked the destination to listen.'],
  ]);
});

test('a journal without its plan has no record', () => {
  expect(() => migrationRecord({ entries: journalOf({ kind: 'committed' }), samples: [], phase: copying })).toThrow(
    'a journal begins with its plan',
  );
});

test('the last sample alone gives the same summary but for the medians', () => {
  const brief = migrationRecord({
    entries: journalOf(...exampleEvents),
    samples: exampleSamples.slice(-1),
    phase: ended,
  });
  const withoutMedians = ({ subflows, ...rest }: ReturnType<typeof summaryOf>): unknown => ({
    ...rest,
    subflows: subflows.map(({ rttUs: _median, ...subflow }) => subflow),
  });
  expect(withoutMedians(summaryOf(brief))).toEqual(withoutMedians(summaryOf(record)));
});

test('no number of a record is ever NaN or infinite, whatever was measured', () => {
  const anyNumber = fc.oneof(fc.double(), fc.constantFrom(0, -1, Number.NaN, Number.POSITIVE_INFINITY));
  fc.assert(
    fc.property(fc.array(fc.tuple(anyNumber, anyNumber, anyNumber), { maxLength: 4 }), (measured) => {
      const samples = measured.map(([bytesSent, rttUs, totalTimeMs]) =>
        sampleAt(0, bytesSent, {
          subflows: [subflowAt(1, { bytesSent, rttUs })],
          qemu: { ...finalQemu, transferredBytes: bytesSent, totalTimeMs },
        }),
      );
      const text = recordToJson(migrationRecord({ entries: journalOf(...exampleEvents), samples, phase: ended }));
      expect(recordSchema.safeParse(JSON.parse(text)).error).toBeUndefined();
    }),
  );
});
