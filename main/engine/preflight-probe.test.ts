import { expect, test } from 'vitest';
import type { Path } from '#contract/migration.ts';
import type { PathProbe } from '#contract/probe.ts';
import type { PreflightFacts } from './preflight-facts.ts';
import { judgeProbes } from './preflight-probe.ts';

const nowEpochMs = 1_795_000_000_000;
const probe: PathProbe = {
  atEpochMs: nowEpochMs - 180_000,
  reach: 'answered',
  joined: true,
  rttMs: 0.2,
  pathMtuBytes: 1500,
  capacityBitsPerSecond: 951e6,
  problems: [],
};

const path = (n: number, known?: Partial<PathProbe>): Path => ({
  sourceInterface: `eth${n}`,
  sourceAddress: `10.0.${n}.1`,
  destinationInterface: `eth${n}`,
  destinationAddress: `10.0.${n}.2`,
  mtu: 1500,
  ...(known ? { probe: { ...probe, ...known } } : {}),
});

const none: NonNullable<PreflightFacts['probing']> = { nowEpochMs, leftOut: [], notProbed: undefined };

const leftOut = { reason: 'probed-no-answer', text: 'Nothing answers on eth9.' } as const;

test.each<[string, readonly Path[], Partial<typeof none>, ReturnType<typeof judgeProbes>]>([
  ['nothing is said where nothing was measured', [path(1)], {}, undefined],
  [
    'each path has its figures, and their age',
    [path(1, {}), path(2, { rttMs: 40.4, capacityIsLeast: true })],
    {},
    {
      holds:
        'Measured 3 min ago: eth1 951 Mbit/s, RTT 0.20 ms, MTU 1500; eth2 at least 951 Mbit/s, RTT 40 ms, MTU 1500.',
    },
  ],
  [
    'a problem is a warning, with the command of the first that has one',
    [path(1, { problems: [{ text: 'One.' }, { text: 'Two.', command: 'fix two' }] })],
    {},
    { severity: 'warning', text: 'One. Two.', remedy: expect.any(String), command: 'fix two' },
  ],
  [
    'what is left out is named',
    [path(1, {})],
    { leftOut: [leftOut] },
    { severity: 'warning', text: 'Nothing answers on eth9. This path is left out.', remedy: expect.any(String) },
  ],
  [
    'why there is no measurement is named',
    [path(1)],
    { notProbed: 'Not probed: busy.' },
    { severity: 'warning', text: 'Not probed: busy.', remedy: expect.any(String) },
  ],
  [
    'two that seem to share a port are named once',
    [path(1, { sharesWith: ['eth2'] }), path(2, { sharesWith: ['eth1'] })],
    {},
    {
      severity: 'warning',
      text: 'eth1 and eth2 together carry no more than one of them alone: they seem to share a port or a link.',
      remedy: expect.any(String),
    },
  ],
  [
    'a result that is too old is not used, and says so',
    [path(1, { stale: 'old', problems: [{ text: 'One.' }] })],
    {},
    {
      holds:
        'The paths were last measured 3 min ago, too long ago for the figures to be used. `--probe` measures again.',
    },
  ],
  [
    'a result from before a change is not used, and says so',
    [path(1, { stale: 'changed' })],
    {},
    {
      holds:
        'The paths were measured before an interface changed, so the figures are not used. `--probe` measures again.',
    },
  ],
])('%s', (_name, paths, changed, expected) => {
  expect(judgeProbes({ paths, probing: { ...none, ...changed } })).toEqual(expected);
});
