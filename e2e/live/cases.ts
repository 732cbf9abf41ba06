/**
 * The forty cases of a migration that does not go as planned. docs/lifecycle.md tells what each outcome asks of the operator;
 * `cases.test.ts` fails when a case has no test.
 */
export interface Case {
  readonly id: number;
  readonly phase: 'preflight' | 'setup' | 'active' | 'switchover' | 'after' | 'post-copy' | 'manager' | 'any';
  readonly fault: string;
  /** What the operator must see, which is who runs the guest, too. */
  readonly sees: string;
  /**
   * `real`: on real QEMU, with titles that begin with `case N:`. Others wait for hosts that can only be reached by what they
   * test, and say which.
   */
  readonly made: 'real' | 'waits for TLS hosts' | 'waits for SSH hosts';
}

export const cases: readonly Case[] = [
  {
    id: 1,
    phase: 'setup',
    fault: "the destination's address is refused or unreachable",
    sees: 'SAFE on the source, which could not connect to that address and port',
    made: 'real',
  },
  {
    id: 2,
    phase: 'setup',
    fault: 'the migration port is taken',
    sees: 'SAFE on the source: the address is in use; or the next port of a range is used',
    made: 'real',
  },
  {
    id: 3,
    phase: 'setup',
    fault: 'machine type or memory size differ',
    sees: "SAFE on the source, in the destination QEMU's own words",
    made: 'real',
  },
  {
    id: 4,
    phase: 'switchover',
    fault: 'the destination lacks a device',
    sees: 'SAFE on the source; the device is named',
    made: 'real',
  },
  {
    id: 5,
    phase: 'setup',
    fault: "the destination's processor lacks a feature",
    sees: 'SAFE on the source: the destination did not start, and the feature is named',
    made: 'real',
  },
  {
    id: 6,
    phase: 'setup',
    fault: 'a capability is set on one side only',
    sees: 'SAFE on the source; the destination, which would wait for ever, is removed',
    made: 'real',
  },
  {
    id: 7,
    phase: 'setup',
    fault: 'a TLS certificate is missing, for another host or of another authority; keys do not match',
    sees: 'SAFE on the source: the certificate does not match',
    made: 'waits for TLS hosts',
  },
  {
    id: 8,
    phase: 'preflight',
    fault: 'a disk is not shared, or only its own process can write to it',
    sees: 'SAFE on the source: nothing was started, and the disk is named',
    made: 'real',
  },
  {
    id: 9,
    phase: 'setup',
    fault: 'the destination lacks memory, its QEMU does not start',
    sees: "SAFE on the source, in the destination QEMU's own words",
    made: 'real',
  },
  {
    id: 10,
    phase: 'any',
    fault: 'a disk is full: of the destination, or of the journal',
    sees: 'SAFE on the source; a start is refused without a journal, a running migration goes on',
    made: 'real',
  },
  {
    id: 11,
    phase: 'preflight',
    fault: 'the guest is asked to migrate twice',
    sees: 'the second is refused by the id of the first, which goes on',
    made: 'real',
  },
  {
    id: 12,
    phase: 'preflight',
    fault: 'another program holds the monitor',
    sees: 'refused: the monitor is held; nothing has changed',
    made: 'real',
  },
  {
    id: 13,
    phase: 'preflight',
    fault: 'the host key is unknown or has changed, the login is refused, sudo is refused',
    sees: 'the fingerprints; a key that has changed ends it',
    made: 'waits for SSH hosts',
  },
  {
    id: 14,
    phase: 'setup',
    fault: 'MPTCP is wanted, and a kernel lacks it',
    sees: 'a warning and plain TCP where it is preferred, SAFE on the source where it is required',
    made: 'real',
  },
  {
    id: 15,
    phase: 'active',
    fault: 'the destination QEMU is killed',
    sees: 'SAFE on the source',
    made: 'real',
  },
  {
    id: 16,
    phase: 'active',
    fault: 'the source QEMU is killed',
    sees: 'LOST: the source died; the half-filled destination is removed',
    made: 'real',
  },
  {
    id: 17,
    phase: 'active',
    fault: 'the operator cancels',
    sees: 'SAFE on the source, cancelled by name',
    made: 'real',
  },
  {
    id: 18,
    phase: 'any',
    fault: 'cancelled before the start, twice, after it has completed, after it has failed',
    sees: 'the same as without: what is done stays done, what has failed stays failed',
    made: 'real',
  },
  {
    id: 19,
    phase: 'active',
    fault: 'all paths lose everything',
    sees: 'SAFE on the source: nothing has moved for so long',
    made: 'real',
  },
  {
    id: 20,
    phase: 'active',
    fault: 'one path is lost, comes back, is paused',
    sees: 'the path is told of, the migration goes on, DONE',
    made: 'real',
  },
  {
    id: 21,
    phase: 'active',
    fault: 'the destination freezes',
    sees: 'it does not answer; DONE when it thaws, else SAFE on the source',
    made: 'real',
  },
  {
    id: 22,
    phase: 'active',
    fault: 'the guest writes faster than is sent',
    sees: 'not converging; DONE once the limits are raised, else cancelled and SAFE on the source',
    made: 'real',
  },
  {
    id: 23,
    phase: 'preflight',
    fault: 'the guest was paused before',
    sees: 'DONE, paused; nobody resumes it',
    made: 'real',
  },
  {
    id: 24,
    phase: 'active',
    fault: 'the guest shuts itself down or resets',
    sees: 'the guest shut down by itself, and nobody restarts it; a reset changes nothing',
    made: 'real',
  },
  {
    id: 25,
    phase: 'switchover',
    fault: 'cancelled while the source waits before the switchover',
    sees: 'SAFE on the source, which QEMU resumes',
    made: 'real',
  },
  {
    id: 26,
    phase: 'switchover',
    fault: 'the destination is killed while the source waits before the switchover',
    sees: 'SAFE on the source',
    made: 'real',
  },
  {
    id: 27,
    phase: 'switchover',
    fault: 'all paths lose everything while the guest is stopped',
    sees: 'SAFE on the source within three seconds of the watchdog: nothing has moved',
    made: 'real',
  },
  {
    id: 28,
    phase: 'after',
    fault: 'the destination dies before the guest runs there',
    sees: 'STOPPED on the source, intact; LOST where it may have run',
    made: 'real',
  },
  {
    id: 29,
    phase: 'after',
    fault: 'somebody resumes the source while the destination runs',
    sees: 'ALARM: both copies run; nothing is done to either',
    made: 'real',
  },
  {
    id: 30,
    phase: 'post-copy',
    fault: 'all paths lose everything',
    sees: 'PAUSED, and recovered by the operator: DONE',
    made: 'real',
  },
  {
    id: 31,
    phase: 'post-copy',
    fault: 'all paths lose everything again during the recovery',
    sees: 'PAUSED again, and recovered: DONE',
    made: 'real',
  },
  {
    id: 32,
    phase: 'post-copy',
    fault: 'the source QEMU is killed',
    sees: 'LOST: the memory that was not sent went with the source',
    made: 'real',
  },
  {
    id: 33,
    phase: 'post-copy',
    fault: 'the destination QEMU is killed',
    sees: 'LOST: the guest had left the source for good',
    made: 'real',
  },
  {
    id: 34,
    phase: 'post-copy',
    fault: 'the operator asks to cancel',
    sees: 'refused: the guest has been handed over',
    made: 'real',
  },
  {
    id: 35,
    phase: 'manager',
    fault: 'the manager dies before anything has moved',
    sees: 'SAFE on the source: the prepared destination is removed',
    made: 'real',
  },
  {
    id: 36,
    phase: 'manager',
    fault: 'the manager dies while the memory is copied',
    sees: 'the same migration is found again and finished',
    made: 'real',
  },
  {
    id: 37,
    phase: 'manager',
    fault: 'the manager dies while the source waits before the switchover',
    sees: 'SAFE on the source, after the watchdog',
    made: 'real',
  },
  {
    id: 38,
    phase: 'manager',
    fault: 'the manager dies after the switchover, at every step of it',
    sees: 'DONE: the destination is verified, what is left on the source is removed',
    made: 'real',
  },
  {
    id: 39,
    phase: 'manager',
    fault: 'the manager dies in post-copy',
    sees: 'the successor looks on, cancelling stays refused, DONE',
    made: 'real',
  },
  {
    id: 40,
    phase: 'manager',
    fault: 'the monitors of one or both sides are lost, and their QEMUs live',
    sees: 'a side that does not answer is told of and not touched; DONE',
    made: 'real',
  },
];
