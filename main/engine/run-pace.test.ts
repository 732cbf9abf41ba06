import { describe, expect, test } from 'vitest';
import type { MigrationUnderTest } from './simulation/migration-under-test.ts';
import { at, peace, planned, quiet } from './simulation/scenes.ts';

/**
 * No loop runs without a pause: every scenario of the simulated world is watched for that by its `Pace`,
 * which counts calls and sleeps in virtual time. Here are the ones that are made to hurry.
 */

async function endingOf(migration: MigrationUnderTest): Promise<object> {
  const { outcome } = await migration.migrate();
  return { outcome, truth: migration.world.whereabouts, ...peace(migration) };
}

const safe = { outcome: 'safe-on-source', truth: 'runs on alpha', ...quiet };
const done = { outcome: 'done-on-destination', truth: 'runs on beta', ...quiet };

/** The monitor on one side refuses every connection at once, although its process is there. */
function refusesConnections(migration: MigrationUnderTest, host: 'alpha' | 'beta'): void {
  migration.world.machine(host).refusesConnections = true;
}

describe('a monitor that refuses every connection at once', () => {
  test('on the destination from its start on: nothing was sent, so it goes back', async () => {
    const migration = planned();
    refusesConnections(migration, 'beta');
    expect(await endingOf(migration)).toEqual(safe);
  });

  test.each([
    // It waits for its manager before the switchover, and meets the cancel there.
    ['source', 'alpha', safe],
    ['destination', 'beta', safe],
  ] as const)('on the %s, when its line breaks and it is to be cancelled', async (side, host, ending) => {
    const migration = planned();
    at('copying', migration, () => {
      refusesConnections(migration, host);
      migration[side]?.monitor?.breakLine();
      migration.cancel('operator');
      migration.world.clock.after(5000, () => (migration.world.machine(host).refusesConnections = false));
    });
    expect(await endingOf(migration)).toEqual(ending);
  });

  test.each(['alpha', 'beta'] as const)('on %s, found by a successor', async (host) => {
    const migration = planned();
    await migration.manageUntilKilled({ atEntry: 12, moment: 'after' });
    refusesConnections(migration, host);
    migration.world.clock.after(20_000, () => (migration.world.machine(host).refusesConnections = false));
    const { outcome } = await migration.attach();
    expect({ outcome, ...peace(migration) }).toEqual({ outcome: expect.stringMatching(/./), ...quiet });
  });
});

test('a successor of a manager that was killed with its twin ends it within seconds', async () => {
  const migration = planned();
  const { world } = migration;
  at('copying', migration, () => {
    migration.manager.kill();
    migration.destination?.die();
  });
  await migration.manageUntilKilled({ atEntry: Number.POSITIVE_INFINITY, moment: 'after' });
  const beganMs = world.clock.monoMs();
  const { outcome } = await migration.attach();
  expect({ outcome, truth: world.whereabouts, ...peace(migration) }).toEqual(safe);
  expect(world.clock.monoMs() - beganMs).toBeLessThan(5000);
});

describe('a QEMU that does not answer before anything was sent', () => {
  const never = (): Promise<never> => new Promise(() => undefined);

  test.each(['source', 'destination'] as const)('on the %s: nothing is begun, and it goes back', async (side) => {
    const migration = planned();
    const run = await migration.begin();
    migration.manager.ports[side].attach = never;
    const ended = await migration.world.clock.until(run.run());
    expect({ ended, ...peace(migration) }).toMatchObject({
      ended: {
        outcome: 'safe-on-source',
        explanation: { side, cause: expect.stringContaining('did not answer before the start') },
      },
      ...quiet,
    });
    expect(migration.world.clock.monoMs()).toBeLessThan(90_000);
  });

  test('is not waited for once the operator cancels', async () => {
    const migration = planned();
    const run = await migration.begin();
    migration.manager.ports.source.attach = never;
    migration.world.clock.after(500, () => migration.cancel('operator'));
    let endedAtMs = 0;
    run.subscribe({ onEntry: ({ event, atMonoMs }) => event.kind === 'ended' && (endedAtMs = atMonoMs) });
    const ended = await migration.world.clock.until(run.run());
    expect([ended, endedAtMs < 1000]).toMatchObject([{ outcome: 'safe-on-source' }, true]);
  });
});

test('a QEMU that never stops to announce something is asked all the same, and not more often than others', async () => {
  const migration = planned();
  const { clock } = migration.world;
  const flood = (): void => {
    migration.source.tell({ kind: 'iteration', iteration: 1 });
    clock.after(0.25, flood);
  };
  at('copying', migration, flood);
  expect(await endingOf(migration)).toEqual(done);
});
