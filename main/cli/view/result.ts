import type { MigrationRecord, Outcome } from '#contract/migration.ts';
import {
  formatBitsPerSecond,
  formatBytes,
  formatDurationMs,
  formatFraction,
  formatMicroseconds,
} from '#contract/units.ts';
import { table } from './table.ts';

const sentences: Record<Outcome, (record: MigrationRecord) => string> = {
  'done-on-destination': ({ guest, destination, source }) => `${guest} has moved from ${source} to ${destination}.`,
  'safe-on-source': ({ guest, source }) => `${guest} was not moved: it is safe on ${source}.`,
  'paused-recoverable': ({ guest }) => `${guest} is paused and can be recovered.`,
  'stopped-on-source': ({ guest, source }) => `${guest} is stopped on ${source}, intact.`,
  lost: ({ guest }) => `${guest} runs nowhere: it has to be started again from its disks.`,
  unknown: ({ guest }) => `Where ${guest} runs is not known; nothing has been touched.`,
};

/** What is left to say when a migration has ended: outcome, figures, paths, and what to do about a failure. */
export function resultLines(record: MigrationRecord): string {
  const { outcome, totals, explanation, transport } = record;
  const iterations = totals.iterations === 1 ? '1 iteration' : `${totals.iterations} iterations`;
  const figures: [string, string | undefined][] = [
    ['Duration', formatDurationMs(totals.durationMs)],
    ['Downtime', totals.downtimeMs === undefined ? undefined : formatDurationMs(totals.downtimeMs)],
    ['Transferred', `${formatBytes(totals.transferredBytes)} in ${iterations}`],
    ['Goodput', goodput(record)],
    ['Transport', transport.text],
    ['Mend it with', transport.fallback ? transport.command : undefined],
    ['Sent again', totals.retransmits > 0 ? `${totals.retransmits} segments` : undefined],
    [
      'Phase',
      explanation && `${explanation.phase}${explanation.side === undefined ? '' : `, on the ${explanation.side}`}`,
    ],
    ['Cause', explanation?.cause],
    ['Next', explanation?.next],
  ];
  return [
    outcome ? sentences[outcome](record) : `${record.guest}: ${record.phase}.`,
    ...figures.flatMap(([name, value]) => (value === undefined ? [] : [line(name, value)])),
    ...(explanation?.raw === undefined ? [] : [indent(explanation.raw, '  | ')]),
    ...(record.subflows.length > 0 ? [indent(subflowTable(record), '  ')] : []),
    line('Record', `${record.id} (switchyard export ${record.id} --format json|csv|log --output FILE)`),
  ].join('\n');
}

function line(name: string, value: string): string {
  return `  ${name.padEnd(13)} ${value}`;
}

function goodput({ totals }: MigrationRecord): string {
  const rate = formatBitsPerSecond(totals.goodputBitsPerSecond);
  return totals.efficiencyFraction === undefined || totals.capacityBitsPerSecond === undefined
    ? rate
    : `${rate}, ${formatFraction(totals.efficiencyFraction)} of ${formatBitsPerSecond(totals.capacityBitsPerSecond)}`;
}

function subflowTable({ subflows }: MigrationRecord): string {
  return table(
    ['Path', 'Local', 'Remote', 'Sent', 'Share', 'RTT', 'Retrans.'],
    subflows.map((subflow) => [
      subflow.interface ?? '-',
      subflow.localAddress,
      subflow.remoteAddress,
      formatBytes(subflow.bytesSent),
      formatFraction(subflow.shareFraction),
      formatMicroseconds(subflow.rttUs),
      String(subflow.retransmits),
    ]),
  );
}

function indent(text: string, by: string): string {
  return text
    .split('\n')
    .map((row) => by + row)
    .join('\n');
}
