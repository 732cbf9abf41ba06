import type { QemuStatistics, Sample } from './telemetry.ts';
import type { BitsPerSecond, Bytes, Fraction, Milliseconds } from './units.ts';

/** What an operator reads off a running migration, judged from what is left, never from what was sent: re-sent pages inflate that. */
export interface Progress {
  /** Of the guest's memory, by what remains; 0.99 at most until the migration is done. */
  readonly fraction: Fraction;
  readonly remainingBytes: Bytes;
  readonly dirtyBitsPerSecond: BitsPerSecond;
  /** Absent while it does not converge, or before anything moves. */
  readonly etaMs: Milliseconds | undefined;
  readonly convergence: 'converging' | 'borderline' | 'not-converging' | 'unknown';
}

const mostUntilDone = 0.99;
/** Sending less than this many times what is dirtied is not something to promise an end for. */
const comfortableRatio = 1.5;

/** `sendBitsPerSecond` is our own rate over the last seconds: QEMU's `mbps` keeps its last value when the network is dead. */
export function progressOf(
  qemu: Pick<QemuStatistics, 'remainingBytes' | 'totalBytes' | 'dirtyPagesPerSecond' | 'pageSizeBytes'>,
  sendBitsPerSecond: BitsPerSecond,
): Progress {
  const dirtyBitsPerSecond = qemu.dirtyPagesPerSecond * qemu.pageSizeBytes * 8;
  const gain = sendBitsPerSecond - dirtyBitsPerSecond;
  const moves = sendBitsPerSecond > 0;
  const ratio = dirtyBitsPerSecond > 0 ? sendBitsPerSecond / dirtyBitsPerSecond : Infinity;
  return {
    fraction: qemu.totalBytes > 0 ? Math.min(mostUntilDone, Math.max(0, 1 - qemu.remainingBytes / qemu.totalBytes)) : 0,
    remainingBytes: qemu.remainingBytes,
    dirtyBitsPerSecond,
    etaMs: moves && gain > 0 ? (qemu.remainingBytes * 8 * 1000) / gain : undefined,
    convergence: !moves
      ? 'unknown'
      : ratio >= comfortableRatio
        ? 'converging'
        : ratio > 1
          ? 'borderline'
          : 'not-converging',
  };
}

/** Mean of the last `overMs` of samples: a saw-tooth of single samples shows nothing. */
export function recentThroughput(samples: readonly Sample[], overMs: Milliseconds): BitsPerSecond {
  const last = samples.at(-1);
  if (!last) return 0;
  const recent = samples.filter((sample) => last.atMonoMs - sample.atMonoMs <= overMs);
  return recent.reduce((sum, sample) => sum + sample.throughputBitsPerSecond, 0) / recent.length;
}
