import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { recordSchema, type MigrationRecord } from '#contract/migration.ts';
import { whyNoLabs } from '#lab/testing/requirements.ts';
import { BuiltCli, type Ended, type Running } from './testing/built-cli.ts';

const lab = `sy-${process.pid}-t`;
const hosts = ['source', 'destination'].map((side) => `${lab}-${side}`);
const reason = await whyNoLabs();
const labSchema = z.object({ guest: z.object({ host: z.string() }) });
const historySchema = z.array(z.object({ id: z.string(), open: z.boolean() }));

/** Endpoints and limits of both hosts, in the kernel's own words. */
function settings(): readonly string[] {
  return hosts.flatMap((host) =>
    ['endpoint', 'limits'].map((what) => spawnSync('ip', ['-n', host, 'mptcp', what], { encoding: 'utf8' }).stdout),
  );
}

describe.skipIf(reason !== '')(`two migrations at a time between the same hosts${reason}`, () => {
  let cli: BuiltCli;
  let folder = '';
  let second: ChildProcess | undefined;
  let [here, there] = ['', ''];
  let before: readonly string[] = [];

  beforeAll(async () => {
    cli = await BuiltCli.make();
    const size = ['--links', '100mbit,100mbit', '--guest-memory', '64MiB'];
    const made = await cli.run('lab', 'up', '--name', lab, ...size, '--json');
    if (made.code !== 0) throw new Error(`the lab could not be made: ${made.stderr}`);
    // A lab has for good what its links need: these hosts have nothing.
    for (const host of hosts) {
      spawnSync('ip', ['-n', host, 'mptcp', 'endpoint', 'flush']);
      spawnSync('ip', ['-n', host, 'mptcp', 'limits', 'set', 'subflows', '1', 'add_addr_accepted', '0']);
    }
  });
  afterAll(async () => {
    await cli.run('lab', 'down', '--name', lab);
    await cli[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    const { stdout } = await cli.run('lab', 'status', '--name', lab, '--json');
    here = labSchema.parse(JSON.parse(stdout)).guest.host;
    there = hosts.find((host) => host !== here) ?? '';
    folder = mkdtempSync(join(tmpdir(), 'sy-two-'));
    second = await startSecond(here, folder);
    before = settings();
  });
  afterEach(async () => {
    second?.kill('SIGKILL');
    const { stdout } = await cli.run('guests', '--json');
    const left = z
      .array(z.object({ name: z.string(), identity: z.object({ pid: z.number() }) }))
      .parse(JSON.parse(stdout));
    for (const { name, identity } of left) if (name === `${lab}-second`) process.kill(identity.pid, 'SIGKILL');
    rmSync(folder, { recursive: true });
  });

  const between = (): string[] => ['--from', here, '--to', there, '--mptcp', 'require'];
  /** It has both paths, and would take a quarter of a minute. */
  const beginLong = async (): Promise<Running & { readonly id: string }> => {
    const running = cli.start('migrate', `${lab}-guest`, ...between(), '--bandwidth', '30mbit', '--json');
    for (let tries = 0; tries < 100 && running.child.exitCode === null; tries += 1) {
      const [first] = historySchema.parse(JSON.parse((await cli.run('history', '--json')).stdout));
      const changed = settings().flatMap((each, index) => (each === before[index] ? [] : [index]));
      // Limits of both, endpoints of the one that it goes to.
      if (first?.open === true && changed.length === 3) return { ...running, id: first.id };
      await sleep(50);
    }
    throw new Error(`it has not set up both hosts: ${(await running.ended).stderr}`);
  };
  /** By another user of the machine's, as far as files go: with a state directory of its own. */
  const moveShort = (): Promise<Ended> => {
    const state = `SWITCHYARD_STATE_DIR=${join(folder, 'state')}`;
    return cli.startProgram(['env', state, ...cli.argv('migrate', `${lab}-second`, ...between(), '--json')]).ended;
  };

  test('the first to end leaves both paths to the other, and the other leaves the hosts as they were', async () => {
    const long = await beginLong();
    const during = settings();
    const short = await moveShort();
    const afterFirst = settings();
    await sleep(1000);
    await cli.run('set', long.id, '--bandwidth', '0');
    const ended = await long.ended;
    expect([short.code, ended.code, afterFirst, settings()]).toEqual([0, 0, during, before]);
    const { subflows, events } = recordOf(ended);
    expect([
      subflows.map((subflow) => [subflow.interface, subflow.bytesSent > 1e6]),
      events.filter(({ kind }) => /subflow-(lost|closed)/.test(kind)),
    ]).toEqual([
      [
        ['eth1', true],
        ['eth2', true],
      ],
      [],
    ]);
  });

  test('a manager that died still has its paths, and the one that takes over puts them back', async () => {
    const long = await beginLong();
    const during = settings();
    long.child.kill('SIGKILL');
    await long.ended;
    const short = await moveShort();
    const meanwhile = settings();
    const watched = await cli.run('watch', long.id, '--json');
    expect([short.code, watched.code, meanwhile, settings()]).toEqual([0, 0, during, before]);
  });
});

/** A guest of 16 MiB that only runs its firmware: moved within a second. */
async function startSecond(host: string, folder: string): Promise<ChildProcess> {
  const monitor = join(folder, 'second.qmp');
  const command = ['qemu-system-x86_64', '-name', `${lab}-second`, '-accel', 'tcg', '-m', '16376K', '-nodefaults'];
  const rest = ['-display', 'none', '-qmp', `unix:${monitor},server=on,wait=off`];
  const child = spawn('ip', ['netns', 'exec', host, ...command, ...rest], { stdio: 'ignore' });
  while (!existsSync(monitor)) await sleep(20);
  return child;
}

function recordOf({ stdout }: Ended): MigrationRecord {
  return recordSchema.parse(JSON.parse(stdout));
}
