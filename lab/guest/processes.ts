import { readFile, readdir, readlink, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { isErrno } from '#lab/errno.ts';
import { readGuestArguments, type GuestArguments } from './command-line.ts';

/** A running QEMU that carries a guest of this name, found by looking at every process. */
export interface GuestProcess extends GuestArguments {
  readonly pid: number;
  /** Field 22 of /proc/PID/stat: with the pid, what tells a process from a later one of the same number. */
  readonly startTimeTicks: number;
  /** Inode of its network namespace. */
  readonly networkNamespace: number | undefined;
  readonly argv: readonly string[];
}

/** Every QEMU whose guest's name is accepted. What ends while being looked at is not listed. */
export async function findGuests(accept: (name: string) => boolean): Promise<GuestProcess[]> {
  const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry)).map(Number);
  const found = await Promise.all(pids.map((pid) => inspect(pid, accept).catch(() => undefined)));
  return found.filter((process) => process !== undefined).toSorted((a, b) => a.startTimeTicks - b.startTimeTicks);
}

async function inspect(pid: number, accept: (name: string) => boolean): Promise<GuestProcess | undefined> {
  const argv = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0').slice(0, -1);
  const parsed = readGuestArguments(argv);
  if (parsed === undefined || !accept(parsed.name)) return undefined;
  const startTimeTicks = await startTime(pid);
  if (startTimeTicks === undefined) return undefined;
  const networkNamespace = await stat(`/proc/${pid}/ns/net`).then(
    ({ ino }) => ino,
    () => undefined,
  );
  return { ...parsed, pid, startTimeTicks, networkNamespace, argv };
}

/** `undefined` when there is no such process, or only its remains (a zombie has ended, and waits for its parent). */
async function startTime(pid: number): Promise<number | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  // The second field is the program's name in parentheses, and may itself hold any character.
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ');
  if (fields === undefined || fields[0] === 'Z' || fields[0] === 'X') return undefined;
  return Number(fields[19]);
}

export async function isAlive({ pid, startTimeTicks }: Pick<GuestProcess, 'pid' | 'startTimeTicks'>): Promise<boolean> {
  return (await startTime(pid)) === startTimeTicks;
}

/** Ends this very process at once and resolves when it is gone. */
export async function endProcess(target: Pick<GuestProcess, 'pid' | 'startTimeTicks'>): Promise<void> {
  const deadlineMs = performance.now() + 10_000;
  while (await isAlive(target)) {
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
