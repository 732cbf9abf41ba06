import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { defaultSettings } from '#contract/default-settings.ts';
import { Application } from '#main/app/application.ts';
import { namespacePlace } from '#main/hosts/network-place.ts';
import { TwoHosts, whyNoHosts } from '#main/hosts/testing/two-hosts.ts';

const obstacle =
  whyNoHosts() ?? (spawnSync('setpriv', ['--version']).error ? 'setpriv (util-linux) is not installed' : undefined);
if (obstacle) process.stderr.write(`skipped: guests of other users, because ${obstacle}\n`);

const uuid = '8d6a5b1c-0000-4000-8000-00000000abcd';
const nobody = 65_534;

describe.skipIf(obstacle !== undefined)('root beside another user', { timeout: 60_000 }, () => {
  let hosts: TwoHosts;
  let application: Application;
  /** Of user nobody. */
  let place: string;
  const children: ChildProcess[] = [];
  beforeEach(async () => {
    hosts = await TwoHosts.make();
    place = mkdtempSync(join(tmpdir(), 'sy-nobody-'));
    chownSync(place, nobody, nobody);
    const environment = {
      SWITCHYARD_STATE_DIR: join(hosts.folder, 'state'),
      SWITCHYARD_RUNTIME_DIR: join(hosts.folder, 'runtime'),
    };
    application = new Application({ version: '0.0.0-test', environment });
  });
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    const migrations = await application.history();
    await hosts[Symbol.asyncDispose]();
    for (const { id } of migrations) rmSync(join('/run/switchyard', id), { recursive: true, force: true });
    rmSync(place, { recursive: true, force: true });
  });

  const wish = (guest: string, accepted: readonly string[] = []) => ({
    guest,
    from: hosts.source.id,
    to: hosts.destination.id,
    settings: { ...defaultSettings, accepted: [...accepted] },
  });

  async function moved(guest: string, accepted: readonly string[] = []): Promise<string> {
    const started = await application.start(wish(guest, accepted));
    if (started.kind === 'refused') return `refused: ${started.refusals.map(({ id }) => id).join(', ')}`;
    const ending = await started.migration.ended;
    return ending.kind === 'ended' ? ending.outcome : ending.kind;
  }

  async function startTheirs(program: string, before: readonly string[] = []): Promise<number> {
    const args = `-name web -uuid ${uuid} -accel tcg -m 16376K -nodefaults -display none`.split(' ');
    const child = namespacePlace(hosts.names[0]).run(() =>
      spawn(
        'setpriv',
        [
          '--reuid=65534',
          '--regid=65534',
          '--clear-groups',
          '--',
          program,
          ...before,
          ...args,
          '-qmp',
          'unix:q,server=on,wait=off',
        ],
        { cwd: place, stdio: 'ignore' },
      ),
    );
    children.push(child);
    await once(child, 'spawn');
    while (!existsSync(join(place, 'q')) && child.exitCode === null) await sleep(10);
    return child.pid ?? 0;
  }

  test('moves its own guest by the name and the uuid that the other shows too', async () => {
    await startTheirs('qemu-system-x86_64');
    await hosts.startGuest('web', '-uuid', uuid);
    expect(await moved('web')).toBe('done-on-destination');
    const left = await application.guests(hosts.source.id);
    expect(left.map(({ user }) => user?.uid)).toEqual([nobody]);
  });

  test('moves the guest of the other by its process, and the twin is theirs', async () => {
    const pid = await startTheirs('qemu-system-x86_64');
    expect(await moved(String(pid))).toBe('done-on-destination');
    const [there] = await application.guests(hosts.destination.id);
    expect([there?.user, there?.name]).toEqual([{ uid: nobody, name: 'nobody' }, 'web']);
  });

  test('moves a guest that it has started with -runas', async () => {
    await hosts.startGuest('served', '-runas', 'nobody');
    while ((await application.guests(hosts.source.id))[0]?.user?.uid === 0) await sleep(20);
    expect(await moved('served')).toBe('done-on-destination');
    expect((await application.guests(hosts.destination.id))[0]?.user?.uid).toBe(nobody);
  });

  test('refuses a guest whose program the other could replace, and leaves no file of root there', async () => {
    const program = join(place, 'qemu-system-x86_64');
    copyFileSync('/bin/bash', program);
    chmodSync(program, 0o755);
    chownSync(program, nobody, nobody);
    await startTheirs(program, ['-c', ': > q; kill -STOP $$', 'web']);
    expect(await moved('web')).toMatch(/^refused: .*twin-program/);
    expect(readdirSync(place).filter((name) => statSync(join(place, name)).uid !== nobody)).toEqual([]);
  });
});
