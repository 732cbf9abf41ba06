import { chmodSync, lstatSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { NotPlain } from './file-failure.ts';
import { requirePlain } from './plain-file.ts';

/** What is remembered of one migration, and of which files: files of another size or time may hold something else. */
export interface IndexRow {
  readonly id: string;
  readonly fingerprint: string;
  /** It has ended, and nothing can be done about it any more: it is listed only where it is asked for. */
  readonly settled: boolean;
  /** JSON of its row in the list; absent where only its end has been read. */
  readonly row: string | undefined;
}

const table = `CREATE TABLE summaries (
  id TEXT PRIMARY KEY, made_by TEXT NOT NULL, fingerprint TEXT NOT NULL, settled INTEGER NOT NULL, row TEXT
) STRICT, WITHOUT ROWID`;

/** A file of 5,000 rows has 12 MiB. */
const mostBytes = 256 * 2 ** 20;
const mostRowCharacters = 256 * 1024;

/** Not noticeable; a holder that takes longer is not waited for. */
const patienceMs = 200;

/**
 * What is known already of the journals, so that a list need not read them all again. It can be thrown away at any
 * time, and throws itself away whenever anything about it is wrong: every answer can be had from the journals.
 */
export class HistoryIndex {
  readonly #path: string;
  readonly #madeBy: string;

  /** Rows of another `madeBy` are as good as missing: another version of the program summarises otherwise. */
  constructor(path: string, madeBy: string) {
    this.#path = path;
    this.#madeBy = madeBy;
  }

  /** What is known of all; with the text of their rows only those from this id on, and those that are not settled. */
  read(fromId: string): ReadonlyMap<string, IndexRow> {
    const rows = this.#use((database) =>
      database
        .prepare(
          `SELECT id, fingerprint, settled, CASE WHEN (id >= ? OR NOT settled) AND length(row) <= ? THEN row END AS row
           FROM summaries WHERE made_by = ?`,
        )
        .all(fromId, mostRowCharacters, this.#madeBy),
    );
    return new Map(
      (rows ?? []).map(({ id, fingerprint, settled, row }) => [
        String(id),
        {
          id: String(id),
          fingerprint: String(fingerprint),
          settled: settled === 1,
          row: typeof row === 'string' ? row : undefined,
        },
      ]),
    );
  }

  update(fresh: readonly IndexRow[], removedIds: readonly string[]): void {
    if (fresh.length + removedIds.length === 0) return;
    this.#use((database) => {
      database.exec('BEGIN IMMEDIATE');
      const put = database.prepare(
        'INSERT OR REPLACE INTO summaries (id, made_by, fingerprint, settled, row) VALUES (?, ?, ?, ?, ?)',
      );
      for (const { id, fingerprint, settled, row } of fresh) {
        put.run(id, this.#madeBy, fingerprint, settled ? 1 : 0, row ?? null);
      }
      const remove = database.prepare('DELETE FROM summaries WHERE id = ?');
      for (const id of removedIds) remove.run(id);
      database.exec('COMMIT');
    });
  }

  #use<Value>(action: (database: DatabaseSync) => Value): Value | undefined {
    let database: DatabaseSync | undefined;
    try {
      database = this.#open();
      return action(database);
    } catch (thrown) {
      database?.close();
      database = undefined;
      if (!isBusy(thrown)) this.#throwAway();
      return undefined;
    } finally {
      database?.close();
    }
  }

  #open(): DatabaseSync {
    for (const suffix of suffixes) {
      const path = `${this.#path}${suffix}`;
      const stats = lstatSync(path, { throwIfNoEntry: false });
      if (!stats) continue;
      requirePlain(path, stats);
      if (stats.size > mostBytes) throw new NotPlain(path, 'it is too long');
    }
    const database = new DatabaseSync(this.#path, { timeout: patienceMs, enableForeignKeyConstraints: false });
    // Nothing here is worth waiting for the disk; what has been removed from the history shall be gone from here too.
    database.exec('PRAGMA trusted_schema = OFF; PRAGMA synchronous = OFF; PRAGMA secure_delete = ON');
    const schema = database.prepare('SELECT sql FROM sqlite_schema LIMIT 2').all();
    if (schema.length === 0) {
      chmodSync(this.#path, 0o600);
      database.exec(table);
    } else if (schema.length > 1 || schema[0]?.['sql'] !== table) {
      database.close();
      throw new NotPlain(this.#path, 'it holds something else');
    }
    return database;
  }

  #throwAway(): void {
    try {
      for (const suffix of suffixes) rmSync(`${this.#path}${suffix}`, { force: true });
    } catch {
      // A directory, or what is not ours to remove: the journals are read without an index.
    }
  }
}

const suffixes = ['', '-journal', '-wal', '-shm'] as const;

/** Primary result codes SQLITE_BUSY and SQLITE_LOCKED (sqlite3.h): another process uses it now. */
function isBusy(thrown: unknown): boolean {
  return thrown instanceof Error && 'errcode' in thrown && (thrown.errcode === 5 || thrown.errcode === 6);
}
