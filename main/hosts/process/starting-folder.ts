import { resolve } from 'node:path';
import { readDescriptors, readEnvironment, readLink, readProgram, type ProcessRecord } from './process-table.ts';

/** What is known of a process that may have left the folder in which it was started. */
export interface Traces {
  readonly argv: readonly string[];
  readonly workingDirectory: string;
  /** PWD of its environment: a claim. */
  readonly claim: string | undefined;
  /** What its descriptors lead to, as the kernel shows them in /proc/PID/fd. */
  readonly open: readonly string[];
}

/**
 * Where relative names of a QEMU's command line begin. `-daemonize` leaves that folder for the root; then the files that are
 * still open show it, and PWD, as the shell had it. What is found under such a name is compared with what the process has
 * open, or with the credentials of a socket's peer: a wrong folder leads to a refusal, not to another file.
 */
export function startingFolderOf({ argv, workingDirectory, claim, open }: Traces): string {
  if (workingDirectory !== '/' || !argv.some((word) => /^--?daemonize$/.test(word))) return workingDirectory;
  const shown = new Set(open.flatMap((path) => foldersBefore(path, argv)));
  if (claim !== undefined && (shown.size === 0 || shown.has(claim))) return resolve('/', claim);
  const [only, ...others] = shown;
  return only !== undefined && others.length === 0 ? only : resolve('/', claim ?? '');
}

/** The same of a process that runs; `/` of one whose folder may not be seen. */
export function startingFolder({ pid, argv, workingDirectory = '/' }: StartedProcess): string {
  if (workingDirectory !== '/') return workingDirectory;
  const claim = readEnvironment(pid)?.['PWD'];
  return startingFolderOf({ argv, workingDirectory, claim, open: [...readDescriptors(pid).values()] });
}

export type StartedProcess = Pick<ProcessRecord, 'pid' | 'argv' | 'workingDirectory'>;

export function startingFolderOfPid(pid: number): string {
  const { argv } = readProgram(pid);
  return startingFolder({ pid, argv, workingDirectory: readLink(pid, 'cwd') });
}

/** `/vm` for `/vm/disks/a.raw`, where an argument has `file=disks/a.raw`. */
function foldersBefore(path: string, argv: readonly string[]): readonly string[] {
  if (!path.startsWith('/') || /^\/(?:dev|proc)\//.test(path)) return [];
  const parts = path.split('/');
  return parts.flatMap((_part, at) => {
    const name = parts.slice(at).join('/');
    return at > 0 && argv.some((word) => names(word, name)) ? [parts.slice(0, at).join('/') || '/'] : [];
  });
}

/** Whether an argument, or a value in it, begins and ends with this name: `file=NAME,if=virtio`, `"filename":"NAME"`. */
function names(argument: string, name: string): boolean {
  for (let at = argument.indexOf(name); at >= 0; at = argument.indexOf(name, at + 1)) {
    const [before, after] = [argument.charAt(at - 1), argument.charAt(at + name.length)];
    if ((before === '' || '=,:"'.includes(before)) && (after === '' || ',"'.includes(after))) return true;
  }
  return false;
}
