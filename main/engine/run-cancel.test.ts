import { describe, expect, test } from 'vitest';
import type { MigrationUnderTest } from './simulation/migration-under-test.ts';
import { at, peace, planned, quiet, type MomentName } from './simulation/scenes.ts';

function ending(migration: MigrationUnderTest): object {
  return { story: migration.story.slice(-1), truth: migration.world.whereabouts, ...peace(migration) };
}

const safe = { story: ['ended safe-on-source'], truth: 'runs on alpha', ...quiet };
const done = { story: ['ended done-on-destination'], truth: 'runs on beta', ...quiet };

describe('a cancel before the handover leaves the guest on the source', () => {
  const early: readonly MomentName[] = ['listening', 'connecting', 'copying', 'switchingOver', 'arrived'];

  test.each(early)('%s', async (moment) => {
    const migration = planned();
    at(moment, migration, () => migration.cancel('operator'));
    const { explanation } = await migration.migrate();
    expect(ending(migration)).toEqual(safe);
    expect(explanation?.cause).toBe('Cancelled by operator. The guest is on alpha as before.');
  });
});

test('a cancel before the start begins nothing', async () => {
  const migration = planned();
  const run = await migration.begin();
  await migration.world.clock.until(run.ask({ command: 'cancel', by: 'operator' }));
  await migration.finish();
  expect(migration.story).toEqual(['planned', 'cancel-requested operator', 'ended safe-on-source']);
  expect(migration.destination).toBeUndefined();
});

test('a second cancel changes nothing', async () => {
  const migration = planned();
  at('copying', migration, () => migration.cancel('operator'));
  migration.world.when(
    () => migration.source.outgoing === 'cancelling',
    () => migration.cancel('another operator'),
  );
  await migration.migrate();
  expect(ending(migration)).toEqual(safe);
  expect(migration.events.filter(({ kind }) => kind === 'cancel-requested')).toEqual([
    { kind: 'cancel-requested', reason: 'operator', by: 'operator' },
  ]);
});

test('a cancelled destination exits 1 and that is no error of its own', async () => {
  const migration = planned();
  at('copying', migration, () => migration.cancel('operator'));
  const { explanation } = await migration.migrate();
  expect(explanation).toEqual({
    phase: 'going-back',
    cause: 'Cancelled by operator. The guest is on alpha as before.',
    next: 'Migrate again when you are ready.',
    raw: 'qemu-system-x86_64: load of migration failed: Input/output error',
  });
});

test('after the handover a cancel is refused, and the guest arrives', async () => {
  const migration = planned();
  const run = await migration.begin();
  const answers: unknown[] = [];
  run.subscribe({
    onEntry: ({ event }) => {
      if (event.kind === 'committed')
        void run.ask({ command: 'cancel', by: 'operator' }).then((answer) => answers.push(answer));
    },
  });
  await migration.finish();
  expect(ending(migration)).toEqual(done);
  expect(answers).toMatchObject([
    {
      ok: false,
      error: { kind: 'rejected', text: 'Not cancelled: the guest has been handed over to the destination.' },
    },
  ]);
  expect(migration.events).toContainEqual({
    kind: 'cancel-refused',
    by: 'operator',
    why: 'the guest has been handed over to the destination',
  });
});

test('after the end a cancel is refused: what is done stays done', async () => {
  const migration = planned();
  await migration.migrate();
  const answer = await migration.world.clock.until(migration.run.ask({ command: 'cancel', by: 'operator' }));
  expect(answer).toMatchObject({ ok: false, error: { text: 'Not cancelled: it has already ended.' } });
});

test('a paused guest whose migration is cancelled stays as it was', async () => {
  const migration = planned({}, 'paused');
  at('copying', migration, () => migration.cancel('operator'));
  const { outcome, guest } = await migration.migrate();
  expect({ outcome, guest, run: migration.source.run }).toEqual({
    outcome: 'safe-on-source',
    guest: 'source',
    run: 'paused',
  });
});

describe('a cancel that meets a main loop which waits for the network', () => {
  test('is followed by a yank, and the guest comes back within three seconds', async () => {
    const migration = planned();
    const { world, source } = migration;
    let frozenMs = Infinity;
    at('switchingOver', migration, () => {
      const stoppedAtMs = world.clock.monoMs();
      world.cutNetwork();
      migration.cancel('operator');
      world.when(
        () => source.run === 'running',
        () => (frozenMs = world.clock.monoMs() - stoppedAtMs),
      );
    });
    await migration.migrate();
    expect(ending(migration)).toEqual(safe);
    expect(migration.story).toContain('done yank');
    expect(frozenMs).toBeLessThan(3000);
  });

  function healing(): MigrationUnderTest {
    const migration = planned();
    const { clock, nature } = migration.world;
    nature.loadMs = 1;
    at('switchingOver', migration, () => {
      migration.world.cutNetwork();
      migration.cancel('operator');
      clock.after(1000, () => migration.world.restoreNetwork());
    });
    return migration;
  }

  test('may be carried out when the network heals, while the destination completes: only one copy runs', async () => {
    const migration = healing();
    let both = false;
    migration.world.when(
      () => migration.destination?.incoming === 'completed' && migration.source.run === 'running',
      () => (both = true),
    );
    await migration.migrate();
    expect({ both, ...ending(migration) }).toEqual({ both: true, ...safe });
  });

  test('would double the guest if destinations were started without -S', async () => {
    const migration = healing();
    migration.world.nature.destinationsRunByThemselves = true;
    await migration.migrate();
    expect(migration.world.violations).toContainEqual(expect.stringContaining('two copies run'));
  });
});

test('a source that cancels and then hangs is pulled free', async () => {
  const migration = planned();
  migration.world.nature.refusals.set('alpha.cancel', 'it does not please me');
  at('copying', migration, () => migration.cancel('operator'));
  await migration.migrate();
  expect(ending(migration)).toEqual(safe);
  expect(migration.story).toContain('done yank');
});
