import { array, assert, asyncProperty, constantFrom, nat, record } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MigrationUnderTest } from './simulation/migration-under-test.ts';
import { migrationOf, scenarios, type Scenario } from './simulation/scenarios.ts';

/**
 * The manager dies at every entry of the journal, just before it is on disk and just after, and another one takes over, at
 * once or when QEMU has gone on alone for a while. The guest must be there exactly once, and the work be finished.
 */

/** Before an entry, what it reports has happened already; after an intent, what it announces has not. */
const deaths = [
  { moment: 'before', delayMs: 0 },
  { moment: 'before', delayMs: 5000 },
  { moment: 'after', delayMs: 0 },
] as const;

/** Entries of the scenario when no manager dies. How it begins is the same in most: only the first is asked about that. */
async function entriesOf(scenario: Scenario): Promise<number[]> {
  const migration = migrationOf(scenario);
  await migration.migrate();
  const { events } = migration;
  const moves = events.findIndex((event) => event.kind === 'done' && event.step === 'migrate');
  const first = scenario === scenarios[0] || scenario.beginsDifferently === true ? 0 : moves;
  return events.map((_, atEntry) => atEntry).slice(first);
}

/** What must hold once a manager has brought it to its end, after any deaths. */
async function judge(migration: MigrationUnderTest, outcome: string): Promise<object> {
  const { world } = migration;
  const truth = world.whereabouts;
  world.calm();
  const leftOver = migration.leftOvers;
  const again = await new MigrationUnderTest(world).migrate();
  return { outcome, truth, leftOver, violations: world.violations, again: again.outcome };
}

const onBeta = { outcome: 'done-on-destination', truth: 'runs on beta' };
const onAlpha = { outcome: 'safe-on-source', truth: 'runs on alpha' };
const clean = { leftOver: [], violations: [], again: 'done-on-destination' };

describe.each(scenarios)('$name', async (scenario) => {
  const cases = (await entriesOf(scenario))
    .flatMap((atEntry) => deaths.map((death) => ({ atEntry, ...death })))
    .filter(({ atEntry, moment }) => atEntry > 0 || moment === 'after');

  test.each(cases)('dies $moment entry $atEntry, $delayMs ms alone', async ({ delayMs, ...death }) => {
    const migration = migrationOf(scenario);
    await migration.manageUntilKilled(death);
    await migration.world.clock.pass(delayMs);

    // A main loop that waits for a network that is cut negotiates with no new manager: nothing can be known until it works again.
    const { source, world } = migration;
    const beyondReach = !world.networkUp && !source.answersInBand && source.stream?.yanked !== true;
    const first = await migration.attach();
    migration.world.calm();
    const ended = beyondReach ? await migration.attach() : first;

    expect(first.outcome === 'unknown').toBe(beyondReach);
    const place = ended.outcome === 'done-on-destination' ? onBeta : onAlpha;
    expect(await judge(migration, ended.outcome)).toEqual({ ...place, ...clean });
  });
});

test('one manager after the other dies, and the guest is never there twice', async () => {
  const death = record({
    atEntry: nat(12),
    moment: constantFrom('before' as const, 'after' as const),
    delayMs: nat(3000),
  });
  const story = record({ scenario: constantFrom(...scenarios), lives: array(death, { maxLength: 4 }) });
  await assert(
    asyncProperty(story, async ({ scenario, lives }) => {
      const migration = migrationOf(scenario);
      const { clock } = migration.world;
      for (const { atEntry, moment, delayMs } of lives) {
        await migration.manageUntilKilled({ atEntry: migration.events.length + atEntry, moment });
        await clock.pass(delayMs);
        if (migration.events.at(-1)?.kind === 'ended') break;
      }
      migration.world.calm();
      const ended = migration.events.length === 0 ? await migration.migrate() : await migration.attach();
      const place = ended.outcome === 'done-on-destination' ? onBeta : onAlpha;
      expect(await judge(migration, ended.outcome)).toEqual({ ...place, ...clean });
    }),
    { numRuns: 100 },
  );
});
