import type { MigrationRow } from '#contract/channels.ts';
import type { Guest, HostFacts } from '#contract/host.ts';
import type { LabView } from '#contract/lab.ts';
import type { Connection } from '#renderer/host/connection.ts';
import { copyOf, type CopyStore } from './copy.ts';

/** Newest first. Main sends the rows that changed; ids begin with the time, so their order is the order of starts. */
export function migrationRows(connection: Connection): CopyStore<MigrationRow[]> {
  return copyOf(connection, {
    ask: () => connection.host.call('migration.list', {}),
    listen: (apply) =>
      connection.host.on('migration.list-changed', ({ rows }) => apply((known) => withRows(known, rows))),
  });
}

function withRows(known: readonly MigrationRow[], changed: readonly MigrationRow[]): MigrationRow[] {
  const byId = new Map([...known, ...changed].map((row) => [row.id, row]));
  return [...byId.values()].toSorted((one, other) => other.id.localeCompare(one.id));
}

export function hostList(connection: Connection): CopyStore<HostFacts[]> {
  return copyOf(connection, { ask: () => connection.host.call('hosts.list', {}) });
}

export function guestList(connection: Connection): CopyStore<Guest[]> {
  return copyOf(connection, { ask: () => connection.host.call('guests.list', {}) });
}

export function labList(connection: Connection): CopyStore<LabView[]> {
  return copyOf(connection, {
    ask: () => connection.host.call('lab.list', {}),
    listen: (apply) => connection.host.on('lab.list-changed', ({ labs }) => apply(() => labs)),
  });
}
