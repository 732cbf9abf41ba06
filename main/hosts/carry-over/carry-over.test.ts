import { expect, test } from 'vitest';
import { samplePortrait } from '#main/likeness/testing/sample-portrait.ts';
import { carryOver } from './carry-over.ts';
import { driveOf, guestWith } from './testing/changed-guest.ts';

test('a command line of more arguments than a guest needs is refused by their number', () => {
  const argv = ['qemu-system-x86_64', ...Array.from({ length: 130_000 }, () => '')];
  expect(() => carryOver(argv, samplePortrait)).toThrow('has 130001 arguments, and at most 8192');
});

test('a command line is brought up to date in everything, and what has not changed keeps its text', () => {
  const argv = [
    'qemu',
    '-drive',
    'file=a.iso,media=cdrom,id=cd',
    '-netdev',
    'user,id=n',
    '-device',
    'e1000,netdev=n,id=nic',
    '-m',
    '64',
  ];
  expect(carryOver(argv, guestWith({ drives: [driveOf('cd')] }))).toMatchObject({
    argv: ['qemu', '-drive', 'media=cdrom,id=cd', '-m', '64'],
    findings: [{ row: 'disk' }, { row: 'device' }, { row: 'netdev' }],
  });
});
