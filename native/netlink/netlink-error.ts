import { constants } from 'node:os';
import { NativeError } from '#native/native-error.ts';

/**
 * Why a conversation with the kernel failed.
 *
 * - `refused`: the kernel said no. `errno` is positive; `explanation` is its extended acknowledgement, when it sent one.
 * - `malformed`: bytes that break the framing; nothing of that answer is used.
 * - `truncated`: the answer was longer than the receive buffer, so its tail is lost.
 * - `interrupted`: the table changed under every one of `attempts` readings of it.
 * - `no-answer`: the kernel sent nothing although it answers such requests at once.
 * - `unsupported`: this kernel does not know what was asked for.
 */
export type NetlinkFailure =
  | { readonly kind: 'refused'; readonly errno: number; readonly explanation: string | undefined }
  | { readonly kind: 'malformed'; readonly what: string }
  | { readonly kind: 'truncated' }
  | { readonly kind: 'interrupted'; readonly attempts: number }
  | { readonly kind: 'no-answer' }
  | { readonly kind: 'unsupported'; readonly what: string };

/**
 * The only error that the decoders and sessions of this folder throw. `errno` and `code` are the kernel's own when it
 * refused, else the nearest of its numbers, so that a caller can treat it as any other failed call.
 */
export class NetlinkError extends NativeError {
  readonly failure: NetlinkFailure;

  /** `action` completes "Could not …": `list MPTCP endpoints`. */
  constructor(failure: NetlinkFailure, action = 'read a netlink message') {
    super('netlink', errnoOf(failure), action, advice(failure));
    this.name = 'NetlinkError';
    this.failure = failure;
  }

  /** The same failure, with what was being done. */
  during(action: string): NetlinkError {
    return new NetlinkError(this.failure, action);
  }
}

export function malformed(what: string): NetlinkError {
  return new NetlinkError({ kind: 'malformed', what });
}

/** True when the kernel itself answered with one of these codes. */
export function wasRefused(error: unknown, ...codes: readonly string[]): error is NetlinkError {
  return error instanceof NetlinkError && error.failure.kind === 'refused' && codes.includes(error.code);
}

function errnoOf(failure: NetlinkFailure): number {
  const { errno } = constants;
  switch (failure.kind) {
    case 'refused':
      return failure.errno;
    case 'malformed':
      return errno.EBADMSG;
    case 'truncated':
      return errno.EMSGSIZE;
    case 'interrupted':
      return errno.EAGAIN;
    case 'no-answer':
      return errno.ETIMEDOUT;
    case 'unsupported':
      return errno.EOPNOTSUPP;
  }
}

function advice(failure: NetlinkFailure): string | undefined {
  switch (failure.kind) {
    case 'refused':
      return failure.explanation === undefined ? undefined : `The kernel says: ${failure.explanation}.`;
    case 'malformed':
      return `The answer breaks the netlink framing: ${failure.what}.`;
    case 'truncated':
      return 'The answer is longer than the receive buffer.';
    case 'interrupted':
      return `The table changed during each of ${failure.attempts} readings; try again when the host is calmer.`;
    case 'no-answer':
      return 'The kernel sent no answer.';
    case 'unsupported':
      return `This kernel does not have ${failure.what}.`;
  }
}
