import type { ManagerRequest } from '#contract/requests.ts';
import type { JournalEvent, JournalEventOf, MigrationSettings, Plan } from '#contract/migration.ts';
import type { Ending, MigrationRun } from '#main/engine/run.ts';
import { planOf } from './facts.ts';
import { SimulatedDisk, type Death } from './simulated-disk.ts';
import type { SimulatedMachine } from './simulated-machine.ts';
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

  /** Plans to move the guest, which must be on exactly one machine, to the other one: into a twin, or into what waits there. */
  constructor(
    world: SimulatedWorld,
    settings: Partial<MigrationSettings> = {},
    into: 'twin' | 'deferred' | 'listening' = 'twin',
    preparation: Plan['preparation'] = { source: [], destination: [] },
  ) {
    const [source, ...others] = world.processes;
    if (!source || others.length > 0) throw new Error('there has to be one guest');
    const destination = [...world.machines.values()].find((machine) => machine !== source.machine);
    if (!destination) throw new Error('there has to be another machine');
    this.world = world;
    this.#source = source;
    const id = `20260101T000000Z-${String(world.migrations).padStart(4, '0')}`;
    const plan = planOf({
      id,
      guest: source.machine.guestOf(source),
      guestWasRunning: source.run === 'running',
      source: source.machine.facts,
      destination: destination.facts,
      settings,
      preparation,
      links: world.links,
    });
    this.plan = into === 'twin' ? plan : { ...plan, ...intoWaiting(destination, id, into === 'listening') };
    world.migrations += 1;
    this.disk = new SimulatedDisk(world.clock, () => world.changed());
    world.disks.set(this.plan.id, this.disk);
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
    if (!this.#run) throw new Error('no process manages this migration');
    return this.#run;
  }

  get manager(): SimulatedManager {
    const manager = this.#managers.at(-1);
    if (!manager) throw new Error('no process manages this migration');
    return manager;
  }

  get events(): JournalEvent[] {
    return this.disk.events;
  }

  /** A manager writes the plan down; nothing has been done yet. */
  async begin(): Promise<MigrationRun> {
    this.#run = await this.world.clock.until(this.#newManager().begin());
    return this.#run;
  }

  /** Lets the migration that was begun run to its end. */
  async finish(): Promise<JournalEventOf<'ended'>> {
    return endedOf(await this.world.clock.until(this.run.run()));
  }

  /** From the plan to the end. */
  async migrate(): Promise<JournalEventOf<'ended'>> {
    this.disk.death = undefined;
    return endedOf(await this.#live((manager) => manager.begin()));
  }

  /** Another manager takes it up from the disk, and runs it to its end. */
  async attach(): Promise<JournalEventOf<'ended'>> {
    this.disk.death = undefined;
    return endedOf(await this.#live((manager) => manager.attach(this.events)));
  }

  /** `switchyard recover`: takes it up, and asks for the recovery at once. */
  recover(by: string): Promise<JournalEventOf<'ended'>> {
    return this.#takeUpTo({ command: 'recover', by });
  }

  /** `switchyard go-back`: takes it up, and asks for the way back at once. */
  goBack(by: string): Promise<JournalEventOf<'ended'>> {
    return this.#takeUpTo({ command: 'go-back', by });
  }

  async #takeUpTo(request: ManagerRequest): Promise<JournalEventOf<'ended'>> {
    const ending = this.#live(async (manager) => {
      const run = await manager.attach(this.events);
      await run.ask(request);
      return run;
    });
    return endedOf(await ending);
  }

  /** Like `migrate`, or `attach` where there is something on disk, with a manager that dies on the way. */
  async manageUntilKilled(death: Pick<Death, 'atEntry' | 'moment'>): Promise<Ending | 'killed'> {
    this.disk.death = { ...death, kill: () => this.manager.kill() };
    const { events } = this;
    return this.#live((manager) => (events.length === 0 ? manager.begin() : manager.attach(events)));
  }

  /** Asks its manager, if there is one. */
  cancel(by: string): void {
    void this.#run?.ask({ command: 'cancel', by });
  }

  /** Asks its manager, if there is one. */
  requestPostCopy(by: string): void {
    void this.#run?.ask({ command: 'post-copy', by });
  }

  /** What the engine did and decided, in order: `intended migrate`, `committed`, `ended done-on-destination`. */
  get story(): string[] {
    return this.events.flatMap((event) => {
      switch (event.kind) {
        case 'intended':
        case 'done':
        case 'failed':
          return [`${event.kind} ${event.step}`];
        case 'cancel-requested':
          return [`${event.kind} ${event.reason}`];
        case 'ended':
          return [`${event.kind} ${event.outcome}`];
        case 'negotiated':
          return [`${event.kind} ${event.protocol}`];
        case 'observed':
        case 'run-changed':
        case 'ports-counted':
        case 'iteration':
        case 'subflow-established':
        case 'subflow-closed':
        case 'final-statistics':
        case 'output-kept':
          return [];
        default:
          return [event.kind];
      }
    });
  }

  /** What a migration must not leave behind; empty when all is well. */
  get leftOvers(): string[] {
    const leaks = this.#managers.filter(({ alive, leftOpen }) => alive && leftOpen > 0);
    return [
      ...this.world.processes.slice(1).map((qemu) => `a second QEMU on ${qemu.machine.id}: ${qemu.run}`),
      ...this.world.incidents.map((fault) => `an incident: ${fault}`),
      ...leaks.map(({ leftOpen }) => `${leftOpen} open monitors, samplers or watches`),
      ...[...this.world.machines.values()].flatMap(({ id, pathChanges }) =>
        pathChanges.map(({ kind }) => `a changed path manager on ${id}: ${kind}`),
      ),
      ...[this.#source, this.destination].flatMap((qemu) =>
        qemu && !qemu.alive ? [...qemu.machine.files.keys()].filter((path) => path === qemu.monitorPath) : [],
      ),
    ];
  }

  /** The life of one manager, which may end before its work. */
  async #live(start: (manager: SimulatedManager) => Promise<MigrationRun>): Promise<Ending | 'killed'> {
    const manager = this.#newManager();
    const work = start(manager).then((run) => {
      this.#run = run;
      return run.run();
    });
    return this.world.clock.until(Promise.race([work, manager.death.then((): 'killed' => 'killed')]));
  }

  #newManager(): SimulatedManager {
    const manager = new SimulatedManager(this.world, this);
    this.#managers.push(manager);
    return manager;
  }
}

/** A QEMU that the operator has started by hand, as the plan knows it. */
function intoWaiting(
  machine: SimulatedMachine,
  migrationId: string,
  listens: boolean,
): Pick<Plan, 'waiting' | 'listener'> {
  const qemu = machine.startWaiting(migrationId);
  const waiting = { guest: { ...machine.guestOf(qemu), waiting: true }, listens };
  if (!listens) return { waiting };
  const listener = { host: '0.0.0.0', port: 4444, mptcp: true };
  qemu.listen(listener);
  return { waiting, listener };
}

function endedOf(ending: Ending | 'killed'): JournalEventOf<'ended'> {
  if (ending === 'killed' || ending.kind === 'detached') throw new Error('no manager has brought it to its end');
  return ending;
}
