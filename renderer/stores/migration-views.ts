import { createStore } from 'zustand/vanilla';
import type { MigrationView } from '#contract/channels.ts';
import type { Failure } from '#contract/errors.ts';
import type { Connection } from '#renderer/host/connection.ts';
import { readable, type Readable } from './readable.ts';

interface Views {
  readonly views: ReadonlyMap<string, MigrationView>;
  /** Why a migration that was asked for cannot be shown. */
  readonly failures: ReadonlyMap<string, Failure>;
}

export interface MigrationViews extends Readable<Views> {
  /** Keeps a view up to date from now on. */
  open(id: string): void;
}

/** The state lane: one view a migration, only ever replaced by a younger one. */
export function migrationViews(connection: Connection): MigrationViews {
  const { host } = connection;
  const store = createStore<Views>(() => ({ views: new Map(), failures: new Map() }));
  const opened = new Set<string>();
  /** Apart from the views: a main that was restarted counts from the beginning, while the old view stays on screen. */
  const revisions = new Map<string, number>();

  host.on('migration.view-changed', keepYoungest);
  connection.onOpen(() => {
    revisions.clear();
    for (const id of opened) void ask(id);
  });

  return {
    ...readable(store),
    open(id) {
      if (opened.has(id)) return;
      opened.add(id);
      void ask(id);
    },
  };

  async function ask(id: string): Promise<void> {
    const answer = await host.call('migration.view', { id });
    if (answer.ok) keepYoungest(answer.value);
    else store.setState(({ failures }) => ({ failures: new Map(failures).set(id, answer.error) }));
  }

  function keepYoungest(view: MigrationView): void {
    const { id } = view.record;
    if (view.revision < (revisions.get(id) ?? 0)) return;
    revisions.set(id, view.revision);
    store.setState(({ views, failures }) => {
      const stillFailing = new Map(failures);
      stillFailing.delete(id);
      return { views: new Map(views).set(id, view), failures: stillFailing };
    });
  }
}
