import { AsyncLocalStorage } from 'node:async_hooks';

/** A migration that this process manages, and what to do when an exception of its code escapes every promise. */
export interface Care {
  readonly id: string;
  readonly onEscape: (thrown: unknown) => void;
}

const storage = new AsyncLocalStorage<Care>();
const caring = new Set<Care>();

/**
 * Does the work of one migration, so that an exception that escapes from it later (in a timer, a socket's event, a promise
 * that is not awaited) is known to be of this migration.
 */
export async function caredFor<Value>(care: Care, work: () => Promise<Value>): Promise<Value> {
  caring.add(care);
  try {
    return await storage.run(care, work);
  } finally {
    caring.delete(care);
  }
}

export interface EscapeOptions {
  /** Keeps the fault, and answers with its incident id. */
  readonly report: (thrown: unknown, context?: { readonly migration?: string }) => string;
  /** A line for the operator; the process continues. */
  readonly say: (text: string) => void;
  /** For a process without clients that manages nothing: it may end. Absent for one that has windows. */
  readonly giveUp?: ((thrown: unknown) => void) | undefined;
}

type Emitter = Pick<NodeJS.EventEmitter, 'off' | 'on'>;

/**
 * For a process that manages migrations: an exception that nothing has caught is reported, and does not end the process
 * while a migration depends on it, since each would then end with its guest stopped. The migration in whose code it
 * happened is taken up again from its journal; what the others do does not depend on it. Returns what takes the handlers
 * away again.
 */
export function survive({ report, say, giveUp }: EscapeOptions, emitter: Emitter = process): () => void {
  const escaped = (thrown: unknown): void => {
    const care = storage.getStore();
    const known = care && caring.has(care) ? care : undefined;
    const incidentId = report(thrown, known ? { migration: known.id } : {});
    if (caring.size === 0 && giveUp) return giveUp(thrown);
    // A migration says by itself what becomes of it.
    if (known) known.onEscape(thrown);
    else say(`Switchyard hit a fault of its own (incident ${incidentId}), and continues.`);
  };
  emitter.on('uncaughtException', escaped).on('unhandledRejection', escaped);
  return () => void emitter.off('uncaughtException', escaped).off('unhandledRejection', escaped);
}

/**
 * A terminal, or a reader of this process's output, that has gone ends nothing: what is written for it is lost, and that is
 * all. Without a listener the error of the stream would be an exception.
 */
export function outliveReaders(...streams: readonly Pick<NodeJS.EventEmitter, 'on'>[]): void {
  for (const stream of streams) stream.on('error', () => undefined);
}
