import { once } from 'node:events';
import { trace } from '#contract/trace.ts';
import type { Fd } from '#native/fd.ts';
import { isNativeError } from '#native/native-error.ts';
import { EventHub, type QmpEvent } from './event-hub.ts';
import { QmpError, type CloseReason, type QmpFault } from './fault.ts';
import { excerptOf } from './frames.ts';
import { printJson, UnsendableError, type JsonValue } from './json.ts';
import { Ledger, type LateReply } from './ledger.ts';
import type { Greeting, RawEvent, ServerMessage } from './messages.ts';
import type { MonitorPathRules } from './monitor-path.ts';
import { Patience, type PatienceOptions } from './patience.ts';
import {
  replyShapes,
  type CommandName,
  type Commands,
  type EventName,
  type NoArguments,
  type OutOfBandCommandName,
} from './schema.ts';
import { ShapeError } from './shape.ts';
import { connectUnixTransport, describeError, type QmpTransport } from './transport.ts';
import { Wire } from './wire.ts';

export type QmpTarget = { readonly path: string } | { readonly transport: QmpTransport };

export interface ConnectOptions extends MonitorPathRules, PatienceOptions {
  /** How the caller calls this QEMU, in sentences for the operator. Default: the path. */
  readonly monitor?: string;
  /** Default 10,000. */
  readonly commandTimeoutMs?: number;
  readonly maxFrameBytes?: number;
  /** Every event from the first byte on, where none may be missed between connecting and `onAny`. */
  readonly onEvent?: (event: RawEvent) => void;
  /** The truth about a command that had timed out or been given up, once QEMU answers it after all. */
  readonly onLateReply?: (reply: LateReply) => void;
}

export interface CommandOptions {
  /** Counts from the call, time in the queue included. Default: the connection's `commandTimeoutMs`. */
  readonly timeoutMs?: number;
  /** Stops waiting. What has been sent stays sent: then the fault says `effect: 'unknown'`. */
  readonly signal?: AbortSignal | undefined;
}

type ArgumentsOf<Name extends CommandName> = Commands[Name]['arguments'];

type MayBeLeftOut<Arguments> = Arguments extends NoArguments
  ? true
  : Partial<Arguments> extends Arguments
    ? true
    : false;

type Call<Name extends CommandName> =
  MayBeLeftOut<ArgumentsOf<Name>> extends true
    ? [args?: ArgumentsOf<Name>, options?: CommandOptions]
    : [args: ArgumentsOf<Name>, options?: CommandOptions];

interface Request {
  readonly key: 'execute' | 'exec-oob';
  readonly command: string;
  readonly args: object;
  readonly options: CommandOptions;
  readonly descriptors?: readonly Fd[];
}

const defaultCommandTimeoutMs = 10_000;

/** One session with one monitor. Every failure is a `QmpError`, whose `fault` says what may have taken effect. */
export class QmpClient implements AsyncDisposable {
  /** The monitor, as the caller calls it. */
  readonly monitor: string;
  /** Resolves once, with the reason, when the session is over; never rejects. */
  readonly closed: Promise<CloseReason>;
  readonly #transport: QmpTransport;
  readonly #wire: Wire;
  readonly #ledger: Ledger;
  readonly #events = new EventHub();
  readonly #commandTimeoutMs: number;
  readonly #greeted = Promise.withResolvers<void>();
  #greeting: Greeting | undefined;
  #outOfBand = false;
  #lastId = 0;
  #unaskedMessages = 0;

  /**
   * Connects, waits for the greeting, and negotiates `oob` where it is offered. Rejects with one of the faults
   * `unsafe-path`, `unreachable`, `not-a-monitor`, `no-greeting`, `no-negotiation`, `refused`, `disconnected`, `cancelled`.
   */
  static async connect(target: QmpTarget, options: ConnectOptions = {}): Promise<QmpClient> {
    const monitor = options.monitor ?? ('path' in target ? target.path : 'QEMU');
    const patience = new Patience(monitor, options);
    const transport =
      'path' in target ? await connectUnixTransport(monitor, target.path, options, patience) : target.transport;
    const client = new QmpClient(monitor, transport, options);
    try {
      await client.#handshake(patience);
      return client;
    } catch (error) {
      await client.close();
      throw error;
    }
  }

  private constructor(monitor: string, transport: QmpTransport, options: ConnectOptions) {
    const { promise, resolve } = Promise.withResolvers<CloseReason>();
    this.monitor = monitor;
    this.closed = promise;
    this.#transport = transport;
    this.#commandTimeoutMs = options.commandTimeoutMs ?? defaultCommandTimeoutMs;
    this.#ledger = new Ledger(monitor, options.onLateReply ?? (() => undefined));
    if (options.onEvent) this.#events.onAny(options.onEvent);
    this.#wire = new Wire(transport, options.maxFrameBytes, {
      onMessage: (message, frame) => this.#receive(message, frame),
      onClose: (reason) => {
        trace.qmp?.(`${monitor} closed`, reason);
        this.#greeted.reject(this.#error(faultBeforeGreeting(reason)));
        this.#ledger.close(reason);
        resolve(reason);
      },
    });
  }

  /** Who answered: QEMU's version, and what it offered. */
  get greeting(): Greeting {
    if (!this.#greeting) throw new TypeError('a client is handed out only once it has been greeted');
    return this.#greeting;
  }

  /** Whether `executeOutOfBand` is possible: every QEMU since 2.12 offers it on a socket. */
  get outOfBand(): boolean {
    return this.#outOfBand;
  }

  /** Messages without a receiver: unknown ids, unknown kinds, events in an unknown shape. */
  get droppedMessages(): number {
    return this.#unaskedMessages + this.#events.malformed;
  }

  /** In band: carried out by QEMU's main loop, one after the other. Commands may be given without waiting for answers. */
  async execute<Name extends CommandName>(command: Name, ...call: Call<Name>): Promise<Commands[Name]['returns']> {
    const [args = {}, options = {}] = call;
    return this.#shaped(command, await this.#submit({ key: 'execute', command, args, options }));
  }

  /** Overtakes all that is queued, and is carried out also while the main loop is stuck. */
  async executeOutOfBand<Name extends OutOfBandCommandName>(
    command: Name,
    ...call: Call<Name>
  ): Promise<Commands[Name]['returns']> {
    if (!this.#outOfBand) throw this.#error({ kind: 'unsupported', command, needs: 'out-of-band' });
    const [args = {}, options = {}] = call;
    return this.#shaped(command, await this.#submit({ key: 'exec-oob', command, args, options }));
  }

  /** A command outside of the typed table; its answer is not checked. */
  async executeRaw(command: string, args: object = {}, options: CommandOptions = {}): Promise<JsonValue> {
    return this.#submit({ key: 'execute', command, args, options });
  }

  /**
   * Gives QEMU a copy of the descriptor under a name (`getfd`), to be used as `fd:NAME`. The caller's own stays theirs,
   * and open until this settles.
   */
  async passDescriptor(fdname: string, descriptor: Fd, options: CommandOptions = {}): Promise<void> {
    const command = 'getfd';
    if (!this.#transport.sendWithDescriptors)
      throw this.#error({ kind: 'unsupported', command, needs: 'file-descriptors' });
    await this.#submit({ key: 'execute', command, args: { fdname }, options, descriptors: [descriptor] });
  }

  /** Called for each event of that name, synchronously and in the order of the wire. Returns what ends it. */
  on<Name extends EventName>(name: Name, listener: (event: QmpEvent<Name>) => void): () => void {
    return this.#events.on(name, listener);
  }

  /** Called for each event, those of no known name included. */
  onAny(listener: (event: RawEvent) => void): () => void {
    return this.#events.onAny(listener);
  }

  /** Ends the session and leaves QEMU alone. Idempotent; resolves when the connection is gone. */
  async close(): Promise<void> {
    this.#wire.close({ kind: 'closed-here' });
    const { stream } = this.#transport;
    if (!stream.closed) await once(stream, 'close');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #handshake(patience: Patience): Promise<void> {
    await patience.waitFor(this.#greeted.promise, 'no-greeting');
    const offersOutOfBand = this.greeting.capabilities.includes('oob');
    const negotiation = this.execute('qmp_capabilities', offersOutOfBand ? { enable: ['oob'] } : {}, {
      timeoutMs: 2 * patience.limitMs,
    });
    await patience.waitFor(negotiation, 'no-negotiation');
    this.#outOfBand = offersOutOfBand;
  }

  #submit({ key, command, args, options, descriptors = [] }: Request): Promise<JsonValue> {
    const id = (this.#lastId += 1);
    const line = this.#lineOf(command, { [key]: command, arguments: args, id });
    return this.#ledger.submit({
      command,
      lane: key === 'execute' ? 'in-band' : 'out-of-band',
      id,
      carriesDescriptors: descriptors.length > 0,
      timeoutMs: options.timeoutMs ?? this.#commandTimeoutMs,
      signal: options.signal,
      send: () => {
        trace.qmp?.(`${this.monitor} >`, { [key]: command, arguments: args, id });
        if (descriptors.length === 0) this.#wire.outbox.write(line);
        else this.#wire.outbox.writeWithDescriptors(line, descriptors, (error) => this.#descriptorsNotSent(id, error));
      },
    });
  }

  #lineOf(command: string, message: object): Uint8Array {
    try {
      return Buffer.from(`${printJson(message)}\n`);
    } catch (error) {
      if (!(error instanceof UnsendableError)) throw error;
      throw this.#error({ kind: 'unsendable', command, path: error.path, reason: error.message });
    }
  }

  #descriptorsNotSent(id: number, error: unknown): void {
    const { code, description } = describeError(error);
    const errno = isNativeError(error) ? error.errno : 0;
    this.#ledger.fail(id, this.#error({ kind: 'descriptor-not-sent', command: 'getfd', errno, code, description }));
    // Half a line may have gone: QEMU would understand nothing that follows it.
    if (code === 'ETIMEDOUT') this.#wire.close({ kind: 'transport-error', code, description });
  }

  #shaped<Name extends CommandName>(command: Name, value: JsonValue): Commands[Name]['returns'] {
    try {
      return replyShapes[command](value, '$');
    } catch (error) {
      if (!(error instanceof ShapeError)) throw error;
      throw this.#error({ kind: 'malformed', command, path: error.path, expected: error.expected });
    }
  }

  #receive(message: ServerMessage, frame: string): void {
    trace.qmp?.(`${this.monitor} <`, frame);
    if (!this.#greeting && message.kind === 'greeting') this.#greet(message.greeting);
    else if (!this.#greeting) this.#greeted.reject(this.#error({ kind: 'not-a-monitor', excerpt: excerptOf(frame) }));
    else if (message.kind === 'event') this.#events.tell(message.event);
    else if (message.kind !== 'reply' || !this.#ledger.answer(message.id, message.outcome)) this.#unaskedMessages += 1;
  }

  #greet(greeting: Greeting): void {
    this.#greeting = greeting;
    this.#greeted.resolve();
  }

  #error(fault: QmpFault): QmpError {
    return new QmpError(this.monitor, fault);
  }
}

function faultBeforeGreeting(reason: CloseReason): QmpFault {
  if (reason.kind === 'violation')
    return {
      kind: 'not-a-monitor',
      excerpt: reason.violation.kind === 'garbage' ? reason.violation.excerpt : reason.violation.kind,
    };
  return reason.kind === 'transport-error'
    ? { kind: 'unreachable', code: reason.code, description: reason.description }
    : { kind: 'unreachable', code: 'ECONNRESET', description: 'the connection was closed before the greeting' };
}
