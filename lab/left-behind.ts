import { lstatSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { guestNoteName } from '#main/hosts/command-line/twin.ts';
import { runtimeDirectory } from './runtime-directory.ts';

/**
 * Removes what a lab's guest has left in the folders of QEMUs that migrations made of it and that have ended: what it
 * wrote to its serial ports. A real guest's output stays; that of a lab that is gone is not needed. Returns the folders.
 */
export async function removeLeftBehind(guest: string): Promise<readonly string[]> {
  const runtime = runtimeDirectory();
  const folders = (await readdir(runtime).catch(() => [])).map((name) => join(runtime, name));
  const own: string[] = [];
  for (const folder of folders) {
    // In a folder that was given to another user, every name may lead elsewhere.
    if (lstatSync(folder, { throwIfNoEntry: false })?.uid !== process.geteuid?.()) continue;
    const note = await readFile(join(folder, guestNoteName), 'utf8').catch(() => '');
    if (note.split('\n')[0] === guest) own.push(folder);
  }
  for (const folder of own) await rm(folder, { recursive: true, force: true });
  return own;
}
