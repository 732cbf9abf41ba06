import { rm, rmdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { GuestProcess } from './guest/processes.ts';

/** Removes the files that only this QEMU used, and their directory unless something else is in it. */
export async function removeFilesOf({ monitor, serial }: GuestProcess, output: readonly string[]): Promise<void> {
  if (monitor === undefined) return;
  const directory = dirname(monitor);
  const own = [monitor, serial, ...output].flatMap((path) =>
    path !== undefined && dirname(path) === directory ? [path] : [],
  );
  for (const path of own) await rm(path, { force: true });
  await rmdir(directory).catch(() => {});
}
