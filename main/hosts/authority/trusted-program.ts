import { accessSync, constants, statSync } from 'node:fs';
import type { Ourselves } from './ourselves.ts';
import { stepsAlong, whoCouldReplace } from './path-steps.ts';

/**
 * Why a program is not started, as the end of a sentence; `undefined` when it is. What others can replace could be
 * anything by the time it runs. As root only what root alone can change is run; an ordinary user also runs their own,
 * which could do nothing that they cannot do themselves.
 */
export function whyNotRun(path: string, we: Ourselves): string | undefined {
  try {
    accessSync(path, constants.X_OK);
    if (!statSync(path).isFile()) return `${path} is no file`;
    const isRoot = we.uid === 0;
    return whoCouldReplace(stepsAlong(path), {
      isTrustedOwner: (uid, step) => we.isOfRoot(uid, step) || uid === we.uid,
      isTrustedGroup: (gid) => gid === 0 || (!isRoot && gid === we.gid),
      allowsSticky: !isRoot,
    });
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown);
  }
}
