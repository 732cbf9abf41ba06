import { execFile } from 'node:child_process';
import { chmodSync, chownSync, cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BuiltCli } from './testing/built-cli.ts';

const run = promisify(execFile);
const isRoot = process.geteuid?.() === 0;
if (!isRoot) console.error('skipped: only root can become another user beside things of root');

/** A user without labs and without processes. */
const uid = 61_000 + (process.pid % 1000);

describe.runIf(isRoot)('an ordinary user beside what is root’s', () => {
  const lab = `ou-${process.pid}`;
  let base = '';
  let program: readonly string[] = [];

  beforeAll(async () => {
    base = realpathSync(mkdtempSync(join(tmpdir(), 'sy-user-')));
    chmodSync(base, 0o755);
    await using built = await BuiltCli.make();
    const [, cli = ''] = built.argv();
    cpSync(dirname(cli), join(base, 'app'), { recursive: true });
    for (const name of ['koffi', '@koromix']) {
      cpSync(resolve('node_modules', name), join(base, 'node_modules', name), { recursive: true, dereference: true });
    }
    cpSync(process.execPath, join(base, 'node'));
    program = [join(base, 'node'), join(base, 'app', 'cli.js')];
    mkdirSync(join(base, 'home'));
    chownSync(join(base, 'home'), uid, uid);
    for (const end of ['source', 'destination']) {
      await run('ip', ['netns', 'add', `${lab}-${end}`]);
      await run('ip', [
        '-n',
        `${lab}-${end}`,
        'link',
        'set',
        'lo',
        'alias',
        `switchyard-lab /run/switchyard/labs/${lab}`,
      ]);
    }
  }, 60_000);

  afterAll(async () => {
    for (const end of ['source', 'destination']) await run('ip', ['netns', 'delete', `${lab}-${end}`]);
    rmSync(base, { recursive: true });
  });

  /** What both streams say, and how it ended. */
  async function as(
    argv: readonly string[],
    environment: NodeJS.ProcessEnv = {},
  ): Promise<{ readonly code: number; readonly said: string }> {
    const identity = ['--reuid', String(uid), '--regid', String(uid), '--clear-groups'];
    const home = join(base, 'home');
    const own = { SWITCHYARD_STATE_DIR: join(home, 'state'), SWITCHYARD_RUNTIME_DIR: join(home, 'run') };
    const env = { PATH: '/usr/bin:/bin:/usr/sbin:/sbin', HOME: home, ...own, ...environment };
    return run('setpriv', [...identity, ...program, ...argv], { env, cwd: '/', timeout: 20_000 }).then(
      ({ stdout, stderr }) => ({ code: 0, said: stdout + stderr }),
      (thrown: { readonly code?: number; readonly stdout?: string; readonly stderr?: string }) => ({
        code: thrown.code ?? -1,
        said: `${thrown.stdout ?? ''}${thrown.stderr ?? ''}`,
      }),
    );
  }

  test.each([
    [['lab', 'list'], `that this one cannot look into`],
    [['hosts'], 'This user cannot enter these network namespaces:'],
    [['lab', 'status', '--name', lab], 'This user cannot enter the network namespace'],
    [['lab', 'verify', '--name', lab], 'This user cannot enter the network namespace'],
    [['lab', 'down', '--name', lab], 'This user cannot enter the network namespace'],
    [['lab', 'link', '1', 'down', '--name', lab], 'This user cannot enter the network namespace'],
    [['history'], 'No migration has been made yet.'],
  ])('%j is answered in a sentence', async (argv, sentence) => {
    const { said } = await as(argv);
    expect([said.includes(sentence) || said, said.includes('fault of its own')]).toEqual([true, false]);
  });

  test.each([
    [['guests']],
    [['guests', `${lab}-source`]],
    [['migrate', 'x', '--from', `${lab}-source`, '--to', `${lab}-destination`]],
    [['preflight', 'x', '--from', 'local', '--to', `${lab}-source`]],
    [['lab', 'list', '--json']],
  ])('%j is no fault of ours', async (argv) => {
    expect((await as(argv)).said).not.toContain('fault of its own');
  });

  test.each([
    [['history'], { SWITCHYARD_STATE_DIR: '/root/switchyard-test' }],
    [['history'], { SWITCHYARD_STATE_DIR: '/etc/hostname' }],
    [['history'], { SWITCHYARD_STATE_DIR: '/proc/1/switchyard' }],
    [['guests'], { SWITCHYARD_RUNTIME_DIR: '/proc/1/switchyard' }],
    [['lab', 'up', '--name', lab], { SWITCHYARD_RUNTIME_DIR: '/root/switchyard-test' }],
  ])('%j in %j names the directory, at once', async (argv, environment) => {
    const { code, said } = await as(argv, environment);
    const [directory = ''] = Object.values(environment);
    expect([code > 0, said.includes(directory) || said, said.includes('fault of its own')]).toEqual([
      true,
      true,
      false,
    ]);
  });
});
