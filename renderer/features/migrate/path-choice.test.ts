import { describe, expect, test } from 'vitest';
import type { LeftOutPair, Path } from '#contract/migration.ts';
import { beginningOn, choiceInWords, excluding, including, rowsOf, stillThere } from './path-choice.ts';

const source = {
  interfaces: ['eth0', 'eth1', 'eth2'].map((name, index) => ({
    name,
    index,
    up: true,
    carrier: true,
    mtu: 1500,
    addresses: [],
  })),
};

describe('a choice of paths', () => {
  test('excludes a path once, and it is no longer the first', () => {
    expect([excluding(undefined, 'eth1'), excluding({ without: ['eth1'], first: 'eth1' }, 'eth1')]).toEqual([
      { without: ['eth1'] },
      { without: ['eth1'] },
    ]);
  });

  test('keeps the first when another one is excluded', () => {
    expect(excluding({ first: 'eth2' }, 'eth1')).toEqual({ without: ['eth1'], first: 'eth2' });
  });

  test('is none when nothing is excluded any more', () => {
    expect([including({ without: ['eth1'] }, 'eth1'), including(undefined, 'eth1')]).toEqual([undefined, undefined]);
  });

  test('begins on a path, which is not excluded then', () => {
    expect([beginningOn({ without: ['eth1', 'eth2'] }, 'eth1'), beginningOn(undefined, 'eth1')]).toEqual([
      { without: ['eth2'], first: 'eth1' },
      { first: 'eth1' },
    ]);
  });

  test('forgets interfaces that the source no longer has', () => {
    expect([
      stillThere({ without: ['eth1', 'eth9'], first: 'eth9' }, source),
      stillThere({ without: ['eth9'] }, source),
      stillThere({ first: 'eth0' }, source),
      stillThere({ first: 'eth0' }, undefined),
      stillThere(undefined, source),
    ]).toEqual([{ without: ['eth1'] }, undefined, { first: 'eth0' }, undefined, undefined]);
  });

  test.each([
    [{ without: ['eth1', 'eth2'] }, 'without eth1 and eth2'],
    [{ without: ['eth1'], first: 'eth0' }, 'without eth1, beginning on eth0'],
    [{ first: 'eth0' }, 'beginning on eth0'],
  ])('reads as %o', (choice, words) => {
    expect(choiceInWords(choice)).toBe(words);
  });
});

test('rows keep the order of the interfaces, whatever is excluded and whichever is first', () => {
  const path = (name: string): Path => ({
    sourceInterface: name,
    sourceAddress: `near ${name}`,
    destinationInterface: name,
    destinationAddress: `far ${name}`,
    mtu: 1500,
  });
  const leftOut: LeftOutPair[] = [
    { ...path('eth1'), reason: 'excluded-by-operator', text: 'eth1 is excluded.' },
    { ...path('eth0'), reason: 'no-carrier', text: 'eth0 has no carrier.' },
    { destinationInterface: 'eth9', reason: 'excluded-by-operator', text: 'eth9 is excluded.' },
  ];
  expect(
    rowsOf([path('eth2'), path('eth0')], leftOut, source).map(({ name, path: used }) => [name, used !== undefined]),
  ).toEqual([
    ['eth0', true],
    ['eth1', false],
    ['eth2', true],
  ]);
});
