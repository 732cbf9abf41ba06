import { describe, expect, test } from 'vitest';
import { MigrationUnderTest } from './simulation/migration-under-test.ts';
import { at, peace, planned, quiet, type MomentName } from './simulation/scenes.ts';

interface Row {
  readonly moment: MomentName;
  readonly outcome: string;
  readonly guest: string;
  readonly truth: string;
  readonly side: string | undefined;
}

async function endingOf(migration: MigrationUnderTest): Promise<object> {
  const { outcome, guest, explanation } = await migration.migrate();
  return { outcome, guest, truth: migration.world.whereabouts, side: explanation?.side, ...peace(migration) };
}

const safe = { outcome: 'safe-on-source', guest: 'source', truth: 'runs on alpha', side: 'destination' };
const stopped = { outcome: 'stopped-on-source', guest: 'stopped', truth: 'stopped on alpha', side: 'destination' };
const lost = { outcome: 'lost', guest: 'nowhere', truth: 'nowhere', side: 'source' };

describe('the destination dies', () => {
  const rows: readonly Row[] = [
    { moment: 'listening', ...safe },
    { moment: 'connecting', ...safe },
    { moment: 'copying', ...safe },
    { moment: 'switchingOver', ...safe },
    { moment: 'arrived', ...safe, side: 'source' },
    { moment: 'handedOver', ...stopped },
    { moment: 'committed', ...stopped },
    { moment: 'running', ...lost, side: 'destination' },
  ];

  test.each(rows)('$moment: $outcome', async ({ moment, ...expected }) => {
    const migration = planned();
    at(moment, migration, () => migration.destination?.die());
    expect(await endingOf(migration)).toEqual({ ...expected, ...expectedPeace(migration) });
  });

  test('after the handover: the operator may return to the source, as the text says', async () => {
    const migration = planned();
    at('committed', migration, () => migration.destination?.die());
    const { explanation } = await migration.migrate();
    expect(explanation?.next).toBe(
      `The copy on alpha is intact and stopped, and the destination is proven gone: resume it with \`switchyard go-back ${migration.plan.id}\`.`,
    );
    const { outcome } = await migration.goBack('ann');
    expect({ outcome, truth: migration.world.whereabouts, violations: migration.world.violations }).toEqual({
      outcome: 'safe-on-source',
      truth: 'runs on alpha',
      violations: [],
    });
    expect((await new MigrationUnderTest(migration.world).migrate()).outcome).toBe('done-on-destination');
  });

  test('once it may have run: the old copy on the source is never offered', async () => {
    const migration = planned();
    migration.world.calls.fail('destination.cont 1', 'time-out after the effect');
    at('running', migration, () => migration.destination?.die());
    const { outcome, explanation } = await migration.migrate();
    expect(outcome).toBe('lost');
    expect(explanation?.next).toBe(
      'Start the guest from its disks. Never resume the old copy on alpha: its memory is older than the disks.',
    );
  });

  test('killed without an error message: the operator reads that it was killed, not that the connection dropped', async () => {
    const migration = planned();
    at('copying', migration, () => migration.destination?.die());
    expect((await migration.migrate()).explanation).toEqual({
      phase: 'going-back',
      side: 'destination',
      cause:
        'The QEMU on beta ended without an error message: it was killed, or its host went down. The guest is on alpha as before.',
      next: 'See on beta what ended it (the kernel log, the memory), then migrate again: nothing was lost.',
      raw: 'Unable to write to socket: Connection reset by peer',
    });
  });

  test('because it cannot load the guest: its own words come first', async () => {
    const migration = planned();
    migration.world.nature.destinationRejects = 'Unknown savevm section or instance';
    expect((await migration.migrate()).explanation).toMatchObject({
      side: 'destination',
      cause: 'QEMU gave up the migration: Unknown savevm section or instance. The guest is on alpha as before.',
      raw: expect.stringContaining('Connection reset by peer'),
    });
  });
});

describe('the source dies', () => {
  const arrivedAnyway = {
    outcome: 'done-on-destination',
    guest: 'destination',
    truth: 'runs on beta',
    side: undefined,
  };
  const rows: readonly Row[] = [
    { moment: 'listening', ...lost },
    { moment: 'connecting', ...lost },
    { moment: 'copying', ...lost },
    { moment: 'switchingOver', ...lost },
    { moment: 'committed', ...arrivedAnyway },
    { moment: 'running', ...arrivedAnyway },
  ];

  test.each(rows)('$moment: $outcome', async ({ moment, ...expected }) => {
    const migration = planned();
    at(moment, migration, () => migration.source.die());
    expect(await endingOf(migration)).toEqual({ ...expected, ...expectedPeace(migration) });
  });

  test('with its guest, which has shut itself down: that is reported, and it is not started again', async () => {
    const migration = planned();
    const { source } = migration;
    at('copying', migration, () => {
      source.tell({ kind: 'shutdown', byGuest: true, reason: 'guest-shutdown' });
      source.quit();
    });
    const { outcome, explanation } = await migration.migrate();
    expect({ outcome, truth: migration.world.whereabouts, cause: explanation?.cause }).toEqual({
      outcome: 'lost',
      truth: 'nowhere',
      cause: expect.stringContaining('shut down by itself on alpha (guest-shutdown)'),
    });
  });

  test('just after it has said that it handed the guest over: the destination continues', async () => {
    const migration = planned();
    const run = await migration.begin();
    run.subscribe({
      onEntry: (_entry, { sourceCompleted, committed }) => {
        if (sourceCompleted && !committed) migration.source.die();
      },
    });
    const { outcome } = await migration.finish();
    expect({ outcome, truth: migration.world.whereabouts, ...peace(migration) }).toEqual({
      outcome: 'done-on-destination',
      truth: 'runs on beta',
      ...quiet,
    });
  });

  test('before it could confirm what the destination holds: the only copy is kept, paused, for a person to judge', async () => {
    const migration = planned();
    at('arrived', migration, () => migration.source.die());
    const { outcome, guest, explanation } = await migration.migrate();
    expect({ outcome, guest, truth: migration.world.whereabouts, violations: migration.world.violations }).toEqual({
      outcome: 'paused-recoverable',
      guest: 'stopped',
      truth: 'stopped on beta',
      violations: [],
    });
    expect(explanation?.cause).toContain('beta holds a complete copy, paused');
  });

  test('while the destination still reads what it had sent: nothing is removed before it has settled', async () => {
    const migration = planned();
    migration.world.nature.loadMs = 800;
    migration.world.when(
      () => migration.source.stream?.everythingSent === true,
      () => migration.source.die(),
    );
    const { outcome } = await migration.migrate();
    expect({ outcome, truth: migration.world.whereabouts }).toEqual({
      outcome: 'paused-recoverable',
      truth: 'stopped on beta',
    });
  });
});

test('when both die while copying the guest is lost, and the record says to start it from its disks', async () => {
  const migration = planned();
  at('copying', migration, () => {
    migration.source.die();
    migration.destination?.die();
  });
  const { outcome, explanation } = await migration.migrate();
  expect(outcome).toBe('lost');
  expect(explanation?.next).toContain('Start the guest again from its disks');
});

/** A guest that is lost leaves a source without a QEMU: its socket is swept when the guest is started again. */
function expectedPeace({ source, plan }: MigrationUnderTest): object {
  return source.alive || source.machine.files.size === 0 ? quiet : { ...quiet, leftOvers: [plan.guest.monitorPath] };
}
