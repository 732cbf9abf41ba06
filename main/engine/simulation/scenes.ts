import type { MigrationSettings, Plan } from '#contract/migration.ts';
import { MigrationUnderTest } from './migration-under-test.ts';
import { SimulatedWorld } from './simulated-world.ts';

/** A guest on alpha, running or paused, and its migration to beta, planned. */
export function planned(
  settings: Partial<MigrationSettings> = {},
  guest: 'running' | 'paused' = 'running',
  preparation?: Plan['preparation'],
  links = 1,
): MigrationUnderTest {
  const world = new SimulatedWorld();
  world.links = links;
  world.machine('alpha').boot(guest);
  return new MigrationUnderTest(world, settings, 'twin', preparation);
}

type Moment = (migration: MigrationUnderTest) => boolean;

/** Moments of a migration, by what both QEMUs and the disk show; tests wait for them with `at`. */
export const moments = {
  listening: ({ destination }) => destination?.listener !== undefined,
  connecting: ({ source }) => source.outgoing === 'setup',
  copying: ({ source }) => source.stream?.inProgress === true && source.stream.iteration === 2,
  /** The source waits, its guest stopped, until it may switch over. */
  waitingToLeave: ({ source }) => source.outgoing === 'pre-switchover',
  switchingOver: ({ source, destination }) =>
    source.run === 'finish-migrate' && source.stream?.isLeaving === true && destination?.incoming === 'active',
  /** The destination has everything, the source has not heard of it. */
  arrived: ({ source, destination }) => destination?.incoming === 'completed' && source.stream?.inProgress === true,
  handedOver: ({ source }) => source.run === 'postmigrate' && source.outgoing === 'completed',
  committed: ({ disk }) => disk.committed,
  running: ({ destination }) => destination?.run === 'running',
} as const satisfies Record<string, Moment>;
export type MomentName = keyof typeof moments;

/** Does something at that moment, once. */
export function at(moment: MomentName, migration: MigrationUnderTest, then: () => void): void {
  migration.world.when(() => moments[moment](migration), then);
}

/** What went wrong without the engine saying so; compare with `quiet`. */
export function peace({ world, leftOvers }: MigrationUnderTest): object {
  return { violations: world.violations, leftOvers };
}

export const quiet = { violations: [], leftOvers: [] };
