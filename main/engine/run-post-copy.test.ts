import { describe, expect, test } from 'vitest';
import type { MigrationUnderTest } from './simulation/migration-under-test.ts';
import { at, peace, planned, quiet } from './simulation/scenes.ts';

/** A migration that switches to post-copy while it copies. */
function postCopied(guest: 'running' | 'paused' = 'running'): MigrationUnderTest {
  const migration = planned({ postCopy: 'allow', stallLimitMs: 2000 }, guest);
  at('copying', migration, () => migration.requestPostCopy('operator'));
  return migration;
}

const done = { outcome: 'done-on-destination', truth: 'runs on beta', ...quiet };

async function endingOf(migration: MigrationUnderTest): Promise<object> {
  const { outcome } = await migration.migrate();
  return { outcome, truth: migration.world.whereabouts, ...peace(migration) };
}

test('the guest moves at once, its memory follows', async () => {
  const migration = postCopied();
  expect(await endingOf(migration)).toEqual(done);
  expect(migration.story).toEqual([
    'planned',
    'intended start-destination',
    'done start-destination',
    'intended compare-twin',
    'done compare-twin',
    'intended negotiate-capabilities',
    'done negotiate-capabilities',
    'intended check-disks',
    'done check-disks',
    'intended listen',
    'done listen',
    'intended migrate',
    'done migrate',
    'peer-proven',
    'negotiated mptcp',
    'post-copy-requested',
    'intended start-post-copy',
    'done start-post-copy',
    'post-copy-entered',
    'intended resume-destination',
    'done resume-destination',
    'committed',
    'intended quit-source',
    'done quit-source',
    'ended done-on-destination',
  ]);
});

test('a guest that was paused stays so', async () => {
  const migration = postCopied('paused');
  expect(await endingOf(migration)).toEqual({ ...done, truth: 'stopped on beta' });
  expect(migration.story).not.toContain('intended resume-destination');
});

test('it ends a migration that never converges', async () => {
  const migration = postCopied();
  migration.world.nature.neverConverges = true;
  expect(await endingOf(migration)).toEqual(done);
});

test('it has to be allowed from the beginning', async () => {
  const migration = planned({ postCopy: 'never' });
  const run = await migration.begin();
  const answers: unknown[] = [];
  at(
    'copying',
    migration,
    () => void run.ask({ command: 'post-copy', by: 'operator' }).then((answer) => answers.push(answer)),
  );
  await migration.finish();
  expect(answers).toMatchObject([{ ok: false, error: { remedy: 'Migrate with --post-copy allow.' } }]);
});

test('it cannot be asked for before anything is copied', async () => {
  const migration = planned({ postCopy: 'allow' });
  const run = await migration.begin();
  expect(await run.ask({ command: 'post-copy', by: 'operator' })).toMatchObject({
    ok: false,
    error: { kind: 'rejected' },
  });
});

describe('a cancel', () => {
  test('is refused once the guest runs on the destination: QEMU would take it, and lose the guest', async () => {
    const migration = postCopied();
    const run = await migration.begin();
    const answers: unknown[] = [];
    at(
      'running',
      migration,
      () => void run.ask({ command: 'cancel', by: 'operator' }).then((answer) => answers.push(answer)),
    );
    const { outcome } = await migration.finish();
    expect({ outcome, ...peace(migration) }).toEqual({ outcome: 'done-on-destination', ...quiet });
    expect(answers).toMatchObject([{ ok: false, error: { kind: 'rejected' } }]);
  });

  test('that comes with the switch to post-copy is not carried out after it', async () => {
    const migration = postCopied();
    at('copying', migration, () => migration.world.clock.after(1, () => migration.cancel('operator')));
    const ended = await migration.migrate();
    expect({ ...peace(migration), running: migration.world.running.length }).toEqual({ ...quiet, running: 1 });
    expect(ended.outcome).toMatch(/^(done-on-destination|safe-on-source)$/);
  });
});

describe('the network is cut during post-copy', () => {
  /** Runs into the cut, and ends paused. */
  async function broken(): Promise<{ readonly migration: MigrationUnderTest; readonly ended: object }> {
    const migration = postCopied();
    at('running', migration, () => migration.world.cutNetwork());
    const { outcome, guest, explanation } = await migration.migrate();
    return { migration, ended: { outcome, guest, next: explanation?.next } };
  }

  test('both sides are paused, and the record says how to continue', async () => {
    const { migration, ended } = await broken();
    expect(ended).toEqual({
      outcome: 'paused-recoverable',
      guest: 'destination',
      next: 'Fix the network between alpha and beta, then `switchyard recover 20260101T000000Z-0000`. Touch neither QEMU until then.',
    });
    expect([migration.source.outgoing, migration.destination?.incoming]).toEqual([
      'postcopy-paused',
      'postcopy-paused',
    ]);
    expect(migration.world.violations).toEqual([]);
  });

  test('a recovery over the fixed network completes it', async () => {
    const { migration } = await broken();
    migration.world.restoreNetwork();
    const { outcome } = await migration.recover('operator');
    expect({ outcome, truth: migration.world.whereabouts, ...peace(migration) }).toEqual(done);
  });

  test('a recovery over a network that is still cut leaves it as it was, and may be tried again', async () => {
    const { migration } = await broken();
    expect((await migration.recover('operator')).outcome).toBe('paused-recoverable');
    migration.world.restoreNetwork();
    expect((await migration.recover('operator')).outcome).toBe('done-on-destination');
  });

  test('the recovered connection breaks too: it is paused again, and recovered again', async () => {
    const { migration } = await broken();
    const { world } = migration;
    world.restoreNetwork();
    world.nature.connectMs = 5;
    world.when(
      () => migration.source.outgoing === 'postcopy-active',
      () => world.cutNetwork(),
    );
    expect((await migration.recover('operator')).outcome).toBe('paused-recoverable');
    world.restoreNetwork();
    const { outcome } = await migration.recover('operator');
    expect({ outcome, truth: world.whereabouts, ...peace(migration) }).toEqual(done);
  });

  test('a short cut is not worth a recovery', async () => {
    const migration = postCopied();
    at('running', migration, () => {
      migration.world.cutNetwork();
      migration.world.clock.after(1000, () => migration.world.restoreNetwork());
    });
    expect(await endingOf(migration)).toEqual(done);
  });
});

describe('one side dies during post-copy', () => {
  test('the source: the memory that was not sent is lost, and nothing is resumed', async () => {
    const migration = postCopied();
    at('running', migration, () => migration.source.die());
    const { outcome, explanation } = await migration.migrate();
    expect({ outcome, side: explanation?.side, violations: migration.world.violations }).toEqual({
      outcome: 'lost',
      side: 'source',
      violations: [],
    });
  });

  test('the destination: the guest is lost, what is left of it is removed, and its last words are kept', async () => {
    const migration = postCopied();
    at('running', migration, () => migration.destination?.die());
    const { outcome, explanation } = await migration.migrate();
    expect({
      outcome,
      side: explanation?.side,
      left: migration.world.processes.length,
      words: migration.events.filter(({ kind }) => kind === 'output-kept').length,
      violations: migration.world.violations,
    }).toEqual({
      outcome: 'lost',
      side: 'destination',
      left: 0,
      words: 1,
      violations: [],
    });
  });
});

test('a manager that is killed during post-copy is followed by one that only looks on', async () => {
  const migration = postCopied();
  const entry = 26;
  await migration.manageUntilKilled({ atEntry: entry, moment: 'after' });
  const { outcome } = await migration.attach();
  expect({ outcome, truth: migration.world.whereabouts, ...peace(migration) }).toEqual(done);
});
