import type { MigrationRow, MigrationView } from '#contract/channels.ts';
import { plainText, visibleData } from '#contract/plain-text.ts';
import { SwitchyardError, toFailure } from '#contract/errors.ts';
import type { Sample } from '#contract/telemetry.ts';
import type { Milliseconds } from '#contract/units.ts';
import { systemClock } from '#main/hosts/clock.ts';
import { redactText } from '#main/redaction/redact.ts';
import type { Application, TakeUpRequest } from './application.ts';
import { atMostEvery, type Limited } from './at-most-every.ts';
import type { OpenMigration } from './managed.ts';
import { TrackedMigration } from './tracked-migration.ts';
import { viewOf } from './view.ts';

/** Faster than an operator can read, slower than a burst of journal entries. */
const viewEveryMs: Milliseconds = 100;
/** A process that manages a migration and hangs must not keep the table from being shown. */
const openingPatienceMs: Milliseconds = 1500;
/** The table is for glancing at: twice a second at most. */
const rowsEveryMs: Milliseconds = 500;

/** Older ones that wait for the operator are listed too; the others in `switchyard history`. */
const mostRows = 1000;

export interface BoardListener {
  view(view: MigrationView): void;
  /** New ones, and those that have changed. */
  rows(rows: readonly MigrationRow[]): void;
  sample(id: string, sample: Sample): void;
  /** No process manages it any more. */
  ended(id: string): void;
}

export interface BoardOptions {
  readonly application: Pick<Application, 'history' | 'isManaged' | 'open' | 'stored' | 'takeUpTo'>;
  readonly listener: BoardListener;
  /** Keeps a fault of ours, and answers with its incident id. */
  readonly report: (thrown: unknown, migration?: string) => string;
}

/**
 * All migrations as windows see them: the open ones live, whichever process manages them, the others from disk. A migration
 * that no process manages is taken up once without being asked: otherwise it would end with its guest stopped, since
 * only a manager sends `cont` to the destination. The engine decides whether that is safe, from what both QEMUs report.
 */
export class Board {
  readonly #options: BoardOptions;
  readonly #tracked = new Map<string, { readonly migration: TrackedMigration; readonly announce: Limited }>();
  /** Being opened now: a second request for the same one waits for it. */
  readonly #opening = new Map<string, Promise<void>>();
  /** What windows were last sent of each, so that only changes are sent. */
  readonly #told = new Map<string, string>();
  /** Taken up without being asked, so that one which fails is not tried for ever. */
  readonly #tried = new Set<string>();
  readonly #problems = new Map<string, string>();
  /** Tracked ones whose rows may have changed, and what was found on disk of the others. */
  readonly #dirty = new Set<string>();
  readonly #found = new Map<string, MigrationRow>();
  readonly #announceRows = atMostEvery(rowsEveryMs, () => this.#tellDirtyRows());
  #letGo = false;

  constructor(options: BoardOptions) {
    this.#options = options;
  }

  /** Those that this process manages. */
  get managedHere(): readonly string[] {
    return [...this.#tracked.values()].flatMap(({ migration }) => (migration.open.managedHere ? migration.id : []));
  }

  /** Looks what there is, follows and takes up what is open, and reports what has changed since the last look. */
  async refresh(): Promise<readonly MigrationRow[]> {
    const rows = (await this.#options.application.history({ newest: mostRows })).map(
      ({ id, open, managed, problem, summary }) => {
        const told = problem ?? this.#problems.get(id);
        return {
          id,
          open,
          managed,
          ...(told === undefined ? {} : { problem: plainText(told) }),
          ...(summary ? { summary: visibleData(summary) } : {}),
        };
      },
    );
    await atMost(openingPatienceMs, Promise.all(rows.filter((row) => row.open).map((row) => this.#care(row))));
    for (const row of rows) {
      if (this.#tracked.has(row.id)) continue;
      this.#found.set(row.id, row);
      this.#announceRows.ask();
    }
    return rows.map((row) => this.#tracked.get(row.id)?.migration.row() ?? row);
  }

  get(id: string): OpenMigration | undefined {
    return this.#tracked.get(id)?.migration.open;
  }

  async view(id: string): Promise<MigrationView> {
    const view = this.#tracked.get(id)?.migration.view() ?? (await this.#viewFromDisk(id));
    if (view) return view;
    throw new SwitchyardError({
      kind: 'rejected',
      phase: 'planning',
      event: 'view',
      text: 'The journal of this migration ends before its plan.',
      remedy: 'Nothing was done in it, and nothing can be shown of it.',
    });
  }

  /** Follows a migration, or manages it where no process does. Rejects where nothing is left to do. */
  takeUp(id: string): Promise<void> {
    return this.#openOnce(id, () => this.#options.application.open(id));
  }

  /** The same, and asks it at once for what ends a halt. */
  takeUpTo(id: string, command: TakeUpRequest): Promise<void> {
    return this.#openOnce(id, () => this.#options.application.takeUpTo(id, command));
  }

  /**
   * Called without delay once a migration has been opened: from then on nothing is missed. One that was started here may
   * have been found, and followed, a moment before it came: what manages wins over what follows.
   */
  adopt(open: OpenMigration): void {
    const before = this.#tracked.get(open.id);
    if (before?.migration.open.managedHere === true) return open.detach();
    before?.announce.cancel();
    before?.migration.forget();
    before?.migration.open.detach();
    const announce = atMostEvery(viewEveryMs, () => this.#tellView(open.id));
    const migration = new TrackedMigration(open, {
      changed: () => {
        announce.ask();
        this.#markRow(open.id);
      },
      sampled: (sample) => {
        this.#safely(() => this.#options.listener.sample(open.id, sample));
        this.#markRow(open.id);
      },
    });
    this.#tracked.set(open.id, { migration, announce });
    this.#problems.delete(open.id);
    // Should its manager end, no process manages it, and it is new to us.
    if (!open.managedHere) this.#tried.delete(open.id);
    void this.#remember(migration);
    void this.#untilEnded(migration);
    announce.ask();
    this.#markRow(open.id);
  }

  /** Every migration continues without this process. Resolves with those that no process manages from now on. */
  async letGo(): Promise<readonly string[]> {
    this.#letGo = true;
    const unmanaged = this.managedHere;
    const all = [...this.#tracked.values()];
    for (const { migration } of all) migration.open.detach();
    await Promise.allSettled(all.map(({ migration }) => migration.open.ended));
    this.#announceRows.cancel();
    return unmanaged;
  }

  async #care({ id, managed }: MigrationRow): Promise<void> {
    if (this.#tracked.has(id) || this.#letGo) return;
    if (!managed && this.#tried.has(id)) return;
    if (!managed) this.#tried.add(id);
    try {
      await this.takeUp(id);
    } catch (thrown) {
      if (!(thrown instanceof SwitchyardError)) throw thrown;
      // Another process may have been faster, or a monitor may be held: shown, and left to the operator.
      const { text, remedy } = thrown.failure;
      if (!this.#options.application.isManaged(id)) this.#problems.set(id, redactText(`${text} ${remedy}`));
    }
  }

  async #openOnce(id: string, open: () => Promise<OpenMigration | undefined>): Promise<void> {
    if (this.#tracked.has(id)) return;
    const opening = this.#opening.get(id) ?? open().then((opened) => this.#adoptOpened(opened));
    this.#opening.set(id, opening);
    try {
      await opening;
    } finally {
      this.#opening.delete(id);
    }
  }

  #adoptOpened(open: OpenMigration | undefined): void {
    if (open) {
      this.adopt(open);
      return;
    }
    throw new SwitchyardError({
      kind: 'rejected',
      phase: 'ended',
      event: 'take-up',
      text: 'This migration has ended: nothing is left to do.',
      remedy: 'Look at its record in the history.',
    });
  }

  async #remember(migration: TrackedMigration): Promise<void> {
    try {
      migration.remember((await this.#options.application.stored(migration.id)).samples);
    } catch (thrown) {
      // Its totals are missing from the view until the next sample: the journal has the rest.
      this.#note(thrown, migration.id);
    }
  }

  async #untilEnded({ id, open }: TrackedMigration): Promise<void> {
    try {
      await open.ended;
    } catch (thrown) {
      const { text, remedy } = toFailure(thrown, (fault) => this.#options.report(fault, id));
      this.#problems.set(id, redactText(`${text} Take it up again. ${remedy}`));
    }
    const entry = this.#tracked.get(id);
    if (entry?.migration.open !== open) return;
    entry.announce.cancel();
    entry.migration.forget();
    this.#tracked.delete(id);
    this.#dirty.delete(id);
    this.#found.delete(id);
    this.#options.listener.ended(id);
    if (this.#letGo) return;
    const view = await this.#viewFromDisk(id).catch(() => undefined);
    if (view) this.#options.listener.view(view);
    await this.refresh().catch((thrown: unknown) => this.#note(thrown));
  }

  async #viewFromDisk(id: string): Promise<MigrationView | undefined> {
    const { application } = this.#options;
    const { entries, samples, damage } = await application.stored(id);
    const problem = this.#problems.get(id) ?? (damage?.kind === 'corrupt' ? 'Its journal is damaged.' : undefined);
    return viewOf({ entries, samples, managed: application.isManaged(id), problem });
  }

  #tellView(id: string): void {
    this.#safely(() => {
      const view = this.#tracked.get(id)?.migration.view();
      if (view) this.#options.listener.view(view);
    });
  }

  #markRow(id: string): void {
    this.#dirty.add(id);
    this.#announceRows.ask();
  }

  #tellDirtyRows(): void {
    this.#safely(() => {
      const tracked = [...this.#dirty].flatMap((id) => this.#tracked.get(id)?.migration.row() ?? []);
      const news = [...this.#found.values(), ...tracked].filter((row) => this.#isNews(row));
      this.#dirty.clear();
      this.#found.clear();
      if (news.length > 0) this.#options.listener.rows(news);
    });
  }

  /** A fault in what is shown must not harm what is managed. */
  #safely(work: () => void): void {
    try {
      work();
    } catch (thrown) {
      this.#options.report(thrown);
    }
  }

  /** What cannot be shown for a reason of the file system is shown when it can; a fault of ours leaves its trace. */
  #note(thrown: unknown, migration?: string): void {
    if (!(thrown instanceof SwitchyardError)) this.#options.report(thrown, migration);
  }

  #isNews(row: MigrationRow): boolean {
    const text = JSON.stringify(row);
    if (this.#told.get(row.id) === text) return false;
    this.#told.set(row.id, text);
    return true;
  }
}

async function atMost(ms: Milliseconds, work: Promise<unknown>): Promise<void> {
  const waited = new AbortController();
  await Promise.race([work, systemClock.sleep(ms, waited.signal)]);
  waited.abort();
}
