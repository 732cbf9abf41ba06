import { downtimeOf } from '#contract/downtime.ts';
import type { MigrationRow } from '#contract/channels.ts';
import { plainName, plainText } from '#contract/plain-text.ts';
import type { Outcome } from '#contract/migration.ts';
import { formatDurationMs } from '#contract/units.ts';

/** A notification of the desktop. `urgent`: the operator has to act, so it stays until it is seen. */
export interface Announcement {
  readonly title: string;
  readonly body: string;
  readonly urgent: boolean;
}

type Summary = NonNullable<MigrationRow['summary']>;
type Names = Pick<Summary, 'guest' | 'source' | 'destination'>;

/** More than a desktop shows. */
const mostBodyCharacters = 500;

const titles: Readonly<Record<Outcome, (names: Names) => string>> = {
  'done-on-destination': ({ guest, destination }) => `${guest} has moved to ${destination}`,
  'safe-on-source': ({ guest, source }) => `${guest} has stayed on ${source}`,
  'paused-recoverable': ({ guest }) => `${guest} is paused and can be recovered`,
  'stopped-on-source': ({ guest, source }) => `${guest} is stopped on ${source}, intact`,
  lost: ({ guest }) => `${guest} has been lost`,
  unknown: ({ guest }) => `It is not known where ${guest} runs`,
};

const settled: ReadonlySet<Outcome> = new Set<Outcome>(['done-on-destination', 'safe-on-source']);

/** What is said at the end of a migration; nothing about one of which nothing is known. */
export function announcementOf({ summary }: MigrationRow): Announcement | undefined {
  if (summary?.outcome === undefined) return undefined;
  const title = titles[summary.outcome]({
    guest: plainName(summary.guest),
    source: plainName(summary.source),
    destination: plainName(summary.destination),
  });
  return { title, body: plainText(bodyOf(summary), mostBodyCharacters), urgent: !settled.has(summary.outcome) };
}

function bodyOf({ explanation, totals, transport }: Summary): string {
  if (explanation) return `${explanation.cause} ${explanation.next}`;
  const downtimeMs = downtimeOf(totals);
  const downtime = downtimeMs === undefined ? '' : `, downtime ${formatDurationMs(downtimeMs)}`;
  const fallback = transport.fallback ? ' It used plain TCP, although Multipath TCP was asked for.' : '';
  return `It took ${formatDurationMs(totals.durationMs)}${downtime}.${fallback}`;
}
