import { readGuestArguments } from '#lab/guest/command-line.ts';
import { isAlive } from '#lab/guest/processes.ts';
import { listProcessIds, readProcess } from '#main/hosts/process/process-table.ts';
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
  readonly #copies = new Map<number, Copy>();
  readonly #looks = new Map<number, number>();

  constructor(guest: string, hosts: readonly string[]) {
    this.#guest = guest;
    this.#labels = new Map(hosts.map((host) => [namespacePlace(host).label(), host]));
  }

  /** Those that are there now, in the order in which they were started. */
  find(): readonly Copy[] {
    const present = new Set(listProcessIds());
    for (const known of this.#looks.keys()) if (!present.has(known)) this.#looks.delete(known);
    for (const pid of present) this.#consider(pid);
    for (const [pid, copy] of this.#copies) if (!isAlive(copy)) this.#copies.delete(pid);
    return [...this.#copies.values()].toSorted((a, b) => a.startTimeTicks - b.startTimeTicks || a.pid - b.pid);
  }

  #consider(pid: number): void {
    const looks = this.#looks.get(pid) ?? 0;
    if (this.#copies.has(pid) || looks >= looksBeforeForgotten) return;
    const copy = this.#read(pid);
    if (copy) this.#copies.set(pid, copy);
    else this.#looks.set(pid, looks + 1);
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
