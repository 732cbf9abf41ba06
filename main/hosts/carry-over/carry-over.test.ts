import { describe, expect, test } from 'vitest';
import { parseCommandLine } from '#main/hosts/command-line/command-line.ts';
import { withVerdict } from '#main/likeness/finding.ts';
import { emptyPortrait, type ListenerPortrait, type Portrait } from '#main/likeness/portrait.ts';
import { samplePortrait } from '#main/likeness/testing/sample-portrait.ts';
import { carryOver } from './carry-over.ts';
import { refuseListeners } from './listeners.ts';
import { driveOf, guestWith } from './testing/changed-guest.ts';

test('a command line of more arguments than a guest needs is refused by their number', () => {
  const argv = ['qemu-system-x86_64', ...Array.from({ length: 130_000 }, () => '')];
  expect(() => carryOver(argv, samplePortrait)).toThrow('has 130001 arguments, and at most 8192');
});

test('a command line is brought up to date in everything, and what has not changed keeps its text', () => {
  const argv = [
    'qemu',
    '-drive',
    'file=a.iso,media=cdrom,id=cd',
    '-netdev',
    'user,id=n',
    '-device',
    'e1000,netdev=n,id=nic',
    '-m',
    '64',
  ];
  expect(carryOver(argv, guestWith({ drives: [driveOf('cd')] }))).toMatchObject({
    argv: ['qemu', '-drive', 'media=cdrom,id=cd', '-m', '64'],
    findings: [{ row: 'disk' }, { row: 'device' }, { row: 'netdev' }],
  });
});

function refusalsOf(argv: string, portrait: Partial<Portrait>): readonly string[] {
  const { findings } = carryOver(['qemu-system-x86_64', ...argv.split(' ')], { ...emptyPortrait, ...portrait });
  return findings.flatMap(({ verdict, row, item }) => (verdict === 'refused' ? [`${row} ${item}`] : []));
}

const limited = {
  nodeName: 'top',
  readOnly: false,
  encrypted: false,
  cache: { writeback: true, direct: false, noFlush: false },
  detectZeroes: 'off',
  layers: [{ format: 'raw', filename: '/a', path: '/a', isOpen: true }],
  throttle: { iops: 100 },
  bitmaps: [],
};

test('limits of a disk of -blockdev are refused before a destination is started', () => {
  const drive = { name: '', device: '/machine/peripheral/disk0/virtio-backend', removable: false, trayOpen: false };
  const argv = '-blockdev driver=file,filename=/a,node-name=top -device virtio-blk-pci,drive=top,id=disk0';
  expect([
    refusalsOf(argv, { drives: [{ ...drive, medium: limited }] }),
    refusalsOf(argv, { drives: [{ ...drive, medium: { ...limited, throttle: {} } }, drive] }),
  ]).toEqual([['throttle disk0'], []]);
});

test('backends that came later and cannot be read back are refused before a destination is started', () => {
  const added = {
    netdevs: [{ id: 'n9', type: 'socket', details: 'listening', queues: 1, forwards: [] }],
    objects: [{ id: 's9', type: 'secret', properties: {} }],
    characterDevices: [{ id: 'c9', kind: 'unix' }],
  };
  expect(refusalsOf('-nodefaults', added)).toEqual(['netdev n9', 'object s9', 'character-device c9']);
});

test('backends that options of other kinds have made are not refused', () => {
  const own = {
    netdevs: [
      { id: '#net123', type: 'user', details: '', queues: 1, forwards: [] },
      { id: 'lan', type: 'socket', details: '', queues: 1, forwards: [] },
    ],
    objects: [{ id: 'pc.ram', type: 'memory-backend-ram', properties: {} }],
    characterDevices: [
      { id: 'compat_monitor0', kind: 'unix' },
      { id: 'serial0-base', kind: 'stdio' },
      { id: 'c1-base', kind: 'unix' },
    ],
  };
  const argv = '-nic socket,id=lan,listen=:9 -serial mon:stdio -chardev socket,mux=on,id=c1,path=/s';
  expect(refusalsOf(argv, own)).toEqual([]);
});

test('a backend that only a device names is refused, for the device does not make it', () => {
  const file = { id: 'm9', type: 'memory-backend-file', properties: {} };
  expect(refusalsOf('-device pc-dimm,memdev=m9', { objects: [file] })).toEqual(['object m9']);
});

describe('what the guest listens on', () => {
  const refusedOf = (args: readonly string[], ...listeners: readonly ListenerPortrait[]): readonly string[] => {
    const source = { ...emptyPortrait, process: { ...emptyPortrait.process, listeners } };
    return withVerdict(carryOver(['qemu-system-x86_64', ...args], source).findings, 'refused').map(({ item }) => item);
  };
  const at = (address: string, owner = ''): ListenerPortrait => ({ owner, address });

  test.each<[string, readonly string[], ListenerPortrait]>([
    ['a forwarded port', ['-nic', 'user,hostfwd=tcp::2222-:22'], at('TCP 0.0.0.0:2222')],
    ['a socket of a network backend', ['-netdev', 'stream,id=n,addr.path=/run/n.sock'], at('unix socket /run/n.sock')],
    ['VNC, wherever it was moved', ['-vnc', ':1'], at('TCP 0.0.0.0:5999', 'VNC "default"')],
    ['a serial port', ['-serial', 'telnet::4,server'], at('TCP 0.0.0.0:4', 'character device "serial0"')],
    [
      'a monitor that shares a channel',
      ['-serial', 'mon:telnet::4'],
      at('TCP 0.0.0.0:4', 'character device "serial0-base"'),
    ],
    ['a named channel', ['-chardev', 'socket,id=c1,path=/c'], at('unix socket /c', 'character device "c1"')],
    [
      'a named channel that several share',
      ['-chardev', 'socket,id=c1,mux=on,path=/c'],
      at('unix socket /c', 'character device "c1-base"'),
    ],
    ['a debugger', ['-s'], at('TCP 0.0.0.0:1234', 'character device "gdb"')],
  ])('%s of the command line is no reason to refuse', (_what, args, listener) => {
    expect(refusedOf(args, listener)).toEqual([]);
  });

  test.each([
    ['is the carried one', '0.0.0.0:2222', []],
    ['is another one', '0.0.0.0:3333', ['TCP 0.0.0.0:3333']],
  ])('a port that was forwarded while it ran is carried over: what listens %s', (_which, address, refused) => {
    const netdev = { id: 'n1', type: 'user', details: '', queues: 1, forwards: ['tcp::2222-10.0.2.15:22'] };
    const listeners = [at(`TCP ${address}`)];
    const source = { ...emptyPortrait, netdevs: [netdev], process: { ...emptyPortrait.process, listeners } };
    const { findings } = refuseListeners(parseCommandLine(['qemu-system-x86_64', '-m', '64']), source);
    expect(findings.map(({ item }) => item)).toEqual(refused);
  });

  test.each<[string, readonly string[], ListenerPortrait, string]>([
    ['an NBD server', ['-m', '10809M', '-name', 'x1080'], at('TCP 0.0.0.0:1080'), 'TCP 0.0.0.0:1080'],
    ['an NBD server on a unix socket', ['-name', 'n'], at('unix socket /run/nbd'), 'unix socket /run/nbd'],
    ['a socket without a name', [], at('unix socket without a name'), 'unix socket without a name'],
    ['a debugger', [], at('TCP 0.0.0.0:1234', 'character device "gdb"'), 'character device "gdb"'],
    ['a channel', [], at('unix socket /c', 'character device "c1"'), 'character device "c1"'],
  ])('%s that was opened while it ran is refused by name', (_what, args, listener, item) => {
    expect(refusedOf(args, listener)).toEqual([item]);
  });
});
