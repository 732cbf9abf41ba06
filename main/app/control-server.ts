import { mkdirSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { toFailure } from '#contract/errors.ts';
import { controlRequestSchema, type ControlMessage, type ControlRequest } from '#contract/requests.ts';
import type { Milliseconds } from '#contract/units.ts';
import type { MigrationRun } from '#main/engine/run.ts';

/**
 * The door by which other processes of the same user reach the one that manages a migration: QEMU's monitor serves one
 * client, so they must ask its holder. A unix socket in a private directory; who may open it may do what it offers.
 */
export function controlSocketPath(runtimeDirectory: string, migrationId: string): string {
  return join(runtimeDirectory, 'control', `${migrationId}.sock`);
}

/** A follower that does not read loses samples, never entries. */
const mostUnreadBytes = 1 << 20;
const farewellPatienceMs: Milliseconds = 1000;

export interface ControlServer {
  close(): Promise<void>;
}

export async function serveControl(path: string, run: MigrationRun): Promise<ControlServer> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  // The caller holds the migration's lock, so whatever lies here was left by a process that is gone.
  rmSync(path, { force: true });
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    createInterface({ input: socket }).on('line', (line) => void answer(socket, run, line));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  return {
    close: async () => {
      await Promise.all([...sockets].map(farewell));
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** What was said arrives, unless its reader hangs: the migration's locks are not to wait for that one. */
function farewell(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const impatience = setTimeout(() => socket.destroy(), farewellPatienceMs);
    socket.once('close', () => {
      clearTimeout(impatience);
      resolve();
    });
    socket.end(() => socket.destroy());
  });
}

async function answer(socket: Socket, run: MigrationRun, line: string): Promise<void> {
  const request = parseRequest(line);
  if (!request) {
    socket.end(
      controlLine({
        kind: 'refused',
        failure: {
          kind: 'invalid-request',
          text: 'The manager of this migration does not understand that request.',
          remedy: 'Use the same version of Switchyard as the one that manages the migration.',
        },
      }),
    );
    return;
  }
  if (request.command === 'follow') {
    follow(socket, run);
    return;
  }
  try {
    const result = await run.ask(request);
    socket.end(controlLine(result.ok ? { kind: 'done' } : { kind: 'refused', failure: result.error }));
  } catch (thrown) {
    socket.end(controlLine({ kind: 'refused', failure: toFailure(thrown, run.report) }));
  }
}

function parseRequest(line: string): ControlRequest | undefined {
  try {
    return controlRequestSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

function controlLine(message: ControlMessage): string {
  return `${JSON.stringify(message)}\n`;
}

function follow(socket: Socket, run: MigrationRun): void {
  const unsubscribe = run.subscribe({
    onEntry: (entry) => socket.write(controlLine({ kind: 'entry', entry })),
    onSample: (sample) => {
      if (socket.writableLength < mostUnreadBytes) socket.write(controlLine({ kind: 'sample', sample }));
    },
  });
  socket.on('close', unsubscribe);
  socket.write(controlLine({ kind: 'done' }));
}
