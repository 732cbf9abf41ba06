import type { QemuStatistics, Sample, SubflowSample } from '#contract/telemetry.ts';

/** Samples of a run over `eth1` and `eth2`, for tests that care about a few of their members. */

export function subflow(link: number, changes: Partial<SubflowSample> = {}): SubflowSample {
  return {
    id: `d27c32f1/${link}`,
    interface: `eth${link}`,
    localAddress: `10.0.${link}.1`,
    localPort: 40_000 + link,
    remoteAddress: `10.0.${link}.2`,
    remotePort: 49_152,
    state: 'active',
    bytesSent: 0,
    bytesRetransmitted: 0,
    throughputBitsPerSecond: 400e6,
    shareFraction: 0.5,
    rttUs: 2_000,
    rttVarianceUs: 300,
    congestionWindowBytes: 333_040,
    retransmits: 0,
    unsentBytes: 0,
    ...changes,
  };
}

export function qemu(changes: Partial<QemuStatistics> = {}): QemuStatistics {
  return {
    status: 'active',
    transferredBytes: 0,
    remainingBytes: 2 ** 29,
    totalBytes: 2 ** 29,
    dirtyPagesPerSecond: 0,
    pageSizeBytes: 4096,
    iteration: 1,
    ...changes,
  };
}

export function sample(atMs: number, changes: Partial<Sample> = {}): Sample {
  return {
    atMonoMs: atMs,
    atEpochMs: atMs,
    connections: [{ id: 'd27c32f1', protocol: 'mptcp', fallback: false, bytesSent: 0, bytesReinjected: 0 }],
    subflows: [subflow(1), subflow(2)],
    throughputBitsPerSecond: 800e6,
    ...changes,
  };
}
