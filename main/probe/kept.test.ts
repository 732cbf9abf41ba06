import { expect, test } from 'vitest';
import type { NetworkInterface } from '#contract/host.ts';
import type { Path } from '#contract/migration.ts';
import type { PathProbe } from '#contract/probe.ts';
import { areNew, keeping, withProbes } from './kept.ts';

const atEpochMs = 1_795_000_000_000;
const hour = 3_600_000;

const probe: PathProbe = { atEpochMs, reach: 'answered', joined: true, capacityBitsPerSecond: 950e6, problems: [] };
const failed: PathProbe = { atEpochMs, reach: 'unanswered', joined: false, problems: [{ text: 'Nothing answers.' }] };

const path = (n: number): Path => ({
  sourceInterface: `eth${n}`,
  sourceAddress: `10.0.${n}.1`,
  destinationInterface: `eth${n}`,
  destinationAddress: `10.0.${n}.2`,
  mtu: 1500,
});

const port = (n: number, changed: Partial<NetworkInterface> = {}): NetworkInterface => {
  return { name: `eth${n}`, index: n + 1, up: true, carrier: true, mtu: 1500, addresses: [], ...changed };
};

const facts = (changed: Partial<NetworkInterface> = {}) => ({
  source: { id: 'a', interfaces: [port(1, changed), port(2)] },
  destination: { id: 'b', interfaces: [port(1), port(2)] },
});

const kept = (result: PathProbe = probe) => keeping(undefined, facts(), [path(1)], [result]);

test.each<[string, number, PathProbe, Partial<NetworkInterface>, PathProbe['stale']]>([
  ['is used the same day', 5 * hour, probe, {}, undefined],
  ['is too old after a day', 25 * hour, probe, {}, 'old'],
  ['of a time to come has no age that counts', -1, probe, {}, 'old'],
  ['that shows a problem is old after a minute', 61_000, failed, {}, 'old'],
  ['that shows a problem counts for that minute', 59_000, failed, {}, undefined],
  ['does not count for another speed', 0, probe, { speedBitsPerSecond: 1e9 }, 'changed'],
  ['does not count for another MTU', 0, probe, { mtu: 9000 }, 'changed'],
  ['does not count for an interface that was made again', 0, probe, { index: 77 }, 'changed'],
])('a result %s', (_name, laterMs, result, changed, stale) => {
  expect(withProbes([path(1)], kept(result), facts(changed), atEpochMs + laterMs)).toEqual([
    { ...path(1), probe: { ...result, ...(stale === undefined ? {} : { stale }) } },
  ]);
});

test('a path that was never probed, or under another address, has no result', () => {
  const moved = { ...path(1), sourceAddress: '10.0.1.9' };
  expect(withProbes([path(2), moved], kept(), facts(), atEpochMs)).toEqual([path(2), moved]);
});

test('hosts are new to each other while one path has no result that counts, or none of MPTCP where that is wanted', () => {
  const known = withProbes([path(1)], kept({ ...probe, protocol: 'mptcp' }), facts(), atEpochMs);
  const byTcp = withProbes([path(1)], kept(), facts(), atEpochMs);
  const stale = withProbes([path(1)], kept(), facts(), atEpochMs + 25 * hour);
  const wanted = [[], known, [...known, path(2)], stale, byTcp].map((paths) => areNew(paths, true));
  expect([wanted, areNew(byTcp, false)]).toEqual([[false, false, true, true, true], false]);
});

test('a new result replaces that of the same path, and leaves those of others', () => {
  const both = keeping(undefined, facts(), [path(1), path(2)], [probe, probe]);
  expect(
    keeping(both, facts(), [path(1)], [failed]).pairs.map(({ pair, probe: { reach } }) => [
      pair.sourceInterface,
      reach,
    ]),
  ).toEqual([
    ['eth1', 'unanswered'],
    ['eth2', 'answered'],
  ]);
});
