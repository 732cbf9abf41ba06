import { expect, test } from 'vitest';
import { sharedBottlenecks, type PathRates } from './bottleneck.ts';

const rates = (
  ...pairs: readonly (readonly [together: number | undefined, alone: number | undefined])[]
): PathRates[] => pairs.map(([together, alone]) => ({ together, alone }));

test.each<[string, PathRates[], number[][]]>([
  ['two that halve each other share', rates([480, 950], [470, 950]), [[1], [0]]],
  ['two that carry the same in company share nothing', rates([950, 950], [940, 950]), [[], []]],
  ['a slow one beside a fast one shares nothing', rates([950, 950], [9, 10]), [[], []]],
  ['of three only those two that halve each other share', rates([480, 950], [950, 950], [470, 950]), [[2], [], [0]]],
  [
    'three on one port share with each other',
    rates([320, 950], [315, 950], [316, 950]),
    [
      [1, 2],
      [0, 2],
      [0, 1],
    ],
  ],
  ['what was not measured shares nothing', rates([480, undefined], [undefined, 950]), [[], []]],
])('%s', (_name, given, expected) => {
  expect(sharedBottlenecks(given)).toEqual(expected);
});
