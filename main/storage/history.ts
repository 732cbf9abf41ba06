import { lstatSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { SwitchyardError, toFailure, type ReportFault } from '#contract/errors.ts';
import { toJson } from '#contract/json.ts';
import { migrationIdSchema, type JournalEvent, type Outcome } from '#contract/migration.ts';
import { fileFailure, hasCode } from './file-failure.ts';
import { HistoryIndex, type IndexRow } from './history-index.ts';
import { decodeLine } from './line.ts';
import { migrationPaths, migrationsDirectory } from './paths.ts';
import { readPlainTail, requirePlainDirectory } from './plain-file.ts';
import { readMigrationWithLastSample, type StoredMigration } from './stored-migration.ts';

/** One migration in the list. */
export interface HistoryRow<Summary> {
  readonly id: string;
  /**
   * It has no end yet: a process manages it, or its manager died and it waits to be taken up (`managerOf` shows which).
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
  /** What `summarise` has returned, read again; `undefined` for anything else. */
  readonly parse: (summary: unknown) => Summary | undefined;
  /** Whether nothing can be done any more about a migration that has ended so. */
  readonly isFinal: (outcome: Outcome) => boolean;
  /** Of the program: another version's summaries are not used. */
  readonly version: string;
  /** Gets a fault of ours that one journal brings about; the others are listed all the same. */
  readonly report: ReportFault;
}

/** What has been found out about one migration, as long as its files are the same. */
interface Known<Summary> {
  readonly fingerprint: string | undefined;
  readonly settled: boolean;
  readonly row: HistoryRow<Summary> | undefined;
}

/**
 * All migrations of a state directory. A journal is read as a whole only where its row is asked for, or where its end does
 * not say that nothing is left to do; and only where neither this process nor the index knows it already.
 */
export class History<Summary> {
  readonly #options: HistoryOptions<Summary>;
  readonly #index: HistoryIndex;
  readonly #known = new Map<string, Known<Summary>>();
  #indexRead = false;

  constructor(options: HistoryOptions<Summary>) {
    this.#options = options;
    this.#index = new HistoryIndex(join(options.state, 'history.sqlite'), options.version);
  }

  /** So many of the newest (all where it is left out), and each older one that waits for something. Newest first. */
  async list({ newest = Infinity }: { readonly newest?: number } = {}): Promise<readonly HistoryRow<Summary>[]> {
    const ids = await this.#ids();
    this.#readIndex(ids[Math.min(newest, ids.length) - 1] ?? '~');
    const fresh: IndexRow[] = [];
    const rows: HistoryRow<Summary>[] = [];
    const breath = breather();
    for (const [index, id] of ids.entries()) {
      await breath();
      const asked = index < newest;
      const before = this.#known.get(id);
      const known = await this.#look(id, { asked, before });
      if (known !== before) {
        this.#known.set(id, known);
        const { fingerprint, settled, row } = known;
        // The samples of an open one grow without its journal; one that could not be read may be readable next time.
        const lasting = row === undefined || (!row.open && row.summary !== undefined);
        if (lasting && fingerprint !== undefined) {
          fresh.push({ id, fingerprint, settled, row: row && toJson(row) });
        }
      }
      if (known.row && (asked || !known.settled)) rows.push(known.row);
    }
    const present = new Set(ids);
    const removed = [...this.#known.keys()].filter((id) => !present.has(id));
    for (const id of removed) this.#known.delete(id);
    this.#index.update(fresh, removed);
    return rows;
  }

  /** How many migrations there are. */
  async count(): Promise<number> {
    return (await this.#ids()).length;
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
      return names.filter(isMigrationId).toSorted().toReversed();
    } catch (thrown) {
      if (hasCode(thrown, 'ENOENT')) return [];
      throw fileFailure(thrown, 'The history could not be read', directory);
    }
  }

  /** Once in the life of a process: what it finds out later it knows itself. */
  #readIndex(fromId: string): void {
    if (this.#indexRead) return;
    this.#indexRead = true;
    for (const { id, fingerprint, settled, row } of this.#index.read(fromId).values()) {
      this.#known.set(id, { fingerprint, settled, row: this.#rowFrom(id, row) });
    }
  }

  async #look(
    id: string,
    { asked, before }: { readonly asked: boolean; readonly before: Known<Summary> | undefined },
  ): Promise<Known<Summary>> {
    const fingerprint = this.#fingerprint(id);
    const same = before !== undefined && fingerprint !== undefined && before.fingerprint === fingerprint;
    if (same && (before.row !== undefined || (before.settled && !asked))) return before;
    if (!asked && this.#endsForGood(id)) return { fingerprint, settled: true, row: undefined };
    const { row, settled } = await this.#row(id);
    return { fingerprint, settled, row };
  }

  /** Of both files that a row is made from. `undefined` where there is no journal. */
  #fingerprint(id: string): string | undefined {
    const { journal, samples } = migrationPaths(this.#options.state, id);
    const own = fingerprintOf(journal);
    return own === undefined ? undefined : `${own} ${fingerprintOf(samples) ?? ''}`;
  }

  /**
   * Whether its last line is its end, and one that leaves nothing to do. That costs the reading of some KiB; where it is
   * not so, or not known, the journal is read from its beginning.
   */
  #endsForGood(id: string): boolean {
    const { directory, journal } = migrationPaths(this.#options.state, id);
    try {
      requirePlainDirectory(directory);
      const event = lastEvent(readPlainTail(journal, endBytes).bytes);
      return event?.kind === 'ended' && this.#options.isFinal(event.outcome);
    } catch {
      return false;
    }
  }

  async #row(id: string): Promise<{ readonly row: HistoryRow<Summary>; readonly settled: boolean }> {
    try {
      const migration = await readMigrationWithLastSample(this.#options.state, id);
      const planned = migration.entries[0]?.event.kind === 'planned';
      const end = endOf(migration);
      const row = {
        id,
        open: planned && end === undefined,
        summary: planned ? this.#options.summarise(migration) : undefined,
        problem: problemOf(migration, planned),
      };
      return { row, settled: planned && end !== undefined && this.#options.isFinal(end) };
    } catch (thrown) {
      return {
        row: { id, open: false, summary: undefined, problem: whyUnreadable(thrown, this.#options.report) },
        settled: false,
      };
    }
  }

  #rowFrom(id: string, text: string | undefined): HistoryRow<Summary> | undefined {
    const { success, data } = rememberedSchema.safeParse(text === undefined ? undefined : parsed(text));
    const summary = success && data.id === id ? this.#options.parse(data.summary) : undefined;
    return summary === undefined ? undefined : { id, open: false, summary, problem: data?.problem };
  }
}

/** Only those are remembered that have ended and could be read. */
const rememberedSchema = z.object({
  id: z.string(),
  open: z.literal(false),
  summary: z.unknown(),
  problem: z.string().optional(),
});

/** The end of most journals with room to spare: an explanation may quote some lines of QEMU. */
const endBytes = 4096;

function lastEvent(bytes: Buffer): JournalEvent | undefined {
  if (bytes.at(-1) !== newline) return undefined;
  const begin = bytes.lastIndexOf(newline, -2);
  const decoded = begin === -1 ? undefined : decodeLine(bytes.toString('utf8', begin + 1, bytes.byteLength - 1));
  return decoded?.kind === 'entry' ? decoded.entry.event : undefined;
}

const newline = 0x0a;

function isMigrationId(name: string): boolean {
  return migrationIdSchema.safeParse(name).success;
}

function fingerprintOf(path: string): string | undefined {
  try {
    const { ino, size, ctimeNs } = lstatSync(path, { bigint: true });
    return `${ino}/${size}/${ctimeNs}`;
  } catch {
    return undefined;
  }
}

/** Everything else in this process gets its turn while thousands of journals are read. */
function breather(): () => Promise<void> {
  let begun = performance.now();
  return async () => {
    if (performance.now() - begun < longestTurnMs) return;
    await new Promise((resolve) => void setImmediate(resolve));
    begun = performance.now();
  };
}

const longestTurnMs = 10;

/** A journal of which each entry is sound, and whose entries together make no sense to the engine's fold. */
function whyUnreadable(thrown: unknown, report: ReportFault): string {
  const failure = toFailure(thrown, report);
  return failure.kind === 'internal'
    ? `Its journal makes no sense to this version of Switchyard (incident ${failure.incidentId}): ${String(thrown)}.`
    : failure.text;
}

/** Taken up again after its end, it is open again: then it has none. */
function endOf({ entries }: StoredMigration): Outcome | undefined {
  const last = entries.findLast(({ event }) => event.kind === 'ended' || event.kind === 'attached')?.event;
  return last?.kind === 'ended' ? last.outcome : undefined;
}

function problemOf(
  { damage, foreign, entries, samplesProblem }: StoredMigration,
  planned: boolean,
): string | undefined {
  if (!planned) {
    return entries.length + foreign.length === 0 && damage?.kind !== 'corrupt'
      ? 'Its journal ends before the plan: nothing was done.'
      : 'Its plan cannot be read: another version of Switchyard wrote it, or it is damaged.';
  }
  if (damage?.kind === 'corrupt') {
    return `Its journal is damaged after entry ${entries.length + foreign.length} (byte ${damage.atByte}): what follows is not trusted.`;
  }
  if (foreign.length > 0) return `${foreign.length} of its entries are of another version of Switchyard.`;
  return samplesProblem;
}

function notFound(text: string, remedy: string): SwitchyardError {
  return new SwitchyardError({ kind: 'invalid-request', path: 'id', text, remedy });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
