import { z } from 'zod';

/**
 * Every failure that crosses a border, as a value of one closed union. `text` is one sentence for the operator and
 * `remedy` is what they can do about it; the fields beside them are for programs.
 */
const sentences = { text: z.string(), remedy: z.string() };

export const failureSchema = z.discriminatedUnion('kind', [
  /** The request itself is wrong; nothing was done. `path` names the field. */
  z.object({ kind: z.literal('invalid-request'), path: z.string().optional(), ...sentences }),
  /** QEMU refused a command. `description` is for reading only: it is never parsed (QMP specification, section 2.4.2). */
  z.object({ kind: z.literal('qmp'), command: z.string(), class: z.string(), description: z.string(), ...sentences }),
  /** A system call failed. */
  z.object({ kind: z.literal('native'), syscall: z.string(), errno: z.number().int(), code: z.string(), ...sentences }),
  /** Nothing is known about this host or monitor any more; what was asked may or may not have happened. */
  z.object({ kind: z.literal('unreachable'), host: z.string(), ...sentences }),
  /** The engine's rules forbid this now. */
  z.object({ kind: z.literal('rejected'), phase: z.string(), event: z.string(), ...sentences }),
  /** No answer in time; the command may still take effect. */
  z.object({ kind: z.literal('timeout'), afterMs: z.number(), waitingFor: z.string(), ...sentences }),
  z.object({ kind: z.literal('cancelled'), ...sentences }),
  /** A fault of ours; `incidentId` stands in the log beside the stack. */
  z.object({ kind: z.literal('internal'), incidentId: z.string(), ...sentences }),
]);

export type Failure = z.infer<typeof failureSchema>;
export type FailureKind = Failure['kind'];

/** An exception that already is a `Failure`: thrown inside a room, unwrapped at its border by `toFailure`. */
export class SwitchyardError extends Error {
  override readonly name = 'SwitchyardError';
  readonly failure: Failure;

  constructor(failure: Failure, options?: ErrorOptions) {
    super(failure.text, options);
    this.failure = failure;
  }
}

export function invalidRequest(text: string, remedy: string, path?: string): SwitchyardError {
  return new SwitchyardError({ kind: 'invalid-request', text, remedy, ...(path === undefined ? {} : { path }) });
}

/**
 * Turns whatever was caught into a value. Anything that is not already a failure is a fault of ours: `report` gets the
 * original (for the log) and gives it the id by which the operator can find it there.
 */
export function toFailure(thrown: unknown, report: (thrown: unknown) => string): Failure {
  if (thrown instanceof SwitchyardError) return thrown.failure;
  return {
    kind: 'internal',
    incidentId: report(thrown),
    text: `Switchyard hit a fault of its own: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
    remedy: 'Look at the state of both guests with `switchyard history`, then report the incident with its log.',
  };
}
