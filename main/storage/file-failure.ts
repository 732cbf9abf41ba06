import { SwitchyardError } from '#contract/errors.ts';

/** What an operator can do about the errors that a disk gives; anything else is left to the error's own words. */
const causes: Readonly<Record<string, { readonly cause: string; readonly remedy: (path: string) => string }>> = {
  ENOSPC: {
    cause: 'the disk is full',
    remedy: (path) => `Free some space where ${path} is (\`df ${path}\`), then try again.`,
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
