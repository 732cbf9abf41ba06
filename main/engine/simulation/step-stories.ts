import type { StepName } from '#contract/migration.ts';
import type { MigrationUnderTest } from './migration-under-test.ts';
import { migrationOf, scenarioNamed } from './scenarios.ts';
import { at, planned } from './scenes.ts';

/** How a step is brought about in the simulated world, and how one sees that it was carried out. */
export interface StepStory {
  /** A call that the step makes and no other step of this story does, as `PortCalls` names it. */
  readonly call: string;
  /** A migration that is going to take the step, made again for each test. */
  readonly tell: () => MigrationUnderTest;
  /** It is taken by the manager that recovers the post-copy which this story breaks. */
  readonly onRecovery?: true;
}

const cancelled = (): MigrationUnderTest => migrationOf(scenarioNamed('a cancelled migration'));
const cutDuringSwitchover = (): MigrationUnderTest =>
  migrationOf(scenarioNamed('a migration whose network is cut during switchover'));
const postCopied = (): MigrationUnderTest => migrationOf(scenarioNamed('a migration that is finished by post-copy'));
const overOurConnection = (): MigrationUnderTest =>
  migrationOf(scenarioNamed('a migration over a connection of our own'));
const withPreparedPaths = (): MigrationUnderTest => migrationOf(scenarioNamed('a migration whose paths are prepared'));

const withDeadPath = (): MigrationUnderTest => migrationOf(scenarioNamed('a migration whose first path leads nowhere'));
const withPathThatDies = (): MigrationUnderTest =>
  migrationOf(scenarioNamed('a migration whose first path dies early'));

function brokenPostCopy(): MigrationUnderTest {
  const migration = planned({ postCopy: 'allow', stallLimitMs: 2000 });
  at('copying', migration, () => migration.requestPostCopy('operator'));
  at('running', migration, () => migration.world.cutNetwork());
  return migration;
}

function notResumedByItself(): MigrationUnderTest {
  const migration = cutDuringSwitchover();
  migration.world.nature.resumesItself = false;
  return migration;
}

/** The source has sent all but the rest before its peer is proven. */
function provenLate(): MigrationUnderTest {
  const migration = planned();
  migration.world.nature.answersOfDestination = migration.world.clock.sleep(600);
  return migration;
}

/** One for every step: a step that cannot be brought about is not in the table, or `decide` has no row for it. */
export const stepStories: Readonly<Record<StepName, StepStory>> = {
  'start-destination': { call: 'destination.startDestination', tell: planned },
  'compare-twin': { call: 'destination.portrait', tell: planned },
  'negotiate-capabilities': { call: 'destination.setCapabilities', tell: planned },
  'try-paths': { call: 'source.tryPath', tell: withDeadPath },
  'prepare-paths': { call: 'source.changePathManager', tell: withPreparedPaths },
  listen: { call: 'destination.listen', tell: planned },
  connect: { call: 'source.connectOwned', tell: overOurConnection },
  'check-disks': { call: 'destination.disksCanBeTaken', tell: planned },
  migrate: { call: 'source.migrate', tell: planned },
  'switch-over': { call: 'source.switchOver', tell: provenLate },
  'hang-up': { call: 'source.hangUp', tell: withPathThatDies },
  cancel: { call: 'source.cancel', tell: cancelled },
  yank: { call: 'source.yank', tell: cutDuringSwitchover },
  'resume-destination': { call: 'destination.cont', tell: planned },
  'start-post-copy': { call: 'source.startPostCopy', tell: postCopied },
  'pause-post-copy': { call: 'source.pausePostCopy', tell: brokenPostCopy },
  'listen-for-recovery': { call: 'destination.recover', tell: brokenPostCopy, onRecovery: true },
  recover: { call: 'source.resumeOver', tell: brokenPostCopy, onRecovery: true },
  'quit-source': { call: 'source.terminate', tell: planned },
  'quit-destination': { call: 'destination.terminate', tell: cancelled },
  'resume-source': { call: 'source.cont', tell: notResumedByItself },
  'restore-paths': { call: 'source.restorePathManager', tell: withPreparedPaths },
};
