import { readdirSync } from 'node:fs';
import { readGuestArguments } from '#lab/guest/command-line.ts';
import { readProcess, readProcessStat } from '#main/hosts/process/process-table.ts';
import { hasEnded } from '#main/hosts/process/process-stat.ts';
import { QmpClient } from '#main/qmp/client.ts';
import { QmpError } from '#main/qmp/fault.ts';
import { namespacePlace } from '#main/hosts/network-place.ts';

/** A QEMU that carries the lab's guest. */
export interface Copy {
  readonly pid: number;
  readonly startTimeTicks: number;
  /** Id of the host that it is on. */
  readonly host: string;
  readonly monitorPath: string;
  readonly serialPath: string;
  readonly argv: readonly string[];
}

/** A child that has been forked and not yet become QEMU is looked at again, so often. */
const looksBeforeForgotten = 10;

/**
 * Finds the copies of one guest among all processes, again and again, and cheaply: a process that is no QEMU is read a few
 * times and then not any more.
 */
export class CopyFinder {
  readonly #guest: string;
  readonly #labels: ReadonlyMap<string, string>;
  readonly #copies = new Map<string, Copy>();
  readonly #looks = new Map<string, number>();

  constructor(guest: string, hosts: readonly string[]) {
    this.#guest = guest;
    this.#labels = new Map(hosts.map((host) => [namespacePlace(host).label(), host]));
  }

  /** Those that are there now, in the order in which they were started. */
  find(): readonly Copy[] {
    const names = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    const present = new Set(names);
    for (const known of this.#looks.keys()) if (!present.has(known)) this.#looks.delete(known);
    for (const name of names) this.#consider(name);
    for (const [name, copy] of this.#copies) if (!isAlive(copy)) this.#copies.delete(name);
    return [...this.#copies.values()].toSorted((a, b) => a.startTimeTicks - b.startTimeTicks || a.pid - b.pid);
  }

  #consider(name: string): void {
    const looks = this.#looks.get(name) ?? 0;
    if (this.#copies.has(name) || looks >= looksBeforeForgotten) return;
    const copy = this.#read(Number(name));
    if (copy) this.#copies.set(name, copy);
    else this.#looks.set(name, looks + 1);
  }

  #read(pid: number): Copy | undefined {
    const process = readProcess(pid);
    const host = this.#labels.get(process?.networkNamespace ?? '');
    const guest = process && host !== undefined ? readGuestArguments(process.argv) : undefined;
    if (!process || host === undefined || guest?.name !== this.#guest) return undefined;
    const { monitor, serial } = guest;
    if (monitor === undefined || serial === undefined) return undefined;
    const { startTimeTicks, argv } = process;
    return { pid, startTimeTicks, host, monitorPath: monitor, serialPath: serial, argv };
  }
}

export function isAlive({ pid, startTimeTicks }: Pick<Copy, 'pid' | 'startTimeTicks'>): boolean {
  const stat = readProcessStat(pid);
  return stat?.startTimeTicks === startTimeTicks && !hasEnded(stat);
}

/** What a copy says of itself through its monitor; `silent` when that is held, or it hangs. */
export interface Look {
  readonly copy: Copy;
  /** RunState and MigrationStatus. */
  readonly run: string;
  readonly migration: string;
}

export async function lookAt(copy: Copy): Promise<Look> {
  try {
    await using qmp = await QmpClient.connect({ path: copy.monitorPath }, { connectTimeoutMs: 1000 });
    const [{ status: run }, { status: migration = 'none' }] = await Promise.all([
      qmp.execute('query-status', {}, { timeoutMs: 1000 }),
      qmp.execute('query-migrate', {}, { timeoutMs: 1000 }),
    ]);
    return { copy, run, migration };
  } catch (thrown) {
    if (thrown instanceof QmpError) return { copy, run: 'silent', migration: 'silent' };
    throw thrown;
  }
}
