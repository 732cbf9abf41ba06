import { SwitchyardError } from '#contract/errors.ts';
import type { Milliseconds } from '#contract/units.ts';

/** What can become of one call through a port. A time-out and a lost line say nothing about whether it took effect. */
export const faultKinds = [
  'error',
  'time-out without effect',
  'time-out after the effect',
  'disconnect before the effect',
  'disconnect after the effect',
] as const;
export type FaultKind = (typeof faultKinds)[number];

export function refused(command: string, description: string): SwitchyardError {
  return new SwitchyardError({
    kind: 'qmp',
    command,
    class: 'GenericError',
    description,
    text: `QEMU refused ${command}: ${description}`,
    remedy: 'Fix what it names, then try again.',
  });
}

export function timedOut(waitingFor: string, afterMs: Milliseconds): SwitchyardError {
  return new SwitchyardError({
    kind: 'timeout',
    afterMs,
    waitingFor,
    text: `No answer to ${waitingFor} within ${afterMs / 1000} s.`,
    remedy: 'See whether it still runs.',
  });
}

export function unreachable(host: string): SwitchyardError {
  return new SwitchyardError({
    kind: 'unreachable',
    host,
    text: `${host} does not answer.`,
    remedy: `See whether ${host} runs and can be reached.`,
  });
}

export function systemError(syscall: string): SwitchyardError {
  return new SwitchyardError({
    kind: 'native',
    syscall,
    errno: 5,
    code: 'EIO',
    text: `${syscall} failed: input/output error.`,
    remedy: 'Fix what the message names, then try again.',
  });
}
