import type { Portrait } from '#main/likeness/portrait.ts';
import type { QmpClient } from '#main/qmp/client.ts';
import type { Milliseconds } from '#contract/units.ts';
import { startingFolderOfPid } from '#main/hosts/process/starting-folder.ts';
import { askForPortrait } from './answers.ts';
import { fileViewOf } from './files.ts';
import { readListeners } from './listeners.ts';
import { portraitOf } from './portrait-of.ts';
import { readProcessPortrait } from './process-portrait.ts';

/** Reads what a QEMU consists of through its monitor and from the process of that number. */
export type PortraitReader = (client: QmpClient, pid: number) => Promise<Portrait>;

/** A main loop that is free answers all of it within a hundredth of that, also with hundreds of disks. */
const answerTimeoutMs: Milliseconds = 5000;

/**
 * What a QEMU consists of now, from its monitor and from /proc. Changes nothing. Rejects with a `QmpError` where an answer
 * is not what QEMU's schema says: half a portrait is no likeness.
 */
export async function readPortrait(client: QmpClient, pid: number): Promise<Portrait> {
  const answers = await askForPortrait(client, answerTimeoutMs);
  const listeners = await readListeners(pid, answers);
  const startedIn = startingFolderOfPid(pid);
  const files = fileViewOf(pid, startedIn);
  const { threads } = answers;
  return portraitOf(
    answers,
    files,
    readProcessPortrait(pid, files.open !== undefined, { threads, listeners, startedIn }),
  );
}
