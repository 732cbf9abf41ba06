import { SwitchyardError, type Failure } from '#contract/errors.ts';
import type { FrameViolation } from './frames.ts';

/**
 * Whether a command that got no answer may have been carried out.
 * `none`: it was never handed to the connection, so QEMU cannot have seen it.
 * `unknown`: it was; only QEMU's state shows it, and it may still be carried out later.
 */
export type CommandEffect = 'none' | 'unknown';

/** Why a connection is over. */
export type CloseReason =
  | { readonly kind: 'closed-here' }
  /** QEMU exited, or dropped us. */
  | { readonly kind: 'closed-by-peer' }
  | { readonly kind: 'transport-error'; readonly code: string; readonly description: string }
  /** We hung up, because what came was no QMP. */
  | { readonly kind: 'violation'; readonly violation: FrameViolation };

/** Everything that can go wrong with a monitor, as one closed union. */
export type QmpFault =
  /** The path is not one we are willing to connect to. Nothing was touched. */
  | { readonly kind: 'unsafe-path'; readonly path: string; readonly reason: string }
  /** No process listens there. */
  | { readonly kind: 'unreachable'; readonly code: string; readonly description: string }
  /** Connected, but no greeting: QEMU serves one client per monitor, so another client holds it, or the process is frozen. */
  | { readonly kind: 'no-greeting'; readonly afterMs: number }
  /** Greeted, but the negotiation was not answered: QEMU's main loop is stuck, as in a stalled switchover. */
  | { readonly kind: 'no-negotiation'; readonly afterMs: number }
  | { readonly kind: 'not-a-monitor'; readonly excerpt: string }
  /** QEMU answered with an error. `class` is for decisions, `description` for people. */
  | { readonly kind: 'refused'; readonly command: string; readonly class: string; readonly description: string }
  | { readonly kind: 'timeout'; readonly command: string; readonly afterMs: number; readonly effect: CommandEffect }
  | { readonly kind: 'cancelled'; readonly command: string; readonly effect: CommandEffect }
  | {
      readonly kind: 'disconnected';
      readonly command: string;
      readonly effect: CommandEffect;
      readonly reason: CloseReason;
    }
  /** This monitor cannot do that at all. */
  | { readonly kind: 'unsupported'; readonly command: string; readonly needs: 'out-of-band' | 'file-descriptors' }
  /** The arguments cannot be written so that QEMU reads the same. `path` names the member. */
  | { readonly kind: 'unsendable'; readonly command: string; readonly path: string; readonly reason: string }
  /** The descriptor could not be put on the socket. */
  | {
      readonly kind: 'descriptor-not-sent';
      readonly command: string;
      readonly errno: number;
      readonly code: string;
      readonly description: string;
    }
  /** QEMU answered, and the answer has not the shape its schema promises. `path` names the member. */
  | { readonly kind: 'malformed'; readonly command: string; readonly path: string; readonly expected: string };

/** The only thing this room throws. `fault` says it in this room's terms, `failure` in the contract's. */
export class QmpError extends SwitchyardError {
  readonly fault: QmpFault;
  /** The monitor, as the caller calls it. */
  readonly monitor: string;

  constructor(monitor: string, fault: QmpFault, options?: ErrorOptions) {
    super(failureOf(monitor, fault), options);
    this.monitor = monitor;
    this.fault = fault;
  }
}

/** Whether QEMU may have carried the command out although the call failed. A refusal counts as an answer. */
export function mayHaveTakenEffect(fault: QmpFault): boolean {
  return 'effect' in fault ? fault.effect === 'unknown' : fault.kind === 'malformed';
}

export function failureOf(monitor: string, fault: QmpFault): Failure {
  switch (fault.kind) {
    case 'unsafe-path':
      return {
        kind: 'invalid-request',
        text: `The monitor socket ${fault.path} is not used: ${fault.reason}.`,
        remedy: 'Name the socket that QEMU itself created, by its absolute path.',
      };
    case 'unreachable':
      return {
        kind: 'unreachable',
        host: monitor,
        text: `No program listens on the monitor of ${monitor} (${fault.code}).`,
        remedy: 'See whether its QEMU still runs and was started with this monitor socket.',
      };
    case 'no-greeting':
      return {
        kind: 'timeout',
        afterMs: fault.afterMs,
        waitingFor: 'the greeting of the monitor',
        text: `The monitor of ${monitor} is held by another program: QEMU serves one client at a time and has not greeted this one.`,
        remedy:
          'Close the other client (libvirt, a shell on the socket), or give QEMU a second -qmp socket for this one.',
      };
    case 'no-negotiation':
      return {
        kind: 'timeout',
        afterMs: fault.afterMs,
        waitingFor: 'the monitor to accept its capabilities',
        text: `QEMU of ${monitor} greets but carries out no command: its main loop is stuck.`,
        remedy:
          'A migration whose network stalled during switchover does this. Fix the network, or wait for its time-out.',
      };
    case 'not-a-monitor':
      return {
        kind: 'invalid-request',
        text: `What answers as the monitor of ${monitor} does not speak QMP; it began with: ${fault.excerpt || '(nothing printable)'}`,
        remedy:
          'Name the socket of a -qmp or -mon mode=control monitor, not of a human monitor, serial port or guest agent.',
      };
    case 'refused':
      return {
        kind: 'qmp',
        command: fault.command,
        class: fault.class,
        description: fault.description,
        text: `QEMU of ${monitor} refused ${fault.command}: ${fault.description}`,
        remedy: 'Fix what it names, then try again.',
      };
    case 'timeout':
      return {
        kind: 'timeout',
        afterMs: fault.afterMs,
        waitingFor: `the answer to ${fault.command}`,
        text: `QEMU of ${monitor} did not answer ${fault.command} within ${fault.afterMs} ms; ${effectSentence(fault.effect)}.`,
        remedy: 'Ask for its state before doing anything else.',
      };
    case 'cancelled':
      return {
        kind: 'cancelled',
        text: `${fault.command} on ${monitor} was given up; ${effectSentence(fault.effect)}.`,
        remedy: 'Ask for its state before doing anything else.',
      };
    case 'disconnected':
      return {
        kind: 'unreachable',
        host: monitor,
        text: `The monitor of ${monitor} was lost (${closeSentence(fault.reason)}) before ${fault.command} was answered; ${effectSentence(fault.effect)}.`,
        remedy: 'Connect again and ask for its state before doing anything else.',
      };
    case 'unsupported':
      return {
        kind: 'invalid-request',
        text: `${fault.command} is not possible on the monitor of ${monitor}: ${unsupportedSentence[fault.needs]}.`,
        remedy: 'Connect to a QMP monitor of this QEMU on a local unix socket.',
      };
    case 'unsendable':
      return {
        kind: 'invalid-request',
        path: fault.path,
        text: `${fault.command} was not sent: ${fault.reason}.`,
        remedy: 'Correct the value and try again; nothing was changed.',
      };
    case 'descriptor-not-sent':
      return {
        kind: 'native',
        syscall: 'sendmsg',
        errno: fault.errno,
        code: fault.code,
        text: `The file descriptor could not be handed to QEMU of ${monitor}: ${fault.description}`,
        remedy: 'Open it again, and try again.',
      };
    case 'malformed':
      return {
        kind: 'unreachable',
        host: monitor,
        text: `QEMU of ${monitor} answered ${fault.command} in an unknown shape: ${fault.path} is not ${fault.expected}.`,
        remedy: 'This QEMU is newer or other than those known; report its version and the log.',
      };
  }
}

export function closeSentence(reason: CloseReason): string {
  switch (reason.kind) {
    case 'closed-here':
      return 'closed by Switchyard';
    case 'closed-by-peer':
      return 'closed by QEMU';
    case 'transport-error':
      return `${reason.code}: ${reason.description}`;
    case 'violation':
      return violationSentence(reason.violation);
  }
}

function violationSentence(violation: FrameViolation): string {
  switch (violation.kind) {
    case 'garbage':
      return `it sent something that is not JSON: ${violation.excerpt}`;
    case 'oversized':
      return `it sent a message larger than ${violation.limitBytes} bytes`;
    case 'too-deep':
      return `it sent a message nested deeper than ${violation.limit} levels`;
  }
}

const unsupportedSentence = {
  'out-of-band': 'it does not offer commands out of band (oob)',
  'file-descriptors': 'file descriptors pass only over a unix socket',
} as const;

function effectSentence(effect: CommandEffect): string {
  return effect === 'none' ? 'it was never sent' : 'whether it was carried out is unknown';
}
