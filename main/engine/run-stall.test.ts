import { describe, expect, test } from 'vitest';
import { switchoverLimitMs } from './decide.ts';
import type { MigrationUnderTest } from './simulation/migration-under-test.ts';
import { at, peace, planned, quiet } from './simulation/scenes.ts';

const safe = { outcome: 'safe-on-source', truth: 'runs on alpha', ...quiet };
const done = { outcome: 'done-on-destination', truth: 'runs on beta', ...quiet };

async function endingOf(migration: MigrationUnderTest): Promise<object> {
  const { outcome } = await migration.migrate();
  return { outcome, truth: migration.world.whereabouts, ...peace(migration) };
}

/** How long the guest stood still, when it came back on the source. */
/** The grain of every watchdog. */
const tickMs = 100;

function frozenMs(migration: MigrationUnderTest): () => number {
  const { world, source } = migration;
  let stoppedAtMs = 0;
  let backAtMs = 0;
  world.when(
    () => source.stream?.isLeaving === true,
    () => {
      stoppedAtMs = world.clock.monoMs();
      world.when(
        () => source.run === 'running',
        () => (backAtMs = world.clock.monoMs()),
      );
    },
  );
  return () => backAtMs - stoppedAtMs;
}

describe('every path is cut before the guest is stopped', () => {
  test('for good: cancelled within the stall limit and a cancel, the guest never stopped', async () => {
    const migration = planned({ stallLimitMs: 5000 });
    let cutAtMs = 0;
    at('copying', migration, () => {
      cutAtMs = migration.world.clock.monoMs();
      migration.world.cutNetwork();
    });
    expect(await endingOf(migration)).toEqual(safe);
    expect(migration.story).toEqual(expect.arrayContaining(['stalled', 'cancel-requested stalled', 'done cancel']));
    expect(migration.world.clock.monoMs() - cutAtMs).toBeLessThan(5000 + 1000);
  });

  test('for less than the stall limit: the migration continues', async () => {
    const migration = planned({ stallLimitMs: 5000 });
    at('copying', migration, () => {
      migration.world.cutNetwork();
      migration.world.clock.after(4000, () => migration.world.restoreNetwork());
    });
    expect(await endingOf(migration)).toEqual(done);
  });

  test('what hangs while every path has its subflow is reported with its reason', async () => {
    const migration = planned({ stallLimitMs: 5000 });
    at('copying', migration, () => {
      migration.world.cutNetwork();
      migration.world.clock.after(4000, () => migration.world.restoreNetwork());
    });
    await migration.migrate();
    expect(migration.events.filter(({ kind }) => kind === 'path-missing')).toEqual([
      { kind: 'path-missing', interfaces: [], reasons: [expect.objectContaining({ side: 'destination' })] },
    ]);
  });

  test('while it connects', async () => {
    const migration = planned({ stallLimitMs: 5000 });
    at('connecting', migration, () => migration.world.cutNetwork());
    expect(await endingOf(migration)).toEqual(safe);
  });

  test('the operator is shown for how long nothing moved', async () => {
    const migration = planned({ stallLimitMs: 5000 });
    at('copying', migration, () => migration.world.cutNetwork());
    expect((await migration.migrate()).explanation).toMatchObject({
      cause: expect.stringMatching(
        /^Nothing moved for 5(\.\d+)? s over eth1 \(10\.0\.1\.1 to 10\.0\.1\.2\)\. The guest is on alpha as before\.$/,
      ),
      next: 'Fix the network between alpha and beta, then migrate again.',
    });
  });
});

describe('every path is cut after the guest is stopped', () => {
  test('the watchdog pulls it back out of band, within three seconds of its limit', async () => {
    const migration = planned();
    const frozen = frozenMs(migration);
    at('switchingOver', migration, () => migration.world.cutNetwork());
    expect(await endingOf(migration)).toEqual(safe);
    expect(migration.story).toEqual(expect.arrayContaining(['stalled', 'done yank']));
    expect(frozen()).toBeLessThan(switchoverLimitMs(migration.run.state) + 3000 + tickMs);
  });

  test('a longer downtime limit gives the switchover more time', async () => {
    const migration = planned({ downtimeLimitMs: 2000 });
    const frozen = frozenMs(migration);
    at('switchingOver', migration, () => migration.world.cutNetwork());
    expect(await endingOf(migration)).toEqual(safe);
    expect(frozen()).toBeGreaterThan(3 * 2000);
    expect(frozen()).toBeLessThan(3 * 2000 + 3000 + tickMs);
  });

  test('when the destination has everything and only its answer is lost, its copy is removed before it could run', async () => {
    const migration = planned();
    const frozen = frozenMs(migration);
    at('arrived', migration, () => migration.world.cutNetwork());
    expect(await endingOf(migration)).toEqual(safe);
    expect(frozen()).toBeLessThan(switchoverLimitMs(migration.run.state) + 3000);
  });

  test('a short cut only makes the switchover longer', async () => {
    const migration = planned();
    at('switchingOver', migration, () => {
      migration.world.cutNetwork();
      migration.world.clock.after(1000, () => migration.world.restoreNetwork());
    });
    expect(await endingOf(migration)).toEqual(done);
  });

  test('a source that does not start its guest again by itself is started, since the destination is proven gone', async () => {
    const migration = planned();
    migration.world.nature.resumesItself = false;
    at('switchingOver', migration, () => migration.world.cutNetwork());
    expect(await endingOf(migration)).toEqual(safe);
    expect(migration.story).toContain('done resume-source');
  });

  test('a source that cannot be started again is left stopped and intact', async () => {
    const migration = planned();
    migration.world.nature.resumesItself = false;
    migration.world.nature.refusals.set('alpha.cont', 'Failed to get "write" lock');
    at('switchingOver', migration, () => migration.world.cutNetwork());
    expect(await endingOf(migration)).toEqual({ outcome: 'stopped-on-source', truth: 'stopped on alpha', ...quiet });
  });
});

describe('a QEMU is frozen and thaws', () => {
  test.each(['destination', 'source'] as const)('the %s', async (side) => {
    const migration = planned();
    at('copying', migration, () => {
      const qemu = migration[side];
      qemu?.freeze();
      migration.world.clock.after(1500, () => qemu?.thaw());
    });
    expect(await endingOf(migration)).toEqual(done);
  });
});

test('a guest that dirties memory faster than the network carries it continues until the operator cancels', async () => {
  const migration = planned();
  migration.world.nature.neverConverges = true;
  const run = await migration.begin();
  migration.world.clock.after(20_000, () => void run.ask({ command: 'cancel', by: 'operator' }));
  const { outcome } = await migration.finish();
  expect({ outcome, truth: migration.world.whereabouts, ...peace(migration) }).toEqual(safe);
  expect(migration.source.stream?.iteration).toBeGreaterThan(100);
});
