import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, readSync, statSync } from 'node:fs';
import type { Bytes } from '#contract/units.ts';
import { hasEnded, parseProcessStat, type ProcessStat } from './process-stat.ts';
import { parseProcessStatus, type Credentials } from './process-status.ts';

/** What a process runs, which is all that most searches need to read. */
export interface ProcessProgram {
  /** Empty for a thread of the kernel, and for a process that has ended. Its own words: it can write them over. */
  readonly argv: readonly string[];
  /** The command line is longer than what is read of one; `argv` is its beginning. */
  readonly isCutOff: boolean;
  /** The path of what it executes, as the kernel knows it; `undefined` where it may not be looked at. */
  readonly program: string | undefined;
  /** The file of that path is no more, or is another by now: a package was upgraded. */
  readonly isProgramDeleted: boolean;
}

/** A file by what the kernel distinguishes files by, independent of its path. */
export interface FileIdentity {
  readonly device: bigint;
  readonly inode: bigint;
}

/** What /proc says about a living process, all of one moment. What we may not read (another user's process) is absent. */
export interface ProcessRecord extends ProcessStat, ProcessProgram {
  readonly credentials: Credentials;
  /** The file behind `program`, also when its path leads elsewhere by now. */
  readonly executable: FileIdentity | undefined;
  readonly workingDirectory: string | undefined;
  /** Its root directory: another one than ours in a container and after chroot. */
  readonly root: FileIdentity | undefined;
  readonly rootPath: string | undefined;
  /** `net:[4026531840]`: two processes with the same text are in the same network namespace. */
  readonly networkNamespace: string | undefined;
  /** `user:[4026531837]`. */
  readonly userNamespace: string | undefined;
  /** The effective one. */
  readonly uid: number;
}

/**
 * QEMU's longest command lines (libvirt, hundreds of disks) have some 100 KiB. The kernel takes 6 MiB from any user, and
 * reading all of it of many processes would block this process.
 */
export const longestCommandLineBytes: Bytes = 256 * 1024;
const longestEnvironmentBytes: Bytes = 256 * 1024;

/** A process that changes while it is read is read again: so often, and then it is left out. */
const readingAttempts = 4;

/** Numbers of all processes that this mount of /proc shows. */
export function listProcessIds(): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

export function readProgram(pid: number): ProcessProgram {
  const read = readOptional(() => readBeginning(`/proc/${pid}/cmdline`, longestCommandLineBytes + 1));
  const isCutOff = read !== undefined && read.length > longestCommandLineBytes;
  const commandLine = read?.toString('utf8', 0, longestCommandLineBytes) ?? '';
  // An upgraded package leaves its running programs behind under this name.
  const [, program, deleted] = /^(.*?)( \(deleted\))?$/s.exec(readLink(pid, 'exe') ?? '') ?? [];
  return {
    argv: commandLine === '' ? [] : commandLine.replace(/\0$/, '').split('\0'),
    isCutOff,
    program: program === '' ? undefined : program,
    isProgramDeleted: deleted !== undefined,
  };
}

/**
 * One process, in one pass: nothing of what is returned was read before or after it executed another program or took
 * another user's rights. `undefined` when there is no such process, or it has ended, or it may not be looked at, or it
 * does not keep still.
 */
export function readProcess(pid: number): ProcessRecord | undefined {
  for (let attempt = 0; attempt < readingAttempts; attempt++) {
    const before = readOnce(pid);
    const after = before && readOnce(pid);
    if (!before || !after) return undefined;
    if (isSameExecution(before, after)) return after;
  }
  return undefined;
}

/**
 * Whether two readings are of one process that has executed nothing else in between and kept its rights. A process may
 * change its directory or open files: that is no other program.
 */
export function isSameExecution(one: ProcessRecord, other: ProcessRecord): boolean {
  return (
    one.pid === other.pid &&
    one.startTimeTicks === other.startTimeTicks &&
    isSameFile(one.executable, other.executable) &&
    one.program === other.program &&
    one.isCutOff === other.isCutOff &&
    JSON.stringify(one.argv) === JSON.stringify(other.argv) &&
    isSameCredentials(one.credentials, other.credentials) &&
    isSameFile(one.root, other.root)
  );
}

export function isSameFile(one: FileIdentity | undefined, other: FileIdentity | undefined): boolean {
  return one?.device === other?.device && one?.inode === other?.inode;
}

/** The identity of what a path leads to now; `undefined` when it leads nowhere or we may not see. */
export function fileIdentityOf(path: string): FileIdentity | undefined {
  const found = readOptional(() => statSync(path, { bigint: true }));
  return found && { device: found.dev, inode: found.ino };
}

export function readProcessStat(pid: number): ProcessStat | undefined {
  const text = readOptional(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  return text === undefined ? undefined : parseProcessStat(text);
}

/** With whose rights a process runs: every user may read that of every process. */
export function readCredentials(pid: number | 'self'): Credentials | undefined {
  const text = readOptional(() => readFileSync(`/proc/${pid}/status`, 'utf8'));
  return text === undefined ? undefined : parseProcessStatus(text);
}

/** The environment that a process was started with; `undefined` when it is not ours to read. */
export function readEnvironment(pid: number): NodeJS.ProcessEnv | undefined {
  const text = readOptional(() => readBeginning(`/proc/${pid}/environ`, longestEnvironmentBytes).toString('utf8'));
  if (text === undefined) return undefined;
  const pairs = text.split('\0').filter((each) => each.includes('='));
  return Object.fromEntries(
    pairs.map((each) => [each.slice(0, each.indexOf('=')), each.slice(each.indexOf('=') + 1)] as const),
  );
}

/** `net:[4026531840]`; `undefined` where we may not see it. */
export function readNetworkNamespace(pid: number | 'self'): string | undefined {
  return readLink(pid, 'ns/net');
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

/** Its sockets, by the numbers that the kernel's socket tables have for them. */
export function readSocketInodes(pid: number): ReadonlySet<number> {
  return new Set(
    [...readDescriptors(pid).values()].flatMap((target) => {
      const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
      return inode === undefined ? [] : [Number(inode)];
    }),
  );
}

function readOnce(pid: number): ProcessRecord | undefined {
  const stat = readProcessStat(pid);
  const credentials = readCredentials(pid);
  if (stat === undefined || hasEnded(stat) || credentials === undefined) return undefined;
  return {
    ...stat,
    ...readProgram(pid),
    credentials,
    executable: fileIdentityOf(`/proc/${pid}/exe`),
    workingDirectory: readLink(pid, 'cwd'),
    root: fileIdentityOf(`/proc/${pid}/root`),
    rootPath: readLink(pid, 'root'),
    networkNamespace: readNetworkNamespace(pid),
    userNamespace: readLink(pid, 'ns/user'),
    uid: credentials.uids.effective,
  };
}

function isSameCredentials(one: Credentials, other: Credentials): boolean {
  const text = (credentials: Credentials): string =>
    JSON.stringify(credentials, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
  return text(one) === text(other);
}

/** At most so many bytes of a file whose size the kernel does not report. */
function readBeginning(path: string, atMostBytes: Bytes): Buffer {
  const file = openSync(path, 'r');
  try {
    const chunks: Buffer[] = [];
    for (let left = atMostBytes; left > 0;) {
      const chunk = Buffer.alloc(Math.min(left, 64 * 1024));
      const count = readSync(file, chunk);
      if (count === 0) break;
      chunks.push(chunk.subarray(0, count));
      left -= count;
    }
    return Buffer.concat(chunks);
  } finally {
    closeSync(file);
  }
}

/** Where a link of /proc/PID leads; `undefined` where there is none, or it may not be read. */
export function readLink(pid: number | 'self', name: string): string | undefined {
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
