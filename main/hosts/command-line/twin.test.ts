import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { describeGuest } from './description.ts';
import { byCluster, byDescriptorPasser, byHand } from './examples.ts';
import { twinOf } from './twin.ts';

const program = '/usr/bin/qemu-system-x86_64';
const place = '/run/switchyard/20261122T120250Z-7f3a';

/** The twin's arguments, without the program and the `-incoming defer -S` that every twin ends with. */
function adapted(...args: readonly string[]): readonly string[] {
  const { argv } = twinOf([program, '-qmp', 'unix:/q,server=on,wait=off', ...args], place);
  return argv.slice(3, -3);
}

describe('twinOf', () => {
  test('a guest started by hand', () => {
    const twin = twinOf(byHand, place);
    expect(twin.argv).toEqual([
      ...byHand.slice(0, 11),
      'stdio',
      '-qmp',
      `unix:${place}/web.qmp,server,nowait`,
      '-serial',
      `file:${place}/web, old.log`,
      '-vnc',
      ':3',
      '-incoming',
      'defer',
      '-S',
    ]);
    expect(twin.monitorPath).toBe(`${place}/web.qmp`);
  });

  test('a guest of a cluster manager: no daemon, no pid file, not twice incoming, own sockets', () => {
    expect(twinOf(byCluster, place).argv.join(' ')).toBe(
      [
        '/usr/bin/kvm -id 104 -name mail,debug-threads=on -no-shutdown',
        `-chardev socket,id=qmp,path=${place}/104.qmp,server=on,wait=off -mon chardev=qmp,mode=control`,
        '-chardev socket,id=qmp-event,path=/var/run/qmeventd.sock,reconnect=5 -mon chardev=qmp-event,mode=control',
        '-smbios type=1,uuid=0C1F9E0A-7E0B-4F2B-9B1D-3C5A5E0A1F10 -smp 4,sockets=1,cores=4,maxcpus=4 -nodefaults',
        `-vnc unix:${place}/104.vnc,password=on -m 4096`,
        '-netdev type=tap,id=net0,ifname=tap104i0,script=/usr/libexec/bridge,downscript=/usr/libexec/unbridge,vhost=on',
        '-device virtio-net-pci,mac=BC:24:11:00:00:01,netdev=net0,id=net0',
        '-machine type=pc-q35-7.2+pve0,accel=kvm:tcg -incoming defer -S',
      ].join(' '),
    );
  });

  test('a guest without a monitor of its own gets one', () => {
    const twin = twinOf([program, '-m', '64'], place);
    expect(twin.argv.slice(-2)).toEqual(['-qmp', `unix:${place}/qmp.sock,server=on,wait=off`]);
    expect(twin.monitorPath).toBe(`${place}/qmp.sock`);
  });

  test('a monitor that was passed as an open file becomes one with a path', () => {
    const withoutNetwork = byDescriptorPasser.filter((argument) => !argument.includes('tap') && argument !== '-netdev');
    const twin = twinOf(withoutNetwork, place);
    expect(twin.argv).toContain(`socket,id=charmonitor,path=${place}/charmonitor.sock,server=on,wait=off`);
    expect(twin.monitorPath).toBe(`${place}/charmonitor.sock`);
  });

  test.each([
    ['-serial file:/log', `-serial file:${place}/log`],
    ['-serial file:/dev/null', '-serial file:/dev/null'],
    ['-serial file:/dev/shm/s', `-serial file:${place}/s`],
    ['-serial mon:unix:/a/s,server=on', `-serial mon:unix:${place}/s,server=on,wait=off`],
    ['-serial unix:/a/s', '-serial unix:/a/s'],
    ['-serial stdio', '-serial stdio'],
    ['-chardev file,id=f,path=/a/f', `-chardev file,id=f,path=${place}/f`],
    ['-chardev pty,id=p,logfile=/a/l', `-chardev pty,id=p,logfile=${place}/l`],
    ['-D /var/log/q.log', `-D ${place}/q.log`],
    ['-trace x*,file=/a/t', `-trace x*,file=${place}/t`],
    ['-audiodev wav,id=a,path=/a/w.wav', `-audiodev wav,id=a,path=${place}/w.wav`],
    ['-audiodev none,id=a', '-audiodev none,id=a'],
    ['-object filter-dump,id=d,file=/a/p', `-object filter-dump,id=d,file=${place}/p`],
    [
      '-object {"qom-type":"filter-dump","file":"/a/p","maxlen":1}',
      `-object {"qom-type":"filter-dump","file":"${place}/p","maxlen":1}`,
    ],
    [
      '-netdev stream,id=n,server=on,addr.type=unix,addr.path=/a/n',
      `-netdev stream,id=n,server=on,addr.type=unix,addr.path=${place}/n`,
    ],
    ['-netdev stream,id=n,addr.type=unix,addr.path=/a/n', '-netdev stream,id=n,addr.type=unix,addr.path=/a/n'],
    ['-netdev dgram,id=n,local.type=unix,local.path=/a/n', `-netdev dgram,id=n,local.type=unix,local.path=${place}/n`],
    [
      '-netdev {"type":"stream","server":true,"addr":{"path":"/a/n"}}',
      `-netdev {"type":"stream","server":true,"addr":{"path":"${place}/n"}}`,
    ],
    ['-netdev {"type":"dgram","local":{"path":"/a/n"}}', `-netdev {"type":"dgram","local":{"path":"${place}/n"}}`],
    ['-netdev {"type":"dgram","local":{"path":1}}', '-netdev {"type":"dgram","local":{"path":1}}'],
    ['-netdev {"type":"dgram","local":{}}', '-netdev {"type":"dgram","local":{}}'],
    ['-netdev {"type":"dgram","local":null}', '-netdev {"type":"dgram","local":null}'],
    ['-netdev {"type":"stream","addr":{"path":"/a/n"}}', '-netdev {"type":"stream","addr":{"path":"/a/n"}}'],
    ['-object rng-random,id=r,filename=/dev/urandom', '-object rng-random,id=r,filename=/dev/urandom'],
    ['-display vnc=unix:/a/v', `-display vnc=unix:${place}/v`],
    ['-spice unix=on,addr=/a/sp', `-spice unix=on,addr=${place}/sp`],
    ['-spice port=5930,addr=10.0.0.1', '-spice port=5930,addr=10.0.0.1'],
    ['-drive file=/images/a.qcow2,if=virtio', '-drive file=/images/a.qcow2,if=virtio'],
    ['-loadvm tag -writeconfig /w -S --incoming tcp:0:4444 -pidfile /p -daemonize', ''],
  ])('%s', (args, expected) => {
    expect(adapted(...args.split(' ')).join(' ')).toBe(expected);
  });

  test.each([
    ['-runas nobody -run-with async-teardown=on,user=nobody', '-run-with async-teardown=on'],
    ['-D /var/..', `-D ${place}/file`],
    ['-D /', `-D ${place}/file`],
    ['-serial file:/dev/../etc/passwd', `-serial file:${place}/passwd`],
  ])('%s is %s', (args, expected) => {
    expect(adapted(...args.split(' ')).join(' ')).toBe(expected);
  });

  test('says what user the source has become by itself', () => {
    expect(twinOf([program, '-runas', 'qemu'], place).laterUser).toBe('qemu');
  });

  test('a name that is taken by another file is not given twice', () => {
    const files = ['/a/log', '/b/log', '/c/2-log', '/d/log'].flatMap((path) => ['-serial', `file:${path}`]);
    expect(new Set(adapted(...files)).size).toBe(5);
  });

  test('files of one name get different places, and a file named twice gets one', () => {
    expect(adapted('-serial', 'file:/a/log', '-serial', 'file:/b/log', '-debugcon', 'file:/a/log')).toEqual([
      '-serial',
      `file:${place}/log`,
      '-serial',
      `file:${place}/2-log`,
      '-debugcon',
      `file:${place}/log`,
    ]);
  });

  test.each([
    ['an interface passed as an open file', byDescriptorPasser, /-netdev with fd=35/],
    ['an fd set', [program, '-drive', 'file=/dev/fdset/1'], /\/dev\/fdset/],
    ['a temporary overlay', [program, '-snapshot'], /temporary file/],
    ['a temporary overlay of one disk', [program, '-drive', 'file=a,snapshot=on'], /temporary file/],
    ['another root directory', [program, '-chroot', '/srv'], /has made \/srv its root directory/],
    ['a named pipe', [program, '-chardev', 'pipe,id=p,path=/a/p'], /named pipe \(-chardev pipe,id=p/],
    ['a named pipe in its short form', [program, '-name', 'pipe:', '-serial', 'mon:pipe:/a/p'], /-serial mon:pipe/],
    ['options in a file', [program, '-readconfig', 'vm.cfg'], /options in a file/],
  ])('refuses %s', (_what, argv, reason) => {
    expect(() => twinOf(argv, place)).toThrow(reason);
  });

  test('names the memory that two processes would write', () => {
    const argv = [program, '-object', 'memory-backend-file,id=m,size=1G,mem-path=/dev/shm/ram,share=on'];
    expect(twinOf(argv, place).sharedMemoryPaths).toEqual(['/dev/shm/ram']);
  });

  test('names no memory whose file has no name', () => {
    const argv = [program, '-object', 'memory-backend-file,id=m,size=1G,share=on'];
    expect(twinOf(argv, place).sharedMemoryPaths).toEqual([]);
  });

  const anyOption = fc.constantFrom(
    ['-S'],
    ['-daemonize'],
    ['-incoming', 'tcp:0:1'],
    ['-incoming', 'defer'],
    ['-qmp', 'unix:/a/q,server,nowait'],
    ['-qmp', 'tcp:localhost:1,server'],
    ['-serial', 'file:/a/s'],
    ['-chardev', 'socket,id=c,path=/a/c,server=on'],
    ['-mon', 'chardev=c,mode=control'],
    ['-name', 'guest=g,,h'],
    ['-m', '64'],
    ['-unknown'],
    ['disk.img'],
  );
  const anyArgv = fc.array(anyOption).map((options) => [program, ...options.flat()]);

  test('every twin waits paused, with a monitor in its own place', () => {
    fc.assert(
      fc.property(anyArgv, (argv) => {
        const twin = twinOf(argv, place);
        const count = (argument: string): number => twin.argv.filter((each) => each === argument).length;
        expect([count('-S'), count('-incoming'), count('defer'), count('-daemonize')]).toEqual([1, 1, 1, 0]);
        expect(describeGuest(twin.argv).monitors[0]).toEqual({ kind: 'unix-server', path: twin.monitorPath });
        expect(twin.monitorPath.startsWith(`${place}/`)).toBe(true);
      }),
    );
  });

  test('a twin of a twin differs only in its place: a guest can move again and again', () => {
    const next = '/run/switchyard/20261123T080000Z-0001';
    fc.assert(
      fc.property(anyArgv, (argv) => {
        const once = twinOf(argv, place);
        const twice = twinOf(once.argv, next);
        const options = (argv_: readonly string[]): readonly string[] =>
          argv_.map((each) => each.replaceAll(place, next)).toSorted();
        expect(options(twice.argv)).toEqual(options(once.argv));
      }),
    );
  });
});
