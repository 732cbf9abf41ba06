import { readdirSync } from 'node:fs';
import { createJournal, openJournal } from '#main/storage/journal.ts';
import { lockMigration } from '#main/storage/lock.ts';
import { migrationsDirectory } from '#main/storage/paths.ts';

/**
 * A manager that writes entries of all sizes until it is killed, and says on stdout after each that it is on disk. Run by
 * the live tests: `node endless-writer.ts <state> <migration id>`.
 */
const [state = '', id = ''] = process.argv.slice(2);
const clock = { monoMs: () => performance.now(), epochMs: () => Date.now() };

const known = readdirSync(state).includes('migrations') && readdirSync(migrationsDirectory(state)).includes(id);
const journal = known ? (await openJournal(state, id, clock)).journal : await createJournal(state, id, clock);
lockMigration(state, { pid: process.pid, user: 'writer', migrationId: id, sinceEpochMs: Date.now() });

for (let round = 0; ; round += 1) {
  const raw = `${round} `.repeat(1 + ((round * 7919) % 20_000));
  const { sequence } = await journal.append({ kind: 'output-kept', side: 'destination', raw });
  process.stdout.write(`${sequence}\n`);
}
