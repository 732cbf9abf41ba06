import { SwitchyardError, type Failure } from '#contract/errors.ts';
import type { JournalEntry } from '#contract/migration.ts';
import { failed, ok, type Result } from '#contract/result.ts';
import type { ManagerRequest } from '#contract/requests.ts';
import type { Ending } from '#main/engine/run.ts';
import { askManager, greetingOf, tellManager } from './control-client.ts';
import type { MigrationWatcher, OpenMigration } from './managed.ts';

/**
 * A migration that another process manages, seen through its control socket. The stream is opened before the journal is
 * read, so an entry can come twice but never not at all; sequence numbers drop the second.
 */
export async function follow(
  id: string,
  controlPath: string,
  readHistory: () => Promise<readonly JournalEntry[]>,
): Promise<OpenMigration> {
  const watchers = new Set<MigrationWatcher>();
  const early: JournalEntry[] = [];
  const line = new AbortController();
  const messages = askManager(controlPath, { command: 'follow' }, line.signal);
  await greetingOf(messages, line);
  const history = await readHistory();
  let sequence = history.at(-1)?.sequence ?? -1;
  let detached = false;
  let live = false;

  const deliver = (entry: JournalEntry): void => {
    if (entry.sequence <= sequence) return;
    sequence = entry.sequence;
    if (!live) early.push(entry);
    for (const watcher of watchers) watcher.onEntry?.(entry);
  };

  const listen = async (): Promise<Ending> => {
    for await (const message of messages) {
      if (message.kind === 'sample') for (const watcher of watchers) watcher.onSample?.(message.sample);
      if (message.kind !== 'entry') continue;
      deliver(message.entry);
      if (message.entry.event.kind === 'ended') return message.entry.event;
    }
    // The manager hung up without an end: it was killed or let go. Its journal may hold what the line no longer carried.
    for (const entry of await readHistory()) deliver(entry);
    const last = (await readHistory()).at(-1)?.event;
    return last?.kind === 'ended' ? last : { kind: 'detached' };
  };

  return {
    id,
    managedHere: false,
    history,
    subscribe: (watcher) => {
      live = true;
      for (const entry of early.splice(0)) watcher.onEntry?.(entry);
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    ask: (request) => tell(controlPath, request),
    detach: () => {
      detached = true;
      line.abort();
    },
    ended: listen().then((ending) => (detached ? { kind: 'detached' } : ending)),
  };
}

async function tell(path: string, request: ManagerRequest): Promise<Result<void, Failure>> {
  try {
    await tellManager(path, request);
    return ok(undefined);
  } catch (thrown) {
    if (thrown instanceof SwitchyardError) return failed(thrown.failure);
    throw thrown;
  }
}
