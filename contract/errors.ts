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
  /** A fault of ours; the incident file keeps its stack under `incidentId`. */
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

/** Keeps the stack of a fault of ours, and answers with its incident id. Never throws. */
export type ReportFault = (thrown: unknown) => string;

/** Turns whatever was caught into a value. Anything that is not already a failure is a fault of ours, and is reported. */
export function toFailure(thrown: unknown, report: ReportFault): Failure {
  if (thrown instanceof SwitchyardError) return thrown.failure;
  const incidentId = report(thrown);
  return {
    kind: 'internal',
    incidentId,
    text: `Switchyard hit a fault of its own (${incidentId}): ${thrown instanceof Error ? thrown.message : String(thrown)}`,
    remedy: `Check both sides with \`switchyard history\`. \`switchyard report ${incidentId}\` collects what is needed to find the cause.`,
  };
}
