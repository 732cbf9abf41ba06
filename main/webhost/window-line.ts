import { randomUUID } from 'node:crypto';
import type { WebSocket } from 'ws';
import { socketRequestSchema, type SocketRequest } from '#contract/socket.ts';
import type { Milliseconds } from '#contract/units.ts';
import { notARequest } from '#main/app/dispatch.ts';
import type { Desk } from '#main/app/desk.ts';
import type { AppWindow } from '#main/app/face.ts';
import { Outbox } from './outbox.ts';

/** Answers that a window does not fetch: it is not listened to until it does. */
const mostUnsentBytes = 8 << 20;
const pingEveryMs: Milliseconds = 20_000;

/** One window's WebSocket: `{id, command, request}` in, `{id, answer}` and `{event, payload}` out, each a text of JSON. */
export function serveWindow(socket: WebSocket, desk: Desk): void {
  const outbox = new Outbox({
    send: (text, done) => socket.send(text, () => done()),
    get unsentBytes() {
      return socket.bufferedAmount;
    },
  });
  const window: AppWindow = { id: randomUUID(), emit: (name, payload) => outbox.emit(name, payload) };
  const leave = desk.join(window);

  let alive = true;
  const heartbeat = setInterval(() => {
    if (!alive) return socket.terminate();
    alive = false;
    socket.ping();
  }, pingEveryMs);

  socket.on('pong', () => {
    alive = true;
  });
  // For any reason: the library ends the connection, and `close` follows.
  socket.on('error', () => undefined);
  socket.on('close', () => {
    clearInterval(heartbeat);
    leave();
  });
  socket.on('message', (data, isBinary) => {
    void answer(!isBinary && Buffer.isBuffer(data) ? parse(data.toString()) : undefined);
  });

  async function answer(message: SocketRequest | undefined): Promise<void> {
    if (!message) return outbox.answer(undefined, notARequest());
    outbox.answer(message.id, await desk.dispatch(message.command, message.request, window));
    if (socket.bufferedAmount < mostUnsentBytes || socket.isPaused) return;
    socket.pause();
    const drained = setInterval(() => {
      if (socket.bufferedAmount >= mostUnsentBytes && socket.readyState === socket.OPEN) return;
      clearInterval(drained);
      socket.resume();
    }, 100);
  }
}

function parse(text: string): SocketRequest | undefined {
  try {
    return socketRequestSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
