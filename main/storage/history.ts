import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { SwitchyardError, toFailure, type ReportFault } from '#contract/errors.ts';
import { toJson } from '#contract/json.ts';
import { migrationIdSchema } from '#contract/migration.ts';
import { fileFailure, hasCode } from './file-failure.ts';
import { HistoryIndex, type IndexRow } from './history-index.ts';
import { migrationPaths, migrationsDirectory } from './paths.ts';
import { readMigrationWithLastSample, type StoredMigration } from './stored-migration.ts';

/** One migration in the list. */
export interface HistoryRow<Summary> {
  readonly id: string;
  /**
   * It has no end yet: somebody manages it, or its manager died and it waits to be taken up (`managerOf` tells which).
   */
  readonly open: boolean;
  /** Absent when not even the plan could be read. Whether such a one is open nobody can tell: it is shown as not. */
  readonly summary: Summary | undefined;
  /** What is wrong with its journal, as a sentence. */
  readonly problem: string | undefined;
}

export interface HistoryOptions<Summary> {
  readonly state: string;
  /**
   * Plain data that JSON gives back unchanged. The stored migration begins with its plan, and has its last sample
   * only.
   */
  readonly summarise: (migration: StoredMigration) => Summary;
  /** Of the program: summaries of another version are made anew. */
  readonly version: string;
  /** Gets a fault of ours that one journal brings about; the others are listed all the same. */
  readonly report: ReportFault;
}

/** All migrations of a state directory. Reading journals is left out where the index knows what they hold. */
export class History<Summary> {
  readonly #options: HistoryOptions<Summary>;
  readonly #index: HistoryIndex;

  constructor(options: HistoryOptions<Summary>) {
    this.#options = options;
    this.#index = new HistoryIndex(join(options.state, 'history.sqlite'), options.version);
  }

  /** Newest first. */
  async list(): Promise<readonly HistoryRow<Summary>[]> {
    const ids = await this.#ids();
    const known = this.#index.read();
    const fresh: IndexRow[] = [];
    const rows: HistoryRow<Summary>[] = [];
    for (const id of ids) {
      const fingerprint = await this.#fingerprint(id);
      const remembered = known.get(id);
      const old = remembered?.fingerprint === fingerprint ? fromJson<Summary>(remembered?.row) : undefined;
      const row = old ?? (await this.#row(id));
      rows.push(row);
      // The samples of an open one grow without its journal; one that could not be read may be readable next time.
      const lasting = !row.open && row.summary !== undefined;
      if (!old && lasting && fingerprint !== undefined) fresh.push({ id, fingerprint, row: toJson(row) });
    }
    const present = new Set(ids);
    this.#index.update(
      fresh,
      [...known.keys()].filter((id) => !present.has(id)),
    );
    return rows;
  }

  /** The id that this text is, or begins. */
  async find(idOrPrefix: string): Promise<string> {
    const ids = await this.#ids();
    const matching = ids.includes(idOrPrefix)
      ? [idOrPrefix]
      : ids.filter((id) => idOrPrefix && id.startsWith(idOrPrefix));
    const [only, ...others] = matching;
    if (only === undefined) {
      throw notFound(`There is no migration ${JSON.stringify(idOrPrefix)}.`, 'List them with `switchyard history`.');
    }
    if (others.length > 0) {
      throw notFound(
        `${JSON.stringify(idOrPrefix)} is the beginning of ${matching.length} migrations: ${matching.slice(0, 5).join(', ')}${matching.length > 5 ? ', ...' : ''}.`,
        'Give more of the id.',
      );
    }
    return only;
  }

  async #ids(): Promise<string[]> {
    const directory = migrationsDirectory(this.#options.state);
    try {
      const names = await readdir(directory);
      return names
        .filter((name) => migrationIdSchema.safeParse(name).success)
        .toSorted()
        .toReversed();
    } catch (thrown) {
      if (hasCode(thrown, 'ENOENT')) return [];
      throw fileFailure(thrown, 'The history could not be read', directory);
    }
  }

  async #fingerprint(id: string): Promise<string | undefined> {
    try {
      const { size, mtimeNs, ino } = await stat(migrationPaths(this.#options.state, id).journal, { bigint: true });
      return `${ino}/${size}/${mtimeNs}`;
    } catch {
      return undefined;
    }
  }

  async #row(id: string): Promise<HistoryRow<Summary>> {
    try {
      const migration = await readMigrationWithLastSample(this.#options.state, id);
      const planned = migration.entries[0]?.event.kind === 'planned';
      return {
        id,
        open: planned && isOpen(migration),
        summary: planned ? this.#options.summarise(migration) : undefined,
        problem: problemOf(migration, planned),
      };
    } catch (thrown) {
      return { id, open: false, summary: undefined, problem: toFailure(thrown, this.#options.report).text };
    }
  }
}

/** Taken up again after its end, it is open again. */
function isOpen({ entries }: StoredMigration): boolean {
  return entries.findLast(({ event }) => event.kind === 'ended' || event.kind === 'attached')?.event.kind !== 'ended';
}

function problemOf({ damage, foreign, entries }: StoredMigration, planned: boolean): string | undefined {
  if (!planned) {
    return entries.length + foreign.length === 0 && damage?.kind !== 'corrupt'
      ? 'Its journal ends before the plan: nothing was done.'
      : 'Its plan cannot be read: another version of Switchyard wrote it, or it is damaged.';
  }
  if (damage?.kind === 'corrupt') {
    return `Its journal is damaged after entry ${entries.length + foreign.length} (byte ${damage.atByte}): what follows is not trusted.`;
  }
  if (foreign.length > 0) return `${foreign.length} of its entries are of another version of Switchyard.`;
  return undefined;
}

function notFound(text: string, remedy: string): SwitchyardError {
  return new SwitchyardError({ kind: 'invalid-request', path: 'id', text, remedy });
}

function fromJson<Summary>(text: string | undefined): HistoryRow<Summary> | undefined {
  try {
    const row: HistoryRow<Summary> | undefined = text === undefined ? undefined : JSON.parse(text);
    return row;
  } catch {
    return undefined;
  }
}
