import { chmodSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

/** One remembered summary, and of which journal: a journal of another size or time has another summary. */
export interface IndexRow {
  readonly id: string;
  readonly fingerprint: string;
  /** JSON. */
  readonly row: string;
}

/** Of the tables below; another version's file is thrown away. */
const layoutVersion = 1;

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

  read(): ReadonlyMap<string, IndexRow> {
    const rows = this.#use((database) =>
      database.prepare('SELECT id, fingerprint, row FROM summaries WHERE made_by = ?').all(this.#madeBy),
    );
    return new Map(
      (rows ?? []).map(({ id, fingerprint, row }) => [
        String(id),
        { id: String(id), fingerprint: String(fingerprint), row: String(row) },
      ]),
    );
  }

  update(fresh: readonly IndexRow[], removedIds: readonly string[]): void {
    if (fresh.length + removedIds.length === 0) return;
    this.#use((database) => {
      database.exec('BEGIN IMMEDIATE');
      const put = database.prepare(
        'INSERT OR REPLACE INTO summaries (id, made_by, fingerprint, row) VALUES (?, ?, ?, ?)',
      );
      for (const { id, fingerprint, row } of fresh) put.run(id, this.#madeBy, fingerprint, row);
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
    const database = new DatabaseSync(this.#path, { timeout: 1000 });
    // Nothing here is worth waiting for the disk; what has been removed from the history shall be gone from here too.
    database.exec('PRAGMA synchronous = OFF; PRAGMA secure_delete = ON');
    const version = database.prepare('PRAGMA user_version').get()?.['user_version'];
    if (version !== layoutVersion) {
      chmodSync(this.#path, 0o600);
      database.exec(`
        BEGIN IMMEDIATE;
        DROP TABLE IF EXISTS summaries;
        CREATE TABLE summaries (
          id TEXT PRIMARY KEY, made_by TEXT NOT NULL, fingerprint TEXT NOT NULL, row TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
        PRAGMA user_version = ${layoutVersion};
        COMMIT;
      `);
    }
    return database;
  }

  #throwAway(): void {
    for (const suffix of ['', '-journal']) rmSync(`${this.#path}${suffix}`, { force: true });
  }
}

/** Primary result codes SQLITE_BUSY and SQLITE_LOCKED (sqlite3.h): another process uses it now. */
function isBusy(thrown: unknown): boolean {
  return thrown instanceof Error && 'errcode' in thrown && (thrown.errcode === 5 || thrown.errcode === 6);
}
