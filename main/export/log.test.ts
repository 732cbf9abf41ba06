import { expect, test } from 'vitest';
import { recordToLog } from './log.ts';
import { migrationRecord } from './record.ts';
import { exampleEvents, examplePlan, exampleSamples, journalOf } from './testing/example-migration.ts';

const phase = { name: 'ended', guest: 'destination' } as const;

test('a finished migration', () => {
  const log = recordToLog(migrationRecord({ entries: journalOf(...exampleEvents), samples: exampleSamples, phase }));
  const lines = log.split('\n');
  expect([...lines.slice(0, 12), '(and so on)', ...lines.slice(-11)]).toEqual([
    '# Switchyard migration: 20261122T120250Z-7f3a',
    '# Guest: lab-guest',
    '# Source: lab-source',
    '# Destination: lab-destination',
    '# Asked for by: ada',
    '# Settings: MPTCP prefer, downtime limit 300 ms, no bandwidth limit',
    '# Path 1: eth1 10.0.1.1 to eth1 10.0.1.2, 500 Mbit/s, MTU 1500',
    '# Path 2: eth2 10.0.2.1 to eth2 10.0.2.2, 500 Mbit/s, MTU 1500',
    '# Versions: switchyard 0.1.0, qemu-source 7.2.22',
    '# Checks: all 1 passed',
    '',
    '2026-11-22T12:02:50.000Z ada asked to migrate lab-guest from lab-source to lab-destination: 2 paths, MPTCP where both ends speak it.',
    '(and so on)',
    "2026-11-22T12:02:51.700Z QEMU's final figures: 200 MiB transferred, downtime 38 ms.",
    '2026-11-22T12:02:51.800Z Done: lab-guest is on lab-destination.',
    '',
    '# Outcome: done-on-destination',
    '# Duration: 1.8 s',
    '# Downtime: 38 ms (by QEMU)',
    '# Transferred: 200 MiB at 839 Mbit/s after setup',
    '# Transport: mptcp',
    '# Subflow eth1: 120 MiB (60 %), 3 retransmits',
    '# Subflow eth2: 80 MiB (40 %), 1 retransmit',
    '',
  ]);
});

test('a failure is reported with its cause, what to do and the raw words, line by line', () => {
  const explanation = { phase: 'copying', cause: 'It fell.', next: 'Get up.', raw: 'qemu: one\n\nqemu: two\n' };
  const entries = journalOf(
    {
      kind: 'planned',
      plan: examplePlan({ checks: [{ id: 'x', severity: 'warning', passed: false, text: 'Slow.' }] }),
    },
    { kind: 'ended', outcome: 'safe-on-source', guest: 'source', explanation },
  );
  const lines = recordToLog(migrationRecord({ entries, samples: [], phase })).split('\n');
  expect(lines.filter((line) => /^# (?:Check|Outcome|Cause|Next|Raw)/.test(line))).toEqual([
    '# Check (warning): Slow.',
    '# Outcome: safe-on-source',
    '# Cause: It fell.',
    '# Next: Get up.',
    '# Raw: qemu: one',
    '# Raw: qemu: two',
  ]);
});

test('a guest cannot forge a line by its name', () => {
  const guest = { ...examplePlan().guest, name: 'x\n2026-11-22T12:02:52.000Z All is well.' };
  const log = recordToLog(
    migrationRecord({ entries: journalOf({ kind: 'planned', plan: examplePlan({ guest }) }), samples: [], phase }),
  );
  expect(log).not.toMatch(/^2026-11-22T12:02:52/m);
});

test('one still open says how far it is', () => {
  const entries = journalOf({ kind: 'planned', plan: examplePlan() });
  const log = recordToLog(
    migrationRecord({ entries, samples: [], phase: { name: 'switching-over', guest: 'stopped' } }),
  );
  expect(log).toContain('# Outcome: still open (switching over)\n');
});

test('names each harmless difference of the destination, with its reason', () => {
  const harmless = [{ text: 'Scheduling of vCPU 0: niceness 5, niceness 0.', reason: 'Set it with `renice`.' }];
  const entries = journalOf({ kind: 'planned', plan: examplePlan() }, { kind: 'done', step: 'compare-twin', harmless });
  const lines = recordToLog(migrationRecord({ entries, samples: [], phase })).split('\n');
  expect([lines.filter((line) => line.includes('armless')).map((line) => line.replace(/^\S+Z /, ''))]).toEqual([
    [
      'The waiting QEMU on lab-destination has the disks, devices and memory of lab-guest; 1 harmless difference.',
      '# Harmless difference: Scheduling of vCPU 0: niceness 5, niceness 0. Set it with `renice`.',
    ],
  ]);
});
