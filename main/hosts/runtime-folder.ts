import { lstatSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { SwitchyardError } from '#contract/errors.ts';
import { migrationIdSchema } from '#contract/migration.ts';
import { NotPlain, readPlainTail } from '#main/storage/plain-file.ts';
import { destinationOutputName, guestNoteName } from './command-line/twin.ts';
import { listQemuProcesses } from './qemu-processes.ts';

/** How much of a QEMU's output is worth keeping: its last words. */
const outputTailBytes = 64 * 1024;

/** The folder of one migration's destination: its sockets, its output, what its guest writes to serial ports. */
export function migrationFolder(runtimeDirectory: string, migrationId: string): string {
  return join(runtimeDirectory, migrationIdSchema.parse(migrationId));
}

/**
 * Removes what a QEMU that has ended left in its folder: sockets, its output (the journal has it by then), empty files.
 * What its guest wrote (serial ports, logs) is the operator's and stays; without any the folder goes too. A monitor
 * outside of `runtimeDirectory` is not ours, and nothing happens. Refuses while a QEMU still lives there.
 */
export function tidyFolderOf(monitorPath: string, runtimeDirectory: string): void {
  const folder = dirname(monitorPath);
  if (dirname(folder) !== runtimeDirectory || !migrationIdSchema.safeParse(basename(folder)).success) return;
  const inhabitant = listQemuProcesses().find((qemu) => livesIn(qemu.monitorPaths, folder));
  if (inhabitant) {
    throw new SwitchyardError({
      kind: 'rejected',
      phase: 'ending',
      event: 'tidy',
      text: `The files in ${folder} are in use by a QEMU that still runs (process ${inhabitant.process.pid}).`,
      remedy: 'They are removed after that QEMU has ended.',
    });
  }
  removeOwnFiles(folder);
}

/** As `tidyFolderOf`, for a folder that is known to be deserted. What lies behind a symbolic link is never touched. */
export function removeOwnFiles(folder: string): void {
  if (lstatSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) return;
  for (const name of entriesOf(folder)) {
    const path = join(folder, name);
    const found = lstatSync(path, { throwIfNoEntry: false });
    const isOurFile = found?.isFile() === true && (found.size === 0 || name === destinationOutputName);
    if (found?.isSocket() || isOurFile) rmSync(path, { force: true });
  }
  const left = entriesOf(folder);
  if (left.length === 1 && left[0] === guestNoteName) rmSync(join(folder, guestNoteName), { force: true });
  try {
    rmdirSync(folder);
  } catch {
    // Something of the operator's is in it, or it is gone already.
  }
}

export function livesIn(monitorPaths: readonly string[], folder: string): boolean {
  return monitorPaths.some((path) => dirname(path) === folder);
}

/** The end of a QEMU's own output; empty when there is none (any more), or when something else stands in its place. */
export async function readOutput(path: string): Promise<string> {
  try {
    return readPlainTail(path, outputTailBytes, { ofAnyUser: true }).bytes.toString('utf8');
  } catch (thrown) {
    if (thrown instanceof NotPlain || (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT'))
      return '';
    throw thrown;
  }
}

function entriesOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
