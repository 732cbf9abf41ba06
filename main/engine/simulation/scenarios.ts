import type { MigrationSettings, Plan } from '#contract/migration.ts';
import type { MigrationUnderTest } from './migration-under-test.ts';
import { at, planned } from './scenes.ts';

/** A migration and what befalls it: the stories that are repeated with every call failing and every manager dying. */
export interface Scenario {
  readonly name: string;
  /** How it ends when nothing else goes wrong. */
  readonly outcome: 'done-on-destination' | 'safe-on-source';
  readonly settings?: Partial<MigrationSettings>;
  readonly preparation?: Plan['preparation'];
  /** Between the two machines; one where it is left out. */
  readonly links?: number;
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
        () => world.restoreNetwork(),
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
  {
    name: 'a migration whose paths are prepared',
    outcome: 'done-on-destination',
    preparation: {
      source: [
        {
          kind: 'set-limits',
          limits: { subflows: 2, addAddrAccepted: 2 },
          before: { subflows: 0, addAddrAccepted: 0 },
        },
      ],
      destination: [{ kind: 'add-endpoint', endpoint: { address: '10.0.2.2', interface: 'eth2', flags: ['signal'] } }],
    },
    beginsDifferently: true,
    befall: () => undefined,
  },
  {
    name: 'a migration whose first path leads nowhere',
    outcome: 'done-on-destination',
    links: 2,
    beginsDifferently: true,
    befall: ({ world }) => void world.nature.dead.set('10.0.1.2', 'refuses'),
  },
  {
    name: 'a migration whose first path dies early',
    outcome: 'done-on-destination',
    links: 2,
    beginsDifferently: true,
    befall: (migration) => at('listening', migration, () => void migration.world.nature.dead.set('10.0.1.2', 'silent')),
  },
];

export function scenarioNamed(name: string): Scenario {
  const scenario = scenarios.find((each) => each.name === name);
  if (!scenario) throw new Error(`no scenario is called ${name}`);
  return scenario;
}

export function migrationOf({ befall, settings, preparation, links }: Scenario): MigrationUnderTest {
  const migration = planned(settings, 'running', preparation, links);
  befall(migration);
  return migration;
}
