import { expect, test } from 'vitest';
import { samplePortrait } from '#main/likeness/testing/sample-portrait.ts';
import { carryOver } from './carry-over.ts';

test('a command line of more arguments than a guest needs is refused by their number', () => {
  const argv = ['qemu-system-x86_64', ...Array.from({ length: 130_000 }, () => '')];
  expect(() => carryOver(argv, samplePortrait)).toThrow('has 130001 arguments, and at most 8192');
});
