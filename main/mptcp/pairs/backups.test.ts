import { describe, expect, test } from 'vitest';
import type { Path } from '#contract/migration.ts';
import type { PathProbe } from '#contract/probe.ts';
import { withBackups } from './backups.ts';

function path(index: number, megabits: number | undefined, probe?: Partial<PathProbe>): Path {
  return {
    sourceInterface: `eth${index}`,
    sourceAddress: `10.0.${index}.1`,
    destinationInterface: `eth${index}`,
    destinationAddress: `10.0.${index}.2`,
    mtu: 1500,
    ...(megabits === undefined ? {} : { speedBitsPerSecond: megabits * 1e6 }),
    ...(probe ? { probe: { atEpochMs: 1, joined: true, reach: 'answered', problems: [], ...probe } } : {}),
  };
}

function backups(paths: readonly Path[], isNamed?: (each: Path) => boolean): string[] {
  return withBackups(paths, isNamed).flatMap(({ sourceInterface, backup }) => (backup ? [sourceInterface] : []));
}

describe('paths of unequal speed', () => {
  test.each<[string, readonly (number | undefined)[], readonly string[]]>([
    ['half', [1000, 500], []],
    ['a tenth', [1000, 100], []],
    ['a twentieth', [1000, 50], ['eth1']],
    ['a hundredth, twice', [1000, 10, 10], ['eth1', 'eth2']],
    ['all alike and slow', [10, 10], []],
    ['one of which is not known', [1000, undefined], []],
    ['none of which is known', [undefined, undefined], []],
  ])('are used together, or as a backup: %s', (_, speeds, expected) => {
    expect(backups(speeds.map((speed, index) => path(index, speed)))).toEqual(expected);
  });

  test('have no backup in the first place, where the connection begins', () => {
    expect(backups([path(0, 10), path(1, 1000)])).toEqual([]);
  });

  test('are used as they are where the operator names them', () => {
    const paths = [path(0, 1000), path(1, 10), path(2, 10)];
    expect(backups(paths, ({ sourceInterface }) => sourceInterface === 'eth2')).toEqual(['eth1']);
  });
});

describe('what a probe has measured', () => {
  test('counts more than what the links promise', () => {
    expect(backups([path(0, 1000), path(1, 1000, { capacityBitsPerSecond: 1e7 })])).toEqual(['eth1']);
  });

  test('does not count where the machine itself was the limit', () => {
    const limited = { capacityBitsPerSecond: 1e7, capacityIsLeast: true as const };
    expect(backups([path(0, 1000), path(1, 1000, limited)])).toEqual([]);
  });

  test('does not count any more when it is stale', () => {
    const stale: Partial<PathProbe> = { capacityBitsPerSecond: 1e7, stale: 'old' };
    expect(backups([path(0, 1000), path(1, 1000, stale)])).toEqual([]);
  });
});
