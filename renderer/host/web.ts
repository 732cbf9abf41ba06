import { createStore } from 'zustand/vanilla';
import type { Answer, CommandName, EventName, EventPayload, Host } from '#contract/channels.ts';
import type { Failure } from '#contract/errors.ts';
import { failed } from '#contract/result.ts';
import type { Connection, LinkState } from './connection.ts';

/** One WebSocket, as far as it is needed here. `closed` is called once, whether it ever opened or not. */
export interface Socket {
  send(text: string): void;
}
export interface SocketListener {
  readonly opened: () => void;
  readonly received: (text: string) => void;
  readonly closed: () => void;
}
export type OpenSocket = (listener: SocketListener) => Socket;

// What arrives is what the contract promises: main built it with the schemas of the same table. Declared as methods, these
// two take the narrower functions that callers bring.
interface Pending {
  readonly command: CommandName;
  readonly request: unknown;
  settle(answer: unknown): void;
  sent: boolean;
}

interface EventListener {
  hear(payload: unknown): void;
}

type Message =
  { readonly id: number; readonly answer: unknown } | { readonly event: string; readonly payload: unknown };

const firstRetryMs = 250;
const lastRetryMs = 8_000;
/** A call made while the line is down waits this long for it before it fails. */
const patienceMs = 5_000;

/**
 * The browser: one WebSocket of the page's own origin. A call is `{id, command, request}`, its answer `{id, answer}`, an
 * event `{event, payload}`. A lost line is opened again with growing pauses. A call that had been sent when the line broke
 * fails at once: it is not known whether it took effect, so it must not be repeated.
 */
export function webConnection(openSocket: OpenSocket): Connection {
  const link = createStore<LinkState>(() => 'connecting');
  const openListeners = new Set<() => void>();
  const eventListeners = new Map<string, Set<EventListener>>();
  const pending = new Map<number, Pending>();
  let socket: Socket | undefined;
  let nextId = 1;
  let retryMs = firstRetryMs;

  connect();

  const host: Host = {
    call<Name extends CommandName>(command: Name, request: unknown) {
      return new Promise<Answer<Name>>((resolve) => {
        const id = nextId;
        nextId += 1;
        const call: Pending = { command, request, settle: resolve, sent: false };
        pending.set(id, call);
        if (link.getState() === 'open') send(id, call);
        else setTimeout(() => void (call.sent || giveUp(id)), patienceMs);
      });
    },
    on<Name extends EventName>(name: Name, listener: (payload: EventPayload<Name>) => void) {
      const listeners = eventListeners.get(name) ?? new Set();
      eventListeners.set(name, listeners);
      const heard: EventListener = { hear: listener };
      listeners.add(heard);
      return () => void listeners.delete(heard);
    },
  };

  return {
    host,
    link,
    onOpen(listener) {
      openListeners.add(listener);
      if (link.getState() === 'open') listener();
      return () => void openListeners.delete(listener);
    },
  };

  function connect(): void {
    socket = openSocket({
      opened() {
        retryMs = firstRetryMs;
        link.setState('open');
        for (const [id, call] of pending) send(id, call);
        for (const listener of openListeners) listener();
      },
      received,
      closed() {
        link.setState('lost');
        for (const [id, call] of pending) if (call.sent) giveUp(id);
        setTimeout(connect, retryMs);
        retryMs = Math.min(retryMs * 2, lastRetryMs);
      },
    });
  }

  function send(id: number, call: Pending): void {
    call.sent = true;
    socket?.send(JSON.stringify({ id, command: call.command, request: call.request }));
  }

  function received(text: string): void {
    const message: Message = JSON.parse(text);
    if ('event' in message) {
      for (const listener of eventListeners.get(message.event) ?? []) listener.hear(message.payload);
      return;
    }
    pending.get(message.id)?.settle(message.answer);
    pending.delete(message.id);
  }

  function giveUp(id: number): void {
    const call = pending.get(id);
    if (!call) return;
    pending.delete(id);
    call.settle(failed(lineLost(call.sent)));
  }
}

function lineLost(sent: boolean): Failure {
  return {
    kind: 'unreachable',
    host: 'switchyard',
    text: sent ? 'The connection to Switchyard broke before the answer came.' : 'There is no connection to Switchyard.',
    remedy: sent
      ? 'Check whether it took effect before you try again.'
      : 'If Switchyard was started again, open the new address that it printed.',
  };
}

/** `/socket` of the origin that served the page. */
export const openBrowserSocket: OpenSocket = ({ opened, received, closed }) => {
  const address = new URL('/socket', location.href);
  address.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
  const socket = new WebSocket(address);
  socket.addEventListener('open', opened);
  socket.addEventListener('message', ({ data }) => received(String(data)));
  socket.addEventListener('close', closed);
  return socket;
};
