import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Application } from '#main/app/application.ts';
import { decodeLine, encodeLine } from '#main/storage/line.ts';
import { migrationPaths } from '#main/storage/paths.ts';
import { atMost, median, seconds, type Figure } from './figures.ts';

const migrationCount = 5000;

/** What a list of thousands of migrations costs, against the bare reading of their journals. */
export async function histories(rounds: number): Promise<Figure[]> {
  const state = await mkdtemp(join(tmpdir(), 'switchyard-bench-history-'));
  try {
    const journals = await makeJournals(state);
    const timed: Record<'bare' | 'first' | 'next' | 'whole', number[]> = { bare: [], first: [], next: [], whole: [] };
    for (let round = 0; round < rounds; round += 1) {
      timed.bare.push(await durationMs(async () => void (await Promise.all(journals.map((path) => readFile(path))))));
      await rm(join(state, 'history.sqlite'), { force: true });
      timed.first.push(await listMs(state, { newest: 100 }));
      timed.next.push(await listMs(state, { newest: 100 }));
      timed.whole.push(await listMs(state, {}));
    }
    const [bare, first, next, whole] = [timed.bare, timed.first, timed.next, timed.whole].map(median);
    const of = (ms = 0): string => `${seconds(ms)} to ${seconds(bare ?? 0)}, of ${migrationCount} migrations`;
    const against = (name: string, ms = 0, goal: number): Figure =>
      atMost(`${name}, to bare reading of the journals`, ms / (bare ?? Infinity), goal, of(ms));
    return [
      against('time to list the newest, the first time', first, 2),
      against('time to list the newest, from then on', next, 1),
      against('time to list all, the first time', whole, 20),
    ];
  } finally {
    await rm(state, { recursive: true });
  }
}

/** A process of its own each time, as far as what is remembered goes. */
function listMs(state: string, options: { readonly newest?: number }): Promise<number> {
  const application = new Application({
    version: 'bench',
    environment: { ...process.env, SWITCHYARD_STATE_DIR: state },
  });
  return durationMs(async () => void (await application.history(options)));
}

async function durationMs(work: () => Promise<void>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

/** A finished migration as it is kept for the tests, under so many ids. */
async function makeJournals(state: string): Promise<readonly string[]> {
  const fixtures = join(import.meta.dirname, '..', 'main', 'storage', 'fixtures');
  const samples = await readFile(join(fixtures, 'finished.samples.ndjson'));
  const lines = (await readFile(join(fixtures, 'finished.journal.ndjson'), 'utf8')).trimEnd().split('\n');
  const entries = lines.flatMap((line) => {
    const decoded = decodeLine(line);
    return decoded.kind === 'entry' ? decoded.entry : [];
  });
  const paths = Array.from({ length: migrationCount }, (_, index) => {
    const at = new Date(1_700_000_000_000 + index * 60_000).toISOString().replace(/[-:]|\.\d+/g, '');
    return { id: `${at}-${(index % 0xffff).toString(16).padStart(4, '0')}` };
  });
  for (const { id } of paths) {
    const { directory, journal, samples: sampleFile } = migrationPaths(state, id);
    const own = entries.map(({ event, ...when }) =>
      encodeLine({ ...when, event: event.kind === 'planned' ? { ...event, plan: { ...event.plan, id } } : event }),
    );
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await writeFile(journal, own.join(''), { mode: 0o600 });
    await writeFile(sampleFile, samples, { mode: 0o600 });
  }
  return paths.map(({ id }) => migrationPaths(state, id).journal);
}
