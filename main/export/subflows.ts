import type { MigrationRecord } from '#contract/migration.ts';
import type { ConnectionSample, Sample, SubflowSample } from '#contract/telemetry.ts';
import { median, ratio, sum } from './arithmetic.ts';

/** What was last known of every subflow and connection of the run, also of those that closed in the middle of it. */
export interface LastKnown {
  readonly subflows: ReadonlyMap<string, SubflowSample>;
  readonly connections: ReadonlyMap<string, ConnectionSample>;
}

export function lastKnown(samples: readonly Sample[]): LastKnown {
  const subflows = new Map<string, SubflowSample>();
  const connections = new Map<string, ConnectionSample>();
  for (const sample of samples) {
    for (const subflow of sample.subflows) subflows.set(subflow.id, subflow);
    for (const connection of sample.connections) connections.set(connection.id, connection);
  }
  return { subflows, connections };
}

/** In the order in which they appeared. Shares are of all bytes that subflows carried over the whole run. */
export function subflowTotals(samples: readonly Sample[], { subflows }: LastKnown): MigrationRecord['subflows'] {
  const roundTripsUs = new Map<string, number[]>();
  for (const { id, rttUs, state } of samples.flatMap((sample) => sample.subflows)) {
    // A closed subflow repeats what it last said; an unmeasured one says 0.
    if (state === 'closed' || rttUs <= 0) continue;
    const measured = roundTripsUs.get(id);
    if (measured) measured.push(rttUs);
    else roundTripsUs.set(id, [rttUs]);
  }
  const allBytes = sum(subflows.values(), ({ bytesSent }) => bytesSent);
  return Array.from(subflows.values(), (last) => ({
    id: last.id,
    ...(last.interface === undefined ? {} : { interface: last.interface }),
    localAddress: last.localAddress,
    remoteAddress: last.remoteAddress,
    bytesSent: last.bytesSent,
    bytesRetransmitted: last.bytesRetransmitted,
    shareFraction: ratio(last.bytesSent, allBytes),
    retransmits: last.retransmits,
    rttUs: median(roundTripsUs.get(last.id) ?? [last.rttUs]),
  }));
}

/**
 * The same bytes as the subflows, the connections and QEMU counted them; absent until all three have. What was sent
 * again on another subflow is counted by both of them and by the connection once: as far as that explains a surplus of
 * the subflows, it is not a difference.
 */
export function reconciliation(
  { subflows, connections }: LastKnown,
  qemuBytes: number,
): MigrationRecord['reconciliation'] {
  if (subflows.size === 0 || connections.size === 0 || qemuBytes <= 0) return undefined;
  const subflowBytes = sum(subflows.values(), ({ bytesSent }) => bytesSent);
  const connectionBytes = sum(connections.values(), ({ bytesSent }) => bytesSent);
  const reinjectedBytes = sum(connections.values(), ({ bytesReinjected }) => bytesReinjected);
  const surplus = Math.max(0, subflowBytes - connectionBytes);
  const counts = [subflowBytes - Math.min(surplus, reinjectedBytes), connectionBytes, qemuBytes];
  return {
    subflowBytes,
    connectionBytes,
    reinjectedBytes,
    qemuBytes,
    differenceFraction: ratio(Math.max(...counts) - Math.min(...counts), qemuBytes),
  };
}
