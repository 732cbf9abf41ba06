import type { Socket } from 'node:net';
import { trace } from '#contract/trace.ts';
import { toFailure, type Failure } from '#contract/errors.ts';
import {
  controlRequestSchema,
  type ControlMessage,
  type ControlRequest,
  type ManagerRequest,
} from '#contract/requests.ts';
import type { MigrationRun } from '#main/engine/run.ts';
import { FrameReader } from '#main/qmp/frames.ts';
import type { ControlLimits } from './control-limits.ts';

/** What a manager lets others do. */
export type ControlledMigration = Pick<MigrationRun, 'ask' | 'report' | 'subscribe'>;

/**
 * One connection to the manager: one request, and its answer or what follows from it. What comes after the request is
 * discarded unread. What the client sends, leaves out, or does to the connection ends this conversation alone.
 */
export function converse(socket: Socket, migration: ControlledMigration, limits: ControlLimits): void {
  const reader = new FrameReader(limits.requestBytes);
  const late = setTimeout(() => socket.destroy(), limits.requestPatienceMs);
  const hungUp = (): void => void socket.destroy();
  socket.on('close', () => clearTimeout(late));
  socket.on('data', listen).once('end', hungUp);

  function listen(chunk: Buffer): void {
    const { frames, violation } = reader.push(chunk);
    const [text] = frames;
    if (text === undefined && !violation) return;
    clearTimeout(late);
    socket.off('data', listen).off('end', hungUp).resume();
    const request = text === undefined ? undefined : parseRequest(text);
    trace.control?.('request', text);
    if (!request) return part(socket, { kind: 'refused', failure: notUnderstood }, limits);
    if (request.command === 'follow') return follow(socket, migration, limits);
    void answer(migration, request).then((message) => part(socket, message, limits));
  }
}

const notUnderstood: Failure = {
  kind: 'invalid-request',
  text: 'The manager of this migration does not understand that request.',
  remedy: 'Use the same version of Switchyard as the one that manages the migration.',
};

/** Says a last word, if it is still wanted, and hangs up. */
export function part(socket: Socket, message: ControlMessage, limits: ControlLimits): void {
  say(socket, message);
  void farewell(socket, limits);
}

/** What was sent arrives, unless its reader hangs, which is not waited for. Resolves when the connection is gone. */
export function farewell(socket: Socket, { farewellMs }: ControlLimits): Promise<void> {
  return new Promise((resolve) => {
    if (socket.closed) return resolve();
    const impatience = setTimeout(() => socket.destroy(), farewellMs);
    socket.once('close', () => {
      clearTimeout(impatience);
      resolve();
    });
    // Only the client ends the other direction: hanging up while it still sends would take the answer from it.
    if (socket.readableEnded) socket.destroySoon();
    else socket.once('end', () => socket.destroySoon()).end();
  });
}

async function answer(migration: ControlledMigration, request: ManagerRequest): Promise<ControlMessage> {
  try {
    const result = await migration.ask(request);
    return result.ok ? { kind: 'done' } : { kind: 'refused', failure: result.error };
  } catch (thrown) {
    return { kind: 'refused', failure: toFailure(thrown, migration.report) };
  }
}

function follow(socket: Socket, migration: ControlledMigration, limits: ControlLimits): void {
  const unsubscribe = migration.subscribe({
    onEntry: (entry) => {
      if (socket.writableLength > limits.unreadBytes) socket.destroy();
      else say(socket, { kind: 'entry', entry });
    },
    onSample: (sample) => {
      if (socket.writableLength < limits.unreadBytesForSamples) say(socket, { kind: 'sample', sample });
    },
  });
  socket.on('close', unsubscribe);
  // It cannot be distinguished from one that has gone altogether.
  if (socket.readableEnded) socket.end();
  else socket.once('end', () => socket.end());
  say(socket, { kind: 'done' });
}

function say(socket: Socket, message: ControlMessage): void {
  if (socket.writable) socket.write(`${JSON.stringify(message)}\n`);
}

function parseRequest(text: string): ControlRequest | undefined {
  try {
    return controlRequestSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
