import { expect, test } from 'vitest';
import { parseMemorySize } from './memory-size.ts';

test.each([
  ['512', 'm', 536_870_912],
  ['524280K', 'm', 536_862_720],
  ['1.5g', 'm', 1_610_612_736],
  ['4294967296', 'b', 4_294_967_296],
  ['2GiB', 'm', undefined],
  ['', 'm', undefined],
  ['7B', 'm', 7],
  ['3T', 'm', 3_298_534_883_328],
  ['2p', 'm', 2_251_799_813_685_248],
  ['99999999E', 'm', undefined],
] as const)('%s in %s is %s bytes', (text, unit, expected) => {
  expect(parseMemorySize(text, unit)).toBe(expected);
});
