import type { EventName, EventPayload, MigrationRow } from '#contract/channels.ts';
import { toJson } from '#contract/json.ts';

/** The far end of one window's line. */
export interface Line {
  /** `done` is called once the text has left this process, or never will. */
  send(text: string, done: () => void): void;
  /** What has been sent and has not left yet. */
  readonly unsentBytes: number;
}

/** A line that holds more than this gets no more events until it has drained. */
const mostUnsentBytes = 1 << 20;

/** What an event replaces, so that an older one that still waits can give way to it. */
const subjects: { readonly [Name in EventName]: (payload: EventPayload<Name>) => string } = {
  'migration.view-changed': ({ record }) => record.id,
  'migration.list-changed': () => '',
  // At most two are under way: each is news.
  'telemetry.frame': ({ sequence }) => String(sequence),
  'lab.list-changed': () => '',
};

/**
 * What goes to one window. While its line is full, events wait, and of those about the same thing only the last
 * one: a window that does not read costs one view for each migration, however long it sleeps.
 */
export class Outbox {
  readonly #line: Line;
  readonly #waiting = new Map<string, { readonly event: EventName; readonly payload: unknown }>();
  /** Rows come one by one and must all arrive: the newest of each waits. */
  readonly #rows = new Map<string, MigrationRow>();

  constructor(line: Line) {
    this.#line = line;
  }

  emit<Name extends EventName>(event: Name, payload: EventPayload<Name>): void {
    const key = `${event} ${subjects[event](payload)}`;
    this.#waiting.set(key, { event, payload: isRows(payload) ? this.#collect(payload) : payload });
    this.#flush();
  }

  answer(id: unknown, answer: unknown): void {
    this.#send({ id, answer });
  }

  #collect({ rows }: { readonly rows: readonly MigrationRow[] }): unknown {
    for (const row of rows) this.#rows.set(row.id, row);
    return { rows: [...this.#rows.values()] };
  }

  #flush(): void {
    for (const [key, message] of this.#waiting) {
      if (this.#line.unsentBytes > mostUnsentBytes) return;
      this.#waiting.delete(key);
      if (message.event === 'migration.list-changed') this.#rows.clear();
      this.#send(message);
    }
  }

  #send(message: object): void {
    this.#line.send(toJson(message), () => this.#flush());
  }
}

function isRows(payload: object): payload is { readonly rows: readonly MigrationRow[] } {
  return 'rows' in payload;
}
