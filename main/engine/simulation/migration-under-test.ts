import type { JournalEvent, JournalEventOf, MigrationSettings, Plan } from '#contract/migration.ts';
import type { Ending, MigrationRun } from '#main/engine/run.ts';
import { planOf } from './facts.ts';
import { SimulatedDisk } from './simulated-disk.ts';
import { SimulatedManager } from './simulated-manager.ts';
import type { SimulatedQemu } from './simulated-qemu.ts';
import type { SimulatedWorld } from './simulated-world.ts';

/** A migration of the guest that is there now, with everything a test asks about it. */
export class MigrationUnderTest {
  readonly plan: Plan;
  readonly disk: SimulatedDisk;
  readonly world: SimulatedWorld;
  readonly #source: SimulatedQemu;
  readonly #managers: SimulatedManager[] = [];
  #run: MigrationRun | undefined;

  /** Plans to move the guest, which must be on exactly one machine, to the other one. */
  constructor(world: SimulatedWorld, settings: Partial<MigrationSettings> = {}) {
    const [source, ...others] = world.processes;
    if (!source || others.length > 0) throw new Error('there has to be one guest');
    const destination = [...world.machines.values()].find((machine) => machine !== source.machine);
    if (!destination) throw new Error('there has to be another machine');
    this.world = world;
    this.#source = source;
    this.plan = planOf({
      id: `20260101T000000Z-${String(world.migrations).padStart(4, '0')}`,
      guest: source.machine.guestOf(source),
      guestWasRunning: source.run === 'running',
      source: source.machine.facts,
      destination: destination.facts,
      settings,
    });
    world.migrations += 1;
    this.disk = new SimulatedDisk(this.plan.id, world.clock);
  }

  /** The source's process, also when it is gone. */
  get source(): SimulatedQemu {
    return this.#source;
  }

  /** The destination's process, once there is one, also when it is gone. */
  get destination(): SimulatedQemu | undefined {
    return this.world.machine(this.plan.destination.id).history.find((qemu) => qemu.migrationId === this.plan.id);
  }

  get run(): MigrationRun {
    if (!this.#run) throw new Error('nobody manages this migration');
    return this.#run;
  }

  get manager(): SimulatedManager {
    const manager = this.#managers.at(-1);
    if (!manager) throw new Error('nobody manages this migration');
    return manager;
  }

  get events(): JournalEvent[] {
    return this.disk.events;
  }

  /** A manager writes the plan down; nothing has been done yet. */
  async begin(): Promise<MigrationRun> {
    const manager = this.#newManager();
    this.#run = await this.world.clock.until(manager.begin());
    return this.#run;
  }

  /** Begins, and lets it run to its end. */
  async migrate(): Promise<JournalEventOf<'ended'>> {
    await this.begin();
    return this.finish();
  }

  /** Lets the migration that was begun run to its end. */
  async finish(): Promise<JournalEventOf<'ended'>> {
    return endedOf(await this.world.clock.until(this.run.run()));
  }

  /** Begins; the manager is killed when it has written so many entries (`after`), or when it is about to (`before`). */
  async migrateUntilKilled(atEntry: number, moment: 'before' | 'after'): Promise<void> {
    const manager = this.#newManager();
    this.disk.death = { atEntry, moment, kill: () => manager.kill() };
    const living = manager.begin().then((run) => run.run());
    await this.world.clock.until(Promise.race([manager.death, living]));
  }

  /** Another manager takes it up from the disk, and runs it to its end. */
  async attach(): Promise<JournalEventOf<'ended'>> {
    const manager = this.#newManager();
    this.#run = await this.world.clock.until(manager.attach(this.events));
    return endedOf(await this.world.clock.until(this.#run.run()));
  }

  /** What a migration must not leave behind; empty when all is well. */
  get leftOvers(): string[] {
    const leaks = this.#managers.filter(({ alive, leftOpen }) => alive && leftOpen > 0);
    return [
      ...this.world.processes.slice(1).map((qemu) => `a second QEMU on ${qemu.machine.id}: ${qemu.run}`),
      ...leaks.map(({ leftOpen }) => `${leftOpen} open monitors or samplers`),
      ...[this.#source, this.destination].flatMap((qemu) =>
        qemu && !qemu.alive ? [...qemu.machine.files.keys()].filter((path) => path === qemu.monitorPath) : [],
      ),
    ];
  }

  #newManager(): SimulatedManager {
    const manager = new SimulatedManager(this.world, this);
    this.#managers.push(manager);
    return manager;
  }
}

function endedOf(ending: Ending): JournalEventOf<'ended'> {
  if (ending.kind === 'detached') throw new Error('the manager let go of it');
  return ending;
}
