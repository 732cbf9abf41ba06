import { expect, test } from 'vitest';
import { parseReportedSpeed } from './facts/interfaces.ts';
import { qemuCandidates } from './facts/qemu.ts';
import { parseAvailableMemory } from './facts.ts';

test('available memory is in KiB', () => {
  expect(parseAvailableMemory('MemTotal: 2048 kB\nMemFree:  12 kB\nMemAvailable:    1000 kB\n')).toBe(1_024_000);
});

test.each([
  ['10000\n', 10_000_000_000],
  ['-1\n', undefined],
  ['', undefined],
])('a reported speed of %j is %s', (text, expected) => {
  expect(parseReportedSpeed(text)).toBe(expected);
});

test('QEMU is looked for under the name of the architecture, then where distributions hide it', () => {
  expect(qemuCandidates('/opt/bin::/usr/bin', 'arm64')).toEqual([
    '/opt/bin/qemu-system-aarch64',
    '/usr/bin/qemu-system-aarch64',
    '/usr/libexec/qemu-kvm',
    '/usr/bin/kvm',
  ]);
});
