import { formatDowntime } from '#contract/downtime.ts';
import type { JournalEvent, MigrationRecord, Outcome } from '#contract/migration.ts';
import { isoTime } from '#contract/iso-time.ts';
import { plainLines, plainName } from '#contract/plain-text.ts';
import {
  formatBitsPerSecond,
  formatBytes,
  formatDurationMs,
  formatFraction,
  formatMicroseconds,
} from '#contract/units.ts';
import { drawChart, subflowSeries, type Chart } from './chart.ts';
import { reportStyle } from './html-style.ts';
import { markup, Markup } from './markup.ts';

/**
 * The record as one page that needs nothing else: charts are inline SVG, there is no script, and its own policy
 * forbids the browser to load or run anything.
 */
export function recordToHtml(record: MigrationRecord): string {
  const [guest, source, destination] = [record.guest, record.source, record.destination].map((name) => plainName(name));
  const title = `${guest}: ${source} to ${destination}`;
  const page = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${new Markup(reportStyle)}</style>
</head>
<body>
<main>
<h1>${title}</h1>
<p class="lead">${outcomeText(record)} Migration ${record.id}, asked for by ${plainName(record.user)} on ${isoTime(record.startedAtEpochMs)}.</p>
${explanation(record)}
${figures(record)}
${charts(record)}
${subflowTable(record)}
${iterationTable(record)}
${checkTable(record)}
${harmlessTable(record)}
${eventTable(record)}
${settings(record)}
</main>
</body>
</html>
`;
  return page.text;
}

const outcomes: Readonly<Record<Outcome, string>> = {
  'done-on-destination': 'Done: the guest is on the destination.',
  'safe-on-source': 'Not migrated: the guest is safe on the source.',
  'paused-recoverable': 'Paused: it can be recovered.',
  'stopped-on-source': 'Stopped: the guest is intact on the source and does not run.',
  lost: 'Lost: the guest runs nowhere.',
  unknown: 'Not known: both hosts must be looked at.',
};

function outcomeText({ outcome, phase, guestState }: MigrationRecord): string {
  if (outcome === 'paused-recoverable' && guestState === 'stopped') {
    return 'Stopped: the guest is whole on the destination and does not run.';
  }
  return outcome === undefined ? `Still open: ${phase}.` : outcomes[outcome];
}

function explanation({ explanation: why }: MigrationRecord): Markup | undefined {
  if (!why) return undefined;
  return markup`<h2>What went wrong</h2>
<p>${why.cause}</p>
<p>${why.next}</p>
${why.raw === undefined ? undefined : markup`<details><summary>In the programs' own words</summary><pre>${lines(why.raw)}</pre></details>`}`;
}

/** `plainText` makes one line of a value: several have to be distinguished before. */
function lines(text: string): Markup[] {
  return plainLines(text).map(
    (line) => markup`${line}
`,
  );
}

type Figure = readonly [name: string, value: string | undefined];

function figures({ totals, transport, reconciliation }: MigrationRecord): Markup {
  const shown: Figure[] = [
    ['Duration', formatDurationMs(totals.durationMs)],
    ['Downtime', formatDowntime(totals)],
    ['Setup time', optional(totals.setupTimeMs, formatDurationMs)],
    ['Transferred', formatBytes(totals.transferredBytes)],
    ['Goodput after setup', formatBitsPerSecond(totals.goodputBitsPerSecond)],
    ['Sum of the paths', optional(totals.capacityBitsPerSecond, formatBitsPerSecond)],
    ['Of that used', optional(totals.efficiencyFraction, formatFraction)],
    ['Transport', `${transport.negotiated?.toUpperCase() ?? 'none'}${transport.fallback ? ', fell back' : ''}`],
    ['Iterations', String(totals.iterations)],
    ['Retransmits', String(totals.retransmits)],
    [
      'Counts differ by',
      optional(reconciliation?.differenceFraction, (fraction) => `${(fraction * 100).toFixed(2)} %`),
    ],
  ];
  const known = shown.filter(([, value]) => value !== undefined);
  return markup`<dl>${known.map(([name, value]) => markup`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
${transport.text === undefined ? undefined : markup`<p>${transport.text}</p>`}`;
}

function optional(value: number | undefined, format: (value: number) => string): string | undefined {
  return value === undefined ? undefined : format(value);
}

/** What a reader looks for in a chart's dip. */
const markedKinds: ReadonlySet<string> = new Set<JournalEvent['kind']>([
  'iteration',
  'subflow-lost',
  'stranger-connected',
  'peer-foreign',
  'subflow-back',
  'stalled',
  'cancel-requested',
  'settings-changed',
  'committed',
]);

function charts({ samples, events, totals }: MigrationRecord): Markup[] {
  const marks = events.filter(({ kind }) => markedKinds.has(kind));
  const throughput: Chart = {
    ...subflowSeries(samples, ({ throughputBitsPerSecond }) => throughputBitsPerSecond),
    title: 'Throughput by subflow',
    kind: 'stacked',
    marks,
    format: formatBitsPerSecond,
    ...(totals.capacityBitsPerSecond === undefined
      ? {}
      : { ceiling: { name: 'Sum of the paths', value: totals.capacityBitsPerSecond } }),
  };
  const roundTrip: Chart = {
    ...subflowSeries(samples, ({ rttUs, state }) => (state === 'closed' || rttUs <= 0 ? undefined : rttUs)),
    title: 'Round-trip time by subflow',
    kind: 'lines',
    marks,
    format: formatMicroseconds,
  };
  return [drawChart(throughput), drawChart(roundTrip)];
}

interface Column<Row> {
  readonly name: string;
  readonly cell: (row: Row) => string;
  /** How it is set: figures to the right, times unbroken. */
  readonly kind?: 'number' | 'time';
}

function table<Row>(title: string, rows: readonly Row[], columns: readonly Column<Row>[]): Markup | undefined {
  if (rows.length === 0) return undefined;
  return markup`<h2>${title}</h2>
<table><thead><tr>${columns.map((column) => markup`<th scope="col" class="${column.kind ?? 'text'}">${column.name}</th>`)}</tr></thead>
<tbody>${rows.map(
    (
      row,
    ) => markup`<tr>${columns.map((column) => markup`<td class="${column.kind ?? 'text'}">${column.cell(row)}</td>`)}</tr>
`,
  )}</tbody></table>`;
}

function subflowTable({ subflows }: MigrationRecord): Markup | undefined {
  return table('Subflows', subflows, [
    { name: 'Interface', cell: (row) => row.interface ?? '' },
    { name: 'Local address', cell: (row) => row.localAddress },
    { name: 'Remote address', cell: (row) => row.remoteAddress },
    { name: 'Sent', cell: (row) => formatBytes(row.bytesSent), kind: 'number' },
    { name: 'Share', cell: (row) => formatFraction(row.shareFraction), kind: 'number' },
    { name: 'Retransmits', cell: (row) => String(row.retransmits), kind: 'number' },
    { name: 'RTT (median)', cell: (row) => formatMicroseconds(row.rttUs), kind: 'number' },
  ]);
}

function iterationTable({ iterations }: MigrationRecord): Markup | undefined {
  return table('Iterations', iterations, [
    { name: 'Iteration', cell: (row) => String(row.iteration), kind: 'number' },
    { name: 'Dirtied', cell: (row) => formatBytes(row.dirtiedBytes), kind: 'number' },
    { name: 'Sent', cell: (row) => formatBytes(row.sentBytes), kind: 'number' },
    { name: 'Remaining', cell: (row) => formatBytes(row.remainingBytes), kind: 'number' },
    { name: 'Verdict', cell: (row) => row.verdict.replace('-', ' ') },
  ]);
}

function checkTable({ checks }: MigrationRecord): Markup | undefined {
  return table('Checks before the start', checks, [
    { name: 'Result', cell: (row) => (row.passed ? 'passed' : row.severity) },
    { name: 'Check', cell: (row) => row.text },
    { name: 'What fixes it', cell: (row) => (row.passed ? '' : (row.command ?? row.remedy ?? '')) },
  ]);
}

function harmlessTable({ harmless = [] }: MigrationRecord): Markup | undefined {
  if (harmless.length === 0) return undefined;
  return table('Harmless differences of the destination', harmless, [
    { name: 'Difference', cell: (row) => row.text },
    { name: 'Why it does not matter', cell: (row) => row.reason },
  ]);
}

function eventTable({ events }: MigrationRecord): Markup | undefined {
  return table('Events', events, [
    { name: 'Time (UTC)', cell: (row) => isoTime(row.atEpochMs), kind: 'time' },
    { name: 'Event', cell: (row) => row.text },
  ]);
}

function settings({ settings: chosen, versions, paths }: MigrationRecord): Markup {
  const rows: Figure[] = [
    ['MPTCP', chosen.mptcp],
    ['Downtime limit', formatDurationMs(chosen.downtimeLimitMs)],
    [
      'Bandwidth limit',
      chosen.bandwidthBitsPerSecond === 0 ? 'none' : formatBitsPerSecond(chosen.bandwidthBitsPerSecond),
    ],
    ['Parallel connections', String(chosen.parallelConnections)],
    ['Auto-converge', chosen.autoConverge ? 'on' : 'off'],
    ...paths.map((path, index): Figure => [
      `Path ${index + 1}`,
      `${path.sourceInterface} ${path.sourceAddress} to ${path.destinationInterface} ${path.destinationAddress}`,
    ]),
    ...Object.entries(versions),
  ];
  return markup`<h2>Settings and versions</h2>
<dl>${rows.map(([name, value]) => markup`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}
