import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Guest } from '#contract/host.ts';
import { compare } from '#main/likeness/compare.ts';
import type { Portrait } from '#main/likeness/portrait.ts';
import { processRows } from '#main/likeness/process-rows.ts';
import { QmpClient } from '#main/qmp/client.ts';
import { TwoHosts, whyNoHosts } from './testing/two-hosts.ts';

const obstacle = whyNoHosts();
if (obstacle) process.stderr.write(`skipped: how a guest and its twin are run, because ${obstacle}\n`);

const migrationId = '20261122T120250Z-7f3a';
const ofProcess: ReadonlySet<string> = new Set(processRows.map(({ id }) => id));

describe.skipIf(obstacle !== undefined)('how a guest and its twin are run', () => {
  let hosts: TwoHosts;
  beforeEach(async () => {
    hosts = await TwoHosts.make();
  });
  afterEach(async () => {
    await hosts[Symbol.asyncDispose]();
  });

  async function portraitOf(guest: Guest): Promise<Portrait> {
    const qemu = await hosts.source.attach(guest.identity, guest.monitorPath ?? '');
    const portrait = await qemu.portrait();
    qemu.close();
    return portrait;
  }

  /** The source as it is now, and the twin that was started for it. */
  async function bothOf(guest: Guest): Promise<readonly [Portrait, Portrait]> {
    const source = await portraitOf(guest);
    const { identity, monitorPath } = await hosts.destination.startDestination({
      migrationId,
      guest,
      portrait: source,
    });
    const qemu = await hosts.destination.attach(identity, monitorPath);
    const twin = await qemu.portrait();
    qemu.close();
    return [source, twin];
  }

  function run(...command: readonly [string, ...string[]]): void {
    const [program, ...args] = command;
    const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`${command.join(' ')}: ${stderr}`);
  }

  test('the twin gets processors, scheduling, limits and the out-of-memory adjustment, each thread its own', async () => {
    const guest = await hosts.startGuest(
      'web',
      '-accel',
      'tcg,thread=multi',
      '-smp',
      '2',
      '-object',
      'iothread,id=io1',
    );
    const { pid } = guest.identity;
    run('taskset', '-acp', '0', `${pid}`);
    run('renice', '-n', '5', '-p', `${pid}`);
    run('prlimit', `--pid=${pid}`, '--memlock=1048576:4194304', '--core=0:0');
    writeFileSync(`/proc/${pid}/oom_score_adj`, '300');
    const before = await portraitOf(guest);
    const threadOf = (role: string): string => `${before.process.threads.find((each) => each.role === role)?.id ?? 0}`;
    run('taskset', '-cp', '1', threadOf('vCPU 1'));
    run('chrt', '--batch', '-p', '0', threadOf('vCPU 0'));
    run('chrt', '--rr', '-p', '3', threadOf('iothread "io1"'));
    const [source, twin] = await bothOf(guest);
    expect(
      source.process.threads.map(({ role, processors, policy, niceness }) => [role, processors, policy, niceness]),
    ).toEqual([
      ['main thread', '0', 'other', 5],
      ['vCPU 0', '0', 'batch', 0],
      ['vCPU 1', '1', 'other', 0],
      ['iothread "io1"', '0', 'rr', 0],
    ]);
    expect(compare(source, twin).filter(({ row }) => ofProcess.has(row))).toEqual([]);
  });

  test('an NBD server that was opened while the guest was running is refused by name', async () => {
    const guest = await hosts.startGuest('web');
    {
      await using client = await QmpClient.connect({ path: guest.monitorPath ?? '' });
      await client.executeRaw('nbd-server-start', {
        addr: { type: 'inet', data: { host: '0.0.0.0', port: '10809' } },
      });
    }
    await expect(bothOf(guest)).rejects.toThrow('listens on TCP 0.0.0.0:10809, which is not on its command line');
  });

  test('a forwarded port, a serial port and VNC listen there as well', async () => {
    const serial = ['-serial', 'telnet:0.0.0.0:4441,server=on,wait=off', '-vnc', ':1'];
    const guest = await hosts.startGuest('web', '-nic', 'user,hostfwd=tcp::2222-:22', ...serial);
    const [source, twin] = await bothOf(guest);
    expect([source.process.listeners.length, compare(source, twin).filter(({ row }) => row === 'listener')]).toEqual([
      4,
      [],
    ]);
  });
});
