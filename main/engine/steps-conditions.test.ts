import { describe, expect, test } from 'vitest';
import { SwitchyardError } from '#contract/errors.ts';
import type { JournalEvent, StepName } from '#contract/migration.ts';
import type { Clock, MigrationHost, Ports, Qemu } from './ports.ts';
import { begun, plan, prepared, started, stateAfter } from './simulation/states.ts';
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
  /** What the last look before the switchover answers. */
  readonly mayLeave?: boolean;
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
    mayLeave: () => Promise.resolve(parts.mayLeave ?? true),
  };
  return { clock, recorded, run: (step) => clock.until(steps[step](context)) };
}

const nothing = (): Promise<void> => Promise.resolve();
const status =
  (run: string, migration: string): Qemu['status'] =>
  () =>
    Promise.resolve({ run, migration, errorText: undefined, statistics: undefined });

describe('agreeing on capabilities', () => {
  const agree = (source: Record<string, boolean>, destination: Record<string, boolean>): Promise<unknown> => {
    const common = { setCapabilities: nothing, setParameters: nothing };
    const taken = { 'return-path': true, 'pause-before-switchover': true };
    return stage({
      journal: prepared,
      sourceQemu: { ...common, capabilities: () => Promise.resolve({ ...taken, ...source }) },
      destinationQemu: { ...common, capabilities: () => Promise.resolve({ ...taken, ...destination }) },
    }).run('negotiate-capabilities');
  };

  test('that only the source waits before the switchover does not matter', async () => {
    await expect(agree({}, { 'pause-before-switchover': false })).resolves.toEqual({ gated: true });
  });

  test('what only one of them has and has switched off does not matter, whichever it is', async () => {
    await expect(agree({ 'x-colo': false }, { 'x-ignore-shared': false })).resolves.toEqual({ gated: true });
  });

  test.each<[string, Record<string, boolean>, Record<string, boolean>]>([
    ['only the source has it on', { multifd: true }, {}],
    ['only the destination has it on', {}, { multifd: true }],
    ['the source would not wait before the switchover', { 'pause-before-switchover': false }, {}],
    ['neither has taken what was wanted', { 'return-path': false }, { 'return-path': false }],
  ])('is refused where %s', async (_what, source, destination) => {
    await expect(agree(source, destination)).rejects.toThrow('the two QEMUs differ in');
  });
});

test('a cancel that fails when it is no longer waited for changes nothing', async () => {
  const late = new SwitchyardError({ kind: 'unreachable', host: 'alpha', text: 'No.', remedy: 'Wait.' });
  const it = stage({ sourceQemu: { cancel: () => it.clock.sleep(5000).then(() => Promise.reject(late)) } });
  await expect(it.run('cancel')).rejects.toThrow('The source QEMU has not taken the cancel within 2 s.');
  await expect(it.clock.pass(5000)).resolves.toBeUndefined();
});

describe('a source that keeps its guest', () => {
  const host: Partial<MigrationHost> = {
    terminate: nothing,
    output: () => Promise.resolve(''),
    tidy: nothing,
  };

  test('is not asked to go without its gate where it never had one', async () => {
    const { run } = stage({
      journal: prepared.filter((event) => !('step' in event) || event.step !== 'negotiate-capabilities'),
      destination: host,
      sourceQemu: { setCapabilities: () => Promise.reject(new TypeError('asked')) },
    });
    await expect(run('quit-destination')).resolves.toEqual({});
  });

  test('is not waited for for long', async () => {
    const it = stage({ destination: host, sourceQemu: { setCapabilities: () => it.clock.sleep(5000) } });
    await it.run('quit-destination');
    expect(it.clock.monoMs()).toBe(300);
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

  test('continues where its monitor does not answer', async () => {
    const silent = (): Promise<never> =>
      Promise.reject(new SwitchyardError({ kind: 'unreachable', host: 'alpha', text: 'No.', remedy: 'Wait.' }));
    const { run } = stage({ source: { ...host, tidy: nothing }, sourceQemu: { status: silent, quit: silent } });
    await expect(run('quit-source')).resolves.toEqual({});
  });

  test('does not continue after a fault of ours', async () => {
    const broken = (): Promise<never> => Promise.reject(new TypeError('ours'));
    const { run } = stage({ source: host, sourceQemu: { status: status('postmigrate', 'completed'), quit: broken } });
    await expect(run('quit-source')).rejects.toThrow(TypeError);
  });
});

test.each([
  [true, ['switchOver']],
  [false, []],
])('the source is let go where the last look allows it: %s', async (mayLeave, expected) => {
  const asked: string[] = [];
  const switchOver = (): Promise<void> => Promise.resolve(void asked.push('switchOver'));
  await stage({ mayLeave, sourceQemu: { switchOver } }).run('switch-over');
  expect(asked).toEqual(expected);
});

describe('restoring the paths', () => {
  const asked = async (failing?: 'source' | 'destination'): Promise<readonly string[]> => {
    const addresses: string[] = [];
    const host = (side: string): Partial<MigrationHost> => ({
      restorePathManager: (restoration) => {
        addresses.push(`${side} ${restoration.addresses.join(' ')}`);
        return side === failing ? Promise.reject(new Error(`not on the ${side}`)) : nothing();
      },
    });
    const { run } = stage({ source: host('source'), destination: host('destination') });
    await run('restore-paths').catch((thrown: unknown) => addresses.push(String(thrown)));
    return addresses;
  };

  test('asks each host for its own addresses, and also the other one where one fails', async () => {
    const each = ['source 10.0.1.1', 'destination 10.0.1.2'];
    expect([await asked(), await asked('source'), await asked('destination')]).toEqual([
      each,
      [...each, 'Error: not on the source'],
      [...each, 'Error: not on the destination'],
    ]);
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

describe('a connection that is still being made', () => {
  const connected: JournalEvent = {
    kind: 'negotiated',
    protocol: 'mptcp',
    when: 'connected',
    connections: [],
    text: 'so the kernel says',
  };
  const broken = async (step: StepName, journal: readonly JournalEvent[], refuses = false): Promise<string[]> => {
    const calls: string[] = [];
    await stage({
      journal,
      source: {
        hangUp: ({ address, port }) => {
          calls.push(`hang up ${address}:${port}`);
          return refuses ? Promise.reject(new TypeError('no')) : Promise.resolve();
        },
      },
      sourceQemu: { yank: () => Promise.resolve(void calls.push('yank')) },
    }).run(step);
    return calls;
  };

  test('is given up by the kernel', async () => {
    expect(await broken('hang-up', begun)).toEqual(['hang up 10.0.1.2:42001']);
  });

  test('is broken by the kernel, since QEMU has none yet', async () => {
    expect(await broken('yank', begun)).toEqual(['yank', 'hang up 10.0.1.2:42001']);
  });

  test('is broken by QEMU alone once it is made', async () => {
    expect(await broken('yank', [...begun, connected])).toEqual(['yank']);
  });

  test('that the kernel cannot break does not keep QEMU from it', async () => {
    expect(await broken('yank', begun, true)).toEqual(['yank', 'hang up 10.0.1.2:42001']);
  });
});
