import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SwitchyardError } from '#contract/errors.ts';
import { heldLeasesSchema, type HeldLease, type HeldLeases } from '#contract/path-lease.ts';
import { tryLock } from '#main/storage/lock.ts';
import { readPlainFile } from '#main/storage/plain-file.ts';

/** The work under the lock takes milliseconds: a manager that holds it for longer has been stopped (SIGSTOP). */
const patienceMs = 10_000;
const askAgainMs = 20;
/** Room for thousands of migrations at a time. */
const mostBytes = 16 * 2 ** 20;

/** A network namespace, as `NetworkPlace` knows it. */
export interface NamespaceNames {
  /** `net:[4026531840]`: names the file. */
  readonly label: string;
  /** Names the namespace for good. */
  readonly mark: string;
}

/**
 * The leases that migrations hold of the path manager of one network namespace: one file for all managers of this
 * user on this machine, whatever their state directories, gone with the last lease and with the next boot, as the
 * kernel's own settings are.
 */
export class LeaseBook {
  readonly #path: string;
  readonly #mark: string;

  constructor(folder: string, { label, mark }: NamespaceNames) {
    this.#path = join(folder, label.replaceAll(/[^a-z0-9]+/g, '-').replace(/-$/, ''));
    this.#mark = mark;
  }

  /**
   * As they are at this moment. A migration whose journal was removed cannot be ended any more: it holds nothing, and what
   * it left is put back with the last of the others.
   */
  read(): readonly HeldLease[] {
    const { namespace, leases } = parsed(this.#file);
    // A paused migration's namespace may be deleted with it: the settings went, and its number may be that of another now.
    if (namespace !== this.#mark) return [];
    return leases.map((lease) => {
      const canEnd = lease.journal === undefined || existsSync(lease.journal);
      return canEnd ? lease : { ...lease, released: true };
    });
  }

  /** One manager after the other: `work` may keep other leases than it was given. */
  async hold<Result>(
    work: (leases: readonly HeldLease[], keep: (leases: readonly HeldLease[]) => void) => Promise<Result>,
  ): Promise<Result> {
    const lock = await this.#lock();
    try {
      return await work(this.read(), (leases) => this.#write(leases));
    } finally {
      lock[Symbol.dispose]();
    }
  }

  get #file(): string {
    return `${this.#path}.json`;
  }

  async #lock(): Promise<Disposable> {
    const path = `${this.#path}.lock`;
    const deadlineMonoMs = performance.now() + patienceMs;
    for (;;) {
      const lock = tryLock(path);
      if (lock) return lock;
      if (performance.now() > deadlineMonoMs) throw tooLong(path);
      await sleep(askAgainMs);
    }
  }

  /** Whole or not at all: it is read without the lock as well. */
  #write(leases: readonly HeldLease[]): void {
    if (leases.length === 0) {
      rmSync(this.#file, { force: true });
      return;
    }
    const draft = `${this.#file}.draft`;
    rmSync(draft, { force: true });
    writeFileSync(draft, JSON.stringify({ namespace: this.#mark, leases }), { mode: 0o600, flag: 'wx' });
    renameSync(draft, this.#file);
  }
}

/** Where there is none, or none that can be read (a user without rights here cannot change anything either), nothing is leased. */
function parsed(path: string): HeldLeases {
  try {
    return heldLeasesSchema.parse(JSON.parse(readPlainFile(path, mostBytes).toString('utf8')));
  } catch {
    return { namespace: '', leases: [] };
  }
}

function tooLong(path: string): SwitchyardError {
  return new SwitchyardError({
    kind: 'timeout',
    afterMs: patienceMs,
    waitingFor: 'the lock on the MPTCP settings of this host',
    text: `Another process has held ${path} for ${patienceMs / 1000} s, so the MPTCP settings were not changed.`,
    remedy: `Find it with \`fuser ${path}\`; a stopped Switchyard continues with \`kill -CONT PID\`.`,
  });
}
