import { formatDowntime } from '#contract/downtime.ts';
import type { GuestPlace, MigrationRecord, Outcome } from '#contract/migration.ts';
import {
  formatBitsPerSecond,
  formatBytes,
  formatDurationMs,
  formatFraction,
  formatMicroseconds,
} from '#contract/units.ts';
import { plainLines, plainName, plainText } from '#contract/plain-text.ts';
import { table } from './table.ts';

type Names = Pick<MigrationRecord, 'guest' | 'source' | 'destination' | 'guestState'>;

function namesOf({ guest, source, destination, guestState }: Names): Names {
  return { guestState, guest: plainName(guest), source: plainName(source), destination: plainName(destination) };
}

const outcomes: Readonly<Record<Outcome, (names: Names) => string>> = {
  'done-on-destination': ({ guest, destination, source }) => `${guest} has moved from ${source} to ${destination}.`,
  'safe-on-source': ({ guest, source }) => `${guest} was not moved: it is safe on ${source}.`,
  'paused-recoverable': ({ guest, guestState, destination }) =>
    guestState === 'stopped'
      ? `${guest} is whole on ${destination} and does not run.`
      : `${guest} is paused and can be recovered.`,
  'stopped-on-source': ({ guest, source }) => `${guest} is stopped on ${source}, intact.`,
  lost: ({ guest }) => `${guest} runs nowhere: it has to be started again from its disks.`,
  unknown: ({ guest }) => `Where ${guest} runs is not known; nothing more is touched.`,
};

const places: Readonly<Record<GuestPlace, (names: Names) => string>> = {
  source: ({ source }) => `on ${source}`,
  stopped: () => 'stopped',
  destination: ({ destination }) => `on ${destination}`,
  unknown: () => 'not known',
  nowhere: () => 'nowhere',
};

/** How a migration ended, or stands: outcome, figures, what each path carried, and for a failure what to do about it. */
export function resultLines(record: MigrationRecord): string {
  const { outcome, phase, guestState, explanation, subflows } = record;
  const names = namesOf(record);
  return [
    plainText(outcome ? outcomes[outcome](names) : `${names.guest}: still open (${phase}).`),
    ...facts([
      ['Guest is', places[guestState](names)],
      ['Duration', formatDurationMs(record.totals.durationMs)],
      ['Downtime', downtime(record)],
      ['Transferred', transferred(record)],
      ['Goodput', goodput(record)],
      ['Transport', transport(record)],
      ['Fix it with', record.transport.fallback ? record.transport.command : undefined],
      ['Sent again', sentAgain(record)],
      ['Differences', harmless(record)],
      ['Phase', explanation?.phase.replaceAll('-', ' ')],
      ['Side', explanation?.side],
      ['Cause', explanation?.cause],
      ['Next', explanation?.next ?? (outcome ? undefined : `switchyard watch ${record.id}`)],
    ]),
    ...rawLines(explanation?.raw),
    ...(subflows.length > 0 ? ['', indented(subflowTable(record), '  ')] : []),
    '',
    ...facts([
      ['Record', record.id],
      ['Export it', `switchyard export ${record.id} --format json|csv|log|html --output FILE`],
    ]),
  ].join('\n');
}

function facts(pairs: readonly (readonly [name: string, value: string | undefined])[]): string[] {
  return pairs.flatMap(([name, value]) => (value === undefined ? [] : [`  ${name.padEnd(12)}  ${plainText(value)}`]));
}

function downtime({ totals, settings: { downtimeLimitMs } }: MigrationRecord): string | undefined {
  const taken = formatDowntime(totals);
  return taken === undefined ? undefined : `${taken}, limit ${formatDurationMs(downtimeLimitMs)}`;
}

function transferred({ totals }: MigrationRecord): string | undefined {
  if (totals.transferredBytes === 0) return undefined;
  const iterations = totals.iterations === 1 ? '1 iteration' : `${totals.iterations} iterations`;
  return `${formatBytes(totals.transferredBytes)} in ${iterations}`;
}

function goodput({ totals }: MigrationRecord): string | undefined {
  const { transferredBytes, goodputBitsPerSecond, efficiencyFraction, capacityBitsPerSecond } = totals;
  if (transferredBytes === 0) return undefined;
  const rate = formatBitsPerSecond(goodputBitsPerSecond);
  return efficiencyFraction === undefined || capacityBitsPerSecond === undefined
    ? rate
    : `${rate}, ${formatFraction(efficiencyFraction)} of all paths' ${formatBitsPerSecond(capacityBitsPerSecond)}`;
}

const protocols = { mptcp: 'Multipath TCP', tcp: 'TCP' } as const;

function transport({ transport: { requested, negotiated, fallback, text } }: MigrationRecord): string {
  if (negotiated === undefined) return `never connected (MPTCP: ${requested})`;
  const what = text ?? protocols[negotiated];
  return fallback ? `TCP, although MPTCP was wanted (${requested}): ${what}` : what;
}

function sentAgain({ totals: { retransmits }, subflows }: MigrationRecord): string | undefined {
  if (retransmits === 0) return undefined;
  const bytes = subflows.reduce((sum, { bytesRetransmitted }) => sum + bytesRetransmitted, 0);
  return `${retransmits} ${retransmits === 1 ? 'segment' : 'segments'}, ${formatBytes(bytes)}`;
}

/** Folded: a guest's own software leaves some in every device. */
function harmless({ harmless: found = [], id }: MigrationRecord): string | undefined {
  if (found.length === 0) return undefined;
  return `${found.length} harmless ${found.length === 1 ? 'one' : 'ones'}: \`switchyard export ${id} --format log\` lists ${found.length === 1 ? 'it' : 'them'}`;
}

/** What the machinery itself said, below what it means. */
function rawLines(raw: string | undefined): string[] {
  return plainLines(raw ?? '').map((line) => `  | ${line}`);
}

function subflowTable({ subflows }: MigrationRecord): string {
  return table(
    ['Path', 'Local', 'Remote', 'Sent', 'Share', 'RTT', 'Sent again'],
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

function indented(text: string, by: string): string {
  return text
    .split('\n')
    .map((line) => by + line)
    .join('\n');
}
