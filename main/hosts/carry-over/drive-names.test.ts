import { describe, expect, test } from 'vitest';
import { parseCommandLine } from '#main/hosts/command-line/command-line.ts';
import { defaultDrive, nameDrives } from './drive-names.ts';

const pc = 'pc-i440fx-7.2';
const q35 = 'pc-q35-7.2';

function names(machine: string, ...args: readonly string[]): readonly string[] {
  return nameDrives(parseCommandLine(['qemu', ...args]).options, machine).map(({ name }) => name);
}

describe('a drive is called', () => {
  test.each([
    ['as the operator called it', pc, ['-drive', 'id=hd,if=none,file=a'], ['hd']],
    [
      'by its interface and number',
      pc,
      ['-drive', 'if=virtio,file=a', '-drive', 'if=virtio,file=b'],
      ['virtio0', 'virtio1'],
    ],
    [
      'by bus, kind and unit on IDE',
      pc,
      ['-hda', 'a', '-hdc', 'b', '-cdrom', 'c'],
      ['ide0-hd0', 'ide1-hd0', 'ide1-cd0'],
    ],
    [
      'by the next free unit',
      pc,
      ['-drive', 'file=a', '-drive', 'file=b', '-drive', 'file=c'],
      ['ide0-hd0', 'ide0-hd1', 'ide1-hd0'],
    ],
    ['by a bus of its own on q35', q35, ['-drive', 'file=a', '-cdrom', 'c'], ['ide0-hd0', 'ide2-cd0']],
    ['by its bus and unit where they are given', pc, ['-drive', 'if=scsi,bus=1,unit=3,file=a'], ['scsi1-hd3']],
    ['virtio on a machine without IDE', 'microvm', ['-drive', 'file=a'], ['virtio0']],
    ['floppy, flash and card', pc, ['-fda', 'a', '-pflash', 'b', '-sd', 'c'], ['floppy0', 'pflash0', 'sd0']],
    ['after an image that stands alone', pc, ['a'], ['ide0-hd0']],
  ])('%s', (_what, machine, args, expected) => {
    expect(names(machine, ...args)).toEqual(expected);
  });

  test('nothing that is no drive has a name', () => {
    expect(names(pc, '-m', '64', '-S', '-device', 'virtio-blk-pci,drive=hd')).toEqual([]);
  });
});

test('the drives that QEMU makes by itself are known by their options', () => {
  expect([defaultDrive('ide1-cd0', pc), defaultDrive('ide2-cd0', q35), defaultDrive('floppy0', pc)]).toEqual([
    'index=2,media=cdrom',
    'index=2,media=cdrom',
    'if=floppy,index=0',
  ]);
  expect(defaultDrive('hd9', pc)).toBeUndefined();
});

test.each(['x', 'Infinity', '1e99', '-1', '99999999999999999999'])(
  'a bus that is none (%s) is the first, and no search for a free place lasts for ever',
  (bus) => {
    const drive = ['-drive', `if=ide,bus=${bus},file=a`];
    expect(names(pc, ...drive, ...drive, ...drive)).toEqual(['ide0-hd0', 'ide0-hd1', 'ide1-hd0']);
  },
);
