import { createStore } from 'zustand/vanilla';
import type {
  Answer,
  CommandName,
  CommandRequest,
  CommandResponse,
  EventName,
  EventPayload,
  Host,
} from '#contract/channels.ts';
import type { Failure } from '#contract/errors.ts';
import { failed, ok } from '#contract/result.ts';
import type { Connection, LinkState } from '#renderer/host/connection.ts';

type Script = {
  readonly [Name in CommandName]?: (
    request: CommandRequest<Name>,
  ) => CommandResponse<Name> | Promise<CommandResponse<Name>>;
};

interface Listener {
  hear(payload: unknown): void;
}

/** A host that answers what the test wrote, remembers what it was asked, and sends what the test wants. */
export class ScriptedHost implements Connection {
  readonly asked: { readonly command: CommandName; readonly request: unknown }[] = [];
  readonly link = createStore<LinkState>(() => 'open');
  readonly #script: Script;
  readonly #listeners = new Map<EventName, Set<Listener>>();
  readonly #openListeners = new Set<() => void>();

  constructor(script: Script = {}) {
    this.#script = script;
  }

  readonly host: Host = {
    call: async <Name extends CommandName>(command: Name, request: CommandRequest<Name>): Promise<Answer<Name>> => {
      this.asked.push({ command, request });
      const answer = this.#script[command];
      return answer ? ok(await answer(request)) : failed(notScripted(command));
    },
    on: <Name extends EventName>(name: Name, listener: (payload: EventPayload<Name>) => void) => {
      const listeners = this.#listeners.get(name) ?? new Set();
      this.#listeners.set(name, listeners);
      const heard: Listener = { hear: listener };
      listeners.add(heard);
      return () => void listeners.delete(heard);
    },
  };

  onOpen(listener: () => void): () => void {
    this.#openListeners.add(listener);
    listener();
    return () => void this.#openListeners.delete(listener);
  }

  /** The line broke and is open again. */
  reopen(): void {
    for (const listener of this.#openListeners) listener();
  }

  say<Name extends EventName>(name: Name, payload: EventPayload<Name>): void {
    for (const listener of this.#listeners.get(name) ?? []) listener.hear(payload);
  }

  requestsOf(command: CommandName): unknown[] {
    return this.asked.filter((call) => call.command === command).map(({ request }) => request);
  }
}

function notScripted(command: string): Failure {
  return { kind: 'rejected', phase: 'test', event: command, text: `${command} is not scripted.`, remedy: 'Script it.' };
}
