import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Qemu, QemuEvent } from '#main/engine/ports.ts';
import { TwoHosts, whyNoHosts } from './testing/two-hosts.ts';

const obstacle = whyNoHosts();
if (obstacle) process.stderr.write(`skipped: tests of real hosts, because ${obstacle}\n`);

const migrationId = '20261122T120250Z-7f3a';
const uuid = '8d6a5b1c-0000-4000-8000-00000000abcd';

describe.skipIf(obstacle !== undefined)('a host', () => {
  let hosts: TwoHosts;
  beforeEach(async () => {
    hosts = await TwoHosts.make();
  });
  afterEach(async () => {
    await hosts[Symbol.asyncDispose]();
  });

  describe('guests', () => {
    test('finds a guest with its identity, and its monitor by a relative path', async () => {
      const guest = await hosts.startGuest('web', '-uuid', uuid);
      expect(await hosts.source.guests()).toEqual([
        {
          name: 'web',
          hostId: hosts.source.id,
          identity: {
            uuid,
            pid: guest.identity.pid,
            startTimeTicks: expect.any(Number),
            bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
            uid: 0,
          },
          user: { uid: 0, name: 'root' },
          monitorPath: join(hosts.folder, 'web.qmp'),
          argv: expect.arrayContaining(['qemu-system-x86_64', '-uuid', uuid]),
          memoryBytes: 16_376 * 1024,
          accelerator: 'tcg',
          waiting: false,
        },
      ]);
    });

    test('are those of this host alone', async () => {
      await hosts.startGuest('web');
      expect(await hosts.destination.guests()).toEqual([]);
    });

    test('of one name are two guests', async () => {
      const [one, other] = [
        await hosts.startGuest('twin'),
        await hosts.startGuest('twin', '-qmp', 'unix:other,server=on,wait=off'),
      ];
      const found = await hosts.source.guests();
      expect(new Set(found.map(({ name, identity }) => `${name} ${identity.pid}`))).toEqual(
        new Set([`twin ${one.identity.pid}`, `twin ${other.identity.pid}`]),
      );
    });

    test('ask the monitor for a uuid that the command line does not give', async () => {
      const guest = await hosts.startGuest('bare');
      expect(guest.identity.uuid).toBe('00000000-0000-0000-0000-000000000000');
    });

    test('show one that waits for a migration', async () => {
      const guest = await hosts.startGuest('waiting', '-incoming', 'defer');
      expect(guest.waiting).toBe(true);
    });
  });

  describe('startDestination', () => {
    test('starts the twin paused and waiting, in the other namespace, in files of its own', async () => {
      const guest = await hosts.startGuest('web', '-uuid', uuid, '-serial', 'file:serial.log');
      const started = await hosts.destination.startDestination({ migrationId, guest });
      const [found] = await hosts.destination.guests();
      const folder = join(hosts.folder, 'runtime', migrationId);
      expect({ identity: found?.identity, waiting: found?.waiting, monitorPath: found?.monitorPath }).toEqual({
        identity: started.identity,
        waiting: true,
        monitorPath: started.monitorPath,
      });
      expect(readdirSync(folder).toSorted()).toEqual(['destination.log', 'guest.txt', 'serial.log', 'web.qmp']);
    });

    test('gives a path to the monitor of a guest whose own was passed as an open socket', async () => {
      const guest = await hosts.startGuestWithPassedMonitor('passed');
      expect(guest.monitorPath).toBe(join(hosts.folder, 'passed.qmp'));
      const started = await hosts.destination.startDestination({ migrationId, guest });
      expect(started.monitorPath).toBe(join(hosts.folder, 'runtime', migrationId, 'm.sock'));
    });

    test('is found again by the migration it was started for', async () => {
      const guest = await hosts.startGuest('web', '-uuid', uuid);
      const started = await hosts.destination.startDestination({ migrationId, guest });
      expect(await hosts.destination.findDestination(migrationId)).toEqual(started);
      expect(await hosts.destination.findDestination('20261122T120250Z-0000')).toBeUndefined();
    });

    test('outlives a manager that is killed', async () => {
      const guest = await hosts.startGuest('web', '-uuid', uuid);
      const script = `
        import { localHosts } from '#main/hosts/hosts.ts';
        const host = localHosts({ runtimeDirectory: '${join(hosts.folder, 'runtime')}' }).find('${hosts.destination.id}');
        await host.startDestination({ migrationId: '${migrationId}', guest: ${JSON.stringify(guest)} });
        process.kill(process.pid, 'SIGKILL');`;
      const manager = spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: 'inherit' });
      expect(await once(manager, 'exit')).toEqual([null, 'SIGKILL']);
      const started = await hosts.destination.findDestination(migrationId);
      if (!started) throw new Error('the destination died with its manager');
      const qemu = await hosts.destination.attach(started.identity, started.monitorPath);
      expect(await qemu.status()).toMatchObject({ run: 'inmigrate' });
      qemu.close();
    });

    test('starts the twin of a guest that was started in a terminal', async () => {
      const guest = await hosts.startGuest('web', '-serial', 'mon:stdio', '-nographic');
      const started = await hosts.destination.startDestination({ migrationId, guest });
      expect(await hosts.destination.presence(started.identity)).toBe('present');
    });

    test('is refused for a process that is no QEMU any more', async () => {
      const guest = await hosts.startGuest('web');
      const other = { ...guest, identity: await hosts.startAs('nobody') };
      await expect(hosts.destination.startDestination({ migrationId, guest: other })).rejects.toThrow(
        /is not what it was/,
      );
    });

    test('is refused for another command line than the one that the process has', async () => {
      const guest = await hosts.startGuest('web');
      const other = { ...guest, argv: [...guest.argv, '-S'] };
      await expect(hosts.destination.startDestination({ migrationId, guest: other })).rejects.toThrow(
        /changed its program, its user or its command line/,
      );
    });

    test('is refused a second time', async () => {
      const guest = await hosts.startGuest('web');
      await hosts.destination.startDestination({ migrationId, guest });
      await expect(hosts.destination.startDestination({ migrationId, guest })).rejects.toThrow(/runs already/);
    });

    test('says what QEMU said when it did not start, and leaves nothing behind', async () => {
      const image = join(hosts.folder, 'disk');
      writeFileSync(image, Buffer.alloc(1024 * 1024));
      const drive = ['-drive', `file=${image},format=raw,if=none,id=d`];
      const guest = await hosts.startGuest('web', '-serial', 'file:serial.log', ...drive);
      rmSync(image);
      await expect(hosts.destination.startDestination({ migrationId, guest })).rejects.toThrow(
        /did not start.*Could not open/,
      );
      expect([existsSync(join(hosts.folder, 'runtime', migrationId)), await hosts.destination.guests()]).toEqual([
        false,
        [],
      ]);
    });

    test('is refused for a guest that has ended', async () => {
      const guest = await hosts.startGuest('web');
      await hosts.source.terminate(guest.identity);
      await expect(hosts.destination.startDestination({ migrationId, guest })).rejects.toThrow(/does not run any more/);
    });

    test('refuses memory that both would write', async () => {
      const path = join(hosts.folder, 'ram');
      const guest = await hosts.startGuest(
        'web',
        '-object',
        `memory-backend-file,id=m,size=16M,mem-path=${path},share=on`,
      );
      await expect(hosts.destination.startDestination({ migrationId, guest })).rejects.toThrow(/both write/);
    });
  });

  describe('attach', () => {
    test('refuses the monitor of another QEMU', async () => {
      const [one, other] = [await hosts.startGuest('one'), await hosts.startGuest('other')];
      await expect(hosts.source.attach(one.identity, other.monitorPath ?? '')).rejects.toThrow(
        /is not that of the guest/,
      );
    });

    test('refuses a guest with another uuid', async () => {
      const guest = await hosts.startGuest('web');
      await expect(hosts.source.attach({ ...guest.identity, uuid }, guest.monitorPath ?? '')).rejects.toThrow(
        /is not that of the guest/,
      );
    });

    test('reaches a daemon by the monitor path that was relative to where it was started', async () => {
      const guest = await hosts.startDaemon('daemon');
      const qemu = await hosts.source.attach(guest.identity, guest.monitorPath ?? '');
      expect([guest.monitorPath, (await qemu.status()).run]).toEqual([join(hosts.folder, 'daemon.qmp'), 'running']);
      qemu.close();
    });

    test('reports a QEMU that is stopped by a signal as such, and how to continue it', async () => {
      const guest = await hosts.startGuest('web');
      process.kill(guest.identity.pid, 'SIGSTOP');
      await expect(hosts.source.attach(guest.identity, guest.monitorPath ?? '')).rejects.toMatchObject({
        failure: { remedy: expect.stringContaining(`kill -CONT ${guest.identity.pid}`) },
      });
    });

    test('says that a QEMU has gone', async () => {
      const guest = await hosts.startGuest('web');
      await hosts.source.terminate(guest.identity);
      await expect(hosts.source.attach(guest.identity, guest.monitorPath ?? '')).rejects.toMatchObject({
        failure: { kind: 'unreachable' },
      });
    });
  });

  describe('presence and terminate', () => {
    test('a process that was ended is proven gone', async () => {
      const guest = await hosts.startGuest('web');
      expect(await hosts.source.presence(guest.identity)).toBe('present');
      await hosts.source.terminate(guest.identity);
      expect(await hosts.source.presence(guest.identity)).toBe('gone');
    });

    test('a frozen process is ended too', { timeout: 20_000 }, async () => {
      const guest = await hosts.startGuest('web');
      process.kill(guest.identity.pid, 'SIGSTOP');
      await hosts.source.terminate(guest.identity);
      expect(await hosts.source.presence(guest.identity)).toBe('gone');
    });

    test('another process with the same number is left alone', async () => {
      const guest = await hosts.startGuest('web');
      const earlier = { ...guest.identity, startTimeTicks: guest.identity.startTimeTicks - 1 };
      await hosts.source.terminate(earlier);
      expect([await hosts.source.presence(earlier), await hosts.source.presence(guest.identity)]).toEqual([
        'gone',
        'present',
      ]);
    });

    test('a process of an earlier boot is gone', async () => {
      const guest = await hosts.startGuest('web');
      expect(await hosts.source.presence({ ...guest.identity, bootId: 'earlier' })).toBe('gone');
    });

    test('a process that has ended and was not reaped is gone', async () => {
      // The shell becomes a program that never reaps the child it inherits.
      const parent = spawn('sh', ['-c', 'sleep 0.1 & echo $!; exec sleep 30'], { stdio: ['ignore', 'pipe', 'ignore'] });
      const output: Buffer[] = await once(parent.stdout, 'data');
      const pid = Number(output[0]?.toString());
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
      const identity = {
        uuid,
        pid,
        startTimeTicks: Number(stat[19]),
        bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
      };
      const before = await hosts.source.presence(identity);
      await sleep(300);
      expect([before, await hosts.source.presence(identity)]).toEqual(['present', 'gone']);
      parent.kill('SIGKILL');
    });
  });

  describe('tidy', () => {
    test('is refused while the destination lives', async () => {
      const guest = await hosts.startGuest('web');
      const started = await hosts.destination.startDestination({ migrationId, guest });
      await expect(hosts.destination.tidy(started.monitorPath)).rejects.toThrow(/in use/);
    });

    test('removes the folder of one that has gone', async () => {
      const guest = await hosts.startGuest('web');
      const started = await hosts.destination.startDestination({ migrationId, guest });
      await hosts.destination.terminate(started.identity);
      await hosts.destination.tidy(started.monitorPath);
      expect(readdirSync(join(hosts.folder, 'runtime'))).toEqual([]);
    });

    test('keeps what the guest wrote, and nothing that it did not', async () => {
      const guest = await hosts.startGuest('web', '-serial', 'file:serial.log', '-debugcon', 'file:debug.log');
      const started = await hosts.destination.startDestination({ migrationId, guest });
      const folder = join(hosts.folder, 'runtime', migrationId);
      appendFileSync(join(folder, 'serial.log'), 'login: ');
      await hosts.destination.terminate(started.identity);
      await hosts.destination.tidy(started.monitorPath);
      expect(readdirSync(folder)).toEqual(['guest.txt', 'serial.log']);
    });

    test('does not touch the files of others', async () => {
      const folder = join(hosts.folder, 'elsewhere', migrationId);
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, 'destination.log'), '');
      await hosts.destination.tidy(join(folder, 'qmp.sock'));
      expect(readdirSync(folder)).toEqual(['destination.log']);
    });
  });

  test('facts are those of its own namespace', async () => {
    const [source, destination] = await Promise.all([hosts.source.facts(), hosts.destination.facts()]);
    expect({
      kind: destination.kind,
      interfaces: source.interfaces.map(({ name, up, carrier, speedBitsPerSecond, addresses }) => ({
        name,
        up,
        carrier,
        speedBitsPerSecond,
        ipv4: addresses.flatMap(({ address, prefixLength }) =>
          address.includes(':') ? [] : `${address}/${prefixLength}`,
        ),
      })),
      endpoints: destination.mptcp.endpoints,
      limits: [source.mptcp.limits, destination.mptcp.limits],
      qemu: destination.qemu?.mptcp,
      hasAvailableMemory: source.memoryAvailableBytes > 0,
    }).toEqual({
      kind: 'namespace',
      interfaces: [
        { name: 'eth1', up: true, carrier: true, speedBitsPerSecond: 100_000_000, ipv4: ['10.99.1.1/24'] },
        { name: 'eth2', up: true, carrier: true, speedBitsPerSecond: undefined, ipv4: ['10.99.2.1/24'] },
      ],
      endpoints: [{ id: 1, address: '10.99.2.2', interface: 'eth2', flags: ['signal'] }],
      limits: [
        { subflows: 2, addAddrAccepted: 0 },
        { subflows: 4, addAddrAccepted: 3 },
      ],
      qemu: true,
      hasAvailableMemory: true,
    });
  });

  test('facts show MPTCP switched off in this namespace alone, and what switches it on', async () => {
    hosts.run('sysctl', '-qw', 'net.mptcp.enabled=0');
    const [source, destination] = await Promise.all([hosts.source.facts(), hosts.destination.facts()]);
    expect([source.mptcp, destination.mptcp]).toMatchObject([
      {
        usable: false,
        remedy: `ip netns exec ${hosts.source.id} sysctl -w net.mptcp.enabled=1`,
        sysctls: { 'mptcp/enabled': '0' },
      },
      { usable: true, sysctls: { 'mptcp/enabled': '1' } },
    ]);
  });

  test('a guest moves from one to the other by these ports alone', async () => {
    const guest = await hosts.startGuest('web', '-uuid', uuid);
    const started = await hosts.destination.startDestination({ migrationId, guest });
    const source = await hosts.source.attach(guest.identity, guest.monitorPath ?? '');
    const destination = await hosts.destination.attach(started.identity, started.monitorPath);
    const events: QemuEvent[] = [];
    source.onEvent((event) => events.push(event));

    for (const qemu of [source, destination])
      await qemu.setCapabilities({ events: true, 'return-path': true, 'no-such': false });
    await source.setParameters({ downtimeLimitMs: 250, bandwidthBitsPerSecond: 0 });
    expect(await source.parameters()).toMatchObject({ downtimeLimitMs: 250, bandwidthBitsPerSecond: 0 });

    const port = await destination.listen({ host: '0.0.0.0', port: 0, mptcp: true });
    expect(port).toBeGreaterThan(0);
    using sampler = await hosts.source.sampler(guest.identity, port);
    await sampler.sample();
    await source.migrate({ host: '10.99.1.2', port, mptcp: true });
    const samples = await sampleUntil(source, 'completed', async () => (await sampler.sample()).sample);
    await until(destination, 'completed');
    await destination.cont();

    const [before, after] = [await source.status(), await destination.status()];
    expect(before).toMatchObject({
      run: 'postmigrate',
      statistics: { totalBytes: expect.any(Number), downtimeMs: expect.any(Number) },
    });
    expect(after).toMatchObject({ run: 'running', migration: 'completed' });
    expect(events).toEqual(
      expect.arrayContaining([
        { kind: 'migration', status: 'active' },
        { kind: 'run-state', run: 'stopped' },
        { kind: 'migration', status: 'completed' },
      ]),
    );
    expect(samples.flatMap((sample) => sample.connections).map(({ protocol }) => protocol)).toContain('mptcp');

    await source.quit();
    expect(await source.disconnected).toContain('closed by QEMU');
    await hosts.source.terminate(guest.identity);
    expect((await hosts.destination.guests()).map(({ waiting }) => waiting)).toEqual([false]);
    destination.close();
  });
});

async function until(qemu: Qemu, migration: string): Promise<void> {
  await sampleUntil(qemu, migration, () => undefined);
}

async function sampleUntil<Sample>(
  qemu: Qemu,
  migration: string,
  sample: () => Sample | Promise<Sample>,
): Promise<readonly Sample[]> {
  const samples: Sample[] = [];
  for (const deadlineMonoMs = performance.now() + 30_000; performance.now() < deadlineMonoMs;) {
    samples.push(await sample());
    const status = await qemu.status();
    if (status.migration === migration) return samples;
    if (status.migration === 'failed') throw new Error(status.errorText ?? 'the migration failed');
    await sleep(20);
  }
  throw new Error(`the migration was not ${migration} in time`);
}
