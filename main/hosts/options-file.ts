import { closeSync, constants, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Bytes } from '#contract/units.ts';
import { asFileUser, type FileUser } from '#native/thread-user.ts';
import { ourselves } from './authority/ourselves.ts';
import { asTyped, type ReadOptionsFile, type Unreadable } from './command-line/as-typed.ts';
import type { ProcessRecord } from './process/process-table.ts';
import { startingFolder } from './process/starting-folder.ts';

/** What QEMU was told, files of options included. */
export interface FullCommandLine {
  readonly argv: readonly string[];
  /** Why that is less than what QEMU has read; absent when it is all. */
  readonly unreadable: Unreadable | undefined;
}

/** QEMU's own lines are a few hundred; a guest with a thousand disks has some 100 KiB. */
const longestFileBytes: Bytes = 256 * 1024;

/**
 * The command line of a QEMU with what stands in the files that it names. A file is opened with the rights of the user who
 * runs QEMU: its name is that process's word, and its content is going to be on the command line of a twin.
 */
export function fullCommandLine(process: ProcessRecord): FullCommandLine {
  const { argv, isCutOff } = process;
  if (isCutOff) return { argv: [], unreadable: undefined };
  const typed = asTyped(argv, readerFor(process), defaultFileOf(process));
  return 'argv' in typed ? { argv: typed.argv, unreadable: undefined } : { argv, unreadable: typed.unreadable };
}

/** `/etc/qemu/qemu.conf`, for a QEMU that was installed elsewhere below its own prefix; only where it is there. */
function defaultFileOf({ program = '' }: ProcessRecord): string | undefined {
  const prefix = dirname(dirname(program));
  const path = resolve(prefix === '/usr' || prefix === '/' ? '/' : prefix, 'etc/qemu/qemu.conf');
  return existsSync(path) ? path : undefined;
}

function readerFor(process: ProcessRecord): ReadOptionsFile {
  const { credentials } = process;
  const user: FileUser = {
    uid: credentials.uids.effective,
    gid: credentials.gids.effective,
    groups: credentials.groups,
  };
  return (name) => {
    try {
      return readAs(user, placeOf(name, process));
    } catch (thrown) {
      return { unreadable: thrown instanceof Error ? thrown.message : String(thrown) };
    }
  };
}

function readAs(user: FileUser, path: string): { readonly text: string } | { readonly unreadable: string } {
  const open = (): number => openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  // An ordinary user handles its own QEMUs alone.
  const descriptor = user.uid === 0 || ourselves().uid !== 0 ? open() : asFileUser(user, open);
  try {
    const found = fstatSync(descriptor);
    if (!found.isFile()) return { unreadable: 'it is not a file' };
    // Read at once, as far as a file can be: one that grows, or whose size is not known, is cut off there.
    const bytes = Buffer.alloc(longestFileBytes + 1);
    const count = readSync(descriptor, bytes, 0, bytes.length, 0);
    if (count > longestFileBytes) return { unreadable: `it is longer than ${longestFileBytes} bytes` };
    return { text: bytes.toString('utf8', 0, count) };
  } finally {
    closeSync(descriptor);
  }
}

function placeOf(name: string, process: ProcessRecord): string {
  return resolve(startingFolder(process), name);
}
