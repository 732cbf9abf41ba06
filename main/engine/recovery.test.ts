import { describe, expect, test } from 'vitest';
import { SwitchyardError } from '#contract/errors.ts';
import type { HostFacts } from '#contract/host.ts';
import type { JournalEvent, Path, Plan } from '#contract/migration.ts';
import type {
  Clock,
  ConnectionEnd,
  MigrationAddress,
  MigrationHost,
  OwnedConnectionOrder,
  OwnedSocket,
  Ports,
  Qemu,
} from './ports.ts';
import { listenForRecovery, recover } from './recovery.ts';
import { begun, did, plan, stateAfter } from './simulation/states.ts';
import { VirtualClock } from './simulation/virtual-clock.ts';
import type { Report, StepContext, Transport } from './step-context.ts';

/** The two steps of a recovery, against ports that can do what is named, and nothing else. */

function only<Port extends object>(members: Partial<Port>): Port {
  return Object.assign(Object.create(null), members);
}

interface Parts {
  readonly journal?: readonly JournalEvent[];
  readonly changes?: Partial<Plan>;
  readonly source?: Partial<MigrationHost>;
  readonly sourceQemu?: Partial<Qemu>;
  readonly destinationQemu?: Partial<Qemu>;
  /** What the destination's kernel shows of its QEMU; by default the other end of the connection. */
  readonly taken?: () => readonly ConnectionEnd[];
}

const near = { address: '10.0.1.1', port: 50_000 };
const far = { address: '10.0.1.2', port: 42_001 };
const endOf = (local: typeof near, remote: typeof near): ConnectionEnd => ({
  subflows: [{ local, remote }],
  held: true,
  established: true,
});

interface Stage {
  readonly clock: VirtualClock;
  readonly run: (step: (context: StepContext) => Promise<Report>) => Promise<Report>;
}

function stage({ journal = begun, changes = {}, source = {}, sourceQemu, destinationQemu, taken }: Parts): Stage {
  const clock = new VirtualClock();
  const virtual: Clock = {
    monoMs: () => clock.monoMs(),
    epochMs: () => clock.epochMs(),
    sleep: (ms, signal) => clock.sleep(ms, signal),
  };
  const context: StepContext = {
    state: stateAfter(journal, changes),
    ports: only<Ports>({
      plan: { ...plan, ...changes },
      source: only<MigrationHost>({ id: 'alpha', hasAddress: () => Promise.resolve(false), ...source }),
      destination: only<MigrationHost>({
        id: 'beta',
        hasAddress: () => Promise.resolve(false),
        connectionEnds: () => Promise.resolve(taken?.() ?? [endOf(far, near)]),
      }),
      clock: virtual,
    }),
    monitors: {
      source: sourceQemu && only<Qemu>(sourceQemu),
      destination: destinationQemu && only<Qemu>(destinationQemu),
    },
    transport: only<Transport>({}),
    record: () => Promise.resolve(),
    note: () => undefined,
    mayLeave: () => Promise.resolve(true),
  };
  return { clock, run: (step) => clock.until(step(context)) };
}

describe('the destination listens for a recovery', () => {
  async function listened(changes: Partial<Plan>): Promise<readonly [Report, readonly MigrationAddress[]]> {
    const addresses: MigrationAddress[] = [];
    const recovering: Qemu['recover'] = (address) => {
      addresses.push(address);
      return Promise.resolve(49_153);
    };
    return [await stage({ changes, destinationQemu: { recover: recovering } }).run(listenForRecovery), addresses];
  }
  const inSix = (path: Path): Path => ({ ...path, destinationAddress: 'fd00::2' });
  const withMptcp = (facts: HostFacts, usable: boolean): HostFacts => ({ ...facts, mptcp: { ...facts.mptcp, usable } });
  const settings = (mptcp: Plan['settings']['mptcp']): Partial<Plan> => ({ settings: { ...plan.settings, mptcp } });

  test.each<[string, Partial<Plan>, string, boolean]>([
    ['on every address of its family, in MPTCP', settings('prefer'), '0.0.0.0', true],
    ['so over IPv6 too', { ...settings('require'), paths: plan.paths.map(inSix) }, '::', true],
    ['in plain TCP where MPTCP is off', settings('off'), '0.0.0.0', false],
    ['in plain TCP where it cannot', { destination: withMptcp(plan.destination, false) }, '0.0.0.0', false],
    ['in MPTCP where only the source cannot', { source: withMptcp(plan.source, false) }, '0.0.0.0', true],
  ])('%s', async (_how, changes, host, mptcp) => {
    expect(await listened(changes)).toEqual([{ port: 49_153, mptcp }, [{ host, port: 0, mptcp }]]);
  });

  test('over some path', async () => {
    await expect(listened({ paths: [] })).rejects.toThrow('there is no path between the two hosts');
  });
});

describe('the source continues', () => {
  const journal = [...begun, ...did('listen-for-recovery')];
  const closed: string[] = [];
  const socket = only<OwnedSocket>({
    local: near,
    end: () => Promise.resolve(endOf(near, far)),
    [Symbol.dispose]: () => void closed.push('ours'),
  });
  const source = { connectOwned: (): Promise<OwnedSocket> => Promise.resolve(socket) };
  const status =
    (migration: string): Qemu['status'] =>
    () =>
      Promise.resolve({ run: 'running', migration, errorText: undefined, statistics: undefined });

  test('over the connection that the destination has taken, of which our copy is closed then', async () => {
    const said = ['postcopy-paused', 'postcopy-paused', 'postcopy-recover'];
    const resumed: OwnedSocket[] = [];
    const { run, clock } = stage({
      journal,
      source,
      sourceQemu: { resumeOver: (over) => Promise.resolve(void resumed.push(over)) },
      destinationQemu: { status: () => status(said.shift() ?? 'none')() },
    });
    closed.length = 0;
    const report = await run(recover);
    expect([report, resumed, said, closed, clock.monoMs()]).toEqual([{}, [socket], [], ['ours'], 40]);
  });

  test('not where the destination does not take it: it is given up, and the source is left alone', async () => {
    const { run, clock } = stage({
      journal,
      source,
      sourceQemu: { resumeOver: () => Promise.reject(new Error('touched')) },
      destinationQemu: { status: status('postcopy-paused') },
    });
    await expect(run(recover)).rejects.toMatchObject({
      failure: {
        kind: 'rejected',
        phase: 'post-copy-paused',
        text: 'Refused: the destination does not take the connection.',
        remedy: 'Fix the network.',
      },
    });
    expect(clock.monoMs()).toBe(3020);
  });

  test('once the destination QEMU holds the other end of it, which may take a moment', async () => {
    const seen = [[], [endOf(far, { ...near, port: 50_001 })], [endOf(far, near)]];
    const { run, clock } = stage({
      journal,
      source,
      sourceQemu: { resumeOver: () => Promise.resolve() },
      destinationQemu: { status: status('postcopy-recover') },
      taken: () => seen.shift() ?? [],
    });
    await run(recover);
    expect([seen, clock.monoMs()]).toEqual([[], 40]);
  });

  test('not where it has taken the connection of a stranger, and ours has gone to another machine', async () => {
    const { run } = stage({
      journal,
      source,
      sourceQemu: { resumeOver: () => Promise.reject(new Error('touched')) },
      destinationQemu: { status: status('postcopy-recover') },
      taken: () => [endOf(far, { address: '192.0.2.66', port: 1 })],
    });
    await expect(run(recover)).rejects.toMatchObject({
      failure: {
        kind: 'rejected',
        phase: 'post-copy-paused',
        text: 'Refused: the QEMU on beta has not accepted the connection from 10.0.1.1, but something else has.',
      },
    });
  });

  test('not over a path whose address the source has itself', async () => {
    const { run } = stage({
      journal,
      source: { hasAddress: () => Promise.resolve(true), connectOwned: () => Promise.reject(new Error('touched')) },
      sourceQemu: {},
    });
    await expect(run(recover)).rejects.toThrow('alpha itself has the address 10.0.1.2 of beta');
  });

  test('is given up as soon as three seconds are over', async () => {
    let delayMs = 1;
    const it = stage({
      journal,
      source,
      sourceQemu: {},
      destinationQemu: {
        status: async () => {
          await it.clock.sleep(delayMs);
          delayMs = 0;
          return status('postcopy-paused')();
        },
      },
    });
    await it.run(recover).catch(() => undefined);
    expect(it.clock.monoMs()).toBe(3001);
  });

  test('not without a port that is open', async () => {
    await expect(stage({ journal: [], source, sourceQemu: {} }).run(recover)).rejects.toThrow(
      'the destination does not listen',
    );
  });

  test('not without a path', async () => {
    const run = stage({ journal, source, sourceQemu: {}, changes: { paths: [] } }).run(recover);
    await expect(run).rejects.toMatchObject({
      failure: {
        kind: 'rejected',
        phase: 'post-copy-paused',
        text: 'Refused: there is no path between the two hosts.',
        remedy: 'Fix the network.',
      },
    });
  });

  test('not without its monitor', async () => {
    await expect(stage({ journal, source }).run(recover)).rejects.toThrow(
      'The monitor of the QEMU on alpha does not answer.',
    );
  });

  describe('over the first path that works', () => {
    const [first] = plan.paths;
    const paths = first
      ? [first, { ...first, sourceAddress: '10.0.5.1' }, { ...first, sourceAddress: '10.0.6.1' }]
      : [];
    const no = (why: string): SwitchyardError =>
      new SwitchyardError({ kind: 'unreachable', host: 'beta', text: why, remedy: 'Wait.' });

    function overThese(broken: readonly string[]): { readonly stage: Stage; readonly tried: string[] } {
      const tried: string[] = [];
      const connectOwned = ({ from }: OwnedConnectionOrder): Promise<OwnedSocket> => {
        tried.push(from);
        return broken.includes(from) ? Promise.reject(no(`not from ${from}`)) : Promise.resolve(socket);
      };
      const sourceQemu = { resumeOver: () => Promise.resolve() };
      const destinationQemu = { status: status('postcopy-recover') };
      return {
        tried,
        stage: stage({ journal, changes: { paths }, source: { connectOwned }, sourceQemu, destinationQemu }),
      };
    }

    test('since the one that broke may be broken still', async () => {
      const { stage: it, tried } = overThese(['10.0.1.1']);
      await it.run(recover);
      expect(tried).toEqual(['10.0.1.1', '10.0.5.1']);
    });

    test('and where none does, with the reason of the first', async () => {
      const { stage: it, tried } = overThese(['10.0.1.1', '10.0.5.1', '10.0.6.1']);
      await expect(it.run(recover)).rejects.toThrow('not from 10.0.1.1');
      expect(tried).toEqual(['10.0.1.1', '10.0.5.1', '10.0.6.1']);
    });
  });
});
