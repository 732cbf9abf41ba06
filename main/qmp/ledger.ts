import { QmpError, type CloseReason, type CommandEffect } from './fault.ts';
import type { JsonValue } from './json.ts';
import type { Outcome } from './messages.ts';

/**
 * How many in-band commands may be on their way at once. QEMU's monitor stops reading its socket when eight wait for
 * the main loop (QMP_REQ_QUEUE_LEN_MAX in monitor/qmp.c), and then reads no out-of-band command either: the one way to
 * free a stuck QEMU would be shut by our own questions. With seven it stays open, whatever the main loop is doing.
 */
export const maxInBandInFlight = 7;

export interface Submission {
  readonly command: string;
  readonly lane: 'in-band' | 'out-of-band';
  readonly id: number;
  /** Hands the line to the connection. */
  readonly send: () => void;
  readonly carriesDescriptors: boolean;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** The answer to a command whose caller got `timeout` or `cancelled` before. */
export interface LateReply {
  readonly command: string;
  readonly outcome: Outcome;
}

interface Entry extends Submission {
  readonly settle: (result: Outcome | QmpError) => void;
  /** The caller has been answered. The entry keeps its place until QEMU answers too: it still sits in QEMU's queue. */
  settled: boolean;
}

/** Keeps account of every command: waiting to be sent, sent, given up, answered. */
export class Ledger {
  readonly #monitor: string;
  readonly #onLateReply: (reply: LateReply) => void;
  #queue: Entry[] = [];
  readonly #inFlight = new Map<number, Entry>();
  #closeReason: CloseReason | undefined;

  constructor(monitor: string, onLateReply: (reply: LateReply) => void) {
    this.#monitor = monitor;
    this.#onLateReply = onLateReply;
  }

  /** Resolves with what QEMU returned; rejects with `QmpError`. */
  submit(submission: Submission): Promise<JsonValue> {
    return new Promise((resolve, reject) => {
      const entry = this.#open(submission, (result) => {
        if (result instanceof QmpError) reject(result);
        else if (result.kind === 'returned') resolve(result.value);
        else reject(new QmpError(this.#monitor, { ...result, command: submission.command }));
      });
      if (this.#closeReason) this.#lose(entry, 'none', this.#closeReason);
      else if (submission.signal?.aborted) this.#giveUp(entry, 'cancelled');
      else if (submission.lane === 'out-of-band') this.#send(entry);
      else {
        this.#queue.push(entry);
        this.#sendWhatMay();
      }
    });
  }

  /** False when no command waits for it: a reply without our id, or a second one. */
  answer(id: JsonValue | undefined, outcome: Outcome): boolean {
    const entry = typeof id === 'number' ? this.#inFlight.get(id) : undefined;
    if (!entry) return false;
    this.#inFlight.delete(entry.id);
    if (entry.settled) this.#onLateReply({ command: entry.command, outcome });
    else entry.settle(outcome);
    this.#sendWhatMay();
    return true;
  }

  /** Fails a command that turned out not to have left. */
  fail(id: number, error: QmpError): void {
    const entry = this.#inFlight.get(id);
    if (!entry) return;
    this.#inFlight.delete(id);
    if (!entry.settled) entry.settle(error);
    this.#sendWhatMay();
  }

  /** Fails every command that waits, and from now on every new one. */
  close(reason: CloseReason): void {
    this.#closeReason = reason;
    const [unsent, sent] = [this.#queue, [...this.#inFlight.values()]];
    this.#queue = [];
    this.#inFlight.clear();
    for (const entry of unsent) this.#lose(entry, 'none', reason);
    for (const entry of sent) this.#lose(entry, 'unknown', reason);
  }

  #open(submission: Submission, settle: Entry['settle']): Entry {
    const timer = setTimeout(() => this.#giveUp(entry, 'timeout'), submission.timeoutMs);
    const onAbort = (): void => this.#giveUp(entry, 'cancelled');
    submission.signal?.addEventListener('abort', onAbort, { once: true });
    const entry: Entry = {
      ...submission,
      settled: false,
      settle: (result) => {
        entry.settled = true;
        clearTimeout(timer);
        submission.signal?.removeEventListener('abort', onAbort);
        settle(result);
      },
    };
    return entry;
  }

  #sendWhatMay(): void {
    for (let next = this.#queue[0]; next && this.#maySend(next); next = this.#queue[0]) {
      this.#queue.shift();
      this.#send(next);
    }
  }

  /** QEMU keeps the descriptors of one message only: those of a second would push out the first before `getfd` takes it. */
  #maySend(entry: Entry): boolean {
    const sent = [...this.#inFlight.values()].filter(({ lane }) => lane === 'in-band');
    if (sent.length >= maxInBandInFlight) return false;
    return !entry.carriesDescriptors || !sent.some(({ carriesDescriptors }) => carriesDescriptors);
  }

  #send(entry: Entry): void {
    this.#inFlight.set(entry.id, entry);
    entry.send();
  }

  #giveUp(entry: Entry, how: 'timeout' | 'cancelled'): void {
    const effect = this.#inFlight.has(entry.id) ? 'unknown' : 'none';
    this.#queue = this.#queue.filter((other) => other !== entry);
    const { command, timeoutMs } = entry;
    entry.settle(
      new QmpError(
        this.#monitor,
        how === 'timeout'
          ? { kind: 'timeout', command, afterMs: timeoutMs, effect }
          : { kind: 'cancelled', command, effect },
      ),
    );
    // Its leaving may free the head of the queue.
    this.#sendWhatMay();
  }

  #lose(entry: Entry, effect: CommandEffect, reason: CloseReason): void {
    if (!entry.settled)
      entry.settle(new QmpError(this.#monitor, { kind: 'disconnected', command: entry.command, effect, reason }));
  }
}
