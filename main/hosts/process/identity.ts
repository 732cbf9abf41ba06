import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { SwitchyardError } from '#contract/errors.ts';
import type { QemuIdentity } from '#contract/host.ts';
import { trace } from '#contract/trace.ts';
import type { Milliseconds } from '#contract/units.ts';
import { isNativeError } from '#native/native-error.ts';
import { openProcess, signalProcess } from '#native/pidfd.ts';
import { hasEnded } from './process-stat.ts';
import { readProcessStat } from './process-table.ts';

export type Presence = 'present' | 'gone';

/** How long QEMU may take to end by itself. A main loop that hangs in a dead connection never will. */
const politeMs: Milliseconds = 2000;
/** The kernel needs a while to take down a guest's memory, and longer when a disk does not answer. */
const forcedMs: Milliseconds = 20_000;
const lookEveryMs: Milliseconds = 10;

export function readBootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

/**
 * Whether this very process is still there; `gone` is a proof. One that has ended but was not reaped yet is gone: it
 * executes nothing. Throws `unreachable` where /proc hides other users' processes (its mount option `hidepid`), because
 * then not seeing proves nothing.
 */
export function presenceOf(identity: QemuIdentity): Presence {
  if (identity.bootId !== readBootId()) return 'gone';
  const stat = readProcessStat(identity.pid);
  if (stat) return stat.startTimeTicks !== identity.startTimeTicks || hasEnded(stat) ? 'gone' : 'present';
  if (!numberIsInUse(identity.pid)) return 'gone';
  // It may have begun between the two looks.
  if (readProcessStat(identity.pid)) return presenceOf(identity);
  throw new SwitchyardError({
    kind: 'unreachable',
    host: 'local',
    text: `Process ${identity.pid} exists, but /proc does not show it to this user.`,
    remedy: 'Run Switchyard as root, or as the user who runs QEMU.',
  });
}

/** Ends this very process if it is there: asks, then forces. Resolves once it is proven gone. */
export async function terminate(identity: QemuIdentity): Promise<void> {
  if (await endedAfter(identity, 'SIGTERM', politeMs)) return;
  if (await endedAfter(identity, 'SIGKILL', forcedMs)) return;
  throw new SwitchyardError({
    kind: 'timeout',
    afterMs: politeMs + forcedMs,
    waitingFor: `the end of process ${identity.pid}`,
    text: `QEMU (process ${identity.pid}) has not ended although it was killed; it may hang in a disk that does not answer.`,
    remedy: `See \`ps -o pid,stat,wchan:30 -p ${identity.pid}\` and repair its storage. The guest is left as it is until then.`,
  });
}

async function endedAfter(identity: QemuIdentity, signal: NodeJS.Signals, waitMs: Milliseconds): Promise<boolean> {
  if (presenceOf(identity) === 'gone') return true;
  sendSignal(identity, signal);
  const deadlineMonoMs = performance.now() + waitMs;
  while (performance.now() < deadlineMonoMs) {
    if (presenceOf(identity) === 'gone') return true;
    await sleep(lookEveryMs);
  }
  return presenceOf(identity) === 'gone';
}

/** The process is held before it is looked at, so that no other that has its number by now is ever hit. */
function sendSignal(identity: QemuIdentity, signal: NodeJS.Signals): void {
  const { pid } = identity;
  try {
    using held = openProcess(pid);
    if (presenceOf(identity) !== 'present') return;
    trace.process?.(`${signal} to ${pid}`);
    signalProcess(held, constants.signals[signal]);
  } catch (thrown) {
    if (!isNativeError(thrown)) throw thrown;
    if (thrown.code === 'ESRCH') return;
    throw new SwitchyardError(
      {
        kind: 'native',
        syscall: thrown.syscall,
        errno: thrown.errno,
        code: thrown.code,
        text: `Switchyard may not end QEMU (process ${pid}), which runs as another user.`,
        remedy: 'Run Switchyard as root, or as the user who runs QEMU.',
      },
      { cause: thrown },
    );
  }
}

function numberIsInUse(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (thrown) {
    return errnoCode(thrown) !== 'ESRCH';
  }
}

function errnoCode(thrown: unknown): string | undefined {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : undefined;
}
