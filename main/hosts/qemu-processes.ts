import { readFileSync, statSync } from 'node:fs';
import { basename, isAbsolute, resolve } from 'node:path';
import { whyNotHandled, type Obstacle, type Surroundings } from './authority/handled.ts';
import { ourselves } from './authority/ourselves.ts';
import type { Unreadable } from './command-line/as-typed.ts';
import { describeGuest, type GuestDescription, type MonitorPlace } from './command-line/description.ts';
import { fullCommandLine } from './options-file.ts';
import {
  fileIdentityOf,
  listProcessIds,
  readDescriptors,
  readNetworkNamespace,
  readProcess,
  readProgram,
  type ProcessProgram,
  type ProcessRecord,
} from './process/process-table.ts';
import { startingFolder } from './process/starting-folder.ts';
import { listeningSocketPath } from './process/unix-sockets.ts';

/** A QMP socket of a QEMU, and who must answer there. */
export interface MonitorSocket {
  readonly path: string;
  /** Whether QEMU was given the socket by the program that started it, which then is its peer for the kernel. */
  readonly isPassed: boolean;
}

/** A QEMU that runs in one network namespace of this machine. */
export interface QemuProcess {
  readonly process: ProcessRecord;
  /** Its command line with what stands in files that it names (`-readconfig`); empty where it is too long to be read. */
  readonly argv: readonly string[];
  /** Why that is not all that it was told; absent when it is. */
  readonly unreadable: Unreadable | undefined;
  readonly description: GuestDescription;
  /** QMP sockets that its command line names, by absolute path. */
  readonly monitors: readonly MonitorSocket[];
  /** Why it is not handled; absent when it is. */
  readonly obstacle: Obstacle | undefined;
}

/** What `query-uuid` says of a guest that was given none. */
export const nilUuid = '00000000-0000-0000-0000-000000000000';

/** More than any QEMU has in practice; each costs a look at its open files. */
const mostMonitors = 16;

/**
 * Every QEMU with a guest on this machine, or only those in one network namespace (`net:[INODE]`). One whose namespace we
 * may not see, another user's, is listed with those of our own, where an operator looks first.
 */
export function listQemuProcesses(networkNamespace?: string): readonly QemuProcess[] {
  const surroundings = readSurroundings();
  const ownNamespace = readNetworkNamespace('self');
  return listProcessIds().flatMap((pid) => {
    const found = readQemuProcess(pid, surroundings);
    const where = found?.process.networkNamespace ?? ownNamespace;
    return found && (networkNamespace === undefined || where === networkNamespace) ? [found] : [];
  });
}

/** `undefined` when there is no such process, or it is no QEMU with a guest, or it does not keep still. */
export function readQemuProcess(pid: number, surroundings = readSurroundings()): QemuProcess | undefined {
  const process = isQemu(readProgram(pid)) ? readProcess(pid) : undefined;
  if (!process || !isQemu(process)) return undefined;
  const obstacle = whyNotHandled(process, surroundings);
  const { argv, unreadable } = fullCommandLine(process);
  const description = describeGuest(argv);
  // `-machine none` is a QEMU that was started to be asked questions.
  if (description.machine === 'none') return undefined;
  return {
    process,
    argv,
    unreadable,
    description,
    monitors: description.monitors.slice(0, mostMonitors).flatMap(monitorsOf(process)),
    obstacle,
  };
}

/**
 * Distributions call it `qemu-system-x86_64`, `qemu-kvm` or `kvm`; some have several for one processor
 * (`qemu-system-x86_64-spice`), and a wrapper may hide the real one (`.qemu-system-x86_64-wrapped`).
 */
export function isQemuProgram(path: string): boolean {
  return /^(\.?qemu-system-[\w-]+|qemu-kvm|kvm)$/.test(basename(path));
}

/** The accelerator in use, where the command line gives QEMU a choice: only KVM leaves a virtual machine open. */
export function acceleratorOf({ process, description }: QemuProcess): string | undefined {
  const { accelerators } = description;
  if (accelerators.length < 2) return accelerators[0];
  const descriptors = [...readDescriptors(process.pid).values()];
  if (descriptors.includes('anon_inode:kvm-vm')) return 'kvm';
  return descriptors.length === 0 ? accelerators[0] : accelerators.find((accelerator) => accelerator !== 'kvm');
}

function readSurroundings(): Surroundings {
  return { we: ourselves(), root: fileIdentityOf('/'), fileAt: fileIdentityOf };
}

/**
 * What it executes says what a process is: any can write QEMU's name over its own `argv[0]`, and a set-uid program can be
 * given that name and any arguments by the user who starts it (sudo, which has become root while it asks for a password).
 * Where that may not be seen, in another user's process, `argv[0]` is shown for want of better; it is not handled.
 */
export function isQemu({ program, argv }: Pick<ProcessProgram, 'program' | 'argv'>): boolean {
  return isQemuProgram(program ?? argv[0] ?? '');
}

/** Where the monitors of one process lead; its open files are looked at once for all of them. */
function monitorsOf(process: ProcessRecord): (monitor: MonitorPlace) => readonly MonitorSocket[] {
  let descriptors: ReadonlyMap<number, string> | undefined;
  let sockets: string | undefined;
  return (monitor) => {
    switch (monitor.kind) {
      case 'unix-server':
        return [{ path: placeOf(monitor.path, process), isPassed: false }];
      case 'passed-socket': {
        descriptors ??= readDescriptors(process.pid);
        const inode = /^socket:\[(\d+)\]$/.exec(descriptors.get(monitor.descriptor) ?? '')?.[1];
        if (inode === undefined) return [];
        sockets ??= readUnixSockets(process.pid);
        const path = listeningSocketPath(sockets, Number(inode));
        return path === undefined ? [] : [{ path, isPassed: true }];
      }
    }
  };
}

/**
 * A relative path was resolved where QEMU was started, or where it has moved to since. The credentials of the socket's peer
 * confirm or refute it.
 */
function placeOf(path: string, process: ProcessRecord): string {
  const place = resolve(process.workingDirectory ?? '/', path);
  if (isAbsolute(path) || isSocket(place)) return place;
  const guess = resolve(startingFolder(process), path);
  return isSocket(guess) ? guess : place;
}

function isSocket(path: string): boolean {
  try {
    return statSync(path).isSocket();
  } catch {
    return false;
  }
}

function readUnixSockets(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/net/unix`, 'utf8');
  } catch {
    // It has ended meanwhile.
    return '';
  }
}
