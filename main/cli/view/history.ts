import { downtimeOf } from '#contract/downtime.ts';
import type { Outcome } from '#contract/migration.ts';
import { formatBitsPerSecond, formatDurationMs } from '#contract/units.ts';
import type { HistoryEntry } from '#main/app/application.ts';
import { table } from './table.ts';
import { localTime } from './time.ts';

const outcomes: Readonly<Record<Outcome, string>> = {
  'done-on-destination': 'done',
  'safe-on-source': 'not moved',
  'paused-recoverable': 'PAUSED',
  'stopped-on-source': 'STOPPED',
  lost: 'LOST',
  unknown: 'NOT KNOWN',
};

/** The table of migrations, in the order given; below it what waits for the operator, and what to type. */
export function historyLines(rows: readonly HistoryEntry[], width: number): string {
  // The time it started goes first: the id says it too.
  const columns = [
    'Id',
    'Guest',
    'Status',
    { title: 'From', dropOrder: 2 },
    { title: 'To', dropOrder: 1 },
    { title: 'Paths', dropOrder: 7 },
    { title: 'Throughput', dropOrder: 5 },
    { title: 'Downtime', dropOrder: 3 },
    { title: 'Started', dropOrder: 8 },
    { title: 'Duration', dropOrder: 4 },
    { title: 'User', dropOrder: 6 },
  ];
  const waiting = rows.flatMap(waitingLines);
  return [table(columns, rows.map(cells), { width }), ...(waiting.length > 0 ? ['', ...waiting] : [])].join('\n');
}

function cells(entry: HistoryEntry): string[] {
  const { id, summary } = entry;
  if (!summary) return [id, '-', 'unreadable'];
  const { totals } = summary;
  const downtimeMs = downtimeOf(totals);
  return [
    id,
    summary.guest,
    statusOf(entry),
    summary.source,
    summary.destination,
    `${summary.subflows.length}/${summary.paths.length}`,
    totals.transferredBytes === 0 ? '-' : formatBitsPerSecond(totals.goodputBitsPerSecond),
    downtimeMs === undefined ? '-' : formatDurationMs(downtimeMs),
    localTime(summary.startedAtEpochMs),
    formatDurationMs(totals.durationMs),
    summary.user,
  ];
}

function statusOf({ open, managed, summary }: HistoryEntry): string {
  if (open) return managed ? (summary?.phase ?? 'open') : 'OPEN';
  return summary?.outcome ? outcomes[summary.outcome] : '-';
}

/** A journal that is not whole, a migration that is not over, or one that is and left something to do. */
function waitingLines(entry: HistoryEntry): string[] {
  const { id, problem } = entry;
  return [...(problem === undefined ? [] : [`${id}: ${problem}`]), ...whatToType(entry)];
}

function whatToType({ id, open, managed, managerUnknown, summary }: HistoryEntry): string[] {
  // Whatever takes it up would meet the same damage.
  if (managerUnknown) return [];
  if (open && managed) return [`${id} is under way: follow it with \`switchyard watch ${id}\`.`];
  if (open) return [`No process manages ${id}: finish it with \`switchyard watch ${id}\`.`];
  switch (summary?.outcome) {
    case 'paused-recoverable':
      return summary.guestState === 'stopped'
        ? [`${id} is stopped on its destination: \`switchyard show ${id}\` reports why and what to do.`]
        : [`${id} is paused: continue with \`switchyard recover ${id}\`.`];
    case 'stopped-on-source':
    case 'unknown':
      return [
        `${id} needs you: \`switchyard show ${id}\` shows what happened, \`switchyard watch ${id}\` asks both sides again.`,
      ];
    case 'lost':
      return [`${id} has lost its guest: \`switchyard show ${id}\` shows what to do.`];
    case 'done-on-destination':
    case 'safe-on-source':
    case undefined:
      return [];
  }
}
