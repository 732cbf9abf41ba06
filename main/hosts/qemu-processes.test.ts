import { expect, test } from 'vitest';
import { isQemuProgram } from './qemu-processes.ts';

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
