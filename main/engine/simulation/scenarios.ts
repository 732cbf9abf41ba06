import type { MigrationSettings } from '#contract/migration.ts';
import type { MigrationUnderTest } from './migration-under-test.ts';
import { at, planned } from './scenes.ts';

/** A migration and what befalls it: the stories that are told again with every call failing and every manager dying. */
export interface Scenario {
  readonly name: string;
  /** How it ends when nothing else goes wrong. */
  readonly outcome: 'done-on-destination' | 'safe-on-source';
  readonly settings?: Partial<MigrationSettings>;
  /** Other calls are made before `migrate` than in the first. */
  readonly beginsDifferently?: boolean;
  readonly befall: (migration: MigrationUnderTest) => void;
}

export const scenarios: readonly Scenario[] = [
  { name: 'a migration', outcome: 'done-on-destination', befall: () => undefined },
  {
    name: 'a cancelled migration',
    outcome: 'safe-on-source',
    befall: (migration) => at('copying', migration, () => migration.cancel('operator')),
  },
  {
    name: 'a migration whose network is cut during switchover',
    outcome: 'safe-on-source',
    befall: (migration) => {
      const { world, source } = migration;
      at('switchingOver', migration, () => world.cutNetwork());
      world.when(
        () => source.outgoing === 'failed',
        () => world.mendNetwork(),
      );
    },
  },
  {
    name: 'a migration that the destination refuses',
    outcome: 'safe-on-source',
    befall: ({ world }) => {
      world.nature.destinationRejects = 'Unknown ramblock "vga.vram"';
    },
  },
  {
    name: 'a migration over a connection of our own',
    outcome: 'done-on-destination',
    settings: { socket: 'app', mptcp: 'require' },
    beginsDifferently: true,
    befall: () => undefined,
  },
  {
    name: 'a migration that is finished by post-copy',
    outcome: 'done-on-destination',
    settings: { postCopy: 'allow' },
    befall: (migration) => at('copying', migration, () => migration.requestPostCopy('operator')),
  },
];

export function migrationOf({ befall, settings }: Scenario): MigrationUnderTest {
  const migration = planned(settings);
  befall(migration);
  return migration;
}
