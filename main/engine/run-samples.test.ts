import { describe, expect, test } from 'vitest';
import type { MigrationUnderTest } from './simulation/migration-under-test.ts';
import { at, peace, planned, quiet } from './simulation/scenes.ts';

const never = new Promise(() => undefined);

/** When the destination was sent `cont`, and when everything was over. */
async function timesOf(
  migration: MigrationUnderTest,
): Promise<{ outcome: string; committedMs: number; endMs: number }> {
  let committedMs = 0;
  at('committed', migration, () => (committedMs = migration.world.clock.monoMs()));
  const { outcome } = await migration.migrate();
  return { outcome, committedMs, endMs: migration.world.clock.monoMs() };
}

function long(settings: Parameters<typeof planned>[0] = {}): MigrationUnderTest {
  const migration = planned({ stallLimitMs: 60_000, ...settings });
  migration.world.nature.iterationsMs = [12_000, 80, 40];
  return migration;
}

describe('a source whose kernel does not answer about its sockets', () => {
  test('delays no decision', async () => {
    const prompt = await timesOf(long());
    const silent = long();
    silent.world.nature.sampling = never;
    const { outcome, committedMs, endMs } = await timesOf(silent);
    // The last sample is waited for at the very end, when the guest has arrived.
    expect([outcome, committedMs, endMs <= prompt.endMs + 1000]).toEqual([prompt.outcome, prompt.committedMs, true]);
  });

  test('is reported once, with how long it has been silent', async () => {
    const migration = long();
    migration.world.nature.sampling = never;
    const { outcome } = await migration.migrate();
    expect([outcome, migration.events.filter(({ kind }) => kind === 'sampling-failed')]).toEqual([
      'done-on-destination',
      [{ kind: 'sampling-failed', why: 'alpha has not answered for 5 s' }],
    ]);
  });

  test('counts as one that cannot be asked: what requires Multipath TCP goes back', async () => {
    const migration = long({ mptcp: 'require' });
    migration.world.nature.sampling = never;
    const { outcome, explanation } = await migration.migrate();
    expect([outcome, explanation?.cause]).toEqual([
      'safe-on-source',
      expect.stringContaining('could not be asked whether it is used'),
    ]);
  });

  test('is heard when it answers after all', async () => {
    const migration = long();
    migration.world.nature.sampling = migration.world.clock.sleep(7000);
    await migration.migrate();
    expect(migration.story.filter((each) => /sampling|negotiated/.test(each)).slice(0, 2)).toEqual([
      'sampling-failed',
      'negotiated mptcp',
    ]);
  });

  test('leaves nothing open when no process manages the migration any more', async () => {
    const migration = long();
    migration.world.nature.sampling = never;
    const run = await migration.begin();
    at('copying', migration, () => run.detach());
    const ending = await migration.world.clock.until(run.run());
    expect([ending, migration.manager.leftOpen]).toEqual([{ kind: 'detached' }, 0]);
  });
});

test('a kernel that answers late is asked again only after its answer', async () => {
  const migration = long();
  const { clock, nature } = migration.world;
  const slower = (): void => {
    nature.sampling = clock.sleep(450);
    clock.after(450, slower);
  };
  slower();
  await migration.migrate();
  expect(peace(migration)).toEqual(quiet);
});

test.each(['source', 'destination'] as const)(
  'links of the %s that cannot be watched are reported, and the migration does without',
  async (side) => {
    const migration = planned();
    migration.world.calls.fail(`${side}.watchLinks 1`, 'error');
    const { outcome } = await migration.migrate();
    expect([outcome, migration.events.filter(({ kind }) => kind === 'links-unwatched')]).toEqual([
      'done-on-destination',
      [{ kind: 'links-unwatched', side, why: `${side}.watchLinks failed: input/output error.` }],
    ]);
  },
);

test('links that are watched only after the end are let go at once', async () => {
  const migration = planned();
  migration.world.calls.fail('source.watchLinks 1', 'time-out after the effect');
  await migration.migrate();
  expect(peace(migration)).toEqual(quiet);
});

test('a destination that takes in what it is sent is asked twice a second, the source ten times', async () => {
  const migration = long();
  const asked = (side: string): number =>
    migration.world.calls.made.filter((call) => call.startsWith(`${side}.status `)).length;
  let before = { source: 0, destination: 0 };
  const counted: object[] = [];
  at('connecting', migration, () =>
    migration.world.clock.after(1000, () => {
      before = { source: asked('source'), destination: asked('destination') };
      migration.world.clock.after(10_000, () => {
        counted.push({
          source: asked('source') - before.source >= 95,
          destination: asked('destination') - before.destination <= 21,
        });
      });
    }),
  );
  await migration.migrate();
  expect(counted).toEqual([{ source: true, destination: true }]);
});
