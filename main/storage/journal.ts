import { constants } from 'node:fs';
import { mkdir, open, type FileHandle } from 'node:fs/promises';
import { SwitchyardError } from '#contract/errors.ts';
import type { JournalEntry, JournalEvent } from '#contract/migration.ts';
import type { Sample } from '#contract/telemetry.ts';
import type { Clock, Journal } from '#main/engine/ports.ts';
import { createRedactor, type Redactor } from '#main/redaction/redact.ts';
import { DurableFile } from './durable-file.ts';
import { fileFailure, hasCode } from './file-failure.ts';
import { encodeLine } from './line.ts';
import { makePrivateDirectory, migrationPaths, migrationsDirectory, type MigrationPaths } from './paths.ts';
import { warily } from './plain-file.ts';
import type { Damage, JournalReading } from './reading.ts';
import { openSampleFile, type SampleFile } from './sample-file.ts';
import { readJournalFile } from './stored-migration.ts';

export type JournalClock = Pick<Clock, 'monoMs' | 'epochMs'>;

/** What a crash left behind the last entry of a journal that has been opened again, and where it has been kept. */
export interface CutTail extends Damage {
  readonly kind: 'torn';
  readonly keptAt: string;
}

export interface OpenedJournal {
  readonly journal: MigrationJournal;
  readonly reading: JournalReading;
  readonly cut: CutTail | undefined;
}

/**
 * The journal of one migration on disk. Appends are written in the order in which they were asked for, each
 * synchronised before it resolves; secrets in the guest's command line, and wherever else they turn up later, never
 * reach the disk. A rejected append is a `native` failure and has left no entry.
 */
export class MigrationJournal implements Journal {
  readonly #file: DurableFile;
  readonly #path: string;
  readonly #samples: SampleFile;
  readonly #clock: JournalClock;
  readonly #redactor: Redactor = createRedactor();
  #nextSequence: number;
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: {
    file: DurableFile;
    path: string;
    samples: SampleFile;
    clock: JournalClock;
    nextSequence: number;
  }) {
    this.#file = parts.file;
    this.#path = parts.path;
    this.#samples = parts.samples;
    this.#clock = parts.clock;
    this.#nextSequence = parts.nextSequence;
  }

  /** The entry as it stands on disk: redacted. Its time is that of the call, not that of the disk. */
  append(event: JournalEvent): Promise<JournalEntry> {
    const when = { atMonoMs: this.#clock.monoMs(), atEpochMs: this.#clock.epochMs() };
    if (event.kind === 'planned') this.#redactor.learn(event.plan.guest.argv);
    const redacted = this.#redactor.redact(event);
    const mine = this.#last.then(async () => {
      const entry = { sequence: this.#nextSequence, ...when, event: redacted };
      await this.#write(entry);
      this.#nextSequence += 1;
      return entry;
    });
    this.#last = mine.catch(() => undefined);
    return mine;
  }

  sample(sample: Sample): void {
    this.#samples.add(sample);
  }

  /** Samples that could not be kept so far. */
  get lostSampleCount(): number {
    return this.#samples.lostCount;
  }

  /** Waits for what is under way. */
  async close(): Promise<void> {
    await this.#last;
    await this.#samples.close();
    await this.#file.close();
  }

  async #write(entry: JournalEntry): Promise<void> {
    try {
      await this.#file.append(Buffer.from(encodeLine(entry)));
    } catch (thrown) {
      throw fileFailure(thrown, 'The journal of this migration could not be written', this.#path);
    }
  }
}

/** Makes the journal of a new migration. Where this rejects, nothing may be started: it could not be found again. */
export async function createJournal(state: string, id: string, clock: JournalClock): Promise<MigrationJournal> {
  const paths = migrationPaths(state, id);
  makePrivateDirectory(state);
  makePrivateDirectory(migrationsDirectory(state));
  try {
    await mkdir(paths.directory, { mode: 0o700 });
    const handle = await open(paths.journal, 'wx', 0o600);
    await closeUnless(handle, () => syncDirectories(paths.directory, migrationsDirectory(state), state));
    return journalOn(handle, paths, clock, { cleanByteCount: 0, nextSequence: 0 });
  } catch (thrown) {
    if (hasCode(thrown, 'EEXIST')) {
      throw new SwitchyardError({
        kind: 'rejected',
        phase: 'planning',
        event: 'create-journal',
        text: `There is a migration ${id} already.`,
        remedy: 'Try again: every attempt gets an id of its own.',
      });
    }
    throw fileFailure(thrown, 'The journal of this migration could not be made', paths.journal);
  }
}

/**
 * Opens the journal of a migration that another process has begun, to continue with it: hold its lock first. A torn tail
 * is moved to a file beside it. A journal that may lack something that was done is refused and left as it is: a manager that
 * acted on the rest alone could remove the copy that runs.
 */
export async function openJournal(state: string, id: string, clock: JournalClock): Promise<OpenedJournal> {
  const paths = migrationPaths(state, id);
  try {
    const { bytes, ...reading } = readJournalFile(state, id);
    refuseIncomplete(id, reading);
    const handle = await open(paths.journal, constants.O_RDWR | warily);
    const cut = await closeUnless(
      handle,
      async () => reading.damage && (await cutTail(handle, paths, bytes, reading.damage)),
    );
    return { journal: journalOn(handle, paths, clock, reading), reading, cut };
  } catch (thrown) {
    throw fileFailure(thrown, `The journal of migration ${id} could not be opened`, paths.journal);
  }
}

function refuseIncomplete(id: string, { damage, foreign, nextSequence }: JournalReading): void {
  const refused = (text: string, remedy: string): SwitchyardError =>
    new SwitchyardError({ kind: 'rejected', phase: 'attaching', event: 'open-journal', text, remedy });
  if (damage?.kind === 'corrupt') {
    throw refused(
      `The journal of ${id} is damaged after entry ${nextSequence}: what was done then is not known, so nothing is touched.`,
      `Read what is known with \`switchyard show ${id}\`, look at both guests, and end the copy that must not run by hand.`,
    );
  }
  if (foreign.length > 0) {
    throw refused(
      `The journal of ${id} was written by another version of Switchyard: this one does not understand all that was done.`,
      'Take it up with that version.',
    );
  }
}

function journalOn(
  handle: FileHandle,
  paths: MigrationPaths,
  clock: JournalClock,
  { cleanByteCount, nextSequence }: Pick<JournalReading, 'cleanByteCount' | 'nextSequence'>,
): MigrationJournal {
  const file = new DurableFile(handle, cleanByteCount);
  return new MigrationJournal({
    file,
    path: paths.journal,
    samples: openSampleFile(paths.samples),
    clock,
    nextSequence,
  });
}

async function closeUnless<Value>(handle: FileHandle, succeeds: () => Promise<Value>): Promise<Value> {
  try {
    return await succeeds();
  } catch (thrown) {
    await handle.close();
    throw thrown;
  }
}

/** The tail is on disk elsewhere before it leaves its place. */
async function cutTail(handle: FileHandle, paths: MigrationPaths, bytes: Buffer, damage: Damage): Promise<CutTail> {
  const keptAt = `${paths.journal}.torn-at-${damage.atByte}`;
  const copy = await open(keptAt, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | warily, 0o600);
  try {
    await copy.writeFile(bytes.subarray(damage.atByte));
    await copy.sync();
  } finally {
    await copy.close();
  }
  await syncDirectories(paths.directory);
  await handle.truncate(damage.atByte);
  await handle.sync();
  return { ...damage, kind: 'torn', keptAt };
}

/** A new file survives a power loss only once the directories that name it are on disk. */
async function syncDirectories(...paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const directory = await open(path, 'r');
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  }
}
