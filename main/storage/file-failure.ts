import { shellWord } from '#contract/plain-text.ts';
import { SwitchyardError } from '#contract/errors.ts';

/**
 * What stands in the place of a file of ours and is not read as one. `objection` completes a sentence about the file:
 * "it is a named pipe, not a file".
 */
export class NotPlain extends Error {
  override readonly name = 'NotPlain';
  readonly path: string;
  readonly objection: string;

  constructor(path: string, objection: string) {
    super(`${path}: ${objection}`);
    this.path = path;
    this.objection = objection;
  }
}

/** What an operator can do about the errors that a disk gives; anything else is left to the error's own words. */
const causes: Readonly<Record<string, { readonly cause: string; readonly remedy: (path: string) => string }>> = {
  ENOSPC: {
    cause: 'the disk is full',
    remedy: (path) => `Free some space where ${path} is (\`df ${shellWord(path)}\`), then try again.`,
  },
  EDQUOT: {
    cause: 'the disk quota is used up',
    remedy: (path) => `Free some space where ${path} is, or raise the quota, then try again.`,
  },
  EROFS: {
    cause: 'the file system is read-only',
    remedy: (path) =>
      `Remount the file system of ${path} for writing, or name another place with SWITCHYARD_STATE_DIR.`,
  },
  EACCES: {
    cause: 'permission was denied',
    remedy: (path) => `Make ${path} yours, or name another place with SWITCHYARD_STATE_DIR.`,
  },
  EPERM: {
    cause: 'it is not permitted',
    remedy: (path) => `Make ${path} yours, or name another place with SWITCHYARD_STATE_DIR.`,
  },
  ENOTDIR: {
    cause: 'a part of the path is a file',
    remedy: (path) => `Look at ${path}: one of its parents is not a directory.`,
  },
  ENOENT: { cause: 'there is no such file', remedy: (path) => `Look whether ${path} has been moved or removed.` },
  ELOOP: {
    cause: 'it is a symbolic link',
    remedy: (path) => `Look at ${path}: a link in the place of a file is not followed; move it away.`,
  },
  ENXIO: {
    cause: 'it is a named pipe or a socket',
    remedy: (path) => `Look at ${path}: move it away, so that a file can be made there.`,
  },
  EISDIR: {
    cause: 'it is a directory',
    remedy: (path) => `Look at ${path}: move it away, so that a file can be made there.`,
  },
  EIO: {
    cause: 'the disk reported an error',
    remedy: (path) =>
      `Look at the kernel's log (\`dmesg\`) for the disk that holds ${path} before anything else is written there.`,
  },
};

/**
 * An error of node:fs as a typed failure. `what` is the first half of the sentence: "The journal could not be
 * written".
 */
export function fileFailure(thrown: unknown, what: string, path: string): SwitchyardError {
  if (thrown instanceof SwitchyardError) return thrown;
  if (thrown instanceof NotPlain) {
    return new SwitchyardError(
      {
        kind: 'rejected',
        phase: 'reading',
        event: 'open-file',
        text: `${what}: ${thrown.objection} (${thrown.path}).`,
        remedy: `Look at ${thrown.path}: move it away, or put the file back as it was.`,
      },
      { cause: thrown },
    );
  }
  const {
    code = 'UNKNOWN',
    errno = 0,
    syscall = 'unknown',
  } = thrown instanceof Error ? (thrown as NodeJS.ErrnoException) : {};
  const known = causes[code];
  return new SwitchyardError(
    {
      kind: 'native',
      syscall,
      errno: Math.abs(errno),
      code,
      text: `${what}: ${known?.cause ?? (thrown instanceof Error ? thrown.message : String(thrown))} (${code}).`,
      remedy: known?.remedy(path) ?? `Look at ${path} and at the kernel's log (\`dmesg\`), then try again.`,
    },
    { cause: thrown },
  );
}

export function hasCode(thrown: unknown, code: string): boolean {
  return thrown instanceof Error && (thrown as NodeJS.ErrnoException).code === code;
}
