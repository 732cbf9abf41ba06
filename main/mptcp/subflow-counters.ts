import type { SubflowSample } from '#contract/telemetry.ts';
import type { TcpSocketRow } from '#native/netlink/socket-table.ts';

/** The initial subflow, then joins in the order in which their endpoints were made. */
export function byAge(rows: readonly TcpSocketRow[]): TcpSocketRow[] {
  const ageOf = ({ subflow }: TcpSocketRow): number => {
    if (subflow === undefined) return 0;
    const isJoin = subflow.flags.has('joinLocal') || subflow.flags.has('joinRemote');
    return (isJoin ? 2 ** 16 : 0) + subflow.remoteAddressId * 2 ** 8 + subflow.localAddressId;
  };
  return rows.toSorted((one, other) => ageOf(one) - ageOf(other));
}

/** The kernel counts the SYN as a byte. */
export function payloadAcked(row: TcpSocketRow): number {
  return Math.max(0, (row.info?.bytesAcked ?? 0) - 1);
}

export function emptySample(id: string, row: TcpSocketRow): SubflowSample {
  return {
    id,
    localAddress: row.localAddress,
    localPort: row.localPort,
    remoteAddress: row.remoteAddress,
    remotePort: row.remotePort,
    state: 'active',
    bytesSent: 0,
    bytesRetransmitted: 0,
    throughputBitsPerSecond: 0,
    shareFraction: 0,
    rttUs: 0,
    rttVarianceUs: 0,
    congestionWindowBytes: 0,
    retransmits: 0,
    unsentBytes: 0,
  };
}

/** The counters of a row; an interface that is not known keeps the name it had. */
export function totalsOf(before: SubflowSample, row: TcpSocketRow, interfaceName: string | undefined): SubflowSample {
  const { info } = row;
  if (info === undefined) return before;
  return {
    ...before,
    ...(interfaceName === undefined ? {} : { interface: interfaceName }),
    bytesSent: payloadAcked(row),
    bytesRetransmitted: info.bytesRetransmitted,
    rttUs: info.rttUs,
    rttVarianceUs: info.rttVarianceUs,
    congestionWindowBytes: info.congestionWindowSegments * info.sendSegmentBytes,
    retransmits: info.retransmittedSegments,
    unsentBytes: info.unsentBytes,
  };
}
