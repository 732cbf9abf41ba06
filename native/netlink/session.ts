import { trace } from '#contract/trace.ts';
import { isNativeError } from '#native/native-error.ts';
import { refusalIn } from './acknowledgement.ts';
import { controlTypes, decodeMessages, encodeMessage, messageFlags, type NetlinkMessage } from './message.ts';
import { NetlinkError } from './netlink-error.ts';

/**
 * What a session needs of a netlink socket, on whichever machine it is: whole datagrams. `receive` answers `undefined` when no
 * more of an answer is coming.
 */
export interface NetlinkTransport extends Disposable {
  send(datagram: Buffer): void | Promise<void>;
  receive(): Buffer | undefined | Promise<Buffer | undefined>;
}

export interface NetlinkRequest {
  /** Completes "Could not …" in errors: `list MPTCP endpoints`. */
  readonly action: string;
  readonly type: number;
  readonly payload: Buffer;
}

/** A table that keeps changing is read this often before giving up. */
const dumpAttempts = 8;
/** Datagrams that answer no question (left over from an abandoned request) are skipped up to this many. */
const strayDatagramLimit = 256;

/**
 * Request and answer with one kernel subsystem, one question after the other. A kernel of this machine answers before the
 * event loop turns: it puts the whole answer, or the first part of a dump, in the socket's queue before send() returns, and
 * each receive() of a dump makes it add the next part. The namespace is the one in which the socket was made, wherever the
 * session is used from.
 */
export class NetlinkSession implements Disposable {
  readonly #transport: NetlinkTransport;
  #sequence = 0;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(transport: NetlinkTransport) {
    this.#transport = transport;
  }

  /** Asks for one thing or changes one; returns the answers before the acknowledgement, often none. */
  request(request: NetlinkRequest): Promise<NetlinkMessage[]> {
    return this.#inTurn(request, async () => {
      const sequence = await this.#send(request, messageFlags.request | messageFlags.ack);
      return (await this.#collect(sequence)).messages;
    });
  }

  /** Reads a whole table, again when it changed meanwhile. */
  dump(request: NetlinkRequest): Promise<NetlinkMessage[]> {
    return this.#inTurn(request, async () => {
      for (let attempt = 0; attempt < dumpAttempts; attempt++) {
        const sequence = await this.#send(request, messageFlags.request | messageFlags.dump);
        const { messages, interrupted } = await this.#collect(sequence);
        if (!interrupted) return messages;
      }
      throw new NetlinkError({ kind: 'interrupted', attempts: dumpAttempts });
    });
  }

  [Symbol.dispose](): void {
    this.#transport[Symbol.dispose]();
  }

  async #send(request: NetlinkRequest, flags: number): Promise<number> {
    // 0 is what the kernel writes into messages that answer no request.
    this.#sequence = this.#sequence >= 0xffff_ffff ? 1 : this.#sequence + 1;
    const { type, payload } = request;
    const sequence = this.#sequence;
    await this.#transport.send(encodeMessage({ type, flags, sequence, payload }));
    return sequence;
  }

  /** Everything up to the acknowledgement or the end of the dump. */
  async #collect(sequence: number): Promise<{ messages: NetlinkMessage[]; interrupted: boolean }> {
    const messages: NetlinkMessage[] = [];
    let interrupted = false;
    let strays = 0;
    while (strays <= strayDatagramLimit) {
      const datagram = await this.#transport.receive();
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

  /** Two questions at once would take each other's answers. */
  #inTurn<Answer>(request: NetlinkRequest, ask: () => Promise<Answer>): Promise<Answer> {
    const told = (): Promise<Answer> => this.#told(request, ask);
    const turn = this.#turn.then(told, told);
    this.#turn = turn;
    return turn;
  }

  async #told<Answer>(request: NetlinkRequest, ask: () => Promise<Answer>): Promise<Answer> {
    try {
      const answer = await ask();
      trace.netlink?.(request.action, summaryOf(request, answer));
      return answer;
    } catch (error) {
      trace.netlink?.(request.action, summaryOf(request, error));
      if (error instanceof NetlinkError) throw error.during(request.action);
      if (isNativeError(error, 'EMSGSIZE')) throw new NetlinkError({ kind: 'truncated' }, request.action);
      throw error;
    }
  }
}

/** A dump may have thousands of messages: the trace counts them. */
function summaryOf({ type, payload }: NetlinkRequest, answer: unknown): object {
  const outcome = Array.isArray(answer) ? { messages: answer.length } : { failed: String(answer) };
  return { type, payload: payload.toString('hex'), ...outcome };
}
