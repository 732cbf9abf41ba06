import { expect, test } from 'vitest';
import { guestCommandLine, readGuestArguments } from './command-line.ts';

const command = {
  name: 'lab-guest',
  uuid: 'b2b5a0a4-4f0b-4f7e-9a0e-0a6f3a1f6f11',
  memoryBytes: 524280 * 1024,
  image: '/run/a,b/boot-sector.img',
  monitor: '/run/a,b/monitor.sock',
  serial: '/run/a,b/serial.log',
};

test('what was asked for is read back, also with commas in a path', () => {
  expect(readGuestArguments(guestCommandLine(command))).toEqual({ ...command, incoming: false });
});

test('a copy that waits for a migration says so', () => {
  const argv = [...guestCommandLine(command), '-incoming', 'defer', '-S'];
  expect(readGuestArguments(argv)).toMatchObject({ name: 'lab-guest', incoming: true });
});

test('the image is mounted so that it takes no lock', () => {
  expect(guestCommandLine(command)).toContain('file=/run/a,,b/boot-sector.img,if=floppy,format=raw,readonly=on');
});

test.each([[['bash', '-name', 'lab-guest']], [['qemu-system-x86_64']], [[]]])('%j carries no guest', (argv) => {
  expect(readGuestArguments(argv)).toBeUndefined();
});
