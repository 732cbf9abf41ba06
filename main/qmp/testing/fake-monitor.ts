import { duplexPair, type Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fd } from '#native/fd.ts';
import { FrameReader } from '#main/qmp/frames.ts';
import { isJsonObject, parseJson, printJson, type JsonObject, type JsonValue } from '#main/qmp/json.ts';
import type { QmpTransport } from '#main/qmp/transport.ts';

/** A command as it came. */
export interface FakeRequest {
  readonly command: string;
  readonly args: JsonObject;
  readonly lane: 'in-band' | 'out-of-band';
  readonly id: JsonValue | undefined;
  readonly descriptors: readonly Fd[];
}

/** Answers with what it returns; throws `Refusal` for an error of QEMU's. Its side effects are the command's effect. */
export type FakeHandler = (args: JsonObject, request: FakeRequest) => JsonValue;

/** An error as QEMU answers it. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly errorClass: string;

  constructor(description: string, errorClass = 'GenericError') {
    super(description);
    this.errorClass = errorClass;
  }
}

/**
 * What goes wrong with one command.
 * `refuse`: an error instead of the effect. `hang`: neither effect nor answer, and the main loop carries out no other
 * command. `disconnect-before`: the connection ends and nothing has been done. `disconnect-after`: it has been done, and
 * the connection ends before the answer. `late`: done and answered after `delayMs`.
 */
export type FakeFault =
  | { readonly kind: 'refuse' | 'hang' | 'disconnect-before' | 'disconnect-after' }
  | { readonly kind: 'late'; readonly delayMs: number };

export interface FakeMonitorOptions {
  /** By command. `qmp_capabilities` is there unless given; any other unknown one is answered with CommandNotFound. */
  readonly handlers?: Readonly<Record<string, FakeHandler>>;
  /** What goes wrong with the command that is the `step`-th of a session: from 0, and -1 for the negotiation. */
  readonly faultAt?: (request: FakeRequest, step: number) => FakeFault | undefined;
  /** What is sent instead of a greeting; an empty string keeps silent, as a monitor that another client holds. */
  readonly greeting?: string;
  /** How many bytes leave at once. */
  readonly chunkBytes?: number;
}

export const qemuGreeting = printJson({
  QMP: { version: { qemu: { major: 7, minor: 2, micro: 22 }, package: 'fake' }, capabilities: ['oob'] },
});

/**
 * A QMP server inside the test's own process, as faithful as QEMU 7.2 where it matters: in-band commands are carried out
 * one after the other, out-of-band ones at once, lines end with CRLF. Knows no guest: the handlers are the guest.
 */
export class FakeMonitor {
  /** Every command of every session, in the order of arrival. */
  readonly requests: FakeRequest[] = [];
  readonly #options: FakeMonitorOptions;
  readonly #sessions = new Set<Session>();

  constructor(options: FakeMonitorOptions = {}) {
    this.#options = options;
  }

  /** A new session, as a client's transport. */
  connect(): QmpTransport {
    const [clientEnd, serverEnd] = duplexPair();
    const session = this.serve(serverEnd);
    return {
      stream: clientEnd,
      sendWithDescriptors: (bytes, descriptors) => {
        session.descriptors = descriptors;
        clientEnd.write(bytes);
      },
    };
  }

  /** A new session over any stream, for instance an accepted unix socket. */
  serve(stream: Duplex): Session {
    const session = new Session(stream, this.#options, this.requests);
    this.#sessions.add(session);
    stream.once('close', () => this.#sessions.delete(session));
    return session;
  }

  /** An event to every session. */
  emit(event: string, data: JsonObject = {}): void {
    this.sendLine(printJson({ timestamp: { seconds: 1_700_000_000, microseconds: 500 }, event, data }));
  }

  /** Anything at all, to every session. */
  sendLine(line: string): void {
    for (const session of this.#sessions) session.send(line);
  }

  disconnect(): void {
    for (const session of this.#sessions) session.end();
  }
}

class Session {
  /** Those that came with the message that is being read. */
  descriptors: readonly Fd[] = [];
  readonly #stream: Duplex;
  readonly #options: FakeMonitorOptions;
  readonly #requests: FakeRequest[];
  readonly #reader = new FrameReader();
  #step = -1;
  /** In-band commands wait for it: the main loop. */
  #mainLoop: Promise<void> = Promise.resolve();

  constructor(stream: Duplex, options: FakeMonitorOptions, requests: FakeRequest[]) {
    this.#stream = stream;
    this.#options = options;
    this.#requests = requests;
    stream.on('data', (chunk: Uint8Array) => {
      for (const frame of this.#reader.push(chunk).frames) this.#receive(parseJson(frame));
    });
    stream.on('error', () => this.end());
    stream.on('end', () => this.end());
    const greeting = options.greeting ?? qemuGreeting;
    if (greeting !== '') this.send(greeting);
  }

  send(line: string): void {
    const bytes = Buffer.from(`${line}\r\n`);
    const step = this.#options.chunkBytes ?? bytes.length;
    for (let at = 0; at < bytes.length && !this.#stream.destroyed; at += step)
      this.#stream.write(bytes.subarray(at, at + step));
  }

  end(): void {
    this.#stream.end();
    this.#stream.destroy();
  }

  #receive(message: JsonValue): void {
    const request = readRequest(message, this.descriptors);
    this.descriptors = [];
    this.#requests.push(request);
    const fault = this.#options.faultAt?.(request, this.#step);
    this.#step += 1;
    if (request.lane === 'out-of-band') void this.#carryOut(request, fault);
    else this.#mainLoop = this.#mainLoop.then(() => this.#carryOut(request, fault));
  }

  async #carryOut(request: FakeRequest, fault: FakeFault | undefined): Promise<void> {
    // QEMU forgets what a client had queued when the client is gone.
    if (this.#stream.destroyed) return;
    switch (fault?.kind) {
      case 'refuse':
        return this.#answer(request, { error: { class: 'GenericError', desc: 'refused by the script' } });
      case 'hang':
        return new Promise(() => undefined);
      case 'disconnect-before':
        return this.end();
      case 'disconnect-after':
        this.#outcomeOf(request);
        return this.end();
      case 'late':
        await sleep(fault.delayMs);
        return this.#answer(request, this.#outcomeOf(request));
      case undefined:
        return this.#answer(request, this.#outcomeOf(request));
    }
  }

  #outcomeOf({ command, args, ...rest }: FakeRequest): JsonObject {
    const handler = this.#options.handlers?.[command] ?? (command === 'qmp_capabilities' ? () => ({}) : unknownCommand);
    try {
      return { return: handler(args, { command, args, ...rest }) };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { error: { class: error.errorClass, desc: error.message } };
    }
  }

  #answer({ id }: FakeRequest, outcome: JsonObject): void {
    this.send(printJson({ ...outcome, id }));
  }
}

function unknownCommand(_args: JsonObject, { command }: FakeRequest): never {
  throw new Refusal(`The command ${command} has not been found`, 'CommandNotFound');
}

function readRequest(message: JsonValue, descriptors: readonly Fd[]): FakeRequest {
  if (!isJsonObject(message)) throw new TypeError('a client sends objects only');
  const { execute, 'exec-oob': outOfBand, arguments: args, id } = message;
  const command = execute ?? outOfBand;
  if (typeof command !== 'string') throw new TypeError('a client names a command');
  return {
    command,
    args: isJsonObject(args) ? args : {},
    lane: execute === undefined ? 'out-of-band' : 'in-band',
    id,
    descriptors,
  };
}
