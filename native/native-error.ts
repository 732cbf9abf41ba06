import { constants } from 'node:os';
import { getSystemErrorMessage } from 'node:util';

/**
 * A call into the kernel that failed.
 *
 * `kind`, `syscall` and `errno` are the contract's `native` error; `code` is the symbol of `errno` ('ECONNREFUSED').
 * The message is one sentence: what was being done, and the kernel's reason.
 */
export class NativeError extends Error {
  readonly kind = 'native';
  readonly syscall: string;
  readonly errno: number;
  readonly code: string;

  /** `action` completes "Could not …": 'connect to 192.0.2.1:4444'. `advice`, a sentence of its own, says what to do. */
  constructor(syscall: string, errno: number, action: string, advice?: string) {
    const code = errnoCode(errno);
    super(
      `Could not ${action}: ${errnoReason(errno)} (${syscall}: ${code}).${advice === undefined ? '' : ` ${advice}`}`,
    );
    this.name = 'NativeError';
    this.syscall = syscall;
    this.errno = errno;
    this.code = code;
  }
}

/** The kernel interface does not exist on this machine: not Linux, an unknown processor, or koffi cannot be loaded. */
export class NativeUnavailableError extends NativeError {
  readonly reason: string;

  constructor(reason: string) {
    super('dlopen', constants.errno.ENOSYS, 'use the kernel interface');
    this.name = 'NativeUnavailableError';
    this.message = `The kernel interface is not available here: ${reason}`;
    this.reason = reason;
  }
}

/** True for an error of this room with one of these codes; lets a caller branch without comparing messages. */
export function isNativeError(error: unknown, ...codes: readonly string[]): error is NativeError {
  return error instanceof NativeError && (codes.length === 0 || codes.includes(error.code));
}

// Two names share a number on Linux (EAGAIN and EWOULDBLOCK, EOPNOTSUPP and ENOTSUP): say the one of the man pages.
const lesserKnownNames: ReadonlySet<string> = new Set(['EWOULDBLOCK', 'ENOTSUP']);

const codeByErrno: ReadonlyMap<number, string> = new Map(
  Object.entries(constants.errno)
    .filter(([code]) => !lesserKnownNames.has(code))
    .map(([code, errno]) => [errno, code]),
);

function errnoCode(errno: number): string {
  return codeByErrno.get(errno) ?? `errno ${errno}`;
}

function errnoReason(errno: number): string {
  return codeByErrno.has(errno) ? getSystemErrorMessage(-errno) : 'the kernel refused';
}
