import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Guest } from '#contract/host.ts';
import { ourselves } from '#main/hosts/authority/ourselves.ts';
import { namespacePlace } from '#main/hosts/network-place.ts';
import { readCredentials, readEnvironment, readProgram } from '#main/hosts/process/process-table.ts';
import { parentFor } from '#main/hosts/runtime-folder.ts';
import { TwoHosts, whyNoHosts } from '#main/hosts/testing/two-hosts.ts';

const obstacle =
  whyNoHosts() ?? (spawnSync('setpriv', ['--version']).error ? 'setpriv (util-linux) is not installed' : undefined);
if (obstacle) process.stderr.write(`skipped: processes of other users, because ${obstacle}\n`);

const migrationId = '20261122T120250Z-7f3a';
const uuid = '8d6a5b1c-0000-4000-8000-00000000abcd';
const nobody = 65_534;

/** Answers as a QEMU would that waits for nothing, and writes down with whose rights it was executed. */
const impostor = `
  const { appendFileSync } = require('node:fs');
  appendFileSync(process.env.PLACE + '/executed-as', process.getuid() + '\\n');
  require('node:net').createServer((client) => {
    client.write(JSON.stringify({ QMP: { version: { qemu: { micro: 0, minor: 2, major: 7 }, package: '' }, capabilities: [] } }) + '\\n');
    let text = '';
    client.on('error', () => {});
    client.on('data', (data) => {
      text += data;
      for (let end; (end = text.indexOf('\\n')) >= 0; text = text.slice(end + 1)) {
        const { execute, id } = JSON.parse(text.slice(0, end));
        const answers = { 'query-uuid': { UUID: '${uuid}' }, 'query-status': { status: 'running', running: true, singlestep: false } };
        client.write(JSON.stringify({ return: answers[execute] ?? {}, id }) + '\\n');
      }
    });
  }).listen(process.env.PLACE + '/qmp.sock');
`;

describe.skipIf(obstacle !== undefined)('as root, of another user', { timeout: 30_000 }, () => {
  let hosts: TwoHosts;
  /** Theirs alone. */
  let place: string;
  const children: ChildProcess[] = [];
  beforeEach(async () => {
    hosts = await TwoHosts.make();
    place = mkdtempSync(join(tmpdir(), 'sy-nobody-'));
    chownSync(place, nobody, nobody);
  });
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    await hosts[Symbol.asyncDispose]();
    rmSync(place, { recursive: true, force: true });
    rmSync(join('/run/switchyard', migrationId), { recursive: true, force: true });
  });

  /** A process of theirs in the source's network, once its socket is there. */
  async function startTheirs(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<number> {
    const child = namespacePlace(hosts.names[0]).run(() =>
      spawn('setpriv', ['--reuid=65534', '--regid=65534', '--groups=4,20', '--', program, ...args], {
        cwd: place,
        env: { PATH: process.env['PATH'], PLACE: place, ...env },
        stdio: 'ignore',
      }),
    );
    children.push(child);
    await once(child, 'spawn');
    while (!existsSync(join(place, 'qmp.sock')) && child.exitCode === null) await sleep(10);
    return child.pid ?? 0;
  }

  const qemuArguments = (name: string): string[] =>
    `-name ${name} -uuid ${uuid} -accel tcg -m 16376K -nodefaults -display none -qmp unix:qmp.sock,server=on,wait=off`.split(
      ' ',
    );

  async function guestWith(pid: number): Promise<Guest> {
    const found = (await hosts.source.guests()).find(({ identity }) => identity.pid === pid);
    if (!found) throw new Error(`process ${pid} is not listed`);
    return found;
  }

  test('a QEMU is listed with its user, and its twin has exactly its rights', async () => {
    const guest = await guestWith(
      await startTheirs('qemu-system-x86_64', qemuArguments('web'), { LANG: 'C', SECRET: 'x' }),
    );
    const started = await hosts.destination.startDestination({ migrationId, guest });
    const { pid } = started.identity;
    const [own, twin] = [readCredentials(guest.identity.pid), readCredentials(pid)];
    expect([guest.user, twin, readEnvironment(pid)?.['LANG'], readEnvironment(pid)?.['SECRET']]).toEqual([
      { uid: nobody, name: 'nobody' },
      own,
      'C',
      undefined,
    ]);
    expect(statSync(join(started.monitorPath, '..')).uid).toBe(nobody);
    const qemu = await hosts.destination.attach(started.identity, started.monitorPath);
    expect(await qemu.status()).toMatchObject({ run: 'inmigrate' });
    qemu.close();
    expect(await hosts.destination.findDestination(migrationId)).toEqual(started);
  });

  test('a twin that cannot start is quoted, and leaves nothing behind', async () => {
    writeFileSync(join(place, 'disk'), Buffer.alloc(1024 * 1024));
    chownSync(join(place, 'disk'), nobody, nobody);
    const guest = await guestWith(
      await startTheirs('qemu-system-x86_64', [...qemuArguments('web'), '-drive', 'file=disk,format=raw,if=none']),
    );
    rmSync(join(place, 'disk'));
    await expect(hosts.destination.startDestination({ migrationId, guest })).rejects.toThrow(/did not start.*disk/);
    expect(existsSync(join('/run/switchyard', migrationId))).toBe(false);
  });

  test('a QEMU of root that has become user nobody has a twin that is user nobody from its start', async () => {
    let guest = await hosts.startGuest('web', '-runas', 'nobody');
    // It becomes so once it has opened everything, its monitor first.
    while (guest.user?.uid === 0) guest = await guestWith(guest.identity.pid);
    expect(guest.user).toEqual({ uid: nobody, name: 'nobody' });
    const started = await hosts.destination.startDestination({ migrationId, guest });
    expect([readCredentials(started.identity.pid)?.uids.saved, readProgram(started.identity.pid).argv]).toEqual([
      nobody,
      expect.not.arrayContaining(['-runas']),
    ]);
  });

  test('what they can replace is never executed, by root or by another user', async () => {
    const program = join(place, 'qemu-system-x86_64');
    copyFileSync(process.execPath, program);
    chmodSync(program, 0o755);
    const forged = ['-runas', 'nobody', ...qemuArguments('web')];
    const pid = await startTheirs(program, ['--eval', impostor, '--', ...forged], {
      LD_PRELOAD: join(place, 'evil.so'),
    });
    const guest = await guestWith(pid);
    const foresight = await hosts.destination.foreseeDestination(guest);
    expect([foresight.programObjection, foresight.variablesThatMatter, foresight.user?.uid]).toEqual([
      'every user may write /tmp',
      ['LD_PRELOAD'],
      nobody,
    ]);
    await hosts.destination.startDestination({ migrationId, guest }).catch(() => undefined);
    expect(readFileSync(join(place, 'executed-as'), 'utf8')).toBe(`${nobody}\n`);
    const ofRoot = readdirSync(place).filter((name) => statSync(join(place, name)).uid === 0);
    expect(ofRoot).toEqual(['qemu-system-x86_64']);
  });

  test('a runtime directory below a folder of theirs is not given to them', () => {
    const ours = join(hosts.folder, '..', `sy-open-${process.pid}`);
    const below = join(place, 'run');
    for (const folder of [ours, below]) mkdirSync(folder, { mode: 0o711 });
    const rights = { uid: nobody, gid: nobody, groups: [], bounding: 0n, noNewPrivileges: false };
    const chosen = [ours, below].map((folder) => parentFor(folder, rights, ourselves()));
    rmSync(ours, { recursive: true });
    expect(chosen).toEqual([ours, '/run/switchyard']);
  });

  test('a process that only calls itself QEMU is no guest', async () => {
    const script = `exec -a qemu-system-x86_64 "${process.execPath}" --eval "$1" -- ${qemuArguments('web').join(' ')}`;
    await startTheirs('bash', ['-c', script, 'bash', impostor]);
    expect(await hosts.source.guests()).toEqual([]);
  });

  test('a monitor behind which another process listens is not used', async () => {
    const pid = await startTheirs('qemu-system-x86_64', qemuArguments('web'));
    const guest = await guestWith(pid);
    rmSync(join(place, 'qmp.sock'));
    await startTheirs(process.execPath, ['--eval', impostor]);
    await expect(hosts.source.attach(guest.identity, guest.monitorPath ?? '')).rejects.toThrow(
      new RegExp(`process \\d+ of user ${nobody} answers there, and not QEMU \\(process ${pid} `),
    );
  });

  test('a monitor of a guest of root in their folder is not used', async () => {
    const path = join(place, 'qmp.sock');
    const guest = await hosts.startGuest('web', '-qmp', `unix:${path},server=on,wait=off`);
    await expect(hosts.source.attach(guest.identity, path)).rejects.toThrow(
      `its path leads through a folder of others: ${place} belongs to user ${nobody}`,
    );
  });

  test('a process that executes a set-uid program after it was looked at is not used', async () => {
    const program = join(place, 'qemu-system-x86_64');
    copyFileSync('/bin/bash', program);
    chmodSync(program, 0o755);
    const wait = 'touch qmp.sock; until [ -e go ]; do sleep 0.05; done; exec /usr/bin/su';
    const pid = await startTheirs(program, ['-c', wait, '--', ...qemuArguments('web')]);
    const guest = await guestWith(pid);
    writeFileSync(join(place, 'go'), '');
    while (readProgram(pid).program === program) await sleep(10);
    await expect(hosts.destination.startDestination({ migrationId, guest })).rejects.toThrow(/is not what it was/);
    expect(existsSync(join('/run/switchyard', migrationId))).toBe(false);
  });

  test('a command line that is too long is listed with the reason why it was not read', async () => {
    const program = join(place, 'qemu-system-x86_64');
    copyFileSync('/bin/bash', program);
    chmodSync(program, 0o755);
    const long = Array.from({ length: 20_000 }, () => '-chardev,id=x,path=x');
    const pid = await startTheirs(program, ['-c', 'touch qmp.sock; sleep 30; true', ...long]);
    const guest = await guestWith(pid);
    expect([guest.argv, guest.obstacle?.text]).toEqual([
      [],
      'Its command line is longer than 256 KiB and was not read.',
    ]);
  });
});
