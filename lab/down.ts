import { rm } from 'node:fs/promises';
import { removeFilesOf } from './copy-files.ts';
import { isErrno } from './errno.ts';
import { labList, lookForLab } from './find-lab.ts';
import { endProcess, outputFiles } from './guest/processes.ts';
import { removeHosts } from './host-namespaces.ts';
import { removeLeftBehind } from './left-behind.ts';
import { defaultLabName } from './names.ts';
import type { LabFiles } from './runtime-directory.ts';
import { releaseHolder } from './user-namespace.ts';

/**
 * Removes the lab: every QEMU that carries its guest (those that a migration started too), both hosts with all that is in
 * them, its files. Goes by what is really there, so that it also clears away what a crashed command left. Says what it
 * removed; nothing, when there was nothing.
 */
export async function labDown(
  name: string = defaultLabName,
): Promise<{ readonly name: string; readonly removed: readonly string[] }> {
  const { names, files, copies } = await lookForLab(name);
  const removed: string[] = [];
  for (const copy of copies) {
    const output = await outputFiles(copy.pid);
    await endProcess(copy);
    removed.push(`QEMU ${copy.pid}`);
    await removeFilesOf(copy, output);
  }
  removed.push(...(await removeHosts(names)));
  removed.push(...(await removeLeftBehind(names.guest)));
  if (await removeDirectory(files)) removed.push(files.directory);
  if ((await labList()).length === 0) releaseHolder();
  return { name, removed };
}

async function removeDirectory({ directory }: LabFiles): Promise<boolean> {
  try {
    await rm(directory, { recursive: true });
    return true;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false;
    throw error;
  }
}
