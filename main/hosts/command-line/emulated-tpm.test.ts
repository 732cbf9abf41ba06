import { describe, expect, test } from 'vitest';
import { parseCommandLine } from './command-line.ts';
import { emulatedTpm } from './emulated-tpm.ts';
import { twinOf } from './twin.ts';

const program = '/usr/bin/qemu-system-x86_64';
const chardev = ['-chardev', 'socket,id=chrtpm,path=/run/vm/tpm.sock'];
const tpmdev = ['-tpmdev', 'emulator,id=tpm0,chardev=chrtpm'];

function tpmOf(...args: readonly string[]): unknown {
  return emulatedTpm(parseCommandLine([program, ...args]));
}

describe('an emulated TPM', () => {
  test('is known by the socket that leads to its swtpm', () => {
    expect(tpmOf(...chardev, ...tpmdev, '-device', 'tpm-tis,tpmdev=tpm0')).toEqual({
      characterDevice: 'chrtpm',
      path: '/run/vm/tpm.sock',
      version: undefined,
    });
  });

  test('whose device takes TPM 2.0 alone is one', () => {
    expect(tpmOf(...chardev, ...tpmdev, '-device', '{"driver":"tpm-crb","tpmdev":"tpm0"}')).toMatchObject({
      version: '2',
    });
  });

  test.each([
    ['over TCP', ['-chardev', 'socket,id=chrtpm,host=127.0.0.1,port=1', ...tpmdev]],
    ['over nothing', tpmdev],
  ])('%s has no path', (_what, args) => {
    expect(tpmOf(...args)).toMatchObject({ characterDevice: 'chrtpm', path: undefined });
  });

  test.each([
    ['none', chardev],
    ['a TPM of the host', ['-tpmdev', 'passthrough,id=tpm0,path=/dev/tpm0']],
    ['an emulator without a character device', ['-tpmdev', 'emulator,id=tpm0']],
  ])('%s is none', (_what, args) => {
    expect(tpmOf(...args)).toBeUndefined();
  });
});

test('the twin reaches an swtpm of its own, and everything else as the source does', () => {
  const other = ['-chardev', 'socket,id=agent,path=/run/agent.sock', '-chardev'];
  const twin = twinOf([program, ...chardev, ...tpmdev, ...other], '/run/switchyard/m');
  expect(twin.argv.slice(1, 8)).toEqual([
    '-chardev',
    'socket,id=chrtpm,path=/run/switchyard/m/swtpm.sock',
    ...tpmdev,
    ...other,
  ]);
  expect(twin.tpm).toEqual({
    ofSource: { characterDevice: 'chrtpm', path: '/run/vm/tpm.sock', version: undefined },
    socketPath: '/run/switchyard/m/swtpm.sock',
  });
});
