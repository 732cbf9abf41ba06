import { formatDowntime } from '#contract/downtime.ts';
import type { MigrationRecord } from '#contract/migration.ts';
import { formatBitsPerSecond, formatBytes, formatDurationMs, formatFraction } from '#contract/units.ts';
import { isoTime } from '#contract/iso-time.ts';
import { plainLines, plainText } from '#contract/plain-text.ts';

/**
 * The record for reading: what it is about as `# name: value`, then every event as a sentence with its time (UTC,
 * ISO 8601), then how it ended.
 */
export function recordToLog(record: MigrationRecord): string {
  const header = [...about(record), ...(record.checks.length > 0 ? checks(record) : [])].map(
    ([name, value]) => `# ${plainText(name)}: ${plainText(value)}`,
  );
  const events = record.events.map(({ atEpochMs, text }) => `${isoTime(atEpochMs)} ${plainText(text)}`);
  const result = [...summary(record), ...harmless(record)].map(
    ([name, value]) => `# ${plainText(name)}: ${plainText(value)}`,
  );
  return `${[...header, '', ...events, '', ...result].join('\n')}\n`;
}

type Line = readonly [name: string, value: string];

function about(record: MigrationRecord): Line[] {
  const { settings, versions } = record;
  return [
    ['Switchyard migration', record.id],
    ['Guest', record.guest],
    ['Source', record.source],
    ['Destination', record.destination],
    ['Asked for by', record.user],
    ['Settings', settingsText(settings)],
    ...record.paths.map((path, index): Line => [
      `Path ${index + 1}`,
      `${path.sourceInterface} ${path.sourceAddress} to ${path.destinationInterface} ${path.destinationAddress}${path.speedBitsPerSecond === undefined ? '' : `, ${formatBitsPerSecond(path.speedBitsPerSecond)}`}, MTU ${path.mtu}`,
    ]),
    [
      'Versions',
      Object.entries(versions)
        .map(([name, version]) => `${name} ${version}`)
        .join(', '),
    ],
  ];
}

function settingsText(settings: MigrationRecord['settings']): string {
  return [
    `MPTCP ${settings.mptcp}`,
    `downtime limit ${formatDurationMs(settings.downtimeLimitMs)}`,
    settings.bandwidthBitsPerSecond === 0
      ? 'no bandwidth limit'
      : `bandwidth ${formatBitsPerSecond(settings.bandwidthBitsPerSecond)}`,
    ...(settings.parallelConnections === 0 ? [] : [`${settings.parallelConnections} parallel connections`]),
    ...(settings.autoConverge ? ['auto-converge'] : []),
    ...(settings.accepted.length === 0 ? [] : [`accepted: ${settings.accepted.join(' ')}`]),
  ].join(', ');
}

/** What had passed is the rule: only what had not is reported. */
function checks(record: MigrationRecord): Line[] {
  const failed = record.checks.filter(({ passed }) => !passed);
  return failed.length === 0
    ? [['Checks', `all ${record.checks.length} passed`]]
    : failed.map(({ severity, text }): Line => [`Check (${severity})`, text]);
}

/** Nothing differs silently. */
function harmless(record: MigrationRecord): Line[] {
  return (record.harmless ?? []).map(({ text, reason }): Line => ['Harmless difference', `${text} ${reason}`]);
}

function summary(record: MigrationRecord): Line[] {
  const { totals, transport } = record;
  const downtime = formatDowntime(totals);
  return [
    ['Outcome', record.outcome ?? `still open (${record.phase})`],
    ...(record.explanation ? explanationLines(record.explanation) : []),
    ['Duration', formatDurationMs(totals.durationMs)],
    ...(downtime === undefined ? [] : [['Downtime', downtime] as const]),
    [
      'Transferred',
      `${formatBytes(totals.transferredBytes)} at ${formatBitsPerSecond(totals.goodputBitsPerSecond)} after setup`,
    ],
    ['Transport', `${transport.negotiated ?? 'never connected'}${transport.fallback ? ' (fell back from MPTCP)' : ''}`],
    ...record.subflows.map((subflow): Line => [
      `Subflow ${subflow.interface ?? subflow.localAddress}`,
      `${formatBytes(subflow.bytesSent)} (${formatFraction(subflow.shareFraction)}), ${subflow.retransmits} ${subflow.retransmits === 1 ? 'retransmit' : 'retransmits'}`,
    ]),
  ];
}

function explanationLines({ cause, next, raw }: NonNullable<MigrationRecord['explanation']>): Line[] {
  const rawLines = plainLines(raw ?? '');
  return [['Cause', cause], ['Next', next], ...rawLines.map((line): Line => ['Raw', line])];
}
