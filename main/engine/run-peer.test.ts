import { describe, expect, test } from 'vitest';
import type { JournalEvent } from '#contract/migration.ts';
import { MigrationUnderTest } from './simulation/migration-under-test.ts';
import { at, peace, planned, quiet } from './simulation/scenes.ts';

/** Whether what the source has connected to is the destination, in the simulated world: a machine of strangers may have its address. */

const proofs = ({ events }: MigrationUnderTest): JournalEvent[] =>
  events.filter(({ kind }) => kind === 'peer-proven' || kind === 'peer-foreign');

/** The one that each migration begins with. */
function withForeigner(settings: Parameters<typeof planned>[0] = {}): MigrationUnderTest {
  const migration = planned(settings);
  migration.world.addForeigner();
  return migration;
}

/** How long the guest stood still, on either side. */
function downtimeOf({ events, disk }: MigrationUnderTest): number {
  const times = disk.entries.flatMap(({ event, atMonoMs }) => (event.kind === 'run-changed' ? [atMonoMs] : []));
  expect(events.filter(({ kind }) => kind === 'run-changed')).toHaveLength(2);
  const [stopped = 0, running = 0] = times;
  return running - stopped;
}

describe('a foreign QEMU that answers at the address of the destination', () => {
  test.each(['prefer', 'off'] as const)(
    'never gets the guest, with MPTCP %s: it stays on the source',
    async (mptcp) => {
      const migration = withForeigner({ mptcp });
      const { outcome, guest, explanation } = await migration.migrate();
      expect({
        outcome,
        guest,
        cause: explanation?.cause,
        run: migration.source.run,
        foreigner: migration.world.foreigner?.run,
        ...peace(migration),
      }).toEqual({
        outcome: 'safe-on-source',
        guest: 'source',
        cause: expect.stringContaining('The peer is not beta: alpha has connected to 10.0.1.2 port'),
        run: 'running',
        foreigner: 'gone',
        ...quiet,
      });
    },
  );

  test('is no obstacle to the next migration once it is gone', async () => {
    const migration = withForeigner();
    await migration.migrate();
    migration.world.foreigner = undefined;
    const again = new MigrationUnderTest(migration.world);
    expect((await again.migrate()).outcome).toBe('done-on-destination');
  });

  test('never gets the guest by post-copy', async () => {
    const migration = withForeigner({ postCopy: 'allow' });
    at('copying', migration, () => migration.requestPostCopy('operator'));
    const { outcome } = await migration.migrate();
    expect([outcome, migration.story.includes('intended start-post-copy'), peace(migration)]).toEqual([
      'safe-on-source',
      false,
      quiet,
    ]);
  });

  test('leaves where the guest is UNKNOWN where a manager of an earlier version let it go there, and offers nothing', async () => {
    const migration = withForeigner();
    const run = await migration.begin();
    const { source, world } = migration;
    // As that version did: nothing holds the source, and no look at the peer comes in time.
    world.when(
      () => source.outgoing === 'setup',
      () => (source.capabilities = { ...source.capabilities, 'pause-before-switchover': false }),
    );
    const ended = await world.clock.until(run.run());
    expect(ended).toMatchObject({ outcome: 'unknown', guest: 'unknown' });
    const { cause = '', next = '' } = (ended.kind === 'ended' && ended.explanation) || {};
    expect([cause.includes('never seen to receive'), /go-back|cont/.test(next)]).toEqual([true, false]);
    expect(migration.story).not.toContain('intended resume-source');
  });
});

describe('an address that a host has itself', () => {
  test.each([
    ['alpha', '10.0.1.2', 'alpha itself has the address 10.0.1.2 of beta'],
    ['beta', '10.0.1.1', 'beta itself has the address 10.0.1.1 of alpha'],
  ] as const)('%s: nothing is connected', async (host, address, cause) => {
    for (const socket of ['qemu', 'app'] as const) {
      const migration = planned({ socket });
      migration.world.machine(host).otherAddresses.add(address);
      const { outcome, explanation } = await migration.migrate();
      const connected = migration.world.calls.made.some((call) => /^source\.(migrate|connectOwned)/.test(call));
      expect({ outcome, connected, cause: explanation?.cause, ...peace(migration) }).toEqual({
        outcome: 'safe-on-source',
        connected: false,
        cause: expect.stringContaining(cause),
        ...quiet,
      });
    }
  });
});

describe('the proof', () => {
  test('is there long before the switchover, which then waits for one message', async () => {
    const migration = planned();
    await migration.migrate();
    expect(proofs(migration)).toEqual([{ kind: 'peer-proven', by: 'sequence', connections: 1 }]);
    // Device state 30 ms, loading 10 ms, the source hears of it after 4 ms; then commit, cont, and some messages.
    expect(downtimeOf(migration)).toBeLessThan(60);
  });

  test('of plain TCP is the four-tuple', async () => {
    const migration = planned({ mptcp: 'off' });
    await migration.migrate();
    expect(proofs(migration)).toEqual([{ kind: 'peer-proven', by: 'addresses', connections: 1 }]);
  });

  test('takes every parallel connection', async () => {
    const migration = planned({ parallelConnections: 4 });
    await migration.migrate();
    expect(proofs(migration)).toEqual([{ kind: 'peer-proven', by: 'sequence', connections: 5 }]);
  });

  test('is there before anything is sent where Switchyard makes the connection', async () => {
    const migration = planned({ socket: 'app' });
    await migration.migrate();
    const { story } = migration;
    expect([proofs(migration), story.indexOf('peer-proven') < story.indexOf('intended migrate')]).toEqual([
      [{ kind: 'peer-proven', by: 'own-sockets', connections: 1 }],
      true,
    ]);
  });

  test('that is late holds the guest, and no longer than it takes', async () => {
    const migration = planned();
    migration.world.nature.answersOfDestination = migration.world.clock.sleep(600);
    const { outcome } = await migration.migrate();
    expect([outcome, downtimeOf(migration) < 600, peace(migration)]).toEqual(['done-on-destination', true, quiet]);
  });

  test('is the word of the destination QEMU where its kernel cannot be asked, for as long as that is so', async () => {
    const migration = planned();
    migration.world.nature.answersOfDestination = new Promise(() => undefined);
    const { outcome } = await migration.migrate();
    expect([outcome, proofs(migration), peace(migration)]).toEqual([
      'done-on-destination',
      [{ kind: 'peer-proven', by: 'status', connections: 0 }],
      quiet,
    ]);
  });

  test('is found by a successor, whose source has waited since its manager died', async () => {
    const migration = planned();
    migration.world.nature.answersOfDestination = migration.world.clock.sleep(500);
    at('waitingToLeave', migration, () => migration.manager.kill());
    await migration.manageUntilKilled({ atEntry: Number.POSITIVE_INFINITY, moment: 'after' });
    await migration.world.clock.pass(60_000);
    const { outcome } = await migration.attach();
    expect([outcome, proofs(migration), peace(migration)]).toEqual([
      'done-on-destination',
      [{ kind: 'peer-proven', by: 'sequence', connections: 1 }],
      quiet,
    ]);
  });
});

describe('a source that waits before the switchover', () => {
  test('is cancelled there by the operator', async () => {
    const migration = planned();
    migration.world.nature.answersOfDestination = migration.world.clock.sleep(900);
    at('waitingToLeave', migration, () => migration.cancel('ann'));
    const { outcome, explanation } = await migration.migrate();
    expect([outcome, explanation?.cause, peace(migration)]).toEqual([
      'safe-on-source',
      expect.stringContaining('Cancelled by ann.'),
      quiet,
    ]);
  });

  test('does not leave without the Multipath TCP that is required', async () => {
    const migration = planned({ mptcp: 'require' });
    const { nature, clock } = migration.world;
    nature.multipath = false;
    nature.answersOfDestination = clock.sleep(500);
    const { outcome } = await migration.migrate();
    expect([outcome, peace(migration)]).toEqual(['safe-on-source', quiet]);
  });

  test('continues when its monitor is back', async () => {
    const migration = planned();
    const { clock } = migration.world;
    at('waitingToLeave', migration, () => {
      const free = migration.source.heldByAnother();
      migration.source.monitor?.breakLine();
      clock.after(1500, free);
    });
    const { outcome } = await migration.migrate();
    expect([outcome, peace(migration)]).toEqual(['done-on-destination', quiet]);
  });
});

describe('a QEMU that another program may migrate later', () => {
  const gateOf = (
    qemu: { readonly capabilities: Readonly<Record<string, boolean>> } | undefined,
  ): boolean | undefined => qemu?.capabilities['pause-before-switchover'];

  test('has no gate on the destination', async () => {
    const migration = planned();
    await migration.migrate();
    expect([migration.world.whereabouts, gateOf(migration.destination)]).toEqual(['runs on beta', false]);
  });

  test.each(['qemu', 'app'] as const)('has none on a source that keeps its guest (--socket %s)', async (socket) => {
    const migration = planned({ socket });
    const gates: (boolean | undefined)[] = [];
    at('copying', migration, () => {
      gates.push(gateOf(migration.source));
      migration.cancel('ann');
    });
    const { outcome } = await migration.migrate();
    expect([outcome, [...gates, gateOf(migration.source)]]).toEqual(['safe-on-source', [true, false]]);
  });

  test('keeps it where the source refuses to change it, which ends the migration all the same', async () => {
    const migration = planned();
    migration.world.calls.fail('source.setCapabilities 2', 'error');
    at('copying', migration, () => migration.cancel('ann'));
    expect([(await migration.migrate()).outcome, peace(migration)]).toEqual(['safe-on-source', quiet]);
  });
});
