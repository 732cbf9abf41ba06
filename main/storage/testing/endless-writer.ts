import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { createJournal, openJournal } from '#main/storage/journal.ts';
import { lockMigration } from '#main/storage/lock.ts';
import { migrationsDirectory } from '#main/storage/paths.ts';

/**
 * A manager that writes entries of all sizes until it is killed, and says on stdout after each that it is on disk. Run by
 * the live tests: `node endless-writer.ts <state> <migration id>`. It begins when something comes on stdin, so that the
 * next one can be there already while its predecessor lives.
 */
const [state = '', id = ''] = process.argv.slice(2);
const clock = { monoMs: () => performance.now(), epochMs: () => Date.now() };

/** What all file handles share. */
interface Handles {
  write: (
    this: unknown,
    bytes: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ) => Promise<{ readonly bytesWritten: number }>;
}

// A file may take less than it is given (write(2)). This one does, so that there is a middle of writing to be killed in.
await using file = await open('/dev/null', 'r');
const handles: Handles = Object.getPrototypeOf(file);
const { write } = handles;
handles.write = function takeLittle(bytes, offset, length, position) {
  return write.call(this, bytes, offset, Math.min(length, 1024), position);
};

await once(process.stdin, 'data');
const known = readdirSync(state).includes('migrations') && readdirSync(migrationsDirectory(state)).includes(id);
const journal = known ? (await openJournal(state, id, clock)).journal : await createJournal(state, id, clock);
lockMigration(state, { pid: process.pid, user: 'writer', migrationId: id, sinceEpochMs: Date.now() });

for (let round = 0; ; round += 1) {
  // A name, which is not searched for secrets: what takes time here is to write.
  const by = `${round} `.repeat(1 + ((round * 7919) % 50_000));
  const { sequence } = await journal.append({ kind: 'cancel-requested', reason: 'operator', by });
  process.stdout.write(`${sequence}\n`);
}
