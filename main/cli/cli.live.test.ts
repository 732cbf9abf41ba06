import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFile, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { recordSchema, type MigrationRecord } from '#contract/migration.ts';
import { whyNoLabs } from '#lab/testing/requirements.ts';
import { BuiltCli, type Ended, type Running } from './testing/built-cli.ts';

const lab = `sy-${process.pid}-c`;
const [guest, source, destination] = [`${lab}-guest`, `${lab}-source`, `${lab}-destination`];
const reason = await whyNoLabs();

/** With exactly one copy of the guest, which runs. */
const labSchema = z.object({
  guest: z.object({ host: z.string(), pid: z.number(), state: z.literal('running') }),
  otherCopies: z.array(z.unknown()).length(0),
});
const historySchema = z.array(z.object({ id: z.string(), open: z.boolean(), managed: z.boolean() }));

/** A move takes some four seconds by TCP and two by MPTCP: long enough to meddle with. */
const smallLab = ['--name', lab, '--links', '100mbit,100mbit', '--guest-memory', '64MiB'];
const copies = /Iteration 1 begins/;

describe.skipIf(reason !== '')(`the command line${reason}`, () => {
  let cli: BuiltCli;
  /** Where the guest is, and in which process: each test leaves it where it likes. */
  let here = source;
  let pid = 0;

  beforeAll(async () => {
    cli = await BuiltCli.make();
    const made = await cli.run('lab', 'up', ...smallLab, '--json');
    if (made.code !== 0) throw new Error(`the lab could not be made: ${made.stderr}`);
  });
  afterAll(async () => {
    await cli.run('lab', 'down', '--name', lab);
    await cli[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    const { stdout } = await cli.run('lab', 'status', '--name', lab, '--json');
    ({
      guest: { host: here, pid },
    } = labSchema.parse(JSON.parse(stdout)));
  });

  const there = (): string => (here === source ? destination : source);
  const move = (...options: readonly string[]): string[] => [
    'migrate',
    guest,
    '--from',
    here,
    '--to',
    there(),
    ...options,
  ];
  const verified = async (where: string): Promise<void> => {
    const { code, stdout } = await cli.run('lab', 'verify', '--name', lab, '--json');
    expect([code, JSON.parse(stdout)]).toEqual([0, expect.objectContaining({ proven: true, host: where })]);
  };
  const newest = async (): Promise<{ id: string; open: boolean; managed: boolean }> => {
    const [first] = historySchema.parse(JSON.parse((await cli.run('history', '--json')).stdout));
    if (!first) throw new Error('there is no history');
    return first;
  };
  /** Under way: memory is being copied. */
  const begun = async (...options: readonly string[]): Promise<Running> => {
    const running = cli.start(...move(...options));
    await running.saysOnStdout(copies);
    return running;
  };

  test('moves a guest and back, and reports the same everywhere', async () => {
    const origin = here;
    const forth = await cli.run(...move('--mptcp', 'require', '--json'));
    const record = recordOf(forth);
    expect([forth.code, record]).toEqual([
      0,
      expect.objectContaining({
        outcome: 'done-on-destination',
        guestState: 'destination',
        source: origin,
        transport: expect.objectContaining({ requested: 'require', negotiated: 'mptcp' }),
      }),
    ]);
    expect(record.subflows.map((subflow) => subflow.interface)).toEqual(['eth1', 'eth2']);
    await verified(there());

    const file = join(tmpdir(), `${lab}.json`);
    const shown = await cli.run('show', record.id, '--json');
    const exported = await cli.run('export', record.id, '--format', 'json', '--output', file);
    const again = await cli.run('export', record.id, '--format', 'json', '--output', file);
    const watched = await cli.run('watch', record.id, '--json');
    expect([recordOf(shown), recordSchema.parse(JSON.parse(await readFile(file, 'utf8'))), recordOf(watched)]).toEqual([
      record,
      record,
      record,
    ]);
    expect([exported.code, again.code, watched.code, (await stat(file)).mode & 0o777]).toEqual([0, 2, 0, 0o600]);
    spawnSync('rm', [file]);

    here = there();
    const back = await cli.run(...move('--mptcp', 'off'));
    expect([back.code, back.stderr, back.stdout]).toEqual([
      0,
      '',
      expect.stringContaining(`${guest} has moved from ${here} to ${origin}.`),
    ]);
    await verified(origin);
    expect(await newest()).toMatchObject({ open: false });
  });

  test('require is refused where the destination has no MPTCP, prefer falls back and says so', async () => {
    setMptcp(there(), 0);
    try {
      const refused = await cli.run(...move('--mptcp', 'require'));
      expect([refused.code, refused.stdout, refused.stderr]).toEqual([
        3,
        '',
        expect.stringMatching(/nothing was changed[^]*does not speak MPTCP[^]*sysctl -w net\.mptcp\.enabled=1/),
      ]);
      const preferred = await cli.run(...move('--mptcp', 'prefer', '--json'));
      expect([preferred.code, recordOf(preferred).transport]).toEqual([
        0,
        expect.objectContaining({ negotiated: 'tcp', fallback: true }),
      ]);
    } finally {
      setMptcp(source, 1);
      setMptcp(destination, 1);
    }
    await verified(there());
  });

  test('uses the paths that were chosen, also where the destination announces another one for good', async () => {
    const unknown = await cli.run(...move('--paths', 'eth7'));
    expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringMatching(/"eth7" for --paths: .* has eth1, eth2/)]);

    const record = recordOf(await cli.run(...move('--mptcp', 'require', '--without-path', 'eth2', '--json')));
    const share = record.subflows.find((subflow) => subflow.interface === 'eth2')?.shareFraction ?? 0;
    expect([record.outcome, record.paths.map((path) => path.sourceInterface), share < 0.2]).toEqual([
      'done-on-destination',
      ['eth1'],
      true,
    ]);

    here = there();
    const back = recordOf(await cli.run(...move('--mptcp', 'require', '--first-path', 'eth2', '--json')));
    expect([back.paths.map((path) => path.sourceInterface), back.subflows[0]?.interface]).toEqual([
      ['eth2', 'eth1'],
      'eth2',
    ]);
    await verified(there());
  });

  test('Ctrl-C cancels, waits until the guest is safe, and says so', async () => {
    const running = await begun('--mptcp', 'off');
    running.child.kill('SIGINT');
    const { code, stdout } = await running.ended;
    expect([code, stdout]).toEqual([1, expect.stringMatching(/Cancelling; waiting[^]*was not moved: it is safe on/)]);
    await verified(here);
    expect(await newest()).toMatchObject({ open: false });
  });

  test('a second Ctrl-C leaves it running, also while QEMU does not answer; watch finishes the job', async () => {
    const running = await begun('--mptcp', 'off');
    const { id } = await newest();
    process.kill(pid, 'SIGSTOP');
    try {
      running.child.kill('SIGINT');
      await running.saysOnStdout(/Cancelling/);
      running.child.kill('SIGINT');
      const { code, stdout } = await running.ended;
      expect([code, stdout]).toEqual([
        4,
        expect.stringContaining(`\`switchyard watch ${id}\` brings the guest into safety`),
      ]);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    expect(await newest()).toEqual({ id, open: true, managed: false });
    const { code } = await cli.run('watch', id);
    await verified(code === 0 ? there() : here);
  });

  test('SIGTERM lets go and touches nothing; watch finishes the job', async () => {
    const running = await begun('--mptcp', 'off');
    running.child.kill('SIGTERM');
    const { code, stdout } = await running.ended;
    const { id, open, managed } = await newest();
    expect([code, stdout, open, managed]).toEqual([
      4,
      expect.stringContaining(`until you type \`switchyard watch ${id}\``),
      true,
      false,
    ]);
    const watched = await cli.run('watch', id, '--json');
    expect([watched.code, recordOf(watched).outcome]).toEqual([0, 'done-on-destination']);
    await verified(there());
  });

  test('killed in the middle it harms nothing: history says what is open, watch finishes the job', async () => {
    const running = await begun('--mptcp', 'off');
    running.child.kill('SIGKILL');
    await running.ended;
    const { id } = await newest();
    const { stdout } = await cli.run('history');
    expect(stdout).toContain(`No process manages ${id}: finish it with \`switchyard watch ${id}\`.`);
    const watched = await cli.run('watch', id);
    expect([watched.code, watched.stdout]).toEqual([0, expect.stringContaining('took the migration up again')]);
    await verified(there());
  });

  test('an exception that nothing has caught is an incident, and the migration continues', async () => {
    // In the manager itself, as soon as it manages: its control socket is there then.
    const fault = `
      import { readdirSync } from 'node:fs';
      const watch = setInterval(() => {
        try {
          if (readdirSync(process.env.SWITCHYARD_RUNTIME_DIR + '/control').length === 0) return;
        } catch { return; }
        clearInterval(watch);
        throw new Error('a fault of ours');
      }, 20);
      watch.unref();`;
    const [node = '', ...args] = cli.argv(...move('--mptcp', 'off'));
    const { code, stderr, stdout } = await cli.startProgram([
      node,
      '--import',
      `data:text/javascript,${encodeURIComponent(fault)}`,
      ...args,
    ]).ended;
    expect([code, `${stdout}${stderr}`]).toEqual([
      0,
      expect.stringMatching(/Switchyard hit a fault of its own \(incident i-[0-9a-f]{8}\), and continues/),
    ]);
    await verified(there());
  });

  test('followers that are stopped and killed do not disturb the manager', async () => {
    const running = await begun('--mptcp', 'off', '--bandwidth', '40mbit');
    const { id } = await newest();
    for (let each = 0; each < 20; each += 1) {
      const watching = cli.start('watch', id);
      await watching.saysOnStdout(copies);
      watching.child.kill('SIGSTOP');
      await sleep(50);
      watching.child.kill('SIGKILL');
      await watching.ended;
    }
    const set = await cli.run('set', id, '--bandwidth', '0');
    expect([set.code, (await running.ended).code]).toEqual([0, 0]);
    await verified(there());
  });

  test('who watches takes over when the manager is killed', async () => {
    const running = await begun('--mptcp', 'off');
    const { id, managed } = await newest();
    const watching = cli.start('watch', id);
    await watching.saysOnStdout(copies);
    running.child.kill('SIGKILL');
    const { code, stdout } = await watching.ended;
    expect([managed, code, stdout]).toEqual([
      true,
      0,
      expect.stringContaining('Its manager has gone: this command manages it now.'),
    ]);
    await verified(there());
  });

  test('another command can cancel it, and both say where the guest is', async () => {
    const running = await begun('--mptcp', 'off');
    const { id } = await newest();
    const cancelled = await cli.run('cancel', id, '--json');
    expect([cancelled.code, recordOf(cancelled).outcome, (await running.ended).code]).toEqual([1, 'safe-on-source', 1]);
    await verified(here);
  });

  test('another command can change the bandwidth while it runs', async () => {
    const running = await begun('--mptcp', 'off', '--bandwidth', '8mbit');
    const { id } = await newest();
    const changed = await cli.run('set', id, '--bandwidth', '0', '--json');
    expect([changed.code, JSON.parse(changed.stdout)]).toEqual([0, { id, bandwidthBitsPerSecond: 0 }]);
    const { code, stdout } = await running.ended;
    expect([code, stdout]).toEqual([0, expect.stringContaining('set the bandwidth limit to none')]);
    await verified(there());
  });

  test('a reader that goes away does not take the migration with it', async () => {
    const running = await begun('--mptcp', 'require');
    running.child.stdout?.destroy();
    const [code] = await once(running.child, 'exit');
    expect(code).toBe(0);
    await verified(there());
  });

  const noTerminal = spawnSync('script', ['--version']).error === undefined ? '' : ' (skipped: needs `script`)';
  test.skipIf(noTerminal !== '')(`on a terminal it draws, and gives the cursor back${noTerminal}`, async () => {
    const command = cli.argv(...move('--mptcp', 'require')).join(' ');
    const { code, stdout } = await cli.startProgram(['script', '-qec', command, '/dev/null']).ended;
    expect([code, stdout.replaceAll('\u001B', 'ESC')]).toEqual([
      0,
      expect.stringMatching(/ESC\[\?25l[^]*copying memory[^]*eth1 [^]*eth2 [^]*total [^]*ESC\[\?25h[^]*has moved/),
    ]);
    await verified(there());
  });
});

function recordOf({ stdout }: Ended): MigrationRecord {
  return recordSchema.parse(JSON.parse(stdout));
}

function setMptcp(namespace: string, value: 0 | 1): void {
  spawnSync('ip', ['netns', 'exec', namespace, 'sysctl', '-qw', `net.mptcp.enabled=${value}`]);
}
