import type { SubflowState } from '#contract/telemetry.ts';
import type { TcpSocketRow } from '#native/netlink/socket-table.ts';

/** What must be remembered of one subflow to distinguish a dead path from an idle one. */
export interface SubflowHealth {
  /** When the peer last acknowledged something new, or when there was last nothing to acknowledge. */
  readonly progressAtMonoMs: number;
  readonly bytesAcked: number;
  /** The kernel has declared it stale since then: the scheduler gives it no more data. */
  readonly stale: boolean;
}

/**
 * A subflow is failing once TCP has sent again after a time-out and nothing has been acknowledged for this long, or for
 * two round trips on a long path. The first time-out comes 200 ms and a round trip after the loss, so a dead path is
 * reported within half a second, and a path that merely lost one segment is not.
 */
const failingAfterMs = 250;

export function firstHealth(row: TcpSocketRow, atMonoMs: number): SubflowHealth {
  return { progressAtMonoMs: atMonoMs, bytesAcked: row.info?.bytesAcked ?? 0, stale: false };
}

export function nextHealth(before: SubflowHealth, row: TcpSocketRow, atMonoMs: number): SubflowHealth {
  const bytesAcked = row.info?.bytesAcked ?? before.bytesAcked;
  const idle = (row.info?.unackedSegments ?? 0) === 0;
  if (bytesAcked > before.bytesAcked || idle) return { progressAtMonoMs: atMonoMs, bytesAcked, stale: false };
  return before;
}

export function isFailing(health: SubflowHealth, row: TcpSocketRow, atMonoMs: number): boolean {
  if (row.info === undefined) return false;
  const { consecutiveTimeouts, rttUs } = row.info;
  const patienceMs = Math.max(failingAfterMs, (2 * rttUs) / 1000);
  return consecutiveTimeouts > 0 && atMonoMs - health.progressAtMonoMs >= patienceMs;
}

/** Which of the failing subflows the kernel meant when its counter SubflowStale rose by `count`: those silent for longest. */
export function longestSilent<Key>(failing: ReadonlyMap<Key, SubflowHealth>, count: number): Key[] {
  return [...failing]
    .filter(([, health]) => !health.stale)
    .toSorted(([, one], [, other]) => one.progressAtMonoMs - other.progressAtMonoMs)
    .slice(0, Math.max(0, count))
    .map(([key]) => key);
}

export function stateOf(health: SubflowHealth, row: TcpSocketRow, atMonoMs: number): SubflowState {
  if (health.stale) return 'stale';
  if (isFailing(health, row, atMonoMs)) return 'failing';
  const flags = row.subflow?.flags;
  return flags?.has('backupLocal') === true || flags?.has('backupRemote') === true ? 'backup' : 'active';
}
