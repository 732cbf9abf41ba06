import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import {
  commands,
  events,
  type Answer,
  type CommandName,
  type CommandRequest,
  type CommandResponse,
  type EventName,
  type EventPayload,
} from '#contract/channels.ts';
import { failureSchema, SwitchyardError } from '#contract/errors.ts';

/** A browser that has come in by a link, without its pages: it opens windows. */
export class WebVisitor {
  readonly #origin: string;
  readonly #cookie: string;

  static async enter(link: string): Promise<WebVisitor> {
    const response = await fetch(link);
    const cookie = response.headers.get('set-cookie')?.split(';')[0];
    if (cookie === undefined) throw new Error(`the link admits no browser: ${response.status}`);
    return new WebVisitor(new URL(link).origin, cookie);
  }

  /** Beside a browser that has come in already. */
  constructor(origin: string, cookie: string) {
    this.#origin = origin;
    this.#cookie = cookie;
  }

  async open(): Promise<WebWindow> {
    const socket = new WebSocket(`${this.#origin.replace('http', 'ws')}/socket`, {
      headers: { cookie: this.#cookie, origin: this.#origin },
    });
    await once(socket, 'open');
    return new WebWindow(socket);
  }
}

/** A window as the contract sees it: every answer and every event is held against its schema. */
export class WebWindow implements Disposable {
  readonly #socket: WebSocket;
  /** Texts of JSON: what is in them is known by the name alone. */
  readonly #heard: { readonly event: EventName; readonly text: string }[] = [];
  readonly #pending = new Map<number, (text: string) => void>();
  #lastId = 0;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data: Buffer) => this.#receive(data.toString()));
  }

  /** Rejects with the failure where it is refused. */
  async call<Name extends CommandName>(command: Name, request: CommandRequest<Name>): Promise<CommandResponse<Name>> {
    const { answer }: { answer: Answer<Name> } = JSON.parse(await this.#ask(command, request));
    if (!answer.ok) throw new SwitchyardError(failureSchema.parse(answer.error));
    commands[command].response.parse(answer.value);
    return answer.value;
  }

  /** The first event of this name that fits, those heard already included. */
  async until<Name extends EventName>(
    name: Name,
    fits: (payload: EventPayload<Name>) => boolean,
    withinMs = 60_000,
  ): Promise<EventPayload<Name>> {
    for (const deadline = performance.now() + withinMs; performance.now() < deadline; await sleep(20)) {
      const found = this.of(name).find(fits);
      if (found) return found;
    }
    throw new Error(`no ${name} that fits within ${withinMs} ms`);
  }

  of<Name extends EventName>(name: Name): EventPayload<Name>[] {
    return this.#heard
      .filter(({ event }) => event === name)
      .map(({ text }) => {
        const { payload }: { payload: EventPayload<Name> } = JSON.parse(text);
        return payload;
      });
  }

  [Symbol.dispose](): void {
    this.#socket.terminate();
  }

  #ask(command: string, request: unknown): Promise<string> {
    const id = (this.#lastId += 1);
    return new Promise((resolve) => {
      this.#pending.set(id, resolve);
      this.#socket.send(JSON.stringify({ id, command, request }));
    });
  }

  #receive(text: string): void {
    const message: { id: number } | { event: EventName; payload: unknown } = JSON.parse(text);
    if ('id' in message) {
      this.#pending.get(message.id)?.(text);
      return;
    }
    const { event, payload } = message;
    const parsed = events[event].parse(payload);
    this.#heard.push({ event, text });
    // Drawn as soon as it has come.
    if ('sequence' in parsed) void this.#ask('telemetry.acknowledge', { sequence: parsed.sequence });
  }
}
