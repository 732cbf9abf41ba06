import { describe, expect, test } from 'vitest';
import type { MigrationSettings } from '#contract/migration.ts';
import { MigrationUnderTest } from './simulation/migration-under-test.ts';
import { at, peace, quiet } from './simulation/scenes.ts';
import { SimulatedWorld } from './simulation/simulated-world.ts';

/** A guest on alpha, and a QEMU on beta that the operator has started for it without `-S`. */
function intoWaiting(
  into: 'deferred' | 'listening' = 'deferred',
  settings: Partial<MigrationSettings> = {},
): MigrationUnderTest {
  const world = new SimulatedWorld();
  world.machine('alpha').boot();
  return new MigrationUnderTest(world, settings, into);
}

describe.each(['deferred', 'listening'] as const)('a waiting QEMU, %s', (into) => {
  test('becomes the guest, which it does not start by itself', async () => {
    const migration = intoWaiting(into);
    const states: string[] = [];
    at('arrived', migration, () => states.push(migration.destination?.run ?? ''));
    const { outcome } = await migration.migrate();
    expect({ outcome, states, truth: migration.world.whereabouts, ...peace(migration) }).toEqual({
      outcome: 'done-on-destination',
      states: ['paused'],
      truth: 'runs on beta',
      ...quiet,
    });
  });

  test('is ended when the migration is cancelled', async () => {
    const migration = intoWaiting(into);
    at('copying', migration, () => migration.cancel('operator'));
    const { outcome } = await migration.migrate();
    expect({ outcome, processes: migration.world.processes.length, truth: migration.world.whereabouts }).toEqual({
      outcome: 'safe-on-source',
      processes: 1,
      truth: 'runs on alpha',
    });
  });

  test('is found again by another manager', async () => {
    const migration = intoWaiting(into);
    await migration.manageUntilKilled({ atEntry: 15, moment: 'after' });
    await migration.world.clock.pass(5000);
    expect(await migration.attach()).toMatchObject({ outcome: 'done-on-destination' });
    expect(peace(migration)).toEqual(quiet);
  });
});

test('the port of one that listens is asked of it', async () => {
  const migration = intoWaiting('listening');
  await migration.migrate();
  expect(migration.events).toContainEqual({ kind: 'done', step: 'listen', port: 4444, mptcp: true });
});

test('one that says nothing about where it listens is not connected to', async () => {
  const migration = intoWaiting('listening');
  if (migration.destination) migration.destination.listener = undefined;
  const { outcome, explanation } = await migration.migrate();
  expect([outcome, explanation?.cause]).toEqual([
    'safe-on-source',
    expect.stringContaining('the waiting QEMU listens on no port'),
  ]);
});

test('what it printed is not claimed to be nothing: it is elsewhere', async () => {
  const migration = intoWaiting();
  migration.world.nature.destinationRejects = 'Unknown ramblock "vga.vram"';
  const { explanation } = await migration.migrate();
  expect({ kept: migration.events.filter(({ kind }) => kind === 'output-kept'), explanation }).toEqual({
    kept: [],
    explanation: expect.objectContaining({
      cause: expect.stringContaining('QEMU gave up the migration'),
      next: expect.stringContaining('the output of the waiting QEMU on beta, where it was started'),
    }),
  });
});

describe('one that does not wait any more', () => {
  test.each([
    ['runs', (run: MigrationUnderTest) => run.destination?.setRun('running'), 'web1 is running'],
    [
      'is being filled',
      (run: MigrationUnderTest) => run.destination?.setIncoming('active'),
      'another migration into web1',
    ],
  ])('because it %s is left alone', async (_, befall, words) => {
    const migration = intoWaiting();
    befall(migration);
    const waiting = migration.destination;
    const { outcome, explanation } = await migration.migrate();
    expect([outcome, explanation?.cause, waiting?.alive]).toEqual([
      'safe-on-source',
      expect.stringContaining(words),
      true,
    ]);
  });
});
