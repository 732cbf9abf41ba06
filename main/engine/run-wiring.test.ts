import { describe, expect, test } from 'vitest';
import { SwitchyardError } from '#contract/errors.ts';
import type { JournalEntry, JournalEvent } from '#contract/migration.ts';
import type { MigrationHost, Qemu } from './ports.ts';
import type { MigrationUnderTest } from './simulation/migration-under-test.ts';
import { at, peace, planned, quiet, type MomentName } from './simulation/scenes.ts';

/** What the run connects: hosts to what watches them, what was seen to the journal, a fault to its end. */

/** Its manager's hosts may do otherwise, before it is run. */
async function managed(
  change: (hosts: Readonly<Record<'source' | 'destination', MigrationHost>>) => void,
  migration = planned(),
): Promise<MigrationUnderTest> {
  await migration.begin();
  change(migration.manager.ports);
  return migration;
}

function run(migration: MigrationUnderTest): Promise<object> {
  return migration.world.clock.until(migration.run.run());
}

/** Each monitor of that host is changed before it is used. */
function changeMonitors(host: MigrationHost, change: (monitor: Qemu) => void): void {
  const attach = host.attach.bind(host);
  host.attach = async (...target) => {
    const monitor = await attach(...target);
    change(monitor);
    return monitor;
  };
}

const ours = new TypeError('ours');
const fails = (): Promise<never> => Promise.reject(ours);

describe('a fault of ours ends the run with its cause, and touches nothing', () => {
  test.each<[string, (hosts: Readonly<Record<'source' | 'destination', MigrationHost>>) => void]>([
    ['in what a monitor is asked', ({ source }) => changeMonitors(source, (monitor) => (monitor.status = fails))],
    [
      'in what a host is asked about its process',
      ({ source }) => {
        changeMonitors(source, (monitor) => (monitor.status = () => new Promise(() => undefined)));
        source.attach = () => Promise.reject(unanswered);
        source.presence = fails;
      },
    ],
    ['in what watches the links', ({ destination }) => (destination.watchLinks = fails)],
  ])('%s', async (_where, change) => {
    const migration = await managed(change);
    await expect(run(migration)).rejects.toBe(ours);
    expect({ truth: migration.world.whereabouts, violations: migration.world.violations }).toEqual({
      truth: 'runs on alpha',
      violations: [],
    });
  });

  test('in what lets the source leave', async () => {
    const migration = await managed(({ source }) => changeMonitors(source, (monitor) => (monitor.switchOver = fails)));
    await expect(run(migration)).rejects.toBe(ours);
    expect([migration.source.outgoing, migration.world.violations]).toEqual(['pre-switchover', []]);
  });

  test('in what looks at the disks', async () => {
    const migration = await managed(({ source }) => {
      let looks = 0;
      changeMonitors(source, (monitor) => {
        const images = monitor.images.bind(monitor);
        monitor.images = () => (++looks === 1 ? images() : fails());
      });
    });
    await expect(run(migration)).rejects.toBe(ours);
    expect([migration.source.outgoing, migration.world.violations]).toEqual(['pre-switchover', []]);
  });

  test('in what explains why nothing comes through', async () => {
    const migration = await managed(() => undefined);
    Object.assign(migration.manager.ports, { diagnose: fails });
    at('copying', migration, () => migration.world.cutNetwork());
    await expect(run(migration)).rejects.toBe(ours);
    expect(migration.story.at(-1)).toBe('negotiated mptcp');
  });
});

describe('links', () => {
  const lost = (migration: MigrationUnderTest): JournalEvent[] =>
    migration.events.filter(({ kind }) => kind === 'link-lost');

  function losing(moment: MomentName, migration = planned()): MigrationUnderTest {
    at(moment, migration, () => {
      migration.world.machine('alpha').changeLink({ interface: 'eth1', carrier: false });
      migration.world.machine('beta').changeLink({ interface: 'eth1', carrier: false });
    });
    return migration;
  }

  test('of both hosts are watched while the memory is copied', async () => {
    const migration = losing('copying');
    await migration.migrate();
    expect(lost(migration)).toEqual([
      { kind: 'link-lost', side: 'source', interface: 'eth1' },
      { kind: 'link-lost', side: 'destination', interface: 'eth1' },
    ]);
  });

  test('are nothing to a connection that is plain TCP', async () => {
    const migration = losing('copying');
    migration.world.nature.multipath = false;
    await migration.migrate();
    expect(lost(migration)).toEqual([]);
  });

  test.each(['committed', 'running'] as const)('are nothing to it any more once %s', async (moment) => {
    const migration = losing(moment);
    await migration.migrate();
    expect(lost(migration)).toEqual([]);
  });

  test('that cannot be watched are reported, and the migration continues without', async () => {
    const migration = await managed(({ source }) => (source.watchLinks = () => Promise.reject(unanswered)));
    const ended = await run(migration);
    expect([ended, migration.events.filter(({ kind }) => kind === 'links-unwatched')]).toMatchObject([
      { outcome: 'done-on-destination' },
      [{ kind: 'links-unwatched', side: 'source', why: 'No.' }],
    ]);
  });

  test('that can be watched only after the end are closed', async () => {
    const never = Promise.withResolvers<never>();
    const migration = await managed(({ source }) => (source.watchLinks = () => never.promise));
    await run(migration);
    const { length } = migration.events;
    never.reject(unanswered);
    await migration.world.clock.pass(100);
    expect(migration.events.length).toBe(length);
  });
});

describe('a stranger on the port of our own', () => {
  async function called(moment: MomentName): Promise<readonly string[]> {
    const migration = planned({ socket: 'app' });
    at(moment, migration, () => migration.world.machine('beta').strangerCalls({ address: '192.0.2.7', port: 4000 }));
    await migration.migrate();
    return migration.events.map(({ kind }) => kind).filter((kind) => kind.includes('stranger'));
  }

  test('is written down while the migration runs', async () => {
    expect((await called('copying')).length).toBe(1);
  });

  test('is not written down once it has ended', async () => {
    const migration = planned({ socket: 'app' });
    const live = await migration.begin();
    const { length } = await new Promise<readonly unknown[]>((resolve) => {
      live.subscribe({
        onEntry: ({ event }) => {
          if (event.kind !== 'ended') return;
          migration.world.machine('beta').strangerCalls({ address: '192.0.2.7', port: 4000 });
          resolve(migration.events);
        },
      });
      void migration.finish();
    });
    await migration.world.clock.pass(1000);
    expect(migration.events.length).toBe(length);
  });
});

describe('what is written down', () => {
  test('is each observation once, as it changes', async () => {
    const migration = planned();
    await migration.migrate();
    const seen = migration.events.flatMap((event) =>
      event.kind === 'observed'
        ? [
            event.observation.kind === 'answering'
              ? `${event.side} ${event.observation.run} ${event.observation.migration}`
              : `${event.side} ${event.observation.kind}`,
          ]
        : [],
    );
    expect(seen).toEqual([
      'source running none',
      'destination inmigrate none',
      'source running setup',
      'destination inmigrate active',
      'source running active',
      'source finish-migrate device',
      'destination paused completed',
      'source postmigrate completed',
      'destination running completed',
      'source gone',
      'source gone',
    ]);
  });

  test('is each iteration once', async () => {
    const migration = planned();
    await migration.migrate();
    const iterations = migration.events.flatMap((event) => (event.kind === 'iteration' ? [event.iteration] : []));
    expect(iterations).toEqual([1, 2, 3]);
  });

  test('is who has taken it up', async () => {
    const migration = planned();
    await migration.manageUntilKilled({ atEntry: 4, moment: 'after' });
    await migration.attach();
    expect(migration.events).toContainEqual({ kind: 'attached', user: 'operator', pid: 4711 });
  });

  test('is that the guest shut itself down, and not that its QEMU did', async () => {
    const told = async (byGuest: boolean): Promise<JournalEvent[]> => {
      const migration = planned();
      at('copying', migration, () => migration.source.tell({ kind: 'shutdown', byGuest, reason: 'guest-shutdown' }));
      await migration.migrate();
      return migration.events.filter(({ kind }) => kind === 'guest-shut-down');
    };
    expect([await told(true), await told(false)]).toEqual([
      [{ kind: 'guest-shut-down', side: 'source', reason: 'guest-shutdown' }],
      [],
    ]);
  });

  test('continues by itself in numbers and times where the journal takes nothing more', async () => {
    const migration = planned();
    const live = await migration.begin();
    const entries: JournalEntry[] = [];
    live.subscribe({ onEntry: (entry) => void entries.push(entry) });
    migration.disk.breaks();
    await migration.finish();
    expect(entries.map(({ sequence }) => sequence)).toEqual(entries.map((_, index) => index + 1));
    expect(entries.every(({ atEpochMs, atMonoMs, event }) => atEpochMs > atMonoMs && event.kind !== 'planned')).toBe(
      true,
    );
  });
});

test('the paths are put back only when nothing is being done to them any more', async () => {
  const order: string[] = [];
  const preparation = {
    source: [],
    destination: [
      {
        kind: 'add-endpoint' as const,
        endpoint: { address: '10.0.2.2', interface: 'eth2', flags: ['signal' as const] },
      },
    ],
  };
  const migration = await managed(
    ({ destination }) => {
      const restore = destination.restorePathManager.bind(destination);
      destination.changePath = async () => {
        await migrationClock().sleep(5000);
        order.push('changed');
      };
      destination.restorePathManager = async (restoration) => {
        order.push('put back');
        await restore(restoration);
      };
    },
    planned({}, 'running', preparation),
  );
  const migrationClock = (): typeof migration.world.clock => migration.world.clock;
  at('copying', migration, () => {
    void migration.run.ask({ command: 'path', by: 'operator', action: 'backup', interface: 'eth1' });
    migration.cancel('operator');
  });
  await run(migration);
  expect([order, peace(migration)]).toEqual([['changed', 'put back'], quiet]);
});

describe('once detached', () => {
  test('nothing is done to its paths, whatever becomes of their links in that moment', async () => {
    const migration = await managed(() => undefined);
    at('copying', migration, () => {
      migration.run.detach();
      migration.world.machine('alpha').changeLink({ interface: 'eth1', carrier: false });
    });
    expect([await run(migration), migration.events.filter(({ kind }) => /^(link|path)-/.test(kind))]).toEqual([
      { kind: 'detached' },
      [],
    ]);
  });

  test('it has let go only when nothing is being done to its paths any more', async () => {
    const order: string[] = [];
    const migration = await managed(({ destination }) => {
      destination.changePath = async () => {
        await migration.world.clock.sleep(5000);
        order.push('changed');
      };
    });
    at('copying', migration, () => {
      void migration.run.ask({ command: 'path', by: 'operator', action: 'backup', interface: 'eth1' });
      migration.world.clock.after(100, () => migration.run.detach());
    });
    await run(migration);
    expect([...order, 'let go']).toEqual(['changed', 'let go']);
  });
});

describe('what is asked of it', () => {
  test('reaches its paths', async () => {
    const migration = await managed(() => undefined);
    const answer = migration.run.ask({ command: 'path', by: 'operator', action: 'backup', interface: 'eth9' });
    expect(await answer).toMatchObject({ ok: false, error: { text: 'There is no path over eth9.' } });
  });

  test('and fails by a fault of ours is reported where all its faults are', async () => {
    const migration = await managed(({ source }) =>
      changeMonitors(source, (monitor) => {
        const setParameters = monitor.setParameters.bind(monitor);
        monitor.setParameters = (wanted) => (wanted.downtimeLimitMs === 777 ? fails() : setParameters(wanted));
      }),
    );
    const answers: unknown[] = [];
    at('copying', migration, () => {
      const change = migration.run.ask({ command: 'change', by: 'operator', change: { downtimeLimitMs: 777 } });
      void change.then((answer) => answers.push(answer));
    });
    await run(migration);
    expect([answers, migration.world.incidents.length, migration.run.report]).toMatchObject([
      [{ ok: false, error: { kind: 'internal' } }],
      1,
      migration.manager.ports.report,
    ]);
  });
});

test('what hangs in a port is waited for so long in the end, and no longer', async () => {
  const migration = await managed(({ source }) => (source.attach = () => new Promise(() => undefined)));
  let endedAtMs = 0;
  migration.run.subscribe({ onEntry: ({ event, atMonoMs }) => event.kind === 'ended' && (endedAtMs = atMonoMs) });
  migration.world.clock.after(500, () => migration.cancel('operator'));
  await run(migration);
  expect(Math.round(migration.world.clock.monoMs() - endedAtMs)).toBe(20_000);
});

const unanswered = new SwitchyardError({ kind: 'unreachable', host: 'alpha', text: 'No.', remedy: 'Wait.' });
