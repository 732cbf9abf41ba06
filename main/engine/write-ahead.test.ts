import { describe, expect, test } from 'vitest';
import { stepNameSchema, type JournalEvent, type StepName } from '#contract/migration.ts';
import type { MigrationUnderTest } from './simulation/migration-under-test.ts';
import { stepStories } from './simulation/step-stories.ts';
import { stepTable } from './step-table.ts';

/**
 * Intent on disk, act, result on disk: what becomes of each step when the journal is full exactly there. The disk is full
 * for that one entry, or for it and for all that would follow.
 */

type Entry = 'intended' | 'done';
type Extent = 'for that entry' | 'from there on';

/** The journal has no room for this entry of this step, nor for what comes after it where it is full for good. */
function fillUp({ disk }: MigrationUnderTest, step: StepName, entry: Entry, extent: Extent): void {
  let reached = false;
  disk.fillsUp((event) => {
    const isIt = !reached && isEntry(event, step, entry);
    reached ||= isIt;
    return isIt || (reached && extent === 'from there on');
  });
}

function isEntry(event: JournalEvent, step: StepName, entry: Entry): boolean {
  return event.kind === entry && event.step === step;
}

/** Plays the story of a step up to where its own manager begins, which is one that recovers in some. */
async function beginning(step: StepName): Promise<MigrationUnderTest> {
  const { tell, onRecovery } = stepStories[step];
  const migration = tell();
  if (onRecovery) {
    await migration.migrate();
    migration.world.restoreNetwork();
  }
  return migration;
}

async function ending(step: StepName, migration: MigrationUnderTest): Promise<object> {
  const { outcome } = stepStories[step].onRecovery ? await migration.recover('operator') : await migration.migrate();
  const { world } = migration;
  return { taken: timesTaken(step, migration) > 0, outcome, violations: world.violations };
}

function timesTaken(step: StepName, { world }: MigrationUnderTest): number {
  const { call } = stepStories[step];
  return world.calls.made.filter((each) => each.startsWith(`${call} `)).length;
}

/** How it ends with a journal that has room. */
async function untroubled(step: StepName): Promise<object> {
  return ending(step, await beginning(step));
}

async function troubled(step: StepName, entry: Entry, extent: Extent): Promise<object> {
  const migration = await beginning(step);
  fillUp(migration, step, entry, extent);
  return ending(step, migration);
}

const backAgain = { outcome: 'safe-on-source', violations: [] };
const all = stepNameSchema.options;
/** In their order: without any of them nothing moves. */
const beforeTheMove: readonly StepName[] = [
  'start-destination',
  'compare-twin',
  'negotiate-capabilities',
  'try-paths',
  'prepare-paths',
  'check-disks',
  'listen',
  'connect',
  'migrate',
];
/** `migrate` follows it: also after a connection that was given up, over the next path. */
function leadsToMigrate(step: StepName): boolean {
  return step === 'hang-up' || (beforeTheMove.includes(step) && step !== 'migrate');
}
const mustBeOnDisk: readonly StepName[] = [...beforeTheMove, 'start-post-copy'];
const needNotBeOnDisk = all.filter((step) => !mustBeOnDisk.includes(step));

test('before the guest moves, and before post-copy, every intent must be on disk', () => {
  expect(all.filter((step) => stepTable[step].intentMustBeOnDisk)).toEqual(mustBeOnDisk);
});

test.each(all)('the story of %s leads to that step', async (step) => {
  expect(await untroubled(step)).toMatchObject({ taken: true, violations: [] });
});

describe.each<Extent>(['for that entry', 'from there on'])('the journal is full %s:', (extent) => {
  test.each(beforeTheMove)('without its intent on disk %s is not begun, and the migration goes back', async (step) => {
    expect(await troubled(step, 'intended', extent)).toEqual({ taken: false, ...backAgain });
  });

  test.each(needNotBeOnDisk)('without its intent on disk %s is taken all the same', async (step) => {
    expect(await troubled(step, 'intended', extent)).toEqual(
      extent === 'from there on' && leadsToMigrate(step) ? { taken: true, ...backAgain } : await untroubled(step),
    );
  });
});

test('post-copy is not begun without its intent on disk, and the copy continues without it', async () => {
  expect(await troubled('start-post-copy', 'intended', 'from there on')).toEqual({
    taken: false,
    outcome: 'done-on-destination',
    violations: [],
  });
});

test('post-copy begins as soon as its intent is on disk', async () => {
  const migration = await beginning('start-post-copy');
  migration.world.nature.neverConverges = true;
  fillUp(migration, 'start-post-copy', 'intended', 'for that entry');
  expect(await ending('start-post-copy', migration)).toEqual(await untroubled('start-post-copy'));
});

test('post-copy that could not be written down can be cancelled still', async () => {
  const migration = await beginning('start-post-copy');
  const { world } = migration;
  world.nature.neverConverges = true;
  fillUp(migration, 'start-post-copy', 'intended', 'from there on');
  world.clock.after(120_000, () => migration.cancel('operator'));
  expect(await ending('start-post-copy', migration)).toEqual({ taken: false, ...backAgain });
});

test.each(all)('a result of %s that is not on disk changes nothing', async (step) => {
  expect(await troubled(step, 'done', 'for that entry')).toEqual(await untroubled(step));
});

test.each(all)('once the result of %s cannot be written, nothing is begun that had to be', async (step) => {
  const later = leadsToMigrate(step);
  expect(await troubled(step, 'done', 'from there on')).toEqual(
    later ? { taken: true, ...backAgain } : await untroubled(step),
  );
});

test.each(all)('a successor loses nothing that reads of no %s', async (step) => {
  const migration = await beginning(step);
  const { world, disk } = migration;
  let takenUp = false;
  fillUp(migration, step, 'intended', 'from there on');
  world.calls.watch((name) => {
    if (name === stepStories[step].call && !takenUp) migration.manager.kill();
  });
  if (stepStories[step].onRecovery)
    world.clock.after(1, () => void migration.run.ask({ command: 'recover', by: 'operator' }));
  const first = await migration.manageUntilKilled({ atEntry: Number.POSITIVE_INFINITY, moment: 'after' });
  takenUp = true;
  disk.emptied();
  world.calm();
  const second = first === 'killed' ? await migration.attach() : first;
  expect({ killed: first === 'killed', second, violations: world.violations, running: world.running.length }).toEqual({
    killed: needNotBeOnDisk.includes(step),
    second: expect.objectContaining({
      outcome: expect.stringMatching(/^(done-on-destination|safe-on-source|paused-recoverable)$/),
    }),
    violations: [],
    running: 1,
  });
});
