import { describe, expect, test } from 'vitest';
import { parseCommandLine, printCommandLine } from './command-line.ts';
import { acceleratorsByName, laterRoot, laterUser, withoutLaterUser } from './own-user.ts';

const parsed = (args: string, program = 'qemu-system-x86_64') => parseCommandLine([program, ...args.split(' ')]);

test.each([
  ['-m 64', undefined, undefined],
  ['-runas nobody', 'nobody', undefined],
  ['-runas a -runas b', 'b', undefined],
  ['-run-with user=qemu', 'qemu', undefined],
  ['-run-with async-teardown=on,user=0:107 -runas a', '0:107', undefined],
  ['-chroot /srv', undefined, '/srv'],
  ['--run-with chroot=/srv', undefined, '/srv'],
])('%s becomes the user %s in %s', (args, user, root) => {
  const commandLine = parsed(args);
  expect([laterUser(commandLine), laterRoot(commandLine)]).toEqual([user, root]);
});

describe('without a change of the user', () => {
  test.each([
    ['-runas nobody -m 64', '-m 64'],
    ['-run-with user=nobody -m 64', '-m 64'],
    ['-run-with async-teardown=on,user=nobody', '-run-with async-teardown=on'],
    ['--run-with user=a,chroot=/srv', '--run-with chroot=/srv'],
    ['-run-with async-teardown=on', '-run-with async-teardown=on'],
    ['-run-with', '-run-with'],
  ])('%s is %s', (args, expected) => {
    const commandLine = parsed(args);
    const options = commandLine.options.flatMap((option) => withoutLaterUser(option) ?? []);
    expect(
      printCommandLine({ ...commandLine, options })
        .slice(1)
        .join(' '),
    ).toBe(expected);
  });
});

test.each([
  ['/usr/bin/kvm', '-m 64', ['-accel', 'kvm', '-accel', 'tcg']],
  ['/usr/bin/kvm', '-machine pc', ['-accel', 'kvm', '-accel', 'tcg']],
  ['/usr/bin/kvm', '-machine pc,accel=tcg', []],
  ['/usr/bin/kvm', '-accel tcg', []],
  ['/usr/bin/kvm', '-enable-kvm', []],
  ['qemu-system-x86_64', '-m 64', []],
])('%s %s has %j by its name', (program, args, expected) => {
  expect(acceleratorsByName(parsed(args, program)).flatMap(({ raw }) => raw)).toEqual(expected);
});
