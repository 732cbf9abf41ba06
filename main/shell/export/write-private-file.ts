import { randomBytes } from 'node:crypto';
import { chmod, rename, rm, writeFile } from 'node:fs/promises';
import { SwitchyardError } from '#contract/errors.ts';

/** A record names hosts, users and addresses: the operator who exports it decides who else may read it. */
const ownerOnly = 0o600;

/**
 * Whole or not at all, and never readable by others, not even while it is written. Replaces what is there, as the
 * operator has agreed to in the dialog: a link is replaced, not followed. Rejects with a `SwitchyardError`.
 */
export async function writePrivateFile(path: string, text: string): Promise<void> {
  const unfinished = `${path}.${randomBytes(4).toString('hex')}.part`;
  try {
    await writeFile(unfinished, text, { mode: ownerOnly, flag: 'wx' });
    // The umask may have taken more away than it should.
    await chmod(unfinished, ownerOnly);
    await rename(unfinished, path);
  } catch (thrown) {
    await rm(unfinished, { force: true });
    throw new SwitchyardError(
      {
        kind: 'invalid-request',
        text: `${path} could not be written: ${thrown instanceof Error ? thrown.message : String(thrown)}.`,
        remedy: 'Choose another folder, or make room there.',
      },
      { cause: thrown },
    );
  }
}
