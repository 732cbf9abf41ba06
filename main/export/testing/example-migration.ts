import type { HostFacts } from '#contract/host.ts';
import { defaultSettings, type JournalEntry, type JournalEvent, type Plan } from '#contract/migration.ts';
import type { QemuStatistics, Sample, SubflowSample } from '#contract/telemetry.ts';

/** A migration over two links of 500 Mbit/s, one of which is lost and comes back: what the tests of this room fold. */

export const exampleId = '20261122T120250Z-7f3a';

const mebibyte = 2 ** 20;
const startEpochMs = Date.UTC(2026, 10, 22, 12, 2, 50);
const startMonoMs = 5_000;

function host(id: string, bootId: string): HostFacts {
  return {
    id,
    kind: 'namespace',
    hostname: id,
    kernel: '6.18.0',
    bootId,
    memoryAvailableBytes: 8 * 2 ** 30,
    interfaces: [],
    mptcp: { usable: true, sysctls: {}, endpoints: [], counters: {} },
    qemu: { binary: '/usr/bin/qemu-system-x86_64', version: '7.2.22', mptcp: true },
  };
}

export function examplePlan(changes: Partial<Plan> = {}): Plan {
  return {
    id: exampleId,
    guest: {
      name: 'lab-guest',
      hostId: 'lab-source',
      identity: { uuid: '6c7a1d3e-3b8f-4a51-9d4e-52f1a2c3d4e5', pid: 4242, startTimeTicks: 998877, bootId: 'b1' },
      monitorPath: '/run/switchyard/lab/qmp.sock',
      argv: ['qemu-system-x86_64', '-accel', 'tcg', '-m', '512M'],
      memoryBytes: 512 * mebibyte,
      waiting: false,
    },
    guestWasRunning: true,
    source: host('lab-source', 'b1'),
    destination: host('lab-destination', 'b1'),
    settings: defaultSettings,
    paths: [1, 2].map((link) => ({
      sourceInterface: `eth${link}`,
      sourceAddress: `10.0.${link}.1`,
      destinationInterface: `eth${link}`,
      destinationAddress: `10.0.${link}.2`,
      speedBitsPerSecond: 500e6,
      mtu: 1500,
    })),
    preparation: { source: [], destination: [] },
    checks: [{ id: 'qemu-mptcp', severity: 'error', passed: true, text: 'Both QEMUs speak MPTCP.' }],
    user: 'ada',
    versions: { switchyard: '0.1.0', 'qemu-source': '7.2.22' },
    ...changes,
  };
}

/** Numbers and times them: one event every 100 ms. */
export function journalOf(...events: readonly JournalEvent[]): JournalEntry[] {
  return events.map((event, sequence) => ({
    sequence,
    atMonoMs: startMonoMs + sequence * 100,
    atEpochMs: startEpochMs + sequence * 100,
    event,
  }));
}

export function subflowAt(link: 1 | 2, changes: Partial<SubflowSample> = {}): SubflowSample {
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
    throughputBitsPerSecond: 450e6,
    shareFraction: 0.5,
    rttUs: 2800,
    rttVarianceUs: 300,
    congestionWindowBytes: 333_040,
    retransmits: 0,
    unsentBytes: 700_000,
    ...changes,
  };
}

export function qemuAt(changes: Partial<QemuStatistics> = {}): QemuStatistics {
  return {
    status: 'active',
    transferredBytes: 0,
    remainingBytes: 512 * mebibyte,
    totalBytes: 512 * mebibyte,
    dirtyPagesPerSecond: 1200,
    pageSizeBytes: 4096,
    iteration: 1,
    ...changes,
  };
}

/** `seconds` after the copy began; link 1 carries three fifths. */
export function sampleAt(seconds: number, bytesSent: number, changes: Partial<Sample> = {}): Sample {
  return {
    atMonoMs: startMonoMs + 500 + seconds * 1000,
    atEpochMs: startEpochMs + 500 + seconds * 1000,
    connections: [{ id: 'd27c32f1', protocol: 'mptcp', fallback: false, bytesSent, bytesReinjected: 0 }],
    subflows: [
      subflowAt(1, { bytesSent: bytesSent * 0.6, retransmits: 3, rttUs: 2000 + seconds * 1000 }),
      subflowAt(2, { bytesSent: bytesSent * 0.4, retransmits: 1 }),
    ],
    throughputBitsPerSecond: 900e6,
    qemu: qemuAt({ transferredBytes: bytesSent, remainingBytes: 512 * mebibyte - bytesSent }),
    ...changes,
  };
}

const where = (link: 1 | 2): { subflow: string; interface: string; localAddress: string; remoteAddress: string } => ({
  subflow: `d27c32f1/${link}`,
  interface: `eth${link}`,
  localAddress: `10.0.${link}.1`,
  remoteAddress: `10.0.${link}.2`,
});

export const exampleSamples: readonly Sample[] = [
  sampleAt(0, 0),
  sampleAt(1, 100 * mebibyte),
  sampleAt(2, 200 * mebibyte),
];

export const finalQemu = qemuAt({
  status: 'completed',
  transferredBytes: 200 * mebibyte,
  remainingBytes: 0,
  dirtyPagesPerSecond: 0,
  iteration: 3,
  downtimeMs: 38,
  setupTimeMs: 20,
  totalTimeMs: 2020,
});

export const exampleEvents: readonly JournalEvent[] = [
  { kind: 'planned', plan: examplePlan() },
  { kind: 'intended', step: 'listen' },
  { kind: 'done', step: 'listen', port: 49_152, mptcp: true },
  { kind: 'intended', step: 'migrate' },
  { kind: 'done', step: 'migrate' },
  { kind: 'subflow-established', ...where(1) },
  { kind: 'subflow-established', ...where(2) },
  {
    kind: 'negotiated',
    protocol: 'mptcp',
    when: 'connected',
    connections: [],
    text: 'Multipath TCP confirmed by the kernel, 2 subflows',
  },
  { kind: 'iteration', iteration: 1, remainingBytes: 512 * mebibyte, transferredBytes: 0, dirtyPagesPerSecond: 0 },
  { kind: 'subflow-lost', ...where(1), why: 'no carrier' },
  { kind: 'subflow-back', ...where(1), afterMs: 2100 },
  {
    kind: 'iteration',
    iteration: 2,
    remainingBytes: 40 * mebibyte,
    transferredBytes: 150 * mebibyte,
    dirtyPagesPerSecond: 1200,
  },
  {
    kind: 'iteration',
    iteration: 3,
    remainingBytes: 42 * mebibyte,
    transferredBytes: 190 * mebibyte,
    dirtyPagesPerSecond: 1100,
  },
  { kind: 'observed', side: 'source', observation: { kind: 'answering', run: 'postmigrate', migration: 'completed' } },
  { kind: 'committed' },
  { kind: 'intended', step: 'resume-destination' },
  { kind: 'done', step: 'resume-destination' },
  {
    kind: 'final-statistics',
    sample: {
      atMonoMs: startMonoMs + 3000,
      atEpochMs: startEpochMs + 3000,
      connections: [],
      subflows: [],
      throughputBitsPerSecond: 0,
      qemu: finalQemu,
    },
  },
  { kind: 'ended', outcome: 'done-on-destination', guest: 'destination' },
];
