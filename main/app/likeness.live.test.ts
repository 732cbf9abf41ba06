import { copyFileSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { patternOf, type Image } from '#main/hosts/carry-over/testing/guest-and-twin.ts';
import { whyNoHosts, type TwoHosts } from '#main/hosts/testing/two-hosts.ts';
import type { QmpClient } from '#main/qmp/client.ts';
import { GuestToMove } from './testing/guest-to-move.ts';

const obstacle = whyNoHosts();
if (obstacle) process.stderr.write(`skipped: moves of guests that were changed, because ${obstacle}\n`);

const top: Image = { name: 'top.qcow2', format: 'qcow2' };
const disk = ['-drive', 'file=top.qcow2,if=virtio,id=hd'];

describe.skipIf(obstacle !== undefined)('a guest that was changed while it ran', () => {
  let web: GuestToMove;
  let hosts: TwoHosts;
  beforeEach(async () => {
    web = await GuestToMove.make();
    ({ hosts } = web);
  });
  afterEach(async () => {
    await web[Symbol.asyncDispose]();
  });

  /** The chain of the first disk, by the names of its files, where each is open under its own inode. */
  async function chainThere(): Promise<readonly string[]> {
    const guest = (await hosts.destination.guests())[0];
    if (!guest) return [];
    const qemu = await hosts.destination.attach(guest.identity, guest.monitorPath ?? '');
    const { drives } = await qemu.portrait();
    qemu.close();
    return (drives[0]?.medium?.layers ?? []).map(({ path = '', leadsTo, isOpen }) => {
      const { dev, ino } = statSync(path, { bigint: true });
      return `${path.replace(hosts.folder, '')} ${isOpen && leadsTo === `${dev}:${ino}` ? 'open' : 'not open'}`;
    });
  }

  test('takes the overlay of an external snapshot with it, and what was written to it', async () => {
    await web.start([top], disk);
    await web.at(0, async (client) => {
      await patternOf(client, 'hd', 'write -P 0xaa 0 64k');
      await client.executeRaw('blockdev-snapshot-sync', {
        device: 'hd',
        'snapshot-file': join(hosts.folder, 'ov.qcow2'),
        format: 'qcow2',
      });
      await patternOf(client, 'hd', 'write -P 0xbb 64k 64k');
    });
    expect(await web.move()).toBe('done-on-destination');
    expect(await chainThere()).toEqual(['/ov.qcow2 open', '/top.qcow2 open']);
    const read = await web.at(1, async (client) => [
      await patternOf(client, 'hd', 'read -P 0xaa 0 64k'),
      await patternOf(client, 'hd', 'read -P 0xbb 64k 64k'),
    ]);
    expect(read.filter((text) => text.includes('verification failed'))).toEqual([]);
  });

  test('takes the target of a mirror with it after a pivot', async () => {
    await web.start([top], disk);
    await web.at(0, async (client) => {
      await patternOf(client, 'hd', 'write -P 0xaa 0 64k');
      await client.executeRaw('drive-mirror', {
        device: 'hd',
        target: join(hosts.folder, 'new.qcow2'),
        sync: 'full',
        format: 'qcow2',
      });
      while (!(await client.execute('query-block-jobs'))[0]?.ready) await sleep(10);
      await client.executeRaw('block-job-complete', { device: 'hd' });
      while ((await client.execute('query-block-jobs')).length > 0) await sleep(10);
    });
    expect(await web.move()).toBe('done-on-destination');
    expect(await chainThere()).toEqual(['/new.qcow2 open']);
    expect(await web.at(1, (client) => patternOf(client, 'hd', 'read -P 0xaa 0 64k'))).not.toContain(
      'verification failed',
    );
  });

  test('takes a persistent bitmap with it', async () => {
    await web.start([top], disk);
    await web.at(0, (client) =>
      client.executeRaw('block-dirty-bitmap-add', { node: 'hd', name: 'daily', persistent: true }),
    );
    expect(await web.move()).toBe('done-on-destination');
    const drives = await web.at(1, (client) => client.execute('query-block'));
    expect(drives[0]?.inserted?.['dirty-bitmaps']).toMatchObject([{ name: 'daily', persistent: true }]);
  });

  test('takes what was plugged in with it', async () => {
    await web.start([], []);
    await web.at(0, async (client) => {
      await client.executeRaw('netdev_add', { type: 'user', id: 'n1' });
      await client.executeRaw('device_add', { driver: 'virtio-net-pci', netdev: 'n1', id: 'nic1' });
      await client.executeRaw('object-add', { 'qom-type': 'rng-builtin', id: 'r1' });
      await client.executeRaw('device_add', { driver: 'virtio-rng-pci', id: 'rng1', rng: 'r1' });
    });
    expect(await web.move()).toBe('done-on-destination');
    const there = await web.at(1, (client) => client.execute('qom-list', { path: '/machine/peripheral' }));
    expect(there.map(({ name }) => name).toSorted()).toEqual(['nic1', 'rng1', 'type']);
  });

  test('is refused before anything is touched when QEMU has left the folder of a relative path', async () => {
    await web.makeImages(top);
    await hosts.startDaemon('web', ...disk);
    expect(await web.move()).toContain(`refused: image-name: hd has a relative path`);
    expect(await hosts.destination.guests()).toEqual([]);
  });

  test('takes nodes with relative paths with it that QEMU has left behind, and what was written to them', async () => {
    await web.makeImages(top);
    const nodes = '-blockdev driver=file,node-name=f,filename=top.qcow2 -blockdev driver=qcow2,node-name=n,file=f';
    await hosts.startDaemon('web', ...`${nodes} -device virtio-blk-pci,drive=n,id=d`.split(' '));
    await web.at(0, (client) => patternOf(client, 'd', 'write -P 0xaa 0 64k'));
    expect(await web.move()).toBe('done-on-destination');
    expect(await chainThere()).toEqual(['/top.qcow2 open']);
    expect(await web.at(1, (client) => patternOf(client, 'd', 'read -P 0xaa 0 64k'))).not.toContain(
      'verification failed',
    );
  });

  const refusals: readonly {
    readonly what: string;
    readonly args?: readonly string[];
    readonly change: (client: QmpClient, folder: string) => Promise<unknown>;
    readonly id: string;
  }[] = [
    {
      what: 'a block job runs',
      change: (client, folder) =>
        client.executeRaw('drive-mirror', { device: 'hd', target: join(folder, 'm'), sync: 'full', format: 'raw' }),
      id: 'block-job',
    },
    {
      what: 'a disk is exported',
      change: async (client, folder) => {
        await client.executeRaw('nbd-server-start', { addr: { type: 'unix', data: { path: join(folder, 'nbd') } } });
        await client.executeRaw('nbd-server-add', { device: 'hd' });
      },
      id: 'block-export',
    },
    {
      what: 'a bitmap is in memory only',
      change: (client) => client.executeRaw('block-dirty-bitmap-add', { node: 'hd', name: 'b' }),
      id: 'bitmap-in-memory',
    },
    {
      what: 'its image was replaced',
      change: (_client, folder) => {
        copyFileSync(join(folder, 'top.qcow2'), join(folder, 'other'));
        renameSync(join(folder, 'other'), join(folder, 'top.qcow2'));
        return Promise.resolve();
      },
      id: 'image-replaced',
    },
    {
      what: 'QEMU itself refuses (vvfat)',
      args: [...disk, '-drive', 'if=none,id=fat,file=fat:rw:dir,format=raw'],
      change: () => Promise.resolve(),
      id: 'blocked',
    },
    {
      what: 'a disk is a quorum, whose locks QEMU keeps',
      args: [
        ...['f0', 'f1'].flatMap((name) => ['-blockdev', `driver=null-co,node-name=${name},read-zeroes=on`]),
        ...'-blockdev driver=quorum,node-name=q,children.0=f0,children.1=f1,vote-threshold=1'.split(' '),
        ...'-device virtio-blk-pci,drive=q'.split(' '),
      ],
      change: () => Promise.resolve(),
      id: 'block-driver',
    },
    {
      what: 'a throttle node was added',
      change: async (client) => {
        await client.executeRaw('object-add', { 'qom-type': 'throttle-group', id: 'tg' });
        await client.executeRaw('blockdev-add', { driver: 'null-co', 'node-name': 'extra' });
      },
      id: 'guest-now',
    },
  ];

  test.each(refusals)('is refused before anything is touched when $what', async ({ args = disk, change, id }) => {
    mkdirSync(join(hosts.folder, 'dir'));
    await web.start([top], args);
    await web.at(0, (client) => change(client, hosts.folder));
    expect(await web.move()).toMatch(new RegExp(`^refused: ${id}: `));
    expect(await hosts.destination.guests()).toEqual([]);
  });
});
