import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, closeSync, copyFileSync, mkdirSync, openSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { defaultSettings } from '#contract/default-settings.ts';
import type { MigrationSettings } from '#contract/migration.ts';
import { GuestAndTwin, type Image } from '#main/hosts/carry-over/testing/guest-and-twin.ts';
import { TwoHosts, whyNoHosts } from '#main/hosts/testing/two-hosts.ts';
import { QmpClient } from '#main/qmp/client.ts';
import { lockShared } from '#native/file-locks.ts';
import { Application } from './application.ts';

const obstacle = whyNoHosts();
if (obstacle) process.stderr.write(`skipped: whether the destination gets the disks, because ${obstacle}\n`);

const nobody = 65_534;
const raw: Image = { name: 'a.raw', format: 'raw' };
const base: Image = { name: 'base.qcow2', format: 'qcow2' };
const top: Image = { name: 'top.qcow2', format: 'qcow2', backing: 'base.qcow2' };
const sharedForWriting = '-drive file=a.raw,format=raw,if=none,id=d -device virtio-blk-pci,drive=d,share-rw=on'.split(
  ' ',
);
/** "Does not share writing": whoever holds it keeps every QEMU from writing. */
const excludesWriting = 201;

describe.skipIf(obstacle !== undefined)('the disks of a guest', { timeout: 60_000 }, () => {
  let hosts: TwoHosts;
  let application: Application;
  const open: number[] = [];
  const loops: string[] = [];
  beforeEach(async () => {
    hosts = await TwoHosts.make();
    chmodSync(hosts.folder, 0o755);
    const environment = {
      ...process.env,
      SWITCHYARD_STATE_DIR: join(hosts.folder, 'state'),
      SWITCHYARD_RUNTIME_DIR: join(hosts.folder, 'runtime'),
    };
    application = new Application({ version: '0.0.0', environment });
  });
  afterEach(async () => {
    for (const descriptor of open.splice(0)) closeSync(descriptor);
    await hosts[Symbol.asyncDispose]();
    for (const loop of loops.splice(0)) spawnSync('losetup', ['-d', loop]);
  });

  async function makeImages(...images: readonly Image[]): Promise<void> {
    await using maker = new GuestAndTwin();
    await maker.makeImages(...images);
    for (const { name } of images) copyFileSync(join(maker.folder, name), pathOf(name));
    if (images.some(({ backing }) => backing !== undefined)) {
      // The overlay names its base in the folder where both were made.
      await maker.rebase(pathOf('top.qcow2'), pathOf('base.qcow2'));
    }
  }

  function pathOf(name: string): string {
    return join(hosts.folder, name);
  }

  function lock(name: string, byte: number): void {
    const descriptor = openSync(pathOf(name), 'r');
    open.push(descriptor);
    lockShared(descriptor, byte);
  }

  async function begin(settings: Partial<MigrationSettings> = {}) {
    const [from, to] = hosts.names;
    return await application.start({ guest: 'web', from, to, settings: { ...defaultSettings, ...settings } });
  }

  async function move(settings: Partial<MigrationSettings> = {}): Promise<string> {
    const started = await begin(settings);
    if (started.kind === 'refused') {
      return `refused: ${started.refusals.map(({ id, text }) => `${id}: ${text}`).join(' ')}`;
    }
    await started.migration.ended;
    const { outcome, explanation } = await application.record(started.migration.id);
    return explanation ? `${outcome}: ${explanation.cause}` : (outcome ?? 'none');
  }

  async function becomesNobody(): Promise<void> {
    while ((await hosts.source.guests())[0]?.user?.uid !== nobody) await sleep(20);
  }

  test('a guest that gave up root, with an image of root: refused, with the image and the user', async () => {
    await makeImages(raw);
    chmodSync(pathOf('a.raw'), 0o644);
    await hosts.startGuest('web', '-runas', 'nobody', '-drive', 'file=a.raw,format=raw,if=virtio');
    await becomesNobody();
    expect(await move()).toBe(
      `refused: disk-access: ${pathOf('a.raw')} cannot be opened for writing by user nobody (65534), which is the user of QEMU on the destination: permission denied.`,
    );
    expect(await hosts.destination.guests()).toEqual([]);
  });

  test('a guest that gave up root, with an image of its own: moves', async () => {
    await makeImages(raw);
    chownSync(pathOf('a.raw'), nobody, nobody);
    chmodSync(pathOf('a.raw'), 0o600);
    await hosts.startGuest('web', '-runas', 'nobody', '-drive', 'file=a.raw,format=raw,if=virtio');
    await becomesNobody();
    expect(await move()).toBe('done-on-destination');
  });

  test('a base that its user may only read, below an overlay that it may write: moves', async () => {
    await makeImages(base, top);
    chmodSync(pathOf('base.qcow2'), 0o644);
    chownSync(pathOf('top.qcow2'), nobody, nobody);
    const file = 'driver=file,node-name=f,auto-read-only=on,discard=unmap,filename=top.qcow2';
    const under = 'driver=file,node-name=b,auto-read-only=on,discard=unmap,filename=base.qcow2';
    await hosts.startGuest(
      'web',
      ...`-runas nobody -blockdev ${file} -blockdev ${under}`.split(' '),
      ...'-blockdev driver=qcow2,node-name=base,read-only=on,file=b'.split(' '),
      ...'-blockdev driver=qcow2,node-name=top,file=f,backing=base -device virtio-blk-pci,drive=top'.split(' '),
    );
    await becomesNobody();
    expect(await move()).toBe('done-on-destination');
  });

  test('a lock of another process that excludes writing: refused, with the process', async () => {
    await makeImages(raw);
    await hosts.startGuest('web', '-drive', 'file=a.raw,format=raw,if=virtio');
    lock('a.raw', excludesWriting);
    expect(await move()).toBe(
      `refused: disk-lock: node (process ${process.pid} of user root (0)) holds a lock on ${pathOf('a.raw')} that excludes writing, so that QEMU on the destination could not start the guest.`,
    );
  });

  test('a lock that is taken while the memory is copied: cancelled, and the guest stays', async () => {
    await makeImages(raw);
    await hosts.startGuest('web', '-drive', 'file=a.raw,format=raw,if=virtio');
    const started = await begin({ bandwidthBitsPerSecond: 200_000 });
    if (started.kind === 'refused') throw new Error(JSON.stringify(started.refusals));
    await sleep(500);
    lock('a.raw', excludesWriting);
    await started.migration.ended;
    const { outcome, explanation } = await application.record(started.migration.id);
    expect([outcome, explanation?.cause]).toEqual([
      'safe-on-source',
      expect.stringMatching(
        /^node \(process \d+ of user root \(0\)\) holds a lock on .* The guest is on .* as before\.$/,
      ),
    ]);
  });

  const controls: readonly {
    readonly what: string;
    readonly images?: readonly Image[];
    readonly args: readonly string[];
    readonly after?: () => Promise<unknown>;
  }[] = [
    { what: 'an overlay and its base', images: [base, top], args: ['-drive', 'file=top.qcow2,if=virtio'] },
    {
      what: 'a medium that another guest reads as well',
      args: ['-drive', 'file=a.raw,format=raw,media=cdrom,if=ide,readonly=on'],
      after: () => hosts.startGuest('other', '-drive', 'file=a.raw,format=raw,media=cdrom,if=ide,readonly=on'),
    },
    {
      what: 'a base that another guest has beneath its own overlay',
      images: [base, top],
      args: ['-drive', 'file=top.qcow2,if=virtio'],
      after: () => hosts.startGuest('other', '-drive', 'file=base.qcow2,if=virtio,readonly=on'),
    },
    {
      what: 'a disk that is shared for writing',
      args: sharedForWriting,
      after: () => hosts.startGuest('other', ...sharedForWriting),
    },
    {
      what: 'a disk without locks that another guest has locked',
      args: ['-drive', 'file=a.raw,format=raw,if=virtio,file.locking=off'],
      after: () => hosts.startGuest('other', '-drive', 'file=a.raw,format=raw,if=virtio'),
    },
    { what: 'flash', args: ['-drive', 'file=a.raw,format=raw,if=pflash'] },
    { what: 'a disk without the page cache', args: ['-drive', 'file=a.raw,format=raw,if=virtio,cache=none'] },
    {
      what: 'a disk that was unplugged and that another guest uses now',
      args: '-device qemu-xhci -drive file=a.raw,format=raw,if=none,id=d -device usb-storage,drive=d,id=stick'.split(
        ' ',
      ),
      after: async () => {
        await using client = await QmpClient.connect({ path: pathOf('web.qmp') });
        await client.executeRaw('device_del', { id: 'stick' });
        while ((await client.execute('query-block')).some(({ device }) => device === 'd')) await sleep(10);
        await hosts.startGuest('other', '-drive', 'file=a.raw,format=raw,if=virtio');
      },
    },
  ];

  test.each(controls)('move: $what', async ({ images = [raw], args, after }) => {
    await makeImages(...images);
    await hosts.startGuest('web', ...args);
    await after?.();
    expect(await move()).toBe('done-on-destination');
  });

  test('a loop device moves while it can be written, and is refused once it cannot', async (context) => {
    await makeImages(raw);
    const made = spawnSync('losetup', ['-f', '--show', pathOf('a.raw')], { encoding: 'utf8' });
    const loop = made.stdout.trim();
    if (loop === '') return context.skip('no loop device can be made here');
    loops.push(loop);
    await hosts.startGuest('web', '-drive', `file=${loop},format=raw,if=virtio`);
    spawnSync('blockdev', ['--setro', loop]);
    const refused = await move();
    spawnSync('blockdev', ['--setrw', loop]);
    expect([refused, await move()]).toEqual([
      `refused: disk-access: ${loop} cannot be opened for writing by user root (0), which is the user of QEMU on the destination: it is read-only.`,
      'done-on-destination',
    ]);
  });

  test('an image on a mount that became read-only is refused', async (context) => {
    const folder = pathOf('mount');
    mkdirSync(folder);
    if (spawnSync('mount', ['-t', 'tmpfs', 'none', folder]).status !== 0)
      return context.skip('nothing can be mounted here');
    try {
      await makeImages(raw);
      copyFileSync(pathOf('a.raw'), join(folder, 'a.raw'));
      await hosts.startGuest('web', '-drive', 'file=mount/a.raw,format=raw,if=virtio,readonly=off');
      const before = statSync(join(folder, 'a.raw')).mtimeMs;
      spawnSync('mount', ['--bind', folder, folder]);
      spawnSync('mount', ['-o', 'remount,bind,ro', folder]);
      expect([await move(), statSync(join(folder, 'a.raw')).mtimeMs]).toEqual([
        expect.stringMatching(
          /^refused: .*disk-access: .*mount\/a.raw cannot be opened for writing by user root .*: it is read-only\./,
        ),
        before,
      ]);
    } finally {
      for (const { identity } of await hosts.source.guests()) await hosts.source.terminate(identity);
      while (spawnSync('umount', [folder]).status === 0);
    }
  });
});
