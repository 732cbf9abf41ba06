import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { exampleId, examplePlan } from '#main/export/testing/example-migration.ts';
import { createJournal } from './journal.ts';
import { lockMigration, managerOf } from './lock.ts';
import { migrationPaths } from './paths.ts';
import { readJournal } from './reading.ts';

/** How many writers are killed: a thousand for a release. */
const kills = Number(process.env['SWITCHYARD_JOURNAL_KILLS'] ?? 200);
/** Each has one more predecessor. The journal is read whole after each: one that grew for ever would cost its square. */
const killsPerJournal = 25;
/** So many are there before it is their turn: to start one takes longer than all that happens to it. */
const waitingWriters = 2;
/** A handful of entries, the largest of which take some milliseconds. */
const mostMs = 20;

const clock = { monoMs: () => performance.now(), epochMs: () => Date.now() };
const writer = join(import.meta.dirname, 'testing', 'endless-writer.ts');

let state = '';
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'switchyard-journal-'));
});
afterEach(() => {
  rmSync(state, { recursive: true });
});

interface Writer {
  readonly child: ChildProcess;
  /** The last sequence that was confirmed to be on disk. */
  readonly acknowledged: () => number;
  /** Lets it begin. */
  readonly firstAcknowledged: () => Promise<void>;
}

/** Node keeps what it has compiled where a process ends by itself, which no writer does. */
const compiled = (): NodeJS.ProcessEnv => ({ ...process.env, NODE_COMPILE_CACHE: join(state, 'compiled') });

function compileOnce(): void {
  const modules = ['journal.ts', 'lock.ts'].map((name) => `import ${JSON.stringify(join(import.meta.dirname, name))};`);
  execFileSync(process.execPath, ['--input-type=module', '--eval', modules.join('')], { env: compiled() });
}

function startWriter(place = state): Writer {
  const child = spawn(process.execPath, [writer, place, exampleId], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: compiled(),
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let last = -1;
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => {
    last = Number(line);
  });
  const firstAcknowledged = async (): Promise<void> => {
    const first = once(lines, 'line');
    child.stdin.write('go');
    await first;
  };
  return { child, acknowledged: () => last, firstAcknowledged };
}

/** Everything the child said before it died has been read when this resolves. */
async function kill(child: ChildProcess): Promise<void> {
  const closed = once(child, 'close');
  child.kill('SIGKILL');
  await closed;
}

test(
  `killed in the middle of writing ${kills} times, a journal is a clean prefix with everything that was acknowledged`,
  { timeout: 120_000 + kills * 500 },
  async () => {
    compileOnce();
    const placeOf = (round: number): string => join(state, String(Math.floor(round / killsPerJournal)));
    const waiting = Array.from({ length: waitingWriters }, (_each, round) => startWriter(placeOf(round)));
    let [seen, torn] = [0, 0];
    for (let round = 0; round < kills; round += 1) {
      const { journal } = migrationPaths(placeOf(round), exampleId);
      if (round % killsPerJournal === 0) {
        mkdirSync(placeOf(round), { mode: 0o700 });
        seen = 0;
      }
      const next = waiting.shift() ?? startWriter(placeOf(round));
      waiting.push(startWriter(placeOf(round + waitingWriters)));
      await next.firstAcknowledged();
      await sleep(Math.random() * mostMs);
      await kill(next.child);
      const { entries, damage, nextSequence } = readJournal(readFileSync(journal));
      expect(entries.map(({ sequence }) => sequence)).toEqual(
        Array.from({ length: nextSequence }, (_each, index) => index),
      );
      expect(nextSequence).toBeGreaterThan(next.acknowledged());
      expect(next.acknowledged()).toBeGreaterThanOrEqual(seen);
      expect(damage?.kind).not.toBe('corrupt');
      if (damage) torn += 1;
      seen = nextSequence;
    }
    // Else this has not been about the middle of anything.
    expect(torn).toBeGreaterThan(kills / 10);
  },
);

test('the lock of a manager that is killed is free at once', async () => {
  const { child, firstAcknowledged } = startWriter();
  await firstAcknowledged();
  const owner = { pid: process.pid, user: 'test', migrationId: exampleId, sinceEpochMs: 0 };
  expect(() => lockMigration(state, owner)).toThrow(`by writer, process ${child.pid}`);
  await kill(child);
  const after = managerOf(state, exampleId);
  lockMigration(state, owner).release();
  expect(after).toBeUndefined();
});

const mayMount = process.geteuid?.() === 0 && canMount();
if (!mayMount) process.stdout.write('skipped: a full and a read-only disk need root, to mount a tmpfs\n');

function canMount(): boolean {
  const place = mkdtempSync(join(tmpdir(), 'switchyard-mount-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'switchyard-test', place], { stdio: 'ignore' });
    execFileSync('umount', [place]);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(place, { recursive: true });
  }
}

test.skipIf(!mayMount)('a full disk costs the entry and nothing before it, and can be fixed', async () => {
  const disk = join(state, 'disk');
  mkdirSync(disk, { mode: 0o700 });
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k,mode=700', 'switchyard-test', disk]);
  try {
    const filler = join(disk, 'filler');
    const journal = await createJournal(disk, exampleId, clock);
    await journal.append({ kind: 'planned', plan: examplePlan() });
    const before = readFileSync(migrationPaths(disk, exampleId).journal);
    try {
      writeFileSync(filler, Buffer.alloc(256 * 1024));
    } catch {
      // As full as it gets.
    }
    const big = { kind: 'output-kept', side: 'destination', raw: 'x'.repeat(20_000) } as const;
    await expect(journal.append(big)).rejects.toMatchObject({ failure: { kind: 'native', code: 'ENOSPC' } });
    expect(readFileSync(migrationPaths(disk, exampleId).journal)).toEqual(before);
    rmSync(filler);
    const { sequence } = await journal.append(big);
    await journal.close();
    const reading = readJournal(readFileSync(migrationPaths(disk, exampleId).journal));
    expect([sequence, reading.nextSequence, reading.damage]).toEqual([1, 2, undefined]);
  } finally {
    execFileSync('umount', ['-l', disk]);
  }
});

test.skipIf(!mayMount)('on a read-only disk no migration can begin, and the failure says why', async () => {
  const disk = join(state, 'disk');
  mkdirSync(disk, { mode: 0o700 });
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k,mode=700', 'switchyard-test', disk]);
  try {
    const journal = await createJournal(disk, exampleId, clock);
    await journal.close();
    execFileSync('mount', ['-o', 'remount,ro', disk]);
    await expect(createJournal(disk, '20261122T120250Z-0002', clock)).rejects.toMatchObject({
      failure: {
        kind: 'native',
        code: 'EROFS',
        text: 'The journal of this migration could not be made: the file system is read-only (EROFS).',
      },
    });
    expect(statSync(migrationPaths(disk, exampleId).journal).size).toBe(0);
  } finally {
    execFileSync('umount', ['-l', disk]);
  }
});
