import type { CloseReason } from './fault.ts';
import { excerptOf, FrameReader, type FrameViolation } from './frames.ts';
import { CostlyJsonError, maxCarefulLength, parseJson } from './json.ts';
import { readServerMessage, type ServerMessage } from './messages.ts';
import { Outbox } from './outbox.ts';
import { ReadingPace } from './reading-pace.ts';
import { describeError, type QmpTransport } from './transport.ts';

export interface WireEvents {
  /** `frame` is the message as it came. */
  readonly onMessage: (message: ServerMessage, frame: string) => void;
  /** Once, and nothing after it. */
  readonly onClose: (reason: CloseReason) => void;
}

/** Messages on one side, a byte stream on the other. Hangs up on what is no QMP. */
export class Wire {
  readonly outbox: Outbox;
  readonly #transport: QmpTransport;
  readonly #events: WireEvents;
  readonly #reader: FrameReader;
  readonly #pace: ReadingPace;
  #closed = false;

  constructor(transport: QmpTransport, maxFrameBytes: number | undefined, events: WireEvents) {
    this.#transport = transport;
    this.#events = events;
    this.#reader = new FrameReader(maxFrameBytes);
    this.outbox = new Outbox(transport);
    const { stream } = transport;
    this.#pace = new ReadingPace(stream);
    stream.on('data', (chunk: Uint8Array) => this.#pace.measure(() => this.#receive(chunk)));
    stream.on('error', (error) => this.close({ kind: 'transport-error', ...describeError(error) }));
    stream.on('end', () => this.close({ kind: 'closed-by-peer' }));
    stream.on('close', () => this.close({ kind: 'closed-by-peer' }));
  }

  /** Idempotent: the first reason counts. */
  close(reason: CloseReason): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#pace.stop();
    this.#transport.stream.destroy();
    this.#events.onClose(reason);
  }

  #receive(chunk: Uint8Array): void {
    const { frames, violation } = this.#reader.push(chunk);
    for (const frame of frames) {
      if (this.#closed) return;
      this.#read(frame);
    }
    if (violation) this.#hangUp(violation);
  }

  #read(frame: string): void {
    let value;
    try {
      value = parseJson(frame);
    } catch (error) {
      if (error instanceof CostlyJsonError) this.#hangUp({ kind: 'oversized', limitBytes: maxCarefulLength });
      else this.#hangUp({ kind: 'garbage', excerpt: excerptOf(frame) });
      return;
    }
    this.#events.onMessage(readServerMessage(value), frame);
  }

  #hangUp(violation: FrameViolation): void {
    this.close({ kind: 'violation', violation });
  }
}
