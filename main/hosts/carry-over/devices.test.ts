import { describe, expect, test } from 'vitest';
import type { Device, Peripheral, Portrait } from '#main/likeness/portrait.ts';
import { carryDevices } from './devices.ts';
import { changeBy, deviceOf, driveOf, guestWith, mediumOf } from './testing/changed-guest.ts';

function plugged(type: string, id: string, hotplugged = true): Peripheral {
  return { place: `peripheral/${id}`, id, type, hotplugged };
}

function anonymous(type: string, number: number, hotplugged = false): Peripheral {
  return { place: `peripheral-anon/device[${number}]`, id: '', type, hotplugged };
}

/** The options of a guest to which this was added. */
function added(peripherals: readonly Peripheral[], parts: Partial<Portrait>): readonly string[] {
  return changeBy(carryDevices, [], guestWith({ peripherals, ...parts })).args.filter((each) => each !== '-device');
}

describe('devices of the command line', () => {
  test('keep their text where they are as they were started', () => {
    const args = '-device e1000,id=n -device usb-tablet -device {"driver":"e1000"} -device -m 64'.split(' ');
    const source = guestWith({ peripherals: [plugged('e1000', 'n', false), anonymous('usb-tablet', 0)] });
    expect(changeBy(carryDevices, args, source)).toEqual({ args, said: [] });
  });

  test('that were unplugged are left out', () => {
    expect(
      changeBy(carryDevices, ['-device', 'e1000,id=n', '-device', 'id=o', '-device', 'usb-tablet'], guestWith({})),
    ).toEqual({
      args: [],
      said: [
        'carried: e1000 "n" was unplugged since the guest was started.',
        'carried:  "o" was unplugged since the guest was started.',
        'carried: usb-tablet without an id was unplugged since the guest was started.',
      ],
    });
  });

  test('that were unplugged and plugged in again are made as they are now', () => {
    const args = ['-device', 'e1000,id=n,addr=4', '-device', 'e1000,id=o'];
    const peripherals = [plugged('e1000', 'n'), plugged('e1000', 'o')];
    const devices = [deviceOf('e1000', 'n', { properties: { addr: '05.0' } })];
    expect(changeBy(carryDevices, args, guestWith({ peripherals, devices }))).toEqual({
      args: ['-device', 'driver=e1000,id=n,bus=pci.0,addr=05.0'],
      said: [
        'carried: e1000 "n" was unplugged and plugged in again.',
        'carried: e1000 "o" was unplugged and plugged in again.',
      ],
    });
  });
});

describe('the disk of a device', () => {
  const args = ['-device', 'virtio-blk-pci,drive=d0,id=disk0'];
  const peripherals = [plugged('virtio-blk-pci', 'disk0', false)];
  const drive = (medium?: Parameters<typeof driveOf>[1], device = 'disk0') => driveOf('', medium, { device });

  test.each([
    ['is the node that it has now', drive(mediumOf('b', { nodeName: 'snap' })), 'virtio-blk-pci,drive=snap,id=disk0'],
    [
      'is a node that gets a name',
      drive(mediumOf('b'), '/machine/peripheral/disk0/virtio-backend'),
      'virtio-blk-pci,drive=switchyard-peripheral-disk0,id=disk0',
    ],
    ['is none where the medium was taken out', drive(), 'virtio-blk-pci,id=disk0'],
    ['is the one of its option', drive(mediumOf('b', { nodeName: 'd0' }), '/machine/peripheral/disk0'), args[1]],
    ['is not known where no disk is its own', drive(mediumOf('b'), 'other'), args[1]],
    ['is not known where a disk has no device', driveOf('', mediumOf('b')), args[1]],
    ['is a drive of -drive', driveOf('d0', mediumOf('b')), args[1]],
  ])('%s', (_what, disk, expected) => {
    expect(changeBy(carryDevices, args, guestWith({ peripherals, drives: [disk] })).args).toEqual([
      '-device',
      expected,
    ]);
  });

  test('of a device without an id is reported by its place', () => {
    const source = guestWith({
      peripherals: [anonymous('virtio-blk-pci', 0)],
      drives: [drive(undefined, '/machine/peripheral-anon/device[0]/virtio-backend')],
    });
    expect(changeBy(carryDevices, ['-device', 'virtio-blk-pci,drive=d0'], source).said).toEqual([
      'carried: The medium was taken out of peripheral-anon/device[0]: d0.',
    ]);
  });
});

describe('a device that was plugged in', () => {
  test('is made again with its bus, its address and what it was given', () => {
    const nic = deviceOf('virtio-net-pci', 'nic1', {
      properties: {
        addr: '05.0',
        multifunction: 'false',
        vectors: '3 (0x3)',
        romfile: '"efi.rom"',
        bootindex: '<unset>',
      },
    });
    const part: Device = deviceOf('virtio-net-device', '', {
      place: 'x',
      bus: 'virtio-bus',
      parent: nic.place,
      properties: { mac: '"52:54:00:00:00:99"', netdev: '"n1"', speed: '1' },
    });
    expect(added([plugged('virtio-net-pci', 'nic1')], { devices: [nic, part] })).toEqual([
      'driver=virtio-net-pci,id=nic1,bus=pci.0,addr=05.0,multifunction=false,vectors=3,mac=52:54:00:00:00:99,netdev=n1',
    ]);
  });

  test('on USB is made again on its port, with the disk of a stick', () => {
    const stick = deviceOf('usb-storage', 'us', { bus: 'xhci.0', properties: { port: '""', 'USB port': '2' } });
    const disk = deviceOf('scsi-hd', '', {
      place: 'x',
      bus: 'us.0',
      parent: stick.place,
      properties: { drive: '"#block9"', lun: '0' },
    });
    expect(added([plugged('usb-storage', 'us')], { devices: [stick, disk] })).toEqual([
      'driver=usb-storage,id=us,bus=xhci.0,port=2,drive=switchyard-peripheral-us',
    ]);
  });

  test('with a disk names its node', () => {
    const disk = deviceOf('virtio-blk-pci', 'd', { properties: { drive: '"n0"' } });
    expect(added([plugged('virtio-blk-pci', 'd')], { devices: [disk] })).toEqual([
      'driver=virtio-blk-pci,id=d,bus=pci.0,drive=n0',
    ]);
  });

  test('comes after what it hangs on, and the first of its neighbours first', () => {
    const hub = deviceOf('usb-hub', 'hub');
    const devices = [
      deviceOf('usb-kbd', 'young'),
      deviceOf('usb-kbd', 'old'),
      hub,
      deviceOf('usb-tablet', 'on-hub', { bus: 'usb.1', parent: hub.place }),
    ];
    const peripherals = [
      plugged('usb-tablet', 'on-hub'),
      plugged('usb-kbd', 'young'),
      plugged('usb-kbd', 'old'),
      plugged('usb-hub', 'hub'),
    ];
    expect(added(peripherals, { devices }).map((each) => /id=([\w-]+)/.exec(each)?.[1])).toEqual([
      'hub',
      'old',
      'young',
      'on-hub',
    ]);
  });

  const dimm = {
    id: 'd',
    type: 'dimm',
    sizeBytes: 1,
    address: 4096,
    slot: 1,
    numaNode: 0,
    backend: 'm',
    hotplugged: true,
  };
  test('is memory', () => {
    expect(added([plugged('pc-dimm', 'd')], { memoryDevices: [dimm] })).toEqual([
      'driver=pc-dimm,id=d,memdev=m,addr=4096,slot=1,node=0',
    ]);
  });

  test('is a processor', () => {
    const cpu = { type: 'qemu64', position: { 'socket-id': 1, 'core-id': 0 }, plugged: true, id: 'c' };
    expect(added([plugged('qemu64', 'c')], { cpus: [cpu] })).toEqual(['driver=qemu64,id=c,socket-id=1,core-id=0']);
  });

  test.each([
    ['memory of another kind', plugged('nvdimm', 'd'), { memoryDevices: [{ ...dimm, type: 'nvdimm' }] }, 'nvdimm "d"'],
    ['a device that is in no tree', plugged('e1000', 'n'), {}, 'e1000 "n"'],
    ['a device without an id', anonymous('e1000', 0, true), {}, 'e1000 without an id (peripheral-anon/device[0])'],
  ])('is refused by name where it is %s', (_what, peripheral, parts, name) => {
    expect(changeBy(carryDevices, [], guestWith({ peripherals: [peripheral], ...parts })).said).toEqual([
      `refused: ${name} was plugged in while the guest was running, and QEMU does not report its options.`,
    ]);
  });
});
