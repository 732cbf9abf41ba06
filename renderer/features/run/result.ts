import type { MigrationRecord } from '#contract/migration.ts';
import type { Bytes, Fraction, Milliseconds } from '#contract/units.ts';

/** What one path carried over a whole run, whichever and however many subflows it had. */
export interface PathTotal {
  /** Its position among the paths: its colour. */
  readonly pathIndex: number;
  readonly name: string;
  readonly bytesSent: Bytes;
  readonly shareFraction: Fraction;
  readonly retransmits: number;
  readonly rttUs: number;
}

type Told = Pick<MigrationRecord, 'subflows' | 'totals' | 'transport'>;

/** In the order in which they appeared. */
export function pathTotals({ subflows }: Pick<MigrationRecord, 'subflows'>): PathTotal[] {
  const byPath = new Map<string, PathTotal>();
  for (const subflow of subflows) {
    const key = `${subflow.localAddress} ${subflow.remoteAddress}`;
    const before = byPath.get(key);
    byPath.set(key, {
      pathIndex: before?.pathIndex ?? byPath.size,
      name: before?.name ?? subflow.interface ?? subflow.localAddress,
      bytesSent: (before?.bytesSent ?? 0) + subflow.bytesSent,
      shareFraction: (before?.shareFraction ?? 0) + subflow.shareFraction,
      retransmits: (before?.retransmits ?? 0) + subflow.retransmits,
      rttUs: subflow.rttUs,
    });
  }
  return [...byPath.values()];
}

/**
 * How much longer the path that carried most would have taken alone, at the rate that it had in this run. `undefined`
 * where the run does not show it: it was no MPTCP, it did not arrive, or nothing else carried anything.
 *
 * The least that MPTCP saved: alone, the guest would also have dirtied more memory in the longer time.
 */
export function savedByMultipath(record: Told & Pick<MigrationRecord, 'outcome'>): Milliseconds | undefined {
  const { transport, totals, outcome } = record;
  const copyingMs = totals.totalTimeMs === undefined ? undefined : totals.totalTimeMs - (totals.setupTimeMs ?? 0);
  const most = Math.max(0, ...pathTotals(record).map(({ shareFraction }) => shareFraction));
  if (transport.negotiated !== 'mptcp' || outcome !== 'done-on-destination') return undefined;
  if (copyingMs === undefined || copyingMs <= 0 || most <= 0 || most >= 0.995) return undefined;
  return copyingMs / most - copyingMs;
}
