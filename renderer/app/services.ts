import { createContext, useContext } from 'react';
import type { CommandName, CommandRequest, CommandResponse, MigrationRow } from '#contract/channels.ts';
import type { Guest, HostFacts } from '#contract/host.ts';
import type { LabView } from '#contract/lab.ts';
import type { Connection } from '#renderer/host/connection.ts';
import { guestList, hostList, labList, migrationRows } from '#renderer/stores/copies.ts';
import type { CopyStore } from '#renderer/stores/copy.ts';
import { migrationViews, type MigrationViews } from '#renderer/stores/migration-views.ts';
import { notices, type Notices } from '#renderer/stores/notices.ts';
import { preferences, type PreferencesStore } from '#renderer/stores/preferences.ts';

/** Everything that lives as long as the window; made once, handed to the screens by context. */
export interface Services {
  readonly connection: Connection;
  readonly rows: CopyStore<MigrationRow[]>;
  readonly views: MigrationViews;
  readonly hosts: CopyStore<HostFacts[]>;
  readonly guests: CopyStore<Guest[]>;
  readonly labs: CopyStore<LabView[]>;
  readonly preferences: PreferencesStore;
  readonly notices: Notices;
  /** The answer, or `undefined` after the operator has been shown why there is none. */
  readonly ask: <Name extends CommandName>(
    name: Name,
    request: CommandRequest<Name>,
  ) => Promise<CommandResponse<Name> | undefined>;
}

export function makeServices(connection: Connection, storage: Storage): Services {
  const told = notices();
  const services: Services = {
    connection,
    rows: migrationRows(connection),
    views: migrationViews(connection),
    hosts: hostList(connection),
    guests: guestList(connection),
    labs: labList(connection),
    preferences: preferences(storage),
    notices: told,
    async ask(name, request) {
      const answer = await connection.host.call(name, request);
      if (answer.ok) return answer.value;
      told.fail(answer.error);
      return undefined;
    },
  };
  lookAgainWhenGuestsMove(services);
  return services;
}

/** Hosts and guests are looked at when asked; these are the occasions on which they surely differ. */
function lookAgainWhenGuestsMove({ rows, labs, hosts, guests }: Services): void {
  const openIds = (): string => (rows.getState().value ?? []).flatMap(({ open, id }) => (open ? id : [])).join();
  let open = openIds();
  rows.subscribe(() => {
    if (openIds() === open) return;
    open = openIds();
    void guests.refresh();
  });
  labs.subscribe((now, before) => {
    if (now.value === before.value || before.value === undefined) return;
    void hosts.refresh();
    void guests.refresh();
  });
}

export const ServicesContext = createContext<Services | undefined>(undefined);

export function useServices(): Services {
  const services = useContext(ServicesContext);
  if (!services) throw new Error('a screen stands inside of ServicesContext');
  return services;
}
