import { describe, expect, test } from 'vitest';
import type { Portrait } from '#main/likeness/portrait.ts';
import { carryBlockNodes } from './block-nodes.ts';
import { changeBy, driveOf, guestWith, mediumOf, nodeOf } from './testing/changed-guest.ts';

const protocol = { driver: 'file' };

/** Members of the options in JSON that were added behind those that were there. */
function added(args: readonly string[], source: Portrait): readonly unknown[] {
  return changeBy(carryBlockNodes, args, source)
    .args.slice(args.length)
    .filter((each) => each !== '-blockdev')
    .map((each): unknown => JSON.parse(each));
}

describe('block nodes of the command line', () => {
  test('keep their text where they are as they were started', () => {
    const args = [
      '-blockdev',
      'file,node-name=f0,filename=a',
      '-blockdev',
      '{"driver":"qcow2","node-name":"d0","file":"f0"}',
      '-blockdev',
      'null-co',
      '-drive',
      'file=b,node-name=top,id=hd',
      '-m',
      '64',
    ];
    const drives = [driveOf('hd', mediumOf('b', { nodeName: 'top' }))];
    const nodes = [nodeOf('f0', 'a', protocol), nodeOf('d0', 'a'), nodeOf('top', 'b')];
    expect(changeBy(carryBlockNodes, args, guestWith({ drives, nodes }))).toEqual({ args, said: [] });
  });

  test('that were removed are left out', () => {
    expect(changeBy(carryBlockNodes, ['-blockdev', 'null-co,node-name=n'], guestWith({}))).toEqual({
      args: [],
      said: ['carried: The block node n was removed since the guest was started.'],
    });
  });

  test('name what is below them now, or nothing', () => {
    const of = (below: readonly string[], nodes: Portrait['nodes']) =>
      changeBy(
        carryBlockNodes,
        ['-blockdev', 'driver=qcow2,node-name=d0,file=f,backing=gone'],
        guestWith({ drives: [driveOf('', mediumOf(['top', ...below]))], nodes: [nodeOf('d0', 'top'), ...nodes] }),
      ).args[1];
    expect([of([], []), of(['base'], [nodeOf('b0', 'base')])]).toEqual([
      'driver=qcow2,node-name=d0,file=f',
      'driver=qcow2,node-name=d0,file=f,backing=b0',
    ]);
  });

  test.each([
    ['driver=qcow2,node-name=d0,read-only=on', false, 'driver=qcow2,node-name=d0,read-only=off'],
    ['driver=qcow2,node-name=d0', true, 'driver=qcow2,node-name=d0,read-only=on'],
    ['driver=qcow2,node-name=d0,read-only=on', true, 'driver=qcow2,node-name=d0,read-only=on'],
  ])('are written as they are now: %s, read-only %s', (before, readOnly, after) => {
    const nodes = [nodeOf('d0', 'a', { readOnly })];
    expect(changeBy(carryBlockNodes, ['-blockdev', before], guestWith({ nodes })).args).toEqual(['-blockdev', after]);
  });
});

describe('a block node that was added while the guest was running', () => {
  test('is made again in its file', () => {
    const node = nodeOf('snap', 'b', {
      readOnly: true,
      detectZeroes: 'unmap',
      leadsTo: '1:2',
      cache: { writeback: true, direct: true, noFlush: true },
    });
    expect(changeBy(carryBlockNodes, ['-S'], guestWith({ nodes: [node] })).said).toEqual([
      'carried: The block node snap was added while the guest was running.',
      "harmless: QEMU does not report these options of the block node snap: aio, discard, locking, and those of its format. The destination has QEMU's defaults for them.",
    ]);
    expect(added(['-S'], guestWith({ nodes: [node] }))).toEqual([
      {
        driver: 'qcow2',
        'node-name': 'snap',
        'read-only': true,
        cache: { direct: true, 'no-flush': true },
        'detect-zeroes': 'unmap',
        file: { driver: 'file', filename: '/vm/b', 'read-only': true, cache: { direct: true, 'no-flush': true } },
      },
    ]);
  });

  test('is made again over what it stands on, which comes first', () => {
    const nodes = [nodeOf('top', 'b'), nodeOf('base', 'a'), nodeOf('f', 'b', protocol)];
    const drives = [driveOf('cd'), driveOf('other', mediumOf('c')), driveOf('', mediumOf(['b', 'a']))];
    const source = guestWith({ drives, nodes });
    expect(added([], source)).toMatchObject([
      { 'node-name': 'f', driver: 'file', filename: '/vm/b' },
      { 'node-name': 'base' },
      { 'node-name': 'top', file: 'f', backing: 'base' },
    ]);
  });

  test('is left to the drive whose root it is', () => {
    const drives = [driveOf('hd', mediumOf('b', { nodeName: 'snap' }))];
    expect(added([], guestWith({ drives, nodes: [nodeOf('snap', 'b')] }))).toEqual([]);
  });

  test('is made again on a disk of the host', () => {
    const node = nodeOf('d', 'sdb', { driver: 'raw', leadsTo: 'device 2064' });
    expect(added([], guestWith({ nodes: [node] }))).toMatchObject([{ file: { driver: 'host_device' } }]);
  });

  test.each([
    ['of a driver whose options are not known', nodeOf('n', 'a', { driver: 'quorum' })],
    ['without a path', (({ path: _path, ...rest }) => rest)(nodeOf('n', 'nbd://h/a', { driver: 'nbd' }))],
  ])('is refused by name %s', (_what, node) => {
    expect(changeBy(carryBlockNodes, [], guestWith({ nodes: [node] })).said).toEqual([
      `refused: The block node n (${node.driver}) was added while the guest was running, and QEMU does not report its options.`,
    ]);
  });

  test('that stands on itself, as a forged answer may have it, keeps no reader busy', () => {
    const nodes = [nodeOf('x', 'a'), nodeOf('y', 'b')];
    const drives = [driveOf('', mediumOf(['a', 'b'])), driveOf('', mediumOf(['b', 'a']))];
    expect(added([], guestWith({ drives, nodes }))).toMatchObject([{ backing: 'y' }, { backing: 'x' }]);
  });
});

describe('the root of a disk without a name of its own', () => {
  const peripherals = [{ place: 'peripheral/disk0', id: 'disk0', type: 'virtio-blk-pci', hotplugged: false }];
  const used = { device: '/machine/peripheral/disk0/virtio-backend' };

  test('is made under one that the device is given too', () => {
    const medium = mediumOf(['b', 'a']);
    const source = guestWith({ peripherals, drives: [driveOf('', medium, used)], nodes: [nodeOf('base', 'a')] });
    expect(added(['-blockdev', 'qcow2,node-name=base'], source)).toMatchObject([
      { driver: 'qcow2', 'node-name': 'switchyard-peripheral-disk0', file: { filename: '/vm/b' }, backing: 'base' },
    ]);
  });

  test.each([
    ['by its URL', mediumOf('nbd://h/a'), { file: { filename: 'nbd://h/a' } }],
    ['by nothing', mediumOf([]), { driver: 'raw', file: { filename: '' } }],
  ])('%s', (_what, medium, expected) => {
    expect(added([], guestWith({ peripherals, drives: [driveOf('', medium, used)] }))).toMatchObject([expected]);
  });

  test('is left alone where no device of the operator uses it', () => {
    const drives = [
      driveOf('', mediumOf('a'), { device: '/machine/unattached/device[1]' }),
      driveOf('', mediumOf('b')),
      driveOf(''),
    ];
    expect(added([], guestWith({ peripherals, drives }))).toEqual([]);
  });
});
