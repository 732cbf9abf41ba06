import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { MigrationSettings } from '#contract/migration.ts';
import { patternOf, type Image } from '#main/hosts/carry-over/testing/guest-and-twin.ts';
import { whyNoHosts } from '#main/hosts/testing/two-hosts.ts';
import { listProcessIds, readProgram } from '#main/hosts/process/process-table.ts';
import { GuestToMove } from './testing/guest-to-move.ts';

const obstacle = whyNoHosts();
if (obstacle) process.stderr.write(`skipped: moves of guests of all kinds, because ${obstacle}\n`);

const firmware = '/usr/share/OVMF/OVMF_CODE.fd';
const hasFirmware = existsSync(firmware);
if (!hasFirmware)
  process.stderr.write(`skipped: a move of a guest with UEFI, because ${firmware} (ovmf) is not installed\n`);

const hasSwtpm = spawnSync('swtpm', ['--version']).error === undefined;
if (!hasSwtpm) process.stderr.write('skipped: moves of guests with a TPM, because swtpm is not installed\n');

const disk: Image = { name: 'a.qcow2', format: 'qcow2' };
const onTop: Image = { name: 'b.qcow2', format: 'qcow2', backing: 'a.qcow2' };
const small = 16_376 * 1024;

/** As operators run them; each is paused, so that its memory can be compared byte by byte after the move. */
interface Kind {
  readonly name: string;
  readonly images?: readonly Image[];
  readonly args: (folder: string) => readonly string[];
  readonly files?: Readonly<Record<string, string>>;
  readonly memoryBytes?: number;
  /** Id of the drive that a pattern is written to. */
  readonly drive?: string;
  readonly settings?: Partial<MigrationSettings>;
}

const sized = (kibibytes: number): Pick<Kind, 'memoryBytes'> => ({ memoryBytes: kibibytes * 1024 });

const kinds: readonly Kind[] = [
  {
    name: 'an image with a backing file',
    images: [disk, onTop],
    args: () => ['-drive', 'file=b.qcow2,if=virtio,id=hd'],
    drive: 'hd',
  },
  {
    name: 'an image of -blockdev in JSON, on a SCSI bus',
    images: [disk],
    args: (folder) => [
      '-object',
      '{"qom-type":"iothread","id":"io"}',
      '-blockdev',
      `{"driver":"qcow2","node-name":"hd","file":{"driver":"file","filename":"${folder}/a.qcow2"}}`,
      '-device',
      '{"driver":"virtio-scsi-pci","id":"scsi0","iothread":"io"}',
      '-device',
      '{"driver":"scsi-hd","bus":"scsi0.0","drive":"hd","id":"d0"}',
    ],
    drive: 'hd',
  },
  {
    name: 'three monitors: QMP twice, and one for humans',
    args: () => [
      '-chardev',
      'socket,id=m2,path=second.qmp,server=on,wait=off',
      '-mon',
      'chardev=m2,mode=control',
      '-monitor',
      'unix:human.sock,server,nowait',
    ],
  },
  { name: 'VNC on a port and on a socket', args: () => ['-vnc', ':7', '-vnc', 'unix:vnc.sock,id=second'] },
  {
    name: 'serial ports: unix, tcp, pty, file',
    args: () => [
      '-serial',
      'unix:s0.sock,server,nowait',
      '-serial',
      'tcp:0.0.0.0:4555,server,nowait',
      '-serial',
      'pty',
      '-serial',
      'file:s3.log',
    ],
  },
  {
    name: 'serial ports: telnet, none, mux with a monitor, ring buffer',
    args: () => [
      '-serial',
      'telnet:0.0.0.0:4556,server,nowait',
      '-serial',
      'null',
      '-chardev',
      'socket,id=mux0,path=mux.sock,server=on,wait=off,mux=on,logfile=mux.log',
      '-serial',
      'chardev:mux0',
      '-mon',
      'chardev=mux0',
      '-chardev',
      'ringbuf,id=r0,size=4096',
      '-serial',
      'chardev:r0',
    ],
  },
  { name: 'a serial port and a monitor on standard input', args: () => ['-serial', 'mon:stdio'] },
  {
    name: 'memory of a memfd',
    args: () => ['-object', `memory-backend-memfd,id=mem,size=${small},share=on`, '-machine', 'q35,memory-backend=mem'],
  },
  {
    name: 'two NUMA nodes',
    ...sized(32_752),
    args: () => [
      '-m',
      '32752K',
      '-smp',
      '2',
      '-object',
      'memory-backend-ram,id=m0,size=16376K',
      '-object',
      'memory-backend-ram,id=m1,size=16376K',
      '-numa',
      'node,nodeid=0,memdev=m0,cpus=0',
      '-numa',
      'node,nodeid=1,memdev=m1,cpus=1',
    ],
  },
  {
    name: 'a microvm',
    images: [disk],
    args: () => [
      '-M',
      'microvm,pit=off,rtc=on',
      '-drive',
      'id=hd,file=a.qcow2,if=none',
      '-device',
      'virtio-blk-device,drive=hd',
    ],
    drive: 'hd',
  },
  {
    name: 'options in a file, with relative paths',
    images: [disk],
    files: {
      'vm.cfg': `# as -writeconfig made it
[drive "hd"]
  file = "a.qcow2"
  if = "none"

[device "d0"]
  driver = "virtio-blk-pci"
  drive = "hd"
[chardev "log"]
  backend = "file"
  path = "guest.log"
[device]
  driver = "isa-serial"
  chardev = "log"
[chardev "extra"]
  backend = "socket"
  path = "extra.sock"
  server = "on"
  wait = "off"
[mon "extra"]
  chardev = "extra"
  mode = "control"
[smp-opts]
  cpus = "2"
[netdev "n0"]
  type = "user"
[device "nic"]
  driver = "virtio-net-pci"
  netdev = "n0"
`,
    },
    args: () => ['-readconfig', 'vm.cfg'],
    drive: 'hd',
  },
  {
    name: 'options that were changed by -set and -global',
    images: [disk],
    args: () => [
      '-drive',
      'id=hd,file=none.qcow2,if=virtio',
      '-set',
      'drive.hd.file=a.qcow2',
      '-chardev',
      'socket,id=c0,path=none.sock,server=on,wait=off',
      '-set',
      'chardev.c0.path=set.sock',
      '-serial',
      'chardev:c0',
      '-global',
      'driver=virtio-blk-pci,property=num-queues,value=1',
    ],
    drive: 'hd',
  },
  {
    name: 'sound and packets that are written to files',
    args: () => [
      '-audiodev',
      'wav,id=snd,path=sound.wav',
      '-device',
      'intel-hda',
      '-device',
      'hda-output,audiodev=snd',
      '-netdev',
      'user,id=n0,hostfwd=tcp::4557-:22',
      '-device',
      'e1000,netdev=n0',
      '-object',
      'filter-dump,id=dump,netdev=n0,file=packets.pcap',
    ],
  },
  {
    name: 'a port for a debugger and a network over a socket of its own',
    args: () => [
      '-gdb',
      'unix:gdb.sock,server,nowait',
      '-netdev',
      'stream,id=n0,server=on,addr.type=unix,addr.path=net.sock',
      '-device',
      'e1000,netdev=n0',
    ],
  },
  {
    name: 'USB devices behind a hub, a random number generator and a balloon',
    args: () => [
      '-device',
      'qemu-xhci,id=usb',
      '-device',
      'usb-hub,bus=usb.0,port=1',
      '-device',
      'usb-tablet,bus=usb.0,port=1.2',
      '-device',
      'usb-kbd,bus=usb.0',
      '-object',
      'rng-random,id=rng0,filename=/dev/urandom',
      '-device',
      'virtio-rng-pci,rng=rng0,max-bytes=1024,period=1000',
      '-device',
      'virtio-balloon-pci',
      '-device',
      'pvpanic',
      '-watchdog-action',
      'none',
    ],
  },
  {
    name: 'fw_cfg, SMBIOS strings, a CPU model, a boot order and a clock',
    files: { 'blob.txt': 'hello' },
    args: () => [
      '-fw_cfg',
      'name=opt/org.example/blob,file=blob.txt',
      '-smbios',
      'type=1,manufacturer=A,,B,serial=1',
      '-cpu',
      'Nehalem,-x2apic',
      '-boot',
      'order=dc,menu=on',
      '-rtc',
      'base=2020-01-01T00:00:00,clock=vm',
      '-vga',
      'std',
      '-device',
      'ich9-ahci,id=ahci',
      '-k',
      'de',
    ],
  },
  {
    name: 'UEFI with its variables',
    ...sized(65_528),
    files: hasFirmware ? { 'vars.fd': '/usr/share/OVMF/OVMF_VARS.fd' } : {},
    args: () => [
      '-m',
      '65528K',
      '-machine',
      'q35',
      '-drive',
      `if=pflash,unit=0,format=raw,readonly=on,file=${firmware}`,
      '-drive',
      'if=pflash,unit=1,format=raw,file=vars.fd,id=vars',
    ],
    drive: 'vars',
  },
];

describe.skipIf(obstacle !== undefined)('moves of guests of all kinds', () => {
  let web: GuestToMove;
  beforeEach(async () => {
    web = await GuestToMove.make();
  });
  afterEach(async () => {
    await web[Symbol.asyncDispose]();
  });

  test.for(kinds.filter(({ name }) => hasFirmware || !name.startsWith('UEFI')))(
    'a guest with $name arrives with its memory and its disk',
    async ({ images = [], args, files = {}, memoryBytes = small, drive, settings = {} }) => {
      for (const [name, content] of Object.entries(files)) {
        if (content.startsWith('/')) copyFileSync(content, join(web.folder, name));
        else writeFileSync(join(web.folder, name), content);
      }
      await web.start(images, args(web.folder));
      // Its firmware has time to write something into memory.
      await sleep(150);
      await web.at(0, async (client) => {
        await client.execute('stop');
        if (drive !== undefined) await patternOf(client, drive, 'write -P 0xc3 64k 64k');
      });
      const before = await web.memory(0, memoryBytes);
      expect(await web.move(settings)).toBe('done-on-destination');
      const read =
        drive === undefined ? '' : await web.at(1, (client) => patternOf(client, drive, 'read -P 0xc3 64k 64k'));
      expect({ memory: await web.memory(1, memoryBytes), disk: read.includes('verification failed') }).toEqual({
        memory: before,
        disk: false,
      });
    },
  );

  test('memory and a processor that were plugged in move with the guest', async () => {
    await web.start([], ['-m', '64M,slots=2,maxmem=512M', '-smp', '1,maxcpus=2', '-machine', 'pc']);
    await web.at(0, async (client) => {
      await client.executeRaw('object-add', { 'qom-type': 'memory-backend-ram', id: 'mem1', size: 128 * 1024 * 1024 });
      await client.executeRaw('device_add', { driver: 'pc-dimm', id: 'dimm1', memdev: 'mem1' });
      const cpu = { driver: 'qemu64-x86_64-cpu', id: 'cpu1', 'socket-id': 0, 'core-id': 1, 'thread-id': 0 };
      await client.executeRaw('device_add', cpu);
    });
    expect(await web.move({ accepted: ['tcg-lost-writes'] })).toBe('done-on-destination');
    const there = await web.at(1, async (client) => ({
      dimms: await client.executeRaw('query-memory-devices'),
      cpus: await client.executeRaw('query-cpus-fast'),
    }));
    expect(there).toMatchObject({
      dimms: [{ data: { id: 'dimm1', size: 134_217_728 } }],
      cpus: [{ 'cpu-index': 0 }, { 'cpu-index': 1 }],
    });
  });

  test('a guest that QEMU runs as another user by itself moves with its disk', async () => {
    chmodSync(web.folder, 0o755);
    await web.start([disk], ['-runas', 'nobody', '-drive', 'file=a.qcow2,if=virtio,id=hd']);
    chownSync(join(web.folder, 'a.qcow2'), 65_534, 65_534);
    await web.at(0, (client) => patternOf(client, 'hd', 'write -P 0xc3 64k 64k'));
    expect(await web.move()).toBe('done-on-destination');
    const read = await web.at(1, (client) => patternOf(client, 'hd', 'read -P 0xc3 64k 64k'));
    expect(read).not.toContain('verification failed');
  });

  test('a guest in another root directory is refused', async () => {
    mkdirSync(join(web.folder, 'jail'));
    await web.start([], ['-chroot', join(web.folder, 'jail')]);
    expect(await web.move()).toMatch(/^refused: .*its root directory/);
  });

  test('a line of the file that cannot be read is named', async () => {
    writeFileSync(join(web.folder, 'vm.cfg'), '[smp-opts]\ncpus = "1"\n');
    await web.start([], ['-readconfig', 'vm.cfg']);
    writeFileSync(join(web.folder, 'vm.cfg'), '[smp-opts]\ncpus: 1\n');
    expect(await web.move()).toMatch(/^refused: .*options in the file vm\.cfg, of which line 2 cannot be read/);
  });

  test('a file of options that has changed since the start is noticed before anything moves', async () => {
    writeFileSync(join(web.folder, 'vm.cfg'), '[smp-opts]\ncpus = "1"\n');
    await web.start([], ['-readconfig', 'vm.cfg']);
    writeFileSync(join(web.folder, 'vm.cfg'), '[smp-opts]\ncpus = "2"\n');
    expect(await web.move()).toMatch(/^safe-on-source: .*CPU core-id 1.*the source has nothing/);
    expect(await web.hosts.destination.guests()).toEqual([]);
  });

  describe('a tap', () => {
    const tap = ['-netdev', 'tap,id=n0,ifname=vm0,script=no,downscript=no', '-device', 'virtio-net-pci,netdev=n0'];
    const onHost = (side: 0 | 1, ...args: readonly string[]): void => {
      const { status, stderr } = spawnSync('ip', ['-n', web.hosts.names[side], ...args], { encoding: 'utf8' });
      if (status !== 0) throw new Error(stderr);
    };
    const plugIn = (side: 0 | 1): void => {
      onHost(side, 'link', 'add', 'br0', 'type', 'bridge');
      onHost(side, 'link', 'set', 'br0', 'up');
      onHost(side, 'tuntap', 'add', 'dev', 'vm0', 'mode', 'tap');
      onHost(side, 'link', 'set', 'vm0', 'master', 'br0', 'up');
    };

    test('that the destination has in the same bridge is used there', async () => {
      plugIn(0);
      plugIn(1);
      await web.start([], tap);
      expect(await web.move()).toBe('done-on-destination');
    });

    test('that QEMU would make by itself on the destination is refused, with the bridge it lacks', async () => {
      plugIn(0);
      await web.start([], tap);
      expect(await web.move()).toMatch(/^refused: guest-network: .*has no br0/);
      onHost(1, 'link', 'add', 'br0', 'type', 'bridge');
      expect(await web.move()).toMatch(
        /^refused: guest-network: .*has no vm0: QEMU would make it, down and in no bridge/,
      );
    });
  });

  describe.skipIf(!hasSwtpm)('a TPM', () => {
    /** Processes of swtpm that belong to this test's folder. */
    const swtpms = (): number =>
      listProcessIds().filter((pid) => {
        const { argv } = readProgram(pid);
        return argv[0]?.endsWith('swtpm') === true && argv.some((each) => each.includes(web.folder));
      }).length;
    const args = (device: string): readonly string[] => [
      '-chardev',
      'socket,id=chrtpm,path=tpm.sock',
      '-tpmdev',
      'emulator,id=tpm0,chardev=chrtpm',
      '-device',
      `${device},tpmdev=tpm0`,
    ];
    async function startTpm(...more: readonly string[]): Promise<void> {
      mkdirSync(join(web.folder, 'tpm'));
      const ctrl = `type=unixio,path=${join(web.folder, 'tpm.sock')}`;
      const state = `dir=${join(web.folder, 'tpm')}`;
      spawn('swtpm', ['socket', '--tpmstate', state, '--ctrl', ctrl, '--terminate', ...more], { stdio: 'ignore' });
      while (!existsSync(join(web.folder, 'tpm.sock'))) await sleep(10);
    }

    test.for([
      ['tpm-tis', ['--tpm2']],
      ['tpm-crb', ['--tpm2']],
      ['tpm-tis', []],
    ] as const)('%s %j moves, and its swtpm ends with its QEMU', async ([device, version]) => {
      await startTpm(...version);
      await web.start([], args(device));
      expect(await web.move()).toBe('done-on-destination');
      expect(swtpms()).toBe(1);
      await web.at(1, (client) => client.execute('quit')).catch(() => undefined);
      for (let looks = 0; swtpms() > 0 && looks < 200; looks++) await sleep(10);
      expect(swtpms()).toBe(0);
    });

    test('leaves no swtpm and no state behind where the destination did not start', async () => {
      await startTpm('--tpm2');
      writeFileSync(join(web.folder, 'gone.txt'), 'x');
      await web.start([], [...args('tpm-tis'), '-fw_cfg', 'name=opt/x,file=gone.txt']);
      rmSync(join(web.folder, 'gone.txt'));
      expect(await web.move()).toMatch(/QEMU did not start/);
      expect({
        swtpms: swtpms(),
        left: readdirSync(join(web.folder, 'runtime')).filter((each) => each !== 'control'),
      }).toEqual({ swtpms: 1, left: [] });
    });
  });
});
