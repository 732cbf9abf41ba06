import { describe, expect, test } from 'vitest';
import type { MigrationUnderTest } from './simulation/migration-under-test.ts';
import { at, peace, planned, quiet, type MomentName } from './simulation/scenes.ts';

const untouched = { outcome: 'unknown', violations: [] };
const done = { outcome: 'done-on-destination', truth: 'runs on beta', ...quiet };

/** Ends as it does, then everything works again and another manager finishes it. */
async function twice(migration: MigrationUnderTest): Promise<{ readonly first: object; readonly second: object }> {
  const { world } = migration;
  const { outcome } = await migration.migrate();
  const first = { outcome, violations: [...world.violations] };
  world.calm();
  const ended = await migration.attach();
  return { first, second: { outcome: ended.outcome, truth: world.whereabouts, ...peace(migration) } };
}

describe('a host is out of reach for a while, the migration itself is fine', () => {
  const moments: readonly MomentName[] = ['copying', 'switchingOver', 'arrived', 'handedOver', 'committed', 'running'];
  const cases = moments.flatMap((moment) => (['alpha', 'beta'] as const).map((host) => ({ moment, host })));

  test.each(cases)('$host, from $moment on, for 5 s', async ({ moment, host }) => {
    const migration = planned();
    const machine = migration.world.machine(host);
    at(moment, migration, () => {
      machine.hide();
      migration.world.clock.after(5000, () => machine.show());
    });
    const { outcome } = await migration.migrate();
    expect({ outcome, truth: migration.world.whereabouts, ...peace(migration) }).toEqual(done);
  });
});

describe('a host is out of reach for longer than the run waits', () => {
  test.each(['copying', 'switchingOver', 'arrived'] as const)(
    'the source, from %s on: nothing is touched, and another manager finishes it',
    async (moment) => {
      const migration = planned();
      at(moment, migration, () => migration.world.machine('alpha').hide());
      expect(await twice(migration)).toEqual({ first: untouched, second: done });
    },
  );

  test.each(['arrived', 'handedOver', 'committed'] as const)(
    'the destination, from %s on: nothing is touched, and another manager finishes it',
    async (moment) => {
      const migration = planned();
      at(moment, migration, () => migration.world.machine('beta').hide());
      expect(await twice(migration)).toEqual({ first: untouched, second: done });
    },
  );

  test('the source once the guest runs on the destination: done, and the operator is shown what is left there', async () => {
    const migration = planned();
    at('running', migration, () => migration.world.machine('alpha').hide());
    const { outcome, explanation } = await migration.migrate();
    expect({ outcome, truth: migration.world.whereabouts, violations: migration.world.violations }).toEqual({
      outcome: 'done-on-destination',
      truth: 'runs on beta',
      violations: [],
    });
    expect(explanation).toMatchObject({
      side: 'source',
      next: 'End the stopped QEMU on alpha by hand; never resume it.',
    });
  });

  test('the destination while it is to be removed: the guest is safe, and the operator is shown what is left there', async () => {
    const migration = planned();
    at('copying', migration, () => {
      migration.world.machine('beta').hide();
      migration.cancel('operator');
    });
    const { outcome, guest, explanation } = await migration.migrate();
    expect({ outcome, guest, truth: migration.world.whereabouts }).toEqual({
      outcome: 'safe-on-source',
      guest: 'source',
      truth: 'runs on alpha',
    });
    expect(explanation).toMatchObject({
      side: 'destination',
      cause:
        'Cancelled by operator. The prepared QEMU on beta could not be proven gone. The guest is on alpha as before.',
      next: 'When beta answers again, end that QEMU (process 2001) by hand and never resume it.',
    });
  });

  test('the destination before anything was begun: the guest was never touched', async () => {
    const migration = planned();
    migration.world.machine('beta').hide();
    const { outcome, explanation } = await migration.migrate();
    expect({ outcome, truth: migration.world.whereabouts, ...peace(migration) }).toEqual({
      outcome: 'safe-on-source',
      truth: 'runs on alpha',
      ...quiet,
    });
    expect(explanation?.cause).toContain('Starting the destination on beta failed. beta does not answer.');
  });
});

describe('a monitor is held by another program', () => {
  test('that of the source, from the beginning: nothing is begun', async () => {
    const migration = planned();
    const free = migration.source.heldByAnother();
    const { outcome, explanation } = await migration.migrate();
    expect({ outcome, truth: migration.world.whereabouts, ...peace(migration) }).toEqual({
      outcome: 'safe-on-source',
      truth: 'runs on alpha',
      ...quiet,
    });
    expect(explanation?.cause).toContain('The monitor of the QEMU on alpha does not answer');
    free();
  });
});

describe('another program sends cont', () => {
  test('on the source, when the guest has been handed over: the destination is not started', async () => {
    const migration = planned();
    at('handedOver', migration, () => migration.world.clock.after(0, () => migration.source.cont()));
    const { outcome, guest } = await migration.migrate();
    expect({ outcome, guest, truth: migration.world.whereabouts, violations: migration.world.violations }).toEqual({
      outcome: expect.stringMatching(/^(unknown|safe-on-source)$/),
      guest: 'source',
      truth: 'runs on alpha',
      violations: [],
    });
  });

  test('on the source, while the destination runs: alarm, and nothing is touched', async () => {
    const migration = planned();
    migration.world.when(
      () => migration.destination?.run === 'running',
      () => migration.source.cont(),
    );
    const { outcome, explanation } = await migration.migrate();
    expect({ outcome, processes: migration.world.processes.length }).toEqual({ outcome: 'unknown', processes: 2 });
    expect(explanation?.cause).toBe(
      'BOTH copies of the guest run: one of them was resumed outside Switchyard. Where the guest runs is not known; nothing more is touched.',
    );
  });

  test('on the destination, before it has the guest: it stays the only copy that runs', async () => {
    const migration = planned();
    at('copying', migration, () => migration.destination?.cont());
    const { outcome } = await migration.migrate();
    expect({ outcome, truth: migration.world.whereabouts, ...peace(migration) }).toEqual(done);
  });
});
