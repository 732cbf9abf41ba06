import type { RawEvent } from './messages.ts';
import { eventShapes, type EventName, type Events } from './schema.ts';
import { ShapeError } from './shape.ts';

export interface QmpEvent<Name extends EventName> {
  readonly name: Name;
  readonly data: Events[Name];
  /** QEMU's host clock, in milliseconds with a fraction; absent when QEMU could not read the clock. */
  readonly atEpochMs?: number;
}

/** Passes events to the listeners, synchronously and in the order of the wire. */
export class EventHub {
  readonly #listeners = new Set<(event: RawEvent) => void>();
  #malformed = 0;

  /** Events whose data had not the shape that a typed listener was promised; those listeners have not seen them. */
  get malformed(): number {
    return this.#malformed;
  }

  on<Name extends EventName>(name: Name, listener: (event: QmpEvent<Name>) => void): () => void {
    return this.onAny((raw) => {
      if (raw.name !== name) return;
      const data = this.#dataOf(name, raw);
      if (data !== undefined) listener({ ...raw, name, data });
    });
  }

  onAny(listener: (event: RawEvent) => void): () => void {
    // A function of its own for each call: the same listener may listen twice and leave once.
    const entry = (event: RawEvent): void => listener(event);
    this.#listeners.add(entry);
    return () => {
      this.#listeners.delete(entry);
    };
  }

  /** A listener that throws has a bug of its own: it surfaces as an uncaught exception, and the others are still called. */
  tell(event: RawEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  #dataOf<Name extends EventName>(name: Name, raw: RawEvent): Events[Name] | undefined {
    try {
      return eventShapes[name](raw.data, '$.data');
    } catch (error) {
      if (!(error instanceof ShapeError)) throw error;
      this.#malformed += 1;
      return undefined;
    }
  }
}
