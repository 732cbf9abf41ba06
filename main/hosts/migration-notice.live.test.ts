import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Guest } from '#contract/host.ts';
import type { Managers } from '#main/engine/ports.ts';
import { TwoHosts, whyNoHosts } from './testing/two-hosts.ts';

const obstacle = whyNoHosts();
if (obstacle) process.stderr.write(`skipped: who else has a guest in hand, because ${obstacle}\n`);

const migrationId = '20261122T120250Z-7f3a';

describe.skipIf(obstacle !== undefined)('who else has a guest in hand', () => {
  let hosts: TwoHosts;
  let guest: Guest;
  const others: ChildProcess[] = [];
  beforeEach(async () => {
    hosts = await TwoHosts.make();
    guest = await hosts.startGuest('web', '-qmp', 'unix:second,server=on,wait=off');
  });
  afterEach(async () => {
    for (const other of others.splice(0)) {
      other.kill('SIGKILL');
      await once(other, 'exit');
    }
    await hosts[Symbol.asyncDispose]();
  });

  /** A process that does this and then stays; `runner` is what executes Node. */
  async function otherProcess(script: string, ...runner: readonly string[]): Promise<void> {
    const source = `
      import { connect } from 'node:net';
      import { once } from 'node:events';
      import { announceMigration } from '#main/hosts/migration-notice.ts';
      const identity = ${JSON.stringify(guest.identity)};
      const hold = async (path) => {
        globalThis.socket = connect(path);
        await once(globalThis.socket, 'data');
      };
      ${script}
      console.log('ready');
      setInterval(() => {}, 1000);`;
    const [program, ...args] = [...runner, process.execPath, '--input-type=module', '--eval', source];
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    others.push(child);
    await once(child.stdout, 'data');
  }

  function look(): Promise<Managers> {
    return hosts.source.managersOf(guest.identity, [guest.monitorPath ?? '', ...(guest.otherMonitorPaths ?? [])]);
  }

  const announce = `globalThis.notice = await announceMigration(identity, '${migrationId}');`;
  const hold = (): string => `await hold(${JSON.stringify(guest.monitorPath)});`;

  test('nobody', async () => {
    expect(await look()).toEqual({ migrationIds: [], monitors: 'free' });
  });

  test('a program that holds a monitor and manages no migration', async () => {
    await otherProcess(hold());
    expect(await look()).toEqual({ migrationIds: [], monitors: 'held' });
  });

  test('a manager, before it has opened a monitor', async () => {
    await otherProcess(announce);
    expect(await look()).toEqual({ migrationIds: [migrationId], monitors: 'free' });
  });

  test('a manager in another network namespace, by the monitor that it holds', async () => {
    const [name] = hosts.names;
    await otherProcess(announce + hold(), 'ip', 'netns', 'exec', name);
    expect(await look()).toEqual({ migrationIds: [migrationId], monitors: 'held' });
  });

  test('an ordinary user who announces a migration of root’s guest is not believed', async () => {
    await otherProcess(`process.setgroups([]); process.setgid(65534); process.setuid(65534); ${announce}`);
    expect(await look()).toEqual({ migrationIds: [], monitors: 'free' });
  });

  test('a manager that was killed no longer counts as one', async () => {
    await otherProcess(announce);
    others[0]?.kill('SIGKILL');
    await once(others.splice(0)[0] ?? process, 'exit');
    expect(await look()).toEqual({ migrationIds: [], monitors: 'free' });
  });
});
