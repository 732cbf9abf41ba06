import { expect, test } from 'vitest';
import type { PathProbe } from './probe.ts';
import { measuredInWords } from './measured.ts';

const now = 1_795_000_000_000;
const probe: PathProbe = {
  atEpochMs: now - 180_000,
  reach: 'answered',
  joined: true,
  rttMs: 0.21,
  capacityBitsPerSecond: 951e6,
  problems: [],
};

test.each<[string, Partial<PathProbe>, string]>([
  ['its capacity and round trip', {}, 'measured 3 min ago: 951 Mbit/s, RTT 0.2 ms'],
  ['a long round trip without a fraction', { rttMs: 99.6 }, 'measured 3 min ago: 951 Mbit/s, RTT 100 ms'],
  ['a bound as such', { capacityIsLeast: true }, 'measured 3 min ago: at least 951 Mbit/s, RTT 0.2 ms'],
  [
    'that it did not join',
    { protocol: 'mptcp', joined: false },
    'measured 3 min ago: 951 Mbit/s, RTT 0.2 ms, did not join',
  ],
  ['nothing of joining where MPTCP was not wanted', { joined: false }, 'measured 3 min ago: 951 Mbit/s, RTT 0.2 ms'],
  ['that nothing answered', { reach: 'unanswered', joined: false }, 'measured 3 min ago: no connection'],
  ['that it is too old', { stale: 'old' }, 'measured 3 min ago, too old: 951 Mbit/s, RTT 0.2 ms'],
  ['that something changed', { stale: 'changed' }, 'measured 3 min ago, changed since: 951 Mbit/s, RTT 0.2 ms'],
])('of a path is shown %s', (_what, changed, text) => {
  expect(measuredInWords({ ...probe, ...changed }, now)).toBe(text);
});
