import { rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import type { Failure } from '#contract/errors.ts';
import { isOurs, peerOf } from '#main/hosts/socket-peer.ts';
import { makePrivateDirectory } from '#main/storage/paths.ts';
import { converse, farewell, part, type ControlledMigration } from './control-conversation.ts';
import { controlLimits, type ControlLimits } from './control-limits.ts';

/**
 * The door by which other processes of the same user reach the one that manages a migration: QEMU's monitor serves one
 * client, so they must ask its holder. A unix socket in a private directory; beside the directory's mode, the kernel is
 * asked for the user of each process that connects.
 */
export function controlSocketPath(runtimeDirectory: string, migrationId: string): string {
  return join(runtimeDirectory, 'control', `${migrationId}.sock`);
}

export interface ControlServer {
  close(): Promise<void>;
}

export async function serveControl(
  path: string,
  migration: ControlledMigration,
  limits: ControlLimits = controlLimits,
): Promise<ControlServer> {
  makePrivateDirectory(dirname(path));
  // The caller holds the migration's lock, so a socket here was left by a process that is gone.
  rmSync(path, { force: true });
  const connections = new Map<Socket, number>();
  // Half open: who sends a request and ends its own direction still wants the answer.
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    // Before anything else: an error without a listener would end this process.
    socket.on('error', () => socket.destroy());
    const peer = peerOf(socket);
    if (!peer || !isOurs(peer.uid)) return void socket.destroy();
    connections.set(socket, peer.pid);
    socket.on('close', () => connections.delete(socket));
    const ofPeer = [...connections.values()].filter((pid) => pid === peer.pid).length;
    if (connections.size > 2 * limits.connections) return void socket.destroy();
    if (connections.size > limits.connections || ofPeer > limits.connectionsPerProcess) {
      return part(socket.resume(), { kind: 'refused', failure: tooMany }, limits);
    }
    converse(socket, migration, limits);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  // What `accept` reports (no descriptors left) passes: clients that connect meanwhile are refused, and try again.
  server.removeAllListeners('error').on('error', (thrown) => void migration.report(thrown));
  return {
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await Promise.all([...connections.keys()].map((socket) => farewell(socket, limits)));
      await closed;
    },
  };
}

const tooMany: Failure = {
  kind: 'rejected',
  phase: 'managed',
  event: 'connect',
  text: 'Too many processes are connected to the manager of this migration.',
  remedy: 'End some of them (`switchyard watch` in other terminals, or scripts), then try again.',
};
