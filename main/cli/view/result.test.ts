import { expect, test } from 'vitest';
import { outcomeSchema } from '#contract/migration.ts';
import { exampleRecord } from '#main/cli/testing/fakes.ts';
import { exampleEvents } from '#main/export/testing/example-migration.ts';
import { resultLines } from './result.ts';

const done = exampleRecord();

test('a migration that is done says what it cost and what each path carried', () => {
  expect(resultLines(done).split('\n')).toEqual([
    'lab-guest has moved from lab-source to lab-destination.',
    '  Guest is      on lab-destination',
    '  Duration      1.8 s',
    '  Downtime      38 ms (by QEMU), limit 300 ms',
    '  Transferred   200 MiB in 3 iterations',
    "  Goodput       839 Mbit/s, 84 % of all paths' 1 Gbit/s",
    '  Transport     Multipath TCP confirmed by the kernel, 2 subflows',
    '  Sent again    4 segments, 0 B',
    '',
    '  Path  Local     Remote    Sent     Share  RTT     Sent again',
    '  eth1  10.0.1.1  10.0.1.2  120 MiB  60 %   3 ms    3',
    '  eth2  10.0.2.1  10.0.2.2  80 MiB   40 %   2.8 ms  1',
    '',
    '  Record        20261122T120250Z-7f3a',
    '  Export it     switchyard export 20261122T120250Z-7f3a --format json|csv|log|html --output FILE',
  ]);
});

test('a failure says phase, side, cause, what to do, and below it what the machinery said', () => {
  const failed = exampleRecord(...exampleEvents.slice(0, 4), {
    kind: 'ended',
    outcome: 'safe-on-source',
    guest: 'source',
    explanation: {
      phase: 'starting-on-destination',
      side: 'destination',
      cause: 'The destination ended.',
      next: 'Look at its log.',
      raw: 'qemu-system-x86_64: no such machine\n\nexiting\n',
    },
  });
  expect(
    resultLines({
      ...failed,
      guestState: 'source',
      subflows: [],
      totals: { ...failed.totals, transferredBytes: 0, retransmits: 0 },
    })
      .split('\n')
      .slice(0, 11),
  ).toEqual([
    'lab-guest was not moved: it is safe on lab-source.',
    '  Guest is      on lab-source',
    '  Duration      400 ms',
    '  Transport     never connected (MPTCP: prefer)',
    '  Phase         starting on destination',
    '  Side          destination',
    '  Cause         The destination ended.',
    '  Next          Look at its log.',
    '  | qemu-system-x86_64: no such machine',
    '  | exiting',
    '',
  ]);
});

test('a fallback is shown, with the command that fixes it', () => {
  const transport = {
    requested: 'prefer',
    negotiated: 'tcp',
    fallback: true,
    text: 'the kernel of lab-destination does not speak MPTCP',
    command: 'sysctl -w net.mptcp.enabled=1',
  } as const;
  expect(
    resultLines({ ...done, transport })
      .split('\n')
      .slice(6, 8),
  ).toEqual([
    '  Transport     TCP, although MPTCP was wanted (prefer): the kernel of lab-destination does not speak MPTCP',
    '  Fix it with   sysctl -w net.mptcp.enabled=1',
  ]);
});

test('an open migration has no outcome yet, and says what to type', () => {
  const { outcome: _outcome, ...open } = { ...done, phase: 'copying' };
  const lines = resultLines(open).split('\n');
  expect([lines[0], lines.find((line) => line.startsWith('  Next'))]).toEqual([
    'lab-guest: still open (copying).',
    `  Next          switchyard watch ${done.id}`,
  ]);
});

test('every outcome names the guest', () => {
  const firstLines = outcomeSchema.options.map((outcome) => resultLines({ ...done, outcome }).split('\n')[0]);
  expect(firstLines.filter((line) => !line?.includes('lab-guest'))).toEqual([]);
});

test('the harmless differences of the destination are counted, with the command that lists them', () => {
  const difference = { text: 'Tray of cd: open, closed.', reason: 'It moves with the device.' };
  const counts = [[], [difference], [difference, difference]].map((harmless) =>
    resultLines({ ...done, harmless })
      .split('\n')
      .filter((line) => line.includes('Differences')),
  );
  expect(counts).toEqual([
    [],
    [`  Differences   1 harmless one: \`switchyard export ${done.id} --format log\` lists it`],
    [`  Differences   2 harmless ones: \`switchyard export ${done.id} --format log\` lists them`],
  ]);
});
