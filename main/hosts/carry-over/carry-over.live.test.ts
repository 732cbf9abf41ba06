import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { QmpClient } from '#main/qmp/client.ts';
import { GuestAndTwin, whyNoGuests, type Image, type Result } from './testing/guest-and-twin.ts';

const obstacle = whyNoGuests();
if (obstacle) process.stderr.write(`skipped: guests that change while they run, because ${obstacle}\n`);

const top = { name: 'top.qcow2', format: 'qcow2' } as const;
const blockdevs = (folder: string): string[] => [
  '-blockdev',
  `driver=file,node-name=f0,filename=${join(folder, 'top.qcow2')}`,
  '-blockdev',
  'driver=qcow2,node-name=d0,file=f0',
  '-device',
  'virtio-blk-pci,drive=d0,id=disk0',
];

describe.skipIf(obstacle !== undefined)('a guest that was changed while it ran', () => {
  let stage: GuestAndTwin;
  beforeEach(() => {
    stage = new GuestAndTwin();
  });
  afterEach(async () => {
    await stage[Symbol.asyncDispose]();
  });

  interface Case {
    readonly name: string;
    readonly images?: readonly Image[];
    readonly args: (folder: string) => readonly string[];
    readonly change: (client: QmpClient, folder: string) => Promise<unknown>;
    /** Sentences about what was carried over. */
    readonly carried: readonly string[];
  }

  const cases: readonly Case[] = [
    {
      name: 'external snapshot of a disk of -drive',
      images: [top],
      args: () => ['-drive', 'file=top.qcow2,if=virtio,cache=none'],
      change: (client, folder) =>
        client.executeRaw('blockdev-snapshot-sync', {
          device: 'virtio0',
          'snapshot-file': join(folder, 'ov.qcow2'),
          format: 'qcow2',
        }),
      carried: ['virtio0 uses FOLDER/ov.qcow2 (qcow2) on FOLDER/top.qcow2 (qcow2) now, instead of top.qcow2.'],
    },
    {
      name: 'external snapshot of a disk of -blockdev, named and not',
      images: [top],
      args: blockdevs,
      change: async (client, folder) => {
        await client.executeRaw('blockdev-snapshot-sync', {
          'node-name': 'd0',
          'snapshot-file': join(folder, 'ov1.qcow2'),
          'snapshot-node-name': 'snap1',
          format: 'qcow2',
        });
        await client.executeRaw('blockdev-snapshot-sync', {
          'node-name': 'snap1',
          'snapshot-file': join(folder, 'ov2.qcow2'),
          'snapshot-node-name': 'snap2',
          format: 'qcow2',
        });
      },
      carried: [
        'The block node snap1 was added while the guest was running.',
        'The block node snap2 was added while the guest was running.',
        'disk0 uses the block node snap2 now, instead of d0.',
      ],
    },
    {
      name: 'mirror with pivot',
      images: [top],
      args: () => ['-drive', 'file=top.qcow2,if=virtio,id=hd'],
      change: async (client, folder) => {
        await client.executeRaw('drive-mirror', {
          device: 'hd',
          target: join(folder, 'new.raw'),
          sync: 'full',
          format: 'raw',
        });
        while (!(await client.execute('query-block-jobs'))[0]?.ready) await sleep(10);
        await client.executeRaw('block-job-complete', { device: 'hd' });
        while ((await client.execute('query-block-jobs')).length > 0) await sleep(10);
      },
      carried: ['hd uses FOLDER/new.raw (raw) now, instead of top.qcow2.'],
    },
    {
      name: 'changed CD',
      images: [
        { name: 'a.iso', format: 'raw' },
        { name: 'b.iso', format: 'raw' },
      ],
      args: () => ['-cdrom', 'a.iso'],
      change: (client) => client.executeRaw('blockdev-change-medium', { device: 'ide1-cd0', filename: 'b.iso' }),
      carried: ['ide1-cd0 uses FOLDER/b.iso (raw) now, instead of a.iso.'],
    },
    {
      name: 'ejected CD',
      images: [{ name: 'a.iso', format: 'raw' }],
      args: () => ['-drive', 'file=a.iso,media=cdrom,id=cd'],
      change: (client) => client.executeRaw('eject', { device: 'cd', force: true }),
      carried: ['The medium was taken out of cd: a.iso.'],
    },
    {
      name: 'CD put into an empty drive',
      images: [{ name: 'a.iso', format: 'raw' }],
      args: () => ['-drive', 'if=ide,media=cdrom,id=cd'],
      change: (client) => client.executeRaw('blockdev-change-medium', { device: 'cd', filename: 'a.iso' }),
      carried: ['cd uses FOLDER/a.iso (raw) now, instead of no medium.'],
    },
    {
      name: 'unplugged USB disk',
      images: [{ name: 'u.raw', format: 'raw' }],
      args: () => [
        '-device',
        'qemu-xhci,id=xhci',
        '-drive',
        'id=ud,if=none,file=u.raw,format=raw',
        '-device',
        'usb-storage,drive=ud,id=us,bus=xhci.0',
      ],
      change: async (client) => {
        await client.executeRaw('device_del', { id: 'us' });
        // The drive goes when nothing refers to the device any more.
        while ((await client.execute('query-block')).length > 0) await sleep(10);
      },
      carried: [
        'The drive ud was removed since the guest was started.',
        'usb-storage "us" was unplugged since the guest was started.',
      ],
    },
    {
      name: 'throttle',
      images: [top],
      args: () => ['-drive', 'file=top.qcow2,if=virtio'],
      change: (client) =>
        client.executeRaw('block_set_io_throttle', {
          device: 'virtio0',
          bps: 0,
          bps_rd: 0,
          bps_wr: 0,
          iops: 100,
          iops_rd: 0,
          iops_wr: 0,
        }),
      carried: ['virtio0 has iops=100 now.'],
    },
    {
      name: 'plugged NIC',
      args: () => [],
      change: async (client) => {
        await client.executeRaw('netdev_add', { type: 'user', id: 'n1' });
        await client.executeRaw('device_add', {
          driver: 'virtio-net-pci',
          netdev: 'n1',
          id: 'nic1',
          mac: '52:54:00:00:00:99',
        });
      },
      carried: [
        'virtio-net-pci "nic1" was plugged in while the guest was running.',
        'The network backend n1 was added while the guest was running.',
      ],
    },
    {
      name: 'plugged disk, with a controller',
      images: [top],
      args: () => [],
      change: async (client, folder) => {
        await client.executeRaw('device_add', { driver: 'virtio-scsi-pci', id: 'sc' });
        await client.executeRaw('blockdev-add', {
          driver: 'qcow2',
          'node-name': 'd1',
          file: { driver: 'file', filename: join(folder, 'top.qcow2') },
        });
        await client.executeRaw('device_add', {
          driver: 'scsi-hd',
          id: 'sd1',
          drive: 'd1',
          bus: 'sc.0',
          serial: 'abc',
        });
      },
      carried: [
        'The block node d1 was added while the guest was running.',
        'virtio-scsi-pci "sc" was plugged in while the guest was running.',
        'scsi-hd "sd1" was plugged in while the guest was running.',
      ],
    },
    {
      name: 'plugged disk of the human monitor',
      images: [{ name: 'u.raw', format: 'raw' }],
      args: () => [],
      change: async (client) => {
        await client.execute('human-monitor-command', {
          'command-line': 'drive_add 0 if=none,id=hd9,file=u.raw,format=raw',
        });
        await client.executeRaw('device_add', { driver: 'virtio-blk-pci', id: 'b9', drive: 'hd9' });
      },
      carried: [
        'hd9 was added while the guest was running: FOLDER/u.raw (raw).',
        'virtio-blk-pci "b9" was plugged in while the guest was running.',
      ],
    },
    {
      name: 'plugged random number generator',
      args: () => [],
      change: async (client) => {
        await client.executeRaw('object-add', { 'qom-type': 'rng-builtin', id: 'r1' });
        await client.executeRaw('device_add', { driver: 'virtio-rng-pci', id: 'rng1', rng: 'r1' });
      },
      carried: [
        'virtio-rng-pci "rng1" was plugged in while the guest was running.',
        'The object r1 was added while the guest was running.',
      ],
    },
    {
      name: 'plugged DIMM and vCPU',
      args: () => ['-m', '64M,slots=2,maxmem=512M', '-smp', '1,maxcpus=2'],
      change: async (client) => {
        await client.executeRaw('object-add', { 'qom-type': 'memory-backend-ram', id: 'm1', size: 67_108_864 });
        await client.executeRaw('device_add', { driver: 'pc-dimm', id: 'dimm1', memdev: 'm1' });
        await client.executeRaw('device_add', {
          driver: 'qemu64-x86_64-cpu',
          id: 'cpu1',
          'socket-id': 0,
          'core-id': 1,
          'thread-id': 0,
        });
      },
      carried: [
        'pc-dimm "dimm1" was plugged in while the guest was running.',
        'qemu64-x86_64-cpu "cpu1" was plugged in while the guest was running.',
        'The object m1 was added while the guest was running.',
      ],
    },
    {
      name: 'plugged USB devices',
      images: [{ name: 'u.raw', format: 'raw' }],
      args: () => ['-device', 'qemu-xhci,id=xhci'],
      change: async (client) => {
        await client.executeRaw('device_add', { driver: 'usb-tablet', id: 'tab', bus: 'xhci.0' });
        await client.executeRaw('blockdev-add', {
          driver: 'raw',
          'node-name': 'u1',
          file: { driver: 'file', filename: 'u.raw' },
        });
        await client.executeRaw('device_add', { driver: 'usb-storage', id: 'stick', drive: 'u1', bus: 'xhci.0' });
      },
      carried: [
        'The block node u1 was added while the guest was running.',
        'usb-tablet "tab" was plugged in while the guest was running.',
        'usb-storage "stick" was plugged in while the guest was running.',
      ],
    },
    {
      name: 'changed CD of a drive of -blockdev',
      images: [
        { name: 'a.iso', format: 'raw' },
        { name: 'b.iso', format: 'raw' },
      ],
      args: () => [
        '-blockdev',
        'driver=file,node-name=c0,filename=a.iso,read-only=on',
        '-device',
        'ide-cd,drive=c0,id=cd0',
      ],
      change: (client) => client.executeRaw('blockdev-change-medium', { id: 'cd0', filename: 'b.iso' }),
      carried: ['cd0 uses the block node switchyard-peripheral-cd0 now, instead of c0.'],
    },
  ];

  test.each(cases)('$name: the twin is its likeness', async ({ images = [], args, change, carried }) => {
    await stage.makeImages(...images);
    const client = await stage.start(...args(stage.folder));
    await change(client, stage.folder);
    const result = await stage.likeness();
    expect(said(result, stage.folder)).toEqual({
      carried,
      refused: [],
      differences: [],
    });
  });

  const unchanged: readonly {
    readonly name: string;
    readonly images?: readonly Image[];
    readonly args: readonly string[];
  }[] = [
    {
      name: 'qcow2 with a backing file, cached in several ways',
      images: [top, { name: 'ov.qcow2', format: 'qcow2', backing: 'top.qcow2' }, { name: 'r.raw', format: 'raw' }],
      args: ['-drive', 'file=ov.qcow2,if=virtio,cache=none,discard=unmap,detect-zeroes=on', '-hda', 'r.raw'],
    },
    {
      name: 'drives in all short forms',
      images: ['a', 'b', 'c', 'd', 'e'].map((name): Image => ({ name, format: 'raw' })),
      args: ['a', '-hdb', 'b', '-cdrom', 'c', '-fda', 'd', '-drive', 'if=pflash,format=raw,unit=0,file=e'],
    },
    {
      name: 'drives of -blockdev in JSON, throttled ones too',
      images: [top, { name: 'b', format: 'raw' }],
      args: [
        '-blockdev',
        '{"driver":"file","filename":"top.qcow2","node-name":"s","auto-read-only":true,"discard":"unmap"}',
        '-blockdev',
        '{"node-name":"f","read-only":false,"driver":"qcow2","file":"s","backing":null}',
        '-device',
        '{"driver":"virtio-blk-pci","drive":"f","id":"disk0","bootindex":1,"write-cache":"on"}',
        '-drive',
        'file=b,format=raw,if=virtio,iops=100,bps_max=2000000,bps=1000000,throttling.group=g',
      ],
    },
    {
      name: 'two monitors',
      args: [
        '-monitor',
        'null',
        '-chardev',
        'socket,id=m2,path=m2.sock,server=on,wait=off',
        '-mon',
        'chardev=m2,mode=control',
      ],
    },
    { name: 'VNC with a password', args: ['-vnc', 'unix:vnc.sock,password=on', '-vga', 'std'] },
    {
      name: 'serial ports in several forms',
      args: [
        '-serial',
        'file:s.log',
        '-serial',
        'unix:s.sock,server,nowait',
        '-serial',
        'null',
        '-serial',
        'pty',
        '-parallel',
        'null',
      ],
    },
    {
      name: 'memory in a memfd',
      args: ['-object', 'memory-backend-memfd,id=mem,size=16376K,share=on', '-machine', 'pc,memory-backend=mem'],
    },
    {
      name: 'microvm',
      images: [{ name: 'b', format: 'raw' }],
      args: ['-M', 'microvm', '-drive', 'id=d,file=b,format=raw,if=none', '-device', 'virtio-blk-device,drive=d'],
    },
    {
      name: 'q35 with USB, a bridge and network cards',
      images: [{ name: 'c', format: 'raw' }],
      args: [
        '-M',
        'q35',
        '-device',
        'pcie-root-port,id=rp1,chassis=1',
        '-netdev',
        'user,id=n0',
        '-device',
        'virtio-net-pci,netdev=n0,bus=rp1',
        '-nic',
        'user,model=e1000',
        '-device',
        'qemu-xhci',
        '-device',
        'usb-tablet',
        '-device',
        'usb-kbd',
        '-cdrom',
        'c',
        '-object',
        'rng-random,filename=/dev/urandom,id=r',
        '-device',
        'virtio-rng-pci,rng=r',
        '-object',
        'iothread,id=io1',
        '-device',
        'virtio-serial',
        '-chardev',
        'null,id=cn',
        '-device',
        'virtserialport,chardev=cn,name=org.x',
        '-device',
        'virtio-balloon-pci',
      ],
    },
  ];

  test.each(unchanged)('nothing is changed for $name', async ({ images = [], args }) => {
    await stage.makeImages(...images);
    await stage.start(...args);
    expect(said(await stage.likeness(), stage.folder)).toEqual({ carried: [], refused: [], differences: [] });
  });
});

function said(
  { carried, refused, differences }: Result,
  folder: string,
): Pick<Result, 'carried' | 'refused'> & { differences: readonly string[] } {
  const short = (text: string): string => text.replaceAll(folder, 'FOLDER');
  return {
    carried: carried.map(short),
    refused: refused.map(short),
    differences: differences.map(({ text }) => short(text)),
  };
}
