import { describe, expect, test } from 'vitest';
import { SwitchyardError } from '#contract/errors.ts';
import type { MptcpEndpoint } from '#contract/host.ts';
import type { JournalEvent, Path, StepName } from '#contract/migration.ts';
import type { Clock, MigrationHost, OwnedSocket, PathRestoration, Ports, Qemu } from './ports.ts';
import { begun, did, plan, prepared, started, stateAfter } from './simulation/states.ts';
import { VirtualClock } from './simulation/virtual-clock.ts';
import type { StepContext, Transport } from './step-context.ts';
import { steps } from './steps.ts';

/** Single steps against ports that can do what is named, and nothing else. */

function only<Port extends object>(members: Partial<Port>): Port {
  return Object.assign(Object.create(null), members);
}

interface Parts {
  readonly journal?: readonly JournalEvent[];
  readonly changes?: Partial<typeof plan>;
  readonly source?: Partial<MigrationHost>;
  readonly destination?: Partial<MigrationHost>;
  readonly sourceQemu?: Partial<Qemu>;
  readonly destinationQemu?: Partial<Qemu>;
}

interface Stage {
  readonly clock: VirtualClock;
  readonly recorded: JournalEvent[];
  /** Runs it to its end, while time passes as it needs. */
  readonly run: (step: StepName) => Promise<unknown>;
}

function stage({ journal = begun, changes = {}, ...parts }: Parts): Stage {
  const clock = new VirtualClock();
  const recorded: JournalEvent[] = [];
  const changed = { ...plan, ...changes };
  const virtual: Clock = {
    monoMs: () => clock.monoMs(),
    epochMs: () => clock.epochMs(),
    sleep: (ms, signal) => clock.sleep(ms, signal),
  };
  const context: StepContext = {
    state: stateAfter(journal, changes),
    ports: only<Ports>({
      plan: changed,
      clock: virtual,
      source: only<MigrationHost>({ id: 'alpha', ...parts.source }),
      destination: only<MigrationHost>({ id: 'beta', ...parts.destination }),
    }),
    monitors: {
      source: parts.sourceQemu && only<Qemu>(parts.sourceQemu),
      destination: parts.destinationQemu && only<Qemu>(parts.destinationQemu),
    },
    transport: only<Transport>({}),
    record: (event) => Promise.resolve(void recorded.push(event)),
    note: () => undefined,
  };
  return { clock, recorded, run: (step) => clock.until(steps[step](context)) };
}

const nothing = (): Promise<void> => Promise.resolve();
const status =
  (run: string, migration: string): Qemu['status'] =>
  () =>
    Promise.resolve({ run, migration, errorText: undefined, statistics: undefined });
const socket = (): Promise<OwnedSocket> => Promise.resolve(only<OwnedSocket>({ [Symbol.dispose]: () => undefined }));

describe('agreeing on capabilities', () => {
  const agree = (source: Record<string, boolean>, destination: Record<string, boolean>): Promise<unknown> => {
    const common = { setCapabilities: nothing, setParameters: nothing };
    return stage({
      journal: prepared,
      sourceQemu: { ...common, capabilities: () => Promise.resolve({ 'return-path': true, ...source }) },
      destinationQemu: { ...common, capabilities: () => Promise.resolve({ 'return-path': true, ...destination }) },
    }).run('negotiate-capabilities');
  };

  test('what only one of them has and has switched off does not matter, whichever it is', async () => {
    await expect(agree({ 'x-colo': false }, { 'x-ignore-shared': false })).resolves.toEqual({});
  });

  test.each<[string, Record<string, boolean>, Record<string, boolean>]>([
    ['only the source has it on', { multifd: true }, {}],
    ['only the destination has it on', {}, { multifd: true }],
    ['neither has taken what was wanted', { 'return-path': false }, { 'return-path': false }],
  ])('is refused where %s', async (_what, source, destination) => {
    await expect(agree(source, destination)).rejects.toThrow('the two QEMUs differ in');
  });
});

describe('listening for a recovery', () => {
  const listened = async (changes: Partial<typeof plan>): Promise<string[]> => {
    const hosts: string[] = [];
    const recover: Qemu['recover'] = ({ host }) => Promise.resolve(hosts.push(host));
    await stage({ changes, destinationQemu: { recover } }).run('listen-for-recovery');
    return hosts;
  };
  const inSix = (path: Path): Path => ({ ...path, destinationAddress: 'fd00::2' });

  test('is open to every path of its family', async () => {
    expect([...(await listened({})), ...(await listened({ paths: plan.paths.map(inSix) }))]).toEqual(['0.0.0.0', '::']);
  });

  test('needs a path', async () => {
    await expect(listened({ paths: [] })).rejects.toThrow('there is no path between the two hosts');
  });
});

describe('recovering', () => {
  const journal = [...begun, ...did('listen-for-recovery')];
  const source = { connectOwned: socket };

  test('needs a port that is open', async () => {
    await expect(stage({ journal: [], source, sourceQemu: {} }).run('recover')).rejects.toThrow(
      'the destination does not listen',
    );
  });

  test('needs a path', async () => {
    const parts: Parts = { journal, source, sourceQemu: {}, changes: { paths: [] } };
    await expect(stage(parts).run('recover')).rejects.toThrow('there is no path between the two hosts');
  });

  test('goes on over the connection that the destination has taken', async () => {
    const said: string[] = ['postcopy-paused', 'postcopy-paused', 'postcopy-recover'];
    const done: string[] = [];
    const { run } = stage({
      journal,
      source,
      sourceQemu: { resumeOver: () => Promise.resolve(void done.push('resumed')) },
      destinationQemu: { status: () => status('running', said.shift() ?? 'none')() },
    });
    await run('recover');
    expect([done, said]).toEqual([['resumed'], []]);
  });

  test('is given up when the destination does not take it, and the source is left alone', async () => {
    const { run, clock } = stage({
      journal,
      source,
      sourceQemu: { resumeOver: () => Promise.reject(new Error('touched')) },
      destinationQemu: { status: status('running', 'postcopy-paused') },
    });
    const beganMonoMs = clock.monoMs();
    await expect(run('recover')).rejects.toThrow('the destination does not take the connection');
    expect(clock.monoMs() - beganMonoMs).toBe(3020);
  });
});

describe('ending the source', () => {
  const host = { terminate: nothing };

  test('leaves no file of a monitor that it did not have', async () => {
    const { monitorPath: _none, ...guest } = plan.guest;
    const { run, recorded } = stage({ changes: { guest }, source: host });
    await run('quit-source');
    expect(recorded).toEqual([{ kind: 'observed', side: 'source', observation: { kind: 'gone' } }]);
  });

  test('goes on where its monitor does not answer', async () => {
    const silent = (): Promise<never> =>
      Promise.reject(new SwitchyardError({ kind: 'unreachable', host: 'alpha', text: 'No.', remedy: 'Wait.' }));
    const { run } = stage({ source: { ...host, tidy: nothing }, sourceQemu: { status: silent, quit: silent } });
    await expect(run('quit-source')).resolves.toEqual({});
  });

  test('does not go on over a fault of ours', async () => {
    const broken = (): Promise<never> => Promise.reject(new TypeError('ours'));
    const { run } = stage({ source: host, sourceQemu: { status: status('postmigrate', 'completed'), quit: broken } });
    await expect(run('quit-source')).rejects.toThrow(TypeError);
  });
});

describe('restoring the paths', () => {
  const [path] = plan.paths;
  const changedPath: readonly JournalEvent[] = path
    ? [{ kind: 'path-changed', by: 'ann', action: 'backup', path }]
    : [];
  const address = path?.destinationAddress ?? '';
  const ofOthers: MptcpEndpoint = { id: 9, address: '198.51.100.9', flags: ['signal'] };

  async function asked(
    endpoints: readonly MptcpEndpoint[],
    journal = changedPath,
  ): Promise<readonly PathRestoration[]> {
    const restorations: PathRestoration[] = [];
    const restorePathManager: MigrationHost['restorePathManager'] = (restoration) =>
      Promise.resolve(void restorations.push(restoration));
    const destination = { ...plan.destination, mptcp: { ...plan.destination.mptcp, endpoints: [...endpoints] } };
    const host = { restorePathManager };
    await stage({ journal, changes: { destination }, source: host, destination: host }).run('restore-paths');
    return restorations;
  }

  test('asks nothing of the source for what was announced by the destination', async () => {
    const [source] = await asked([]);
    expect(source).toMatchObject({ planned: [], touched: [] });
  });

  test.each<[string, readonly MptcpEndpoint[], PathRestoration['planned']]>([
    [
      'an announcement that was made for it',
      [ofOthers],
      [{ kind: 'add-endpoint', endpoint: { address, interface: 'eth1', flags: ['signal'] } }],
    ],
    [
      'an announcement in the place of a note of the kernel',
      [{ id: 3, address, flags: ['implicit'] }],
      [{ kind: 'add-endpoint', endpoint: { address, interface: 'eth1', flags: ['signal'] } }],
    ],
    ['nothing, where it was announced before', [{ id: 3, address, flags: ['signal'] }], []],
  ])('takes away on the destination: %s', async (_what, endpoints, made) => {
    const [, destination] = await asked(endpoints);
    expect(destination).toMatchObject({ planned: made, touched: [address] });
  });

  test('touches no path that was left alone', async () => {
    const [, destination] = await asked([], []);
    expect(destination).toMatchObject({ planned: [], touched: [] });
  });
});

test('what was started is ended by its process', async () => {
  const ended: number[] = [];
  const { run } = stage({
    destination: {
      terminate: ({ pid }) => Promise.resolve(void ended.push(pid)),
      output: () => Promise.resolve('so it was'),
      tidy: nothing,
    },
  });
  await run('quit-destination');
  expect(ended).toEqual([started.identity.pid]);
});
