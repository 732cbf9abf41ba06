import { readFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { describeGuest, type GuestDescription, type MonitorPlace } from './command-line/description.ts';
import {
  listProcessIds,
  readDescriptors,
  readProcess,
  readProgram,
  type ProcessProgram,
  type ProcessRecord,
} from './process/process-table.ts';
import { listeningSocketPath } from './process/unix-sockets.ts';

/** A QEMU that runs in one network namespace of this machine. */
export interface QemuProcess {
  readonly process: ProcessRecord;
  readonly description: GuestDescription;
  /** QMP sockets that this process listens on, by absolute path. */
  readonly monitorPaths: readonly string[];
}

/** What `query-uuid` says of a guest that was given none. */
export const nilUuid = '00000000-0000-0000-0000-000000000000';

/** Every QEMU with a guest on this machine, or only those in one network namespace (`net:[INODE]`). */
export function listQemuProcesses(networkNamespace?: string): readonly QemuProcess[] {
  return listProcessIds().flatMap((pid) => {
    const found = readQemuProcess(pid);
    const isHere = networkNamespace === undefined || found?.process.networkNamespace === networkNamespace;
    return found && isHere ? [found] : [];
  });
}

/** `undefined` when there is no such process, or it is no QEMU with a guest. */
export function readQemuProcess(pid: number): QemuProcess | undefined {
  const process = isQemu(readProgram(pid)) ? readProcess(pid) : undefined;
  if (!process) return undefined;
  const description = describeGuest(process.argv);
  // `-machine none` is a QEMU that was started to be asked questions.
  if (description.machine === 'none') return undefined;
  return {
    process,
    description,
    monitorPaths: description.monitors.flatMap((monitor) => monitorPath(process, monitor) ?? []),
  };
}

/** Distributions call it `qemu-system-x86_64`, `qemu-kvm` or `kvm`; wrappers leave the old name in `argv[0]`. */
export function isQemuProgram(path: string): boolean {
  return /^(qemu-system-\w+|qemu-kvm|kvm)$/.test(basename(path));
}

/** The accelerator in use, where the command line gives QEMU a choice: only KVM leaves a virtual machine open. */
export function acceleratorOf({ process, description }: QemuProcess): string | undefined {
  const { accelerators } = description;
  if (accelerators.length < 2) return accelerators[0];
  const descriptors = [...readDescriptors(process.pid).values()];
  if (descriptors.includes('anon_inode:kvm-vm')) return 'kvm';
  return descriptors.length === 0 ? accelerators[0] : accelerators.find((accelerator) => accelerator !== 'kvm');
}

function isQemu({ program, argv }: ProcessProgram): boolean {
  return [program, argv[0]].some((path) => path !== undefined && isQemuProgram(path));
}

function monitorPath(process: ProcessRecord, monitor: MonitorPlace): string | undefined {
  switch (monitor.kind) {
    case 'unix-server':
      return resolve(process.workingDirectory ?? '/', monitor.path);
    case 'passed-socket': {
      const inode = /^socket:\[(\d+)\]$/.exec(readDescriptors(process.pid).get(monitor.descriptor) ?? '')?.[1];
      return inode === undefined ? undefined : listeningSocketPath(readUnixSockets(process.pid), Number(inode));
    }
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
