import { describe, expect, test } from 'vitest';
import { emptyPortrait } from '#main/likeness/portrait.ts';
import { carryDrives } from './drives.ts';
import { changeBy, driveOf, guestWith, mediumOf } from './testing/changed-guest.ts';

const hd = ['-drive', 'file=a.qcow2,if=none,id=hd'];

describe('a drive that is as it was started keeps its text', () => {
  test.each([
    ['by a relative path', hd, mediumOf('a.qcow2')],
    [
      'by a json: name',
      ['-drive', 'file=json:{"file":{"driver":"file",,"filename":"/vm/a.qcow2"}},id=hd'],
      mediumOf('a.qcow2'),
    ],
    ['by a nested name', ['-drive', 'file.driver=file,file.filename=a.qcow2,id=hd'], mediumOf('a.qcow2')],
    ['by another protocol', ['-drive', 'file=nbd://h/a,id=hd'], mediumOf('nbd://h/a')],
    ['by another protocol, nested', ['-drive', 'file.driver=nbd,file.host=h,id=hd'], mediumOf('nbd://h/a')],
    ['by no image at all', ['-drive', 'file=a.qcow2,id=hd'], mediumOf([])],
    [
      'with its limits',
      ['-drive', 'file=a.qcow2,id=hd,iops=5,bps_max=0,iops_max_length=1,group=hd'],
      mediumOf('a.qcow2', { throttle: { iops: 5 }, throttleGroup: 'hd' }),
    ],
    [
      'with its limits by their long names',
      ['-drive', 'file=a.qcow2,id=hd,throttling.iops-total=5,throttling.iops-total-max-length=2,throttling.group=g'],
      mediumOf('a.qcow2', { throttle: { iops: 5, iops_max_length: 2, unknown: 1 }, throttleGroup: 'g' }),
    ],
    [
      'in a group by its short name',
      ['-drive', 'file=a.qcow2,id=hd,iops=5,group=g'],
      mediumOf('a.qcow2', { throttle: { iops: 5 }, throttleGroup: 'g' }),
    ],
    ['without a medium', ['-drive', 'id=hd,media=cdrom,if=none'], undefined],
  ])('%s', (_what, args, medium) => {
    const source = guestWith({ drives: [driveOf('hd', medium)] });
    expect(changeBy(carryDrives, args, source)).toEqual({ args, said: [] });
  });

  test('in the root directory, where the working directory is not known', () => {
    const [medium] = [mediumOf('a.qcow2')];
    const rooted = { ...medium, layers: medium.layers.map((layer) => ({ ...layer, path: '/a.qcow2' })) };
    const source = guestWith({ drives: [driveOf('hd', rooted)], process: emptyPortrait.process });
    expect(changeBy(carryDrives, hd, source).said).toEqual([]);
  });
});

describe('a drive with another image', () => {
  test('gets that image, and keeps how it behaves', () => {
    const args = ['-drive', 'file=a.qcow2,format=raw,file.locking=off,if=none,id=hd,cache=none'];
    const source = guestWith({ drives: [driveOf('hd', mediumOf(['b.qcow2', 'a.qcow2']))] });
    expect(changeBy(carryDrives, args, source)).toEqual({
      args: ['-drive', 'if=none,id=hd,cache=none,file=/vm/b.qcow2,format=qcow2'],
      said: ['carried: hd uses /vm/b.qcow2 (qcow2) on /vm/a.qcow2 (qcow2) now, instead of a.qcow2.'],
    });
  });

  test.each([
    [
      'by a name that it was given',
      mediumOf('b', { nodeName: 'top' }),
      'if=none,id=hd,file=/vm/b,format=qcow2,node-name=top',
    ],
    ['read-only', mediumOf('b', { readOnly: true }), 'if=none,id=hd,file=/vm/b,format=qcow2,readonly=on'],
    ['by another protocol', mediumOf('nbd://h/b'), 'if=none,id=hd,file=nbd://h/b,format=qcow2'],
  ])('%s', (_what, medium, expected) => {
    expect(changeBy(carryDrives, hd, guestWith({ drives: [driveOf('hd', medium)] })).args).toEqual([
      '-drive',
      expected,
    ]);
  });

  test.each([
    ['a CD stays one', 'file=a.iso,media=cdrom,id=hd', 'media=cdrom,id=hd,file=/vm/b,format=qcow2'],
    ['an empty drive holds it', 'media=cdrom,id=hd,if=none', 'media=cdrom,id=hd,if=none,file=/vm/b,format=qcow2'],
    ['a protocol gives way to a file', 'file=nbd://h/a,id=hd', 'id=hd,file=/vm/b,format=qcow2,readonly=on'],
    ['it was read-only already', 'file=a,id=hd,readonly=on', 'id=hd,file=/vm/b,format=qcow2,readonly=on'],
    ['it was read-only by the other name', 'file=a,id=hd,read-only=on', 'id=hd,file=/vm/b,format=qcow2,readonly=on'],
  ])('%s', (_what, before, after) => {
    const drive = driveOf('hd', mediumOf('b', { readOnly: true }));
    expect(changeBy(carryDrives, ['-drive', before], guestWith({ drives: [drive] })).args).toEqual(['-drive', after]);
  });

  test('that was taken out is empty', () => {
    const args = ['-drive', 'file=a.iso,format=raw,media=cdrom,id=cd'];
    expect(changeBy(carryDrives, args, guestWith({ drives: [driveOf('cd')] }))).toEqual({
      args: ['-drive', 'media=cdrom,id=cd'],
      said: ['carried: The medium was taken out of cd: a.iso.'],
    });
  });
});

describe('limits', () => {
  test('are those of now', () => {
    const args = ['-drive', 'file=a.qcow2,id=hd,iops=5,bps_max_length=3'];
    const medium = mediumOf('a.qcow2', { throttle: { bps: 7 }, throttleGroup: 'g' });
    expect(changeBy(carryDrives, args, guestWith({ drives: [driveOf('hd', medium)] }))).toEqual({
      args: ['-drive', 'file=a.qcow2,id=hd,throttling.bps-total=7,throttling.group=g'],
      said: ['carried: hd has bps=7 now.'],
    });
  });

  test('that were taken off are gone', () => {
    const args = ['-drive', 'file=a.qcow2,id=hd,iops=5'];
    expect(changeBy(carryDrives, args, guestWith({ drives: [driveOf('hd', mediumOf('a.qcow2'))] }))).toEqual({
      args: ['-drive', 'file=a.qcow2,id=hd'],
      said: ['carried: hd has no I/O limits now.'],
    });
  });
});

describe('a drive that is gone', () => {
  test('is left out where the operator gave it a name', () => {
    expect(changeBy(carryDrives, hd, guestWith({}))).toEqual({
      args: [],
      said: ['carried: The drive hd was removed since the guest was started.'],
    });
  });

  test.each([
    ['no drive', []],
    ['ide0-cd0', [driveOf('ide0-cd0')]],
    [
      'd0, d1, d2, d3, d4, d5, d6, d7, d8, d9, d10, d11, 2 more',
      Array.from({ length: 14 }, (_, index) => driveOf(`d${index}`)),
    ],
  ])('is refused where QEMU gave it one: %s', (names, drives) => {
    expect(changeBy(carryDrives, ['-hda', 'a'], guestWith({ drives }))).toEqual({
      args: ['-hda', 'a'],
      said: [`refused: The drive ide0-hd0 of the command line is not in the running guest, which has ${names}.`],
    });
  });
});

describe('a drive that was added while the guest was running', () => {
  test('is made as it is', () => {
    const medium = mediumOf('b,c', {
      readOnly: true,
      detectZeroes: 'unmap',
      nodeName: 'n',
      throttle: { iops: 3 },
      cache: { writeback: false, direct: true, noFlush: true },
    });
    expect(changeBy(carryDrives, ['-S'], guestWith({ drives: [driveOf('new', medium)] }))).toEqual({
      args: [
        '-S',
        '-drive',
        'if=none,id=new,file=/vm/b,,c,format=qcow2,cache.writeback=off,cache.direct=on,cache.no-flush=on,detect-zeroes=unmap,readonly=on,node-name=n,throttling.iops-total=3',
      ],
      said: [
        'carried: new was added while the guest was running: /vm/b,c (qcow2).',
        "harmless: QEMU does not report these options of the drive new: aio, discard, copy-on-read, rerror, werror. The destination has QEMU's defaults for them.",
      ],
    });
  });

  const plain = 'cache.writeback=on,cache.direct=off,cache.no-flush=off';
  test.each([
    ['ide1-cd0', mediumOf('c', { readOnly: true }), `index=2,media=cdrom,file=/vm/c,format=qcow2,${plain}`],
    ['new', mediumOf('nbd://h/a'), `if=none,id=new,file=nbd://h/a,format=qcow2,${plain}`],
    ['new', mediumOf([]), `if=none,id=new,file=,format=raw,${plain}`],
  ])('%s', (name, medium, expected) => {
    expect(changeBy(carryDrives, [], guestWith({ drives: [driveOf(name, medium)] })).args).toEqual([
      '-drive',
      expected,
    ]);
  });

  test('is not made where a device brought it, or where it is empty', () => {
    const source = guestWith({ drives: [driveOf('', mediumOf('b')), driveOf('floppy0')] });
    expect(changeBy(carryDrives, [], source)).toEqual({ args: [], said: [] });
  });
});
