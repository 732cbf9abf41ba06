import { expect, test } from 'vitest';
import { isQemu, isQemuProgram } from './qemu-processes.ts';

test.each([
  ['/usr/bin/qemu-system-x86_64', true],
  ['qemu-system-aarch64', true],
  ['/usr/libexec/qemu-kvm', true],
  ['/usr/bin/kvm', true],
  ['/usr/bin/qemu-system-x86_64-spice', true],
  ['/nix/store/x/bin/.qemu-system-x86_64-wrapped', true],
  ['/usr/bin/qemu-img', false],
  ['/tmp/not-qemu-system-x86_64', false],
  ['/usr/bin/qemu-system-x86_64.bash', false],
  ['/usr/bin/kvm-ok', false],
  ['', false],
])('%j runs a guest: %s', (path, expected) => {
  expect(isQemuProgram(path)).toBe(expected);
});

test.each([
  ['/usr/bin/qemu-system-x86_64', 'web', true],
  ['/usr/bin/sudo', 'qemu-system-x86_64', false],
  ['/usr/bin/python3', '/usr/bin/kvm', false],
  [undefined, 'qemu-system-x86_64', true],
  [undefined, 'sleep', false],
  [undefined, undefined, false],
])('a process that executes %s as %s is a QEMU: %s', (program, argv0, expected) => {
  expect(isQemu({ program, argv: argv0 === undefined ? [] : [argv0] })).toBe(expected);
});
