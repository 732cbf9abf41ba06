import type { MigrationRow } from './channels.ts';

/** What a table of migrations shows about one of them, as far as it matters here. */
type Row = Pick<MigrationRow, 'id' | 'open' | 'managed'> & {
  readonly summary?: Pick<NonNullable<MigrationRow['summary']>, 'guest' | 'source' | 'destination'> | undefined;
};

/**
 * Why the MPTCP settings of a host must be left alone now: a migration that is managed has prepared both of its hosts
 * and puts them back when it ends, over what others have changed meanwhile. One that has just begun has nothing
 * to know yet, and may be on any host.
 */
export function whyLeaveMptcp(hostId: string, rows: readonly Row[]): string | undefined {
  const user = rows.find(
    ({ open, managed, summary }) =>
      open && managed && (summary === undefined || summary.source === hostId || summary.destination === hostId),
  );
  if (user === undefined) return undefined;
  const what = user.summary === undefined ? user.id : `${user.summary.guest} (${user.id})`;
  return `The migration of ${what} uses ${hostId}, and puts its MPTCP settings back when it ends.`;
}

export const leaveMptcpRemedy = 'Wait until it has ended, or cancel it.';
