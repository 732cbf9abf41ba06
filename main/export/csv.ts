import { finite } from '#contract/json.ts';
import type { MigrationRecord } from '#contract/migration.ts';
import type { Sample, SubflowSample } from '#contract/telemetry.ts';
import { visible } from '#contract/plain-text.ts';
import { isoTime } from '#contract/iso-time.ts';

/** What one row is about: a subflow at one instant, or everything together (`subflow` is absent). */
interface Moment {
  readonly migrationId: string;
  readonly sample: Sample;
  readonly subflow: SubflowSample | undefined;
}

type Cell = string | number | undefined;

const ofSubflow =
  (value: (subflow: SubflowSample) => Cell) =>
  ({ subflow }: Moment): Cell =>
    subflow && value(subflow);

const ofAll =
  (value: (sample: Sample) => Cell) =>
  ({ sample, subflow }: Moment): Cell =>
    subflow ? undefined : value(sample);

const total =
  (valueOf: (subflow: SubflowSample) => number) =>
  (moment: Moment): Cell =>
    moment.subflow
      ? valueOf(moment.subflow)
      : moment.sample.subflows.reduce((sum, subflow) => sum + valueOf(subflow), 0);

/** The order and the names are relied upon: new columns only ever come at the end. Units are raw and in the name. */
const columns: readonly (readonly [name: string, value: (moment: Moment) => Cell])[] = [
  ['at', ({ sample }) => isoTime(sample.atEpochMs)],
  ['migration_id', ({ migrationId }) => migrationId],
  ['row', ({ subflow }) => (subflow ? 'subflow' : 'aggregate')],
  ['subflow_id', ofSubflow(({ id }) => id)],
  ['interface', ofSubflow((subflow) => subflow.interface)],
  ['local_address', ofSubflow(({ localAddress }) => localAddress)],
  ['local_port', ofSubflow(({ localPort }) => localPort)],
  ['remote_address', ofSubflow(({ remoteAddress }) => remoteAddress)],
  ['remote_port', ofSubflow(({ remotePort }) => remotePort)],
  ['state', ofSubflow(({ state }) => state)],
  ['bytes_sent', total(({ bytesSent }) => bytesSent)],
  ['bytes_retransmitted', total(({ bytesRetransmitted }) => bytesRetransmitted)],
  [
    'throughput_bits_per_second',
    ({ sample, subflow }) => subflow?.throughputBitsPerSecond ?? sample.throughputBitsPerSecond,
  ],
  ['share_fraction', ofSubflow(({ shareFraction }) => shareFraction)],
  ['rtt_us', ofSubflow(({ rttUs }) => rttUs)],
  ['rtt_variance_us', ofSubflow(({ rttVarianceUs }) => rttVarianceUs)],
  ['congestion_window_bytes', ofSubflow(({ congestionWindowBytes }) => congestionWindowBytes)],
  ['retransmits', total(({ retransmits }) => retransmits)],
  ['unsent_bytes', total(({ unsentBytes }) => unsentBytes)],
  ['connection_bytes_sent', ofAll(({ connections }) => connections.reduce((sum, { bytesSent }) => sum + bytesSent, 0))],
  [
    'connection_bytes_reinjected',
    ofAll(({ connections }) => connections.reduce((sum, { bytesReinjected }) => sum + bytesReinjected, 0)),
  ],
  ['qemu_status', ofAll(({ qemu }) => qemu?.status)],
  ['transferred_bytes', ofAll(({ qemu }) => qemu?.transferredBytes)],
  ['remaining_bytes', ofAll(({ qemu }) => qemu?.remainingBytes)],
  ['total_bytes', ofAll(({ qemu }) => qemu?.totalBytes)],
  ['dirty_pages_per_second', ofAll(({ qemu }) => qemu?.dirtyPagesPerSecond)],
  ['page_size_bytes', ofAll(({ qemu }) => qemu?.pageSizeBytes)],
  ['iteration', ofAll(({ qemu }) => qemu?.iteration)],
  ['expected_downtime_ms', ofAll(({ qemu }) => qemu?.expectedDowntimeMs)],
  ['cpu_throttle_fraction', ofAll(({ qemu }) => qemu?.cpuThrottleFraction)],
];

/**
 * The samples as comma-separated values (RFC 4180): a header, then for every sample a row per subflow and an
 * `aggregate` row, whose counters are the sums. What does not apply to a row is empty.
 */
export function recordToCsv(record: MigrationRecord): string {
  const header = line(columns.map(([name]) => name));
  const rows = record.samples.flatMap((sample) =>
    [...sample.subflows, undefined].map((subflow) =>
      line(columns.map(([, value]) => value({ migrationId: record.id, sample, subflow }))),
    ),
  );
  return header + rows.join('');
}

function line(cells: readonly Cell[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`;
}

const mostCellCharacters = 300;

/**
 * Text that a spreadsheet would run as a formula gets an apostrophe in front (CWE-1236): a value that begins, after white
 * space or not, with one of `= + - @`, their full-width forms, a tab, a carriage return, a line feed or a zero byte.
 * Numbers are written as numbers. What would not be seen is escaped, and a cell is no longer than any name that is one.
 */
export function csvCell(value: Cell): string {
  if (value === undefined) return '';
  if (typeof value === 'number') return String(finite(value));
  const text = visible(value.replace(/[\t\r\n]/g, ' '), mostCellCharacters);
  const guarded = /^(?:[\t\r\n\0]|\s*[=+\-@\uff1d\uff0b\uff0d\uff20])/.test(value) ? `'${text}` : text;
  return /[",]/.test(guarded) ? `"${guarded.replaceAll('"', '""')}"` : guarded;
}
