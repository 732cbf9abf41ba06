import { isNativeError } from '#native/native-error.ts';
import { refusalIn } from './acknowledgement.ts';
import { controlTypes, decodeMessages, encodeMessage, messageFlags, type NetlinkMessage } from './message.ts';
import { NetlinkError } from './netlink-error.ts';

/** What a session needs of a socket: whole datagrams, and a `receive` that answers `undefined` instead of waiting. */
export interface NetlinkTransport extends Disposable {
  send(datagram: Buffer): void;
  receive(): Buffer | undefined;
}

export interface NetlinkRequest {
  /** Completes "Could not …" in errors: `list MPTCP endpoints`. */
  readonly action: string;
  readonly type: number;
  readonly payload: Buffer;
}

/** A table that keeps changing is read this often before giving up. */
const dumpAttempts = 8;
/** Datagrams that answer nobody's question (left over from an abandoned request) are skipped up to this many. */
const strayDatagramLimit = 256;

/**
 * Request and answer with one kernel subsystem. Synchronous: the kernel puts the whole answer, or the first part of a dump,
 * in the socket's queue before send() returns, and each receive() of a dump makes it add the next part; so nothing here
 * waits. The namespace is the one in which the socket was made, wherever the session is used from.
 */
export class NetlinkSession implements Disposable {
  readonly #transport: NetlinkTransport;
  #sequence = 0;

  constructor(transport: NetlinkTransport) {
    this.#transport = transport;
  }

  /** Asks for one thing or changes one; returns the answers before the acknowledgement, often none. */
  request(request: NetlinkRequest): NetlinkMessage[] {
    return this.#told(request, () => {
      const sequence = this.#send(request, messageFlags.request | messageFlags.ack);
      return this.#collect(sequence).messages;
    });
  }

  /** Reads a whole table, again when it changed meanwhile. */
  dump(request: NetlinkRequest): NetlinkMessage[] {
    return this.#told(request, () => {
      for (let attempt = 0; attempt < dumpAttempts; attempt++) {
        const sequence = this.#send(request, messageFlags.request | messageFlags.dump);
        const { messages, interrupted } = this.#collect(sequence);
        if (!interrupted) return messages;
      }
      throw new NetlinkError({ kind: 'interrupted', attempts: dumpAttempts });
    });
  }

  [Symbol.dispose](): void {
    this.#transport[Symbol.dispose]();
  }

  #send(request: NetlinkRequest, flags: number): number {
    // 0 is what the kernel writes into messages that answer nobody.
    this.#sequence = this.#sequence >= 0xffff_ffff ? 1 : this.#sequence + 1;
    const { type, payload } = request;
    this.#transport.send(encodeMessage({ type, flags, sequence: this.#sequence, payload }));
    return this.#sequence;
  }

  /** Everything up to the acknowledgement or the end of the dump. */
  #collect(sequence: number): { messages: NetlinkMessage[]; interrupted: boolean } {
    const messages: NetlinkMessage[] = [];
    let interrupted = false;
    let strays = 0;
    while (strays <= strayDatagramLimit) {
      const datagram = this.#transport.receive();
      if (datagram === undefined) break;
      const ours = decodeMessages(datagram).filter((message) => message.sequence === sequence);
      if (ours.length === 0) strays++;
      for (const message of ours) {
        if ((message.flags & messageFlags.dumpInterrupted) !== 0) interrupted = true;
        if (message.type === controlTypes.error || message.type === controlTypes.done) {
          const refusal = refusalIn(message, message.type === controlTypes.error ? 'error' : 'done');
          if (refusal) throw refusal;
          return { messages, interrupted };
        }
        if (message.type === controlTypes.overrun) throw new NetlinkError({ kind: 'truncated' });
        if (message.type !== controlTypes.noop) messages.push(message);
      }
    }
    throw new NetlinkError({ kind: 'no-answer' });
  }

  #told<Answer>(request: NetlinkRequest, ask: () => Answer): Answer {
    try {
      return ask();
    } catch (error) {
      if (error instanceof NetlinkError) throw error.during(request.action);
      if (isNativeError(error, 'EMSGSIZE')) throw new NetlinkError({ kind: 'truncated' }, request.action);
      throw error;
    }
  }
}
