import { statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { CopyFinder, type Copy } from './copies.ts';

const lookEveryMs = 50;

interface Watched {
  readonly copy: Copy;
  bytes: number;
  /** The first look that found its guest to have run since the look before; `undefined` while it never has. */
  ranFirstAtLook: number | undefined;
}

/**
 * Watches that the guest never runs twice, by what cannot be mistaken: its own heartbeat, which it writes to the serial port
 * of the QEMU that runs it, a hundred times a second. The law: once a copy has run, no older one runs again. It also
 * catches copies that take turns, and in one look both may have run, since one look is longer than a switchover.
 */
export class RunningCopies implements Disposable {
  readonly #finder: CopyFinder;
  readonly #timer: NodeJS.Timeout;
  readonly #watched = new Map<string, Watched>();
  readonly #violations = new Set<string>();
  #looks = 0;

  constructor(guest: string, hosts: readonly string[]) {
    this.#finder = new CopyFinder(guest, hosts);
    this.#look();
    this.#timer = setInterval(() => this.#look(), lookEveryMs);
  }

  /** Sentences; empty as long as the law has been kept. */
  get violations(): readonly string[] {
    this.#look();
    return [...this.#violations];
  }

  /** Resolves when two more looks have been taken: a copy that began to run a moment ago has been seen in both. */
  async looksOn(): Promise<void> {
    for (const enough = this.#looks + 2; this.#looks < enough;) await sleep(lookEveryMs);
  }

  /** What was seen until now has been told. */
  forgive(): void {
    this.#violations.clear();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    this.#looks += 1;
    const copies = this.#finder.find();
    const keys = new Set(copies.map(keyOf));
    for (const key of this.#watched.keys()) if (!keys.has(key)) this.#watched.delete(key);
    const ran = copies.map((copy) => this.#follow(copy)).filter((each) => each !== undefined);
    for (const older of ran) {
      for (const newer of this.#watched.values()) {
        const hadRun = newer.ranFirstAtLook !== undefined && newer.ranFirstAtLook < this.#looks;
        if (hadRun && isNewer(newer.copy, older.copy)) this.#violations.add(violation(older.copy, newer.copy));
      }
    }
  }

  /** Answers when the guest has run in this copy since the last look. */
  #follow(copy: Copy): Watched | undefined {
    const key = keyOf(copy);
    const bytes = sizeOf(copy.serialPath);
    // What is there at the very first look may be as old as the guest; a later copy begins with an empty file.
    const known = this.#watched.get(key) ?? {
      copy,
      bytes: this.#looks === 1 ? bytes : 0,
      ranFirstAtLook: undefined,
    };
    const ran = bytes > known.bytes;
    known.bytes = bytes;
    if (ran) known.ranFirstAtLook ??= this.#looks;
    this.#watched.set(key, known);
    return ran ? known : undefined;
  }
}

function isNewer(a: Copy, b: Copy): boolean {
  return a.startTimeTicks > b.startTimeTicks || (a.startTimeTicks === b.startTimeTicks && a.pid > b.pid);
}

function violation(older: Copy, newer: Copy): string {
  return `process ${older.pid} on ${older.host} ran after process ${newer.pid} on ${newer.host} had`;
}

function keyOf({ pid, startTimeTicks }: Copy): string {
  return `${pid}/${startTimeTicks}`;
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
