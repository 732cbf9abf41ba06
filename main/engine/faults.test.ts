import { describe, expect, test } from 'vitest';
import type { JournalEventOf } from '#contract/migration.ts';
import { faultKinds, type FaultKind } from './simulation/faults.ts';
import { MigrationUnderTest } from './simulation/migration-under-test.ts';
import { migrationOf, scenarios, type Scenario } from './simulation/scenarios.ts';

/**
 * Fail at step N: every call that the engine makes of the world in a run, times every way in which a call can fail. After
 * each the guest runs on exactly one side, the engine says which, nothing is left over, and the same guest migrates again.
 */

/** Called again and again, or without consequence for what the other scenarios are about. */
const repeated = /^(journal\.append|(source|destination)\.(status|sample|sampler|images)) /;

/** What sets the guest moving, over QEMU's own connection or over one that it was handed. */
const migrateCall = /^source\.migrate(Over)? \d+$/;

interface Calls {
  readonly chosen: string[];
  /** Until then a failure may end it where it began. */
  readonly upToMigrate: ReadonlySet<string>;
}

/** The calls of a scenario when nothing fails. How it begins is the same in all: only the first is asked about that. */
async function callsOf(scenario: Scenario): Promise<Calls> {
  const migration = migrationOf(scenario);
  await migration.migrate();
  const { made } = migration.world.calls;
  const upToMigrate = new Set(made.slice(0, made.findLastIndex((call) => migrateCall.test(call)) + 1));
  // Without a plan on disk nothing is begun at all.
  const possible = made.filter((call) => call !== 'journal.append 1');
  const own = possible.filter(
    (call) => !repeated.test(call) && (scenario.beginsDifferently === true || !upToMigrate.has(call)),
  );
  return { chosen: scenario === scenarios[0] ? possible : own, upToMigrate };
}

/** What the operator is shown, in as far as it can be checked against the world. */
function told({ outcome, guest, explanation }: JournalEventOf<'ended'>): object {
  return {
    outcome,
    guest,
    explained: explanation === undefined ? 'no need' : explanation.cause.includes('alpha') && explanation.next !== '',
  };
}

const arrived = { outcome: 'done-on-destination', guest: 'destination', explained: 'no need' };
const stayed = { outcome: 'safe-on-source', guest: 'source', explained: true };

/** Out of reach: the main loop waits for a network that is cut, and without it no new line can be negotiated. */
const beyondReach = new Set([
  'source.yank 1: disconnect before the effect',
  'source.switchOver 1: disconnect after the effect',
]);

describe.each(scenarios)('$name', async (scenario) => {
  const { chosen, upToMigrate } = await callsOf(scenario);
  const cases = chosen.flatMap((call) => faultKinds.map((kind): [string, FaultKind] => [call, kind]));

  test.each(cases)('%s: %s', async (call, kind) => {
    const migration = migrationOf(scenario);
    const { world } = migration;
    world.calls.fail(call, kind);
    const endings = [await migration.migrate()];
    if (endings[0]?.outcome === 'unknown') {
      world.calm();
      endings.push(await migration.attach());
    }
    const done = endings.at(-1)?.outcome === 'done-on-destination';

    expect({
      unknownFirst: endings.length > 1,
      told: endings.slice(-1).map(told),
      truth: world.whereabouts,
      violations: world.violations,
      leftOver: migration.leftOvers,
    }).toEqual({
      unknownFirst: beyondReach.has(`${call}: ${kind}`) && scenario.name.includes('network'),
      told: [done ? arrived : stayed],
      truth: done ? 'runs on beta' : 'runs on alpha',
      violations: [],
      leftOver: [],
    });
    // What is lost on its way does not stop a healthy migration; a cancel that is lost may come too late.
    const begun = !upToMigrate.has(call) || (migrateCall.test(call) && kind.includes('after the effect'));
    expect(done).toBe((begun && scenario.outcome === 'done-on-destination') || done);

    world.calm();
    const again = new MigrationUnderTest(world);
    expect({
      told: told(await again.migrate()),
      violations: world.violations,
      leftOver: again.leftOvers,
    }).toEqual({ told: arrived, violations: [], leftOver: [] });
  });
});
