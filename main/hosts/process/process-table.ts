import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { hasEnded, parseProcessStat, type ProcessStat } from './process-stat.ts';

/** What a process runs, which is all that most searches need to read. */
export interface ProcessProgram {
  /** Empty for a thread of the kernel, and for a process that has ended. */
  readonly argv: readonly string[];
  readonly program: string | undefined;
}

/** What /proc tells about a living process. Links that we may not follow (another user's process) are absent. */
export interface ProcessRecord extends ProcessStat, ProcessProgram {
  readonly workingDirectory: string | undefined;
  /** `net:[4026531840]`: two processes with the same text are in the same network namespace. */
  readonly networkNamespace: string | undefined;
  readonly uid: number;
}

/** Numbers of all processes that this mount of /proc shows. */
export function listProcessIds(): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

export function readProgram(pid: number): ProcessProgram {
  const commandLine = readOptional(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8')) ?? '';
  return {
    argv: commandLine === '' ? [] : commandLine.replace(/\0$/, '').split('\0'),
    // An upgraded package leaves its running programs behind under this name.
    program: readLink(pid, 'exe')?.replace(/ \(deleted\)$/, ''),
  };
}

/** `undefined` when there is no such process, or it has ended, or it may not be looked at. */
export function readProcess(pid: number): ProcessRecord | undefined {
  const stat = readProcessStat(pid);
  const uid = readOptional(() => statSync(`/proc/${pid}`).uid);
  if (stat === undefined || hasEnded(stat) || uid === undefined) return undefined;
  return {
    ...stat,
    ...readProgram(pid),
    workingDirectory: readLink(pid, 'cwd'),
    networkNamespace: readLink(pid, 'ns/net'),
    uid,
  };
}

export function readProcessStat(pid: number): ProcessStat | undefined {
  const text = readOptional(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  return text === undefined ? undefined : parseProcessStat(text);
}

/** The environment that a process was started with; `undefined` when it is not ours to read. */
export function readEnvironment(pid: number): NodeJS.ProcessEnv | undefined {
  const text = readOptional(() => readFileSync(`/proc/${pid}/environ`, 'utf8'));
  if (text === undefined) return undefined;
  const pairs = text.split('\0').filter((each) => each.includes('='));
  return Object.fromEntries(
    pairs.map((each) => [each.slice(0, each.indexOf('=')), each.slice(each.indexOf('=') + 1)] as const),
  );
}

/** Where the open descriptors of a process lead (`socket:[123]`, `anon_inode:kvm-vm`, a path), by their numbers. */
export function readDescriptors(pid: number): ReadonlyMap<number, string> {
  const names = readOptional(() => readdirSync(`/proc/${pid}/fd`)) ?? [];
  return new Map(
    names.flatMap((name) => {
      const target = readLink(pid, `fd/${name}`);
      return target === undefined ? [] : [[Number(name), target] as const];
    }),
  );
}

function readLink(pid: number, name: string): string | undefined {
  return readOptional(() => readlinkSync(`/proc/${pid}/${name}`));
}

// A process may end between any two of these calls, and another user's may be closed to us.
function readOptional<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
