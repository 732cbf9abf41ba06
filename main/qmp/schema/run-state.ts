import { boolean, integer, object, openEnum, string, type UnknownText } from '#main/qmp/shape.ts';
import { nothing, type EventShapes, type NoArguments, type ReplyShapes } from './types.ts';

/** `RunState` (qapi/run-state.json); one of a later QEMU keeps its name. */
export type RunState =
  | 'debug'
  | 'inmigrate'
  | 'internal-error'
  | 'io-error'
  | 'paused'
  | 'postmigrate'
  | 'prelaunch'
  | 'finish-migrate'
  | 'restore-vm'
  | 'running'
  | 'save-vm'
  | 'shutdown'
  | 'suspended'
  | 'watchdog'
  | 'guest-panicked'
  | 'colo'
  | UnknownText;

/** `StatusInfo` (qapi/run-state.json, since 0.14). `running` is what counts; `status` says why not. */
export interface StatusInfo {
  readonly running: boolean;
  readonly status: RunState;
}

/** `ShutdownCause` (qapi/run-state.json, since 4.0); one of a later QEMU keeps its name. */
export type ShutdownCause =
  | 'none'
  | 'host-error'
  | 'host-qmp-quit'
  | 'host-qmp-system-reset'
  | 'host-signal'
  | 'host-ui'
  | 'guest-shutdown'
  | 'guest-reset'
  | 'guest-panic'
  | 'subsystem-reset'
  | 'snapshot-load'
  | UnknownText;

/** Commands of qapi/run-state.json, misc.json and machine.json about the guest as a whole. */
export interface RunStateCommands {
  'query-status': { arguments: NoArguments; returns: StatusInfo };
  /** Stops the vCPUs; succeeds when they are stopped already (since 0.14). */
  stop: { arguments: NoArguments; returns: undefined };
  /** Starts the vCPUs (since 0.14). Who may say this, and when, is the first rule of guest safety. */
  cont: { arguments: NoArguments; returns: undefined };
  /** All zeros when QEMU was given none (qapi/machine.json, since 0.14). */
  'query-uuid': { arguments: NoArguments; returns: { readonly UUID: string } };
  'query-kvm': { arguments: NoArguments; returns: { readonly enabled: boolean; readonly present: boolean } };
  /** Bytes (qapi/machine.json, since 2.11). */
  'query-memory-size-summary': { arguments: NoArguments; returns: MemoryInfo };
}

/** `MemoryInfo` (qapi/machine.json, since 2.11), in bytes. */
export interface MemoryInfo {
  readonly 'base-memory': number;
  readonly 'plugged-memory'?: number;
}

/** Events of qapi/run-state.json. */
export interface RunStateEvents {
  STOP: object;
  RESUME: object;
  SUSPEND: object;
  POWERDOWN: object;
  /** `reason` since 4.0. */
  SHUTDOWN: { readonly guest: boolean; readonly reason?: ShutdownCause };
  RESET: { readonly guest: boolean; readonly reason?: ShutdownCause };
  GUEST_PANICKED: { readonly action: string };
}

export const runStateReplies: ReplyShapes<RunStateCommands> = {
  'query-status': object<StatusInfo>({ running: boolean, status: openEnum<RunState>() }, {}),
  stop: nothing,
  cont: nothing,
  'query-uuid': object<{ readonly UUID: string }>({ UUID: string }, {}),
  'query-kvm': object<{ readonly enabled: boolean; readonly present: boolean }>(
    { enabled: boolean, present: boolean },
    {},
  ),
  'query-memory-size-summary': object<MemoryInfo>({ 'base-memory': integer }, { 'plugged-memory': integer }),
};

const bare = object<object>({}, {});
const guestAndReason = object<RunStateEvents['SHUTDOWN']>({ guest: boolean }, { reason: openEnum<ShutdownCause>() });

export const runStateEvents: EventShapes<RunStateEvents> = {
  STOP: bare,
  RESUME: bare,
  SUSPEND: bare,
  POWERDOWN: bare,
  SHUTDOWN: guestAndReason,
  RESET: guestAndReason,
  GUEST_PANICKED: object<RunStateEvents['GUEST_PANICKED']>({ action: string }, {}),
};
