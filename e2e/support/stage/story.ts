import type { JournalEntry, JournalEventOf, Path, Plan } from '#contract/migration.ts';
import type { OpenMigration } from '#main/app/managed.ts';
import type { Moment } from './moments.ts';
import type { Before, Stage } from './stage.ts';

type Act = () => void | Promise<unknown>;

/**
 * One migration and what befalls it. An act that does not wait is done before the engine takes its next step: the listeners
 * of a journal are called in the turn in which the entry has reached the disk.
 */
export class Story {
  readonly stage: Stage;
  readonly id: string;
  /** Host ids. */
  readonly source: string;
  readonly destination: string;
  readonly before: Before;
  readonly entries: JournalEntry[];
  readonly #plan: Plan;
  #migration: OpenMigration | undefined;
  readonly #acts = new Set<{ readonly moment: Moment; readonly act: Act }>();
  readonly #under: Promise<unknown>[] = [];

  /** With `history` before a listener is added, when a manager has been there that is gone. */
  constructor(stage: Stage, plan: Plan, before: Before, history: readonly JournalEntry[] = []) {
    this.stage = stage;
    this.id = plan.id;
    this.source = plan.source.id;
    this.destination = plan.destination.id;
    this.before = before;
    this.#plan = plan;
    this.entries = [...history];
  }

  /** Of its manager now. */
  get migration(): OpenMigration {
    if (!this.#migration) throw new Error('no process manages this migration');
    return this.#migration;
  }

  /** Of the destination, on the path that carries the first subflow. */
  get address(): string {
    return this.#firstPath.destinationAddress;
  }

  /** Of the destination, on every path. */
  get addresses(): readonly string[] {
    return this.#plan.paths.map(({ destinationAddress }) => destinationAddress);
  }

  /** Of the source, on the same path. */
  get sourceAddress(): string {
    return this.#firstPath.sourceAddress;
  }

  /** On which the destination waits, or has waited. */
  get port(): number {
    const port = this.entries.flatMap(({ event }) => (event.kind === 'done' ? (event.port ?? []) : [])).at(-1);
    if (port === undefined) throw new Error('the destination does not listen yet');
    return port;
  }

  get sourcePid(): number {
    return this.#plan.guest.identity.pid;
  }

  get destinationPid(): number {
    const started = this.entries.flatMap(({ event }) => (event.kind === 'done' ? (event.started ?? []) : [])).at(-1);
    if (!started) throw new Error('the destination has not been started yet');
    return started.identity.pid;
  }

  get #firstPath(): Path {
    const [path] = this.#plan.paths;
    if (!path) throw new Error('there is no path');
    return path;
  }

  /** Does something when that moment comes, once. What it throws, `end` throws. */
  at(moment: Moment, act: Act): void {
    this.#acts.add({ moment, act });
  }

  /** Resolves when that moment comes, or has been. */
  async reached(moment: Moment): Promise<void> {
    if (this.entries.some(({ event }) => moment(event))) return;
    await new Promise<void>((resolve) => {
      this.at(moment, resolve);
    });
  }

  /** Continues with this manager: this process, for one. Of the journal only what is new is heard. */
  goOn(migration: OpenMigration | undefined): void {
    if (!migration) throw new Error('nothing is left to be done');
    this.#migration = migration;
    for (const entry of migration.history.slice(this.entries.length)) this.#hear(entry);
    migration.subscribe({ onEntry: (entry) => this.#hear(entry) });
  }

  /** When its manager has ended. */
  async end(): Promise<JournalEventOf<'ended'>> {
    const ending = await this.migration.ended;
    await Promise.all(this.#under);
    if (ending.kind === 'detached') throw new Error('the manager let go of the migration');
    return ending;
  }

  #hear(entry: JournalEntry): void {
    this.entries.push(entry);
    for (const each of this.#acts) {
      if (!each.moment(entry.event)) continue;
      this.#acts.delete(each);
      this.#do(each.act);
    }
  }

  #do(act: Act): void {
    const work = (async () => act())();
    // Reported by `end`: until then it must not count as an unhandled rejection.
    work.catch(() => undefined);
    this.#under.push(work);
  }
}
