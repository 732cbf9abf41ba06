import { readlink } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { isErrno } from '#lab/errno.ts';
import { hasEnded, type ProcessStat } from '#main/hosts/process/process-stat.ts';
import {
  listProcessIds,
  readProcess,
  readProcessStat,
  readProgram,
  type ProcessRecord,
} from '#main/hosts/process/process-table.ts';
import { readGuestArguments, type GuestArguments } from './command-line.ts';

/** A running QEMU that carries a guest of this name, found by looking at every process. */
export interface GuestProcess
  extends GuestArguments, Pick<ProcessRecord, 'pid' | 'startTimeTicks' | 'networkNamespace' | 'argv'> {}

/** With the pid, the start time distinguishes a process from a later one of the same number. */
type ProcessIdentity = Pick<ProcessStat, 'pid' | 'startTimeTicks'>;

/**
 * Every QEMU of this user whose guest's name is accepted, the oldest first. What ends while being looked at is not listed;
 * neither are processes of others, who can write the name of a lab's guest on any command line.
 */
export function findGuests(accept: (name: string) => boolean): readonly GuestProcess[] {
  return listProcessIds()
    .flatMap((pid) => inspect(pid, accept) ?? [])
    .toSorted((a, b) => a.startTimeTicks - b.startTimeTicks);
}

function inspect(pid: number, accept: (name: string) => boolean): GuestProcess | undefined {
  const parsed = readGuestArguments(readProgram(pid).argv);
  const process = parsed && accept(parsed.name) ? readProcess(pid) : undefined;
  if (!parsed || process?.uid !== ownUid()) return undefined;
  const { startTimeTicks, networkNamespace, argv } = process;
  return { ...parsed, pid, startTimeTicks, networkNamespace, argv };
}

function ownUid(): number {
  return process.geteuid?.() ?? 0;
}

export function isAlive({ pid, startTimeTicks }: ProcessIdentity): boolean {
  const stat = readProcessStat(pid);
  return stat?.startTimeTicks === startTimeTicks && !hasEnded(stat);
}

/** Ends this very process at once and resolves when it is gone. */
export async function endProcess(target: ProcessIdentity): Promise<void> {
  const deadlineMs = performance.now() + 10_000;
  while (isAlive(target)) {
    try {
      process.kill(target.pid, 'SIGKILL');
    } catch (error) {
      if (!isErrno(error, 'ESRCH')) throw error;
    }
    if (performance.now() > deadlineMs) throw new Error(`process ${target.pid} does not end`);
    await sleep(10);
  }
}

/** Regular files that its standard output and error go to. */
export async function outputFiles(pid: number): Promise<string[]> {
  const targets = await Promise.all([1, 2].map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')));
  return [...new Set(targets.filter((target) => target.startsWith('/') && !target.startsWith('/dev/')))];
}
