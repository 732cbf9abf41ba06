import { describe, expect, test } from 'vitest';
import { emptyPortrait } from '#main/likeness/portrait.ts';
import { MigrationUnderTest } from './simulation/migration-under-test.ts';
import { at, peace, planned, quiet } from './simulation/scenes.ts';

interface Told {
  readonly outcome: string;
  readonly truth: string;
  readonly side: string | undefined;
  readonly cause: string | undefined;
}

async function endingOf(migration: MigrationUnderTest): Promise<Told> {
  const { outcome, explanation } = await migration.migrate();
  return {
    outcome,
    truth: migration.world.whereabouts,
    side: explanation?.side,
    cause: explanation?.cause,
    ...peace(migration),
  };
}

const safe = { outcome: 'safe-on-source', truth: 'runs on alpha', ...quiet };

describe('QEMU refuses', () => {
  const rows = [
    {
      call: 'beta.listen',
      words: 'Failed to create a socket: Protocol not available',
      side: 'destination',
      cause:
        'Opening the migration port on beta failed. QEMU refused listen: Failed to create a socket: Protocol not available. The guest is on alpha as before.',
    },
    {
      call: 'alpha.migrate',
      words: 'Guest is waiting for an incoming migration',
      side: 'source',
      cause:
        'Starting the migration on alpha failed. QEMU refused migrate: Guest is waiting for an incoming migration. The guest is on alpha as before.',
    },
    {
      call: 'alpha.setCapabilities',
      words: 'Postcopy is not supported',
      side: undefined,
      cause:
        'Agreeing on capabilities failed. QEMU refused setCapabilities: Postcopy is not supported. The guest is on alpha as before.',
    },
    {
      call: 'beta.setParameters',
      words: 'Parameter out of range',
      side: undefined,
      cause:
        'Agreeing on capabilities failed. QEMU refused setParameters: Parameter out of range. The guest is on alpha as before.',
    },
  ];

  test.each(rows)('$call', async ({ call, words, side, cause }) => {
    const migration = planned({ parallelConnections: 2 });
    migration.world.nature.refusals.set(call, words);
    expect(await endingOf(migration)).toEqual({ ...safe, side, cause });
  });
});

test('capabilities that stay different are refused before anything is sent: such a migration would hang', async () => {
  const migration = planned();
  migration.world.when(
    () => migration.destination !== undefined,
    () => migration.destination?.setCapabilities({ 'x-ignore-shared': true }),
  );
  expect(await endingOf(migration)).toEqual({
    ...safe,
    side: undefined,
    cause:
      'Agreeing on capabilities failed. Refused: the two QEMUs differ in x-ignore-shared. The guest is on alpha as before.',
  });
  expect(migration.story).not.toContain('intended migrate');
});

test('another program migrates the guest already: it is left alone', async () => {
  const migration = planned();
  const { world, source } = migration;
  world.cutNetwork();
  source.migrate({ host: '192.0.2.1', port: 4444, mptcp: false });
  expect(await endingOf(migration)).toMatchObject({ ...safe, side: 'source' });
  expect(migration.story).toContain('failed migrate');
  expect(migration.story).not.toContain('intended cancel');
});

describe('what an earlier migration left to be seen', () => {
  test('a cancelled one does not end the next', async () => {
    const first = planned();
    at('copying', first, () => first.cancel('operator'));
    await first.migrate();
    expect(first.source.outgoing).toBe('cancelled');
    const second = new MigrationUnderTest(first.world);
    expect(await endingOf(second)).toMatchObject({ outcome: 'done-on-destination', ...quiet });
  });

  test('one that failed in the same way is not taken for this one, nor its words', async () => {
    const first = planned();
    at('copying', first, () => first.destination?.die());
    await first.migrate();
    const second = new MigrationUnderTest(first.world);
    at('copying', second, () => second.cancel('operator'));
    const { explanation } = await second.migrate();
    expect(explanation?.raw).toBe('qemu-system-x86_64: load of migration failed: Input/output error');
  });

  test('one that fails twice in the very same way is noticed the second time too', async () => {
    const first = planned();
    const { world } = first;
    at('listening', first, () => first.destination?.die());
    await first.migrate();
    const second = new MigrationUnderTest(world);
    at('listening', second, () => second.destination?.die());
    const startedAtMs = world.clock.monoMs();
    expect(await endingOf(second)).toMatchObject(safe);
    expect(world.clock.monoMs() - startedAtMs).toBeLessThan(5000);
  });

  test('an arrival is not taken for a departure', async () => {
    const first = planned();
    await first.migrate();
    const back = new MigrationUnderTest(first.world);
    expect(back.source.status().migration).toBe('completed');
    expect(await endingOf(back)).toMatchObject({ outcome: 'done-on-destination', truth: 'runs on alpha', ...quiet });
  });

  test('a guest that was stopped by a migration is not migrated again: QEMU refuses it, and it stays', async () => {
    const first = planned();
    first.world.nature.resumesItself = false;
    first.world.nature.refusals.set('alpha.cont', 'no');
    at('switchingOver', first, () => first.world.cutNetwork());
    await first.migrate();
    first.world.calm();
    const second = new MigrationUnderTest(first.world);
    const { outcome, explanation } = await second.migrate();
    expect({ outcome, truth: first.world.whereabouts, ...peace(second) }).toEqual({
      outcome: 'safe-on-source',
      truth: 'stopped on alpha',
      ...quiet,
    });
    expect(explanation?.cause).toContain("Can't migrate the vm that was paused due to previous migration");
  });
});

describe('a destination that holds the guest and refuses to start it', () => {
  async function refusing(): Promise<MigrationUnderTest> {
    const migration = planned();
    migration.world.nature.refusals.set('beta.cont', 'Permission denied');
    await migration.migrate();
    return migration;
  }

  test('is left as it is: the guest is whole there and has never run', async () => {
    const migration = planned();
    migration.world.nature.refusals.set('beta.cont', 'Permission denied');
    const { outcome, guest, explanation } = await migration.migrate();
    expect({ outcome, guest, truth: migration.world.whereabouts }).toEqual({
      outcome: 'paused-recoverable',
      guest: 'stopped',
      truth: 'stopped on alpha and beta',
    });
    expect(explanation?.cause).toContain('refuses to start it: Permission denied. The guest has never run there.');
    expect(explanation?.next).toContain('switchyard go-back');
  });

  test('starts it for a successor, once the cause is gone', async () => {
    const migration = await refusing();
    migration.world.nature.refusals.clear();
    const { outcome } = await migration.attach();
    expect({ outcome, truth: migration.world.whereabouts, ...peace(migration) }).toEqual({
      outcome: 'done-on-destination',
      truth: 'runs on beta',
      ...quiet,
    });
  });

  test('gives way when the operator wants the guest back, and the guest migrates again', async () => {
    const migration = await refusing();
    const { outcome, explanation } = await migration.goBack('ann');
    expect({ outcome, truth: migration.world.whereabouts, ...peace(migration) }).toEqual({
      outcome: 'safe-on-source',
      truth: 'runs on alpha',
      ...quiet,
    });
    expect(explanation?.cause).toContain('it was returned to alpha');
    migration.world.nature.refusals.clear();
    expect(await endingOf(new MigrationUnderTest(migration.world))).toMatchObject({ outcome: 'done-on-destination' });
  });
});

test('a guest is never returned from a destination that may have run it', async () => {
  const migration = planned();
  await migration.migrate();
  const answer = await migration.run.ask({ command: 'go-back', by: 'ann' });
  expect(answer).toMatchObject({ ok: false, error: { kind: 'rejected', event: 'go-back' } });
});

describe('a guest that is not what waits for it', () => {
  const disk = { name: 'virtio0', removable: false, trayOpen: false };

  test('stays where it is, and the difference is named', async () => {
    const migration = planned();
    migration.world.when(
      () => migration.source.alive,
      () => (migration.source.portrait = { ...emptyPortrait, drives: [disk] }),
    );
    expect(await endingOf(migration)).toEqual({
      ...safe,
      side: 'destination',
      cause:
        'Comparing the guest with the waiting QEMU on beta failed. Refused: the destination would differ from the guest. Disk virtio0: the source has no medium, the destination would have nothing. The guest is on alpha as before.',
    });
  });

  test('stays where it is when something runs that a move would lose', async () => {
    const migration = planned();
    migration.world.when(
      () => migration.destination !== undefined,
      () => (migration.source.portrait = { ...emptyPortrait, jobs: ['mirror of virtio0'] }),
    );
    expect((await endingOf(migration)).cause).toMatch(/A block job runs: mirror of virtio0/);
  });

  test('moves when its likeness waits', async () => {
    const migration = planned();
    migration.world.when(
      () => migration.destination !== undefined,
      () => {
        migration.source.portrait = { ...emptyPortrait, drives: [disk] };
        if (migration.destination) migration.destination.portrait = { ...emptyPortrait, drives: [disk] };
      },
    );
    expect((await endingOf(migration)).outcome).toBe('done-on-destination');
  });
});
