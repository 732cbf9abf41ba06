import type { Failure } from '#contract/errors.ts';
import type { Outcome } from '#contract/migration.ts';

/** What other programs read off this command. */
export const exitCode = {
  /** Done; for a migration: the guest is on the destination. */
  done: 0,
  /** Failed or cancelled; for a migration: the guest is safe on the source. */
  failed: 1,
  usage: 2,
  /** Something stands in the way; nothing was done. */
  refused: 3,
  /** The guest needs the operator: it is stopped, paused or lost, or its place is not known. */
  needsOperator: 4,
} as const;

export function exitCodeOf(outcome: Outcome | undefined): number {
  switch (outcome) {
    case 'done-on-destination':
      return exitCode.done;
    case 'safe-on-source':
      return exitCode.failed;
    case 'paused-recoverable':
    case 'stopped-on-source':
    case 'lost':
    case 'unknown':
    case undefined:
      return exitCode.needsOperator;
  }
}

/** Of a command that could not do its work, and whose failure says nothing about where a guest is. */
export function exitCodeOfFailure(failure: Failure): number {
  return failure.kind === 'invalid-request' ? exitCode.usage : exitCode.failed;
}
