import { describe, expect, test } from 'vitest';
import type { JournalEventOf } from '#contract/migration.ts';
import { faultKinds, type FaultKind } from './simulation/faults.ts';
import { MigrationUnderTest } from './simulation/migration-under-test.ts';
import { SimulatedWorld } from './simulation/simulated-world.ts';

/**
 * Fail at step N: every call that the engine makes of the world in a run, times every way in which a call can fail. After
 * each the guest runs on exactly one side, the engine says which, nothing is left over, and the same guest migrates again.
 */

interface Scenario {
  readonly name: string;
  /** What befalls the migration besides the failing call. */
  readonly befall: (migration: MigrationUnderTest) => void;
  /** Which of its calls are made to fail. */
  readonly calls: (call: string) => boolean;
  readonly outcome: string;
}

/** Called again and again, or without consequence for what the other scenarios are about. */
const repeated = /^(journal\.append|(source|destination)\.(status|sample|sampler)) /;

const scenarios: readonly Scenario[] = [
  { name: 'a migration', befall: () => undefined, calls: () => true, outcome: 'done-on-destination' },
  {
    name: 'a cancelled migration',
    befall: (migration) => {
      const { world } = migration;
      world.when(
        () => migration.source.stream?.iteration === 2,
        () => void migration.run.cancel('operator'),
      );
    },
    calls: (call) => !repeated.test(call),
    outcome: 'safe-on-source',
  },
  {
    name: 'a migration whose network is cut during switchover',
    befall: (migration) => {
      const { world } = migration;
      world.when(
        () => migration.source.run === 'finish-migrate',
        () => world.cutNetwork(),
      );
      world.when(
        () => migration.source.outgoing === 'failed',
        () => world.mendNetwork(),
      );
    },
    calls: (call) => !repeated.test(call),
    outcome: 'safe-on-source',
  },
  {
    name: 'a migration that the destination refuses',
    befall: ({ world }) => {
      world.nature.destinationRejects = 'Unknown ramblock "vga.vram"';
    },
    calls: (call) => !repeated.test(call),
    outcome: 'safe-on-source',
  },
];

async function start({ befall }: Scenario): Promise<MigrationUnderTest> {
  const world = new SimulatedWorld();
  world.machine('alpha').boot();
  const migration = new MigrationUnderTest(world);
  await migration.begin();
  befall(migration);
  return migration;
}

/** The calls of the scenario when nothing fails. Up to `migrate` a failure may end it where it began. */
async function callsOf(
  scenario: Scenario,
): Promise<{ readonly chosen: string[]; readonly early: ReadonlySet<string> }> {
  const migration = await start(scenario);
  await migration.finish();
  const { made } = migration.world.calls;
  return {
    chosen: made.filter((call) => call !== 'journal.append 1' && scenario.calls(call)),
    early: new Set(made.slice(0, made.indexOf('source.migrate 1') + 1)),
  };
}

/** What the operator is told, in as far as it can be checked against the world. */
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
const beyondReach = 'source.yank 1: disconnect before the effect';

describe.each(scenarios)('$name', async (scenario) => {
  const { chosen, early } = await callsOf(scenario);
  const cases = chosen.flatMap((call) => faultKinds.map((kind): [string, FaultKind] => [call, kind]));

  test.each(cases)('%s: %s', async (call, kind) => {
    const migration = await start(scenario);
    const { world } = migration;
    world.calls.fail(call, kind);
    const endings = [await migration.finish()];
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
      unknownFirst: `${call}: ${kind}` === beyondReach && scenario.name.includes('network'),
      told: [done ? arrived : stayed],
      truth: done ? 'runs on beta' : 'runs on alpha',
      violations: [],
      leftOver: [],
    });
    // What is lost on its way does not stop a healthy migration; a cancel that is lost may come too late.
    const begun = !early.has(call) || (call === 'source.migrate 1' && kind.includes('after the effect'));
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
