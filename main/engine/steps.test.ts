import { describe, expect, test } from 'vitest';
import { at, planned, quiet, peace } from './simulation/scenes.ts';
import { SimulatedManager } from './simulation/simulated-manager.ts';
import { begun, stateAfter } from './simulation/states.ts';
import type { MigrationUnderTest } from './simulation/migration-under-test.ts';
import type { Qemu } from './ports.ts';
import { steps } from './steps.ts';
import { transportFor } from './transport.ts';

/** The steps alone, without the table that chooses them: what a step must refuse even when it is asked. */

interface Prepared {
  readonly migration: MigrationUnderTest;
  readonly manager: SimulatedManager;
  readonly source: Qemu;
}

/** A migration that went back, with a second manager that acts by hand. The destination is still there, or is not. */
async function wentBack(destination: 'there' | 'gone'): Promise<Prepared> {
  const migration = planned();
  const { world } = migration;
  const run = await migration.begin();
  world.nature.resumesItself = false;
  at('switchingOver', migration, () => {
    run.detach();
    if (destination === 'gone') migration.destination?.die();
  });
  await world.clock.until(run.run());
  await world.clock.pass(1000);
  const manager = new SimulatedManager(world, migration);
  const { identity, monitorPath } = migration.plan.guest;
  const source = await world.clock.until(manager.ports.source.attach(identity, monitorPath ?? ''));
  return { migration, manager, source };
}

function contextOf({ migration, manager, source }: Prepared): Parameters<(typeof steps)['resume-source']>[0] {
  const { destination } = migration;
  const started = destination && {
    identity: destination.identity,
    monitorPath: destination.monitorPath,
    outputPath: destination.outputPath,
  };
  return {
    state: { ...stateAfter(begun, migration.plan), destination: started },
    ports: manager.ports,
    transport: transportFor(migration.plan.settings),
    monitors: { source, destination: undefined },
    record: () => Promise.resolve(),
    note: () => undefined,
    mayLeave: () => Promise.resolve(true),
  };
}

describe('cont on the source', () => {
  test('is refused while the destination is still there, in each case', async () => {
    const prepared = await wentBack('there');
    const { world } = prepared.migration;
    await expect(world.clock.until(steps['resume-source'](contextOf(prepared)))).rejects.toThrow(
      'Refused: the destination is still there.',
    );
    expect(world.violations).toEqual([]);
  });

  test('is refused while the destination host cannot be asked: silence is no proof', async () => {
    const prepared = await wentBack('gone');
    const { world } = prepared.migration;
    world.machine('beta').hide();
    await expect(world.clock.until(steps['resume-source'](contextOf(prepared)))).rejects.toThrow(
      'beta does not answer',
    );
  });

  test('is said once the destination is proven gone', async () => {
    const prepared = await wentBack('gone');
    const { migration } = prepared;
    await migration.world.clock.until(steps['resume-source'](contextOf(prepared)));
    expect({ run: migration.source.run, ...peace(migration) }).toMatchObject({
      run: 'running',
      violations: quiet.violations,
    });
  });
});

describe('without a monitor', () => {
  test.each(['migrate', 'cancel', 'yank', 'resume-destination'] as const)(
    '%s is refused, and has certainly not happened',
    async (step) => {
      const prepared = await wentBack('gone');
      const context = { ...contextOf(prepared), monitors: { source: undefined, destination: undefined } };
      await expect(steps[step](context)).rejects.toMatchObject({ failure: { kind: 'rejected' } });
    },
  );
});
