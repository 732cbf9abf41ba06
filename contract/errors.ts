import { z } from 'zod';
import { asSentence } from './plain-text.ts';

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

/**
 * What the system refuses for reasons of the machine and its user, wherever it was asked: rights, room, limits, a path that
 * is something else. Errors that a correct program does not make (EBADF, EINVAL) are not among them, and neither is ENOENT.
 */
const refusals: Readonly<Record<string, string>> = {
  EACCES: 'Run Switchyard as a user who may, or make what is named accessible.',
  EPERM: 'Run Switchyard as a user who may, or make what is named accessible.',
  ENOSPC: 'Free some space there, then try again.',
  EDQUOT: 'Free some space there, or raise the quota, then try again.',
  EROFS: 'Remount that file system for writing, or name another place.',
  EIO: "Look at the kernel's log (`dmesg`) for the disk that holds it.",
  EMFILE: 'Raise the limit of open files (`ulimit -n`), then try again.',
  ENFILE: 'Raise the limit of open files (sysctl fs.file-max), then try again.',
  ENOMEM: 'Free some memory, then try again.',
  ELOOP: 'Look at what is named: a symbolic link in the place of a file is not followed.',
  ENOTDIR: 'Look at what is named: one of its parents is not a directory.',
  EISDIR: 'Look at what is named: it is a directory.',
  ENAMETOOLONG: 'Name a place with a shorter path.',
};

/** A system call's error as Node throws it (node:fs, node:net): with its name, number and code. */
function refusalOf(thrown: unknown): Failure | undefined {
  if (!(thrown instanceof Error) || !('code' in thrown) || !('syscall' in thrown) || !('errno' in thrown))
    return undefined;
  const code = String(thrown.code);
  const remedy = refusals[code];
  if (remedy === undefined) return undefined;
  const text = asSentence(`The system refused what Switchyard asked of it: ${thrown.message}`);
  return { kind: 'native', syscall: String(thrown.syscall), errno: Math.abs(Number(thrown.errno)), code, text, remedy };
}

/**
 * Turns a caught exception into a value. What is neither a failure nor a refusal of the system is a fault of ours, and is
 * reported.
 */
export function toFailure(thrown: unknown, report: ReportFault): Failure {
  if (thrown instanceof SwitchyardError) return thrown.failure;
  const refused = refusalOf(thrown);
  if (refused) return refused;
  const incidentId = report(thrown);
  return {
    kind: 'internal',
    incidentId,
    text: asSentence(`Switchyard hit a fault of its own (${incidentId}): ${messageOf(thrown)}`),
    remedy: `Check both sides with \`switchyard history\`. \`switchyard report ${incidentId}\` collects what is needed to find the cause.`,
  };
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
