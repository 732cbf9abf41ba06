import { z } from 'zod';
import { epochMsSchema, monoMsSchema } from './clock-time.ts';

/**
 * What one subflow (or the one TCP connection, when there is no MPTCP) carried up to one instant, as the source's kernel
 * shows it. Counters are totals since the connection began; rates are differences over the sampler's own clock.
 */
export const subflowStateSchema = z.enum(['active', 'backup', 'stale', 'failing', 'closed']);
export type SubflowState = z.infer<typeof subflowStateSchema>;

export const subflowSampleSchema = z.object({
  /** `<connection token>/<subflow id>`: never reused while a connection lives. A TCP connection is `tcp-<local port>/0`. */
  id: z.string(),
  /** Interface that owns the local address, `eth1`; absent when the address has gone. */
  interface: z.string().optional(),
  localAddress: z.string(),
  localPort: z.number().int(),
  remoteAddress: z.string(),
  remotePort: z.number().int(),
  state: subflowStateSchema,
  /** Payload that the peer has acknowledged on this subflow (tcpi_bytes_acked less the SYN). */
  bytesSent: z.number(),
  /** Payload sent again by TCP on this subflow (tcpi_bytes_retrans). */
  bytesRetransmitted: z.number(),
  throughputBitsPerSecond: z.number(),
  /** Of this migration's throughput in this interval. */
  shareFraction: z.number(),
  rttUs: z.number(),
  rttVarianceUs: z.number(),
  congestionWindowBytes: z.number(),
  /** Segments sent again since the beginning (tcpi_total_retrans). */
  retransmits: z.number(),
  /** Handed to TCP and not sent yet (tcpi_notsent_bytes). */
  unsentBytes: z.number(),
});
export type SubflowSample = z.infer<typeof subflowSampleSchema>;

/** One connection of the migration: one without parallel connections, more with multifd or NBD. */
export const connectionSampleSchema = z.object({
  /** MPTCP token as ss prints it (`d27c32f1`), or `tcp-<local port>`. */
  id: z.string(),
  protocol: z.enum(['mptcp', 'tcp']),
  /** An MPTCP socket whose peer or path did not speak MPTCP. */
  fallback: z.boolean(),
  /** Acknowledged at the connection's own level: without what was reinjected (mptcpi_bytes_acked, or TCP's). */
  bytesSent: z.number(),
  /** Sent again on another subflow: by the kernel's count, or what the subflows carried beyond the connection. */
  bytesReinjected: z.number(),
});
export type ConnectionSample = z.infer<typeof connectionSampleSchema>;

/** QEMU's own figures (`query-migrate`, qapi/migration.json MigrationInfo), converted once at the adapter. */
export const qemuStatisticsSchema = z.object({
  /** MigrationStatus as QEMU says it. */
  status: z.string(),
  transferredBytes: z.number(),
  remainingBytes: z.number(),
  totalBytes: z.number(),
  /** Guest pages dirtied per second, as of the last iteration's end. */
  dirtyPagesPerSecond: z.number(),
  pageSizeBytes: z.number(),
  /** How often the dirty bitmap was gathered (dirty-sync-count): the iteration that runs now, from 1. */
  iteration: z.number().int(),
  /** Only while it runs. */
  expectedDowntimeMs: z.number().optional(),
  /** Only when completed. */
  downtimeMs: z.number().optional(),
  setupTimeMs: z.number().optional(),
  totalTimeMs: z.number().optional(),
  cpuThrottleFraction: z.number().optional(),
});
export type QemuStatistics = z.infer<typeof qemuStatisticsSchema>;

/** Everything that was measured at one instant. */
export const sampleSchema = z.object({
  /** For arithmetic: monotonic, of the process that sampled. */
  atMonoMs: monoMsSchema,
  /** For display and export. */
  atEpochMs: epochMsSchema,
  connections: z.array(connectionSampleSchema),
  subflows: z.array(subflowSampleSchema),
  throughputBitsPerSecond: z.number(),
  qemu: qemuStatisticsSchema.optional(),
});
export type Sample = z.infer<typeof sampleSchema>;
