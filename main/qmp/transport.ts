import { createConnection, type Socket } from 'node:net';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import type { Fd } from '#native/fd.ts';
import { peerCredentials } from '#native/peer-credentials.ts';
import { descriptorOf, sendFileDescriptors } from '#native/send-file-descriptors.ts';
import { QmpError } from './fault.ts';
import { checkMonitorPath, type MonitorPathRules } from './monitor-path.ts';
import type { Patience } from './patience.ts';

/** What carries a monitor's bytes: a unix socket, the stdio of an ssh, a scripted test. */
export interface QmpTransport {
  readonly stream: Duplex;
  /**
   * Sends the bytes and, with the first of them, the descriptors (SCM_RIGHTS); all have gone when it returns. Called only
   * while the stream has nothing of its own to send. Throws with code ETIMEDOUT when part of them may have gone; with any
   * other, nothing has. Absent where the transport cannot carry descriptors.
   */
  readonly sendWithDescriptors?: (bytes: Uint8Array, descriptors: readonly Fd[]) => void;
}

/**
 * Connects to QEMU's `-qmp unix:PATH,server=on`. Rejects with `QmpError`: `unsafe-path`, `unreachable`, or `no-greeting`
 * where so many clients wait already that no other may join them.
 */
export async function connectUnixTransport(
  monitor: string,
  path: string,
  rules: MonitorPathRules,
  patience: Patience,
): Promise<QmpTransport> {
  await checkMonitorPath(monitor, path, rules);
  const socket = await connectedSocket(monitor, path, patience);
  const objection = rules.objectionToPeer?.(peerCredentials(descriptorOf(socket)));
  if (objection !== undefined) {
    socket.destroy();
    throw new QmpError(monitor, { kind: 'unsafe-path', path, reason: objection });
  }
  return {
    stream: socket,
    sendWithDescriptors: (bytes, descriptors) => sendFileDescriptors(descriptorOf(socket), bytes, descriptors),
  };
}

async function connectedSocket(monitor: string, path: string, patience: Patience): Promise<Socket> {
  for (;;) {
    const socket = createConnection({ path });
    // It stays: later, an error without a listener would end this process.
    socket.on('error', () => undefined);
    try {
      await once(socket, 'connect');
      return socket;
    } catch (error) {
      socket.destroy();
      const reason = describeError(error);
      // QEMU listens with a queue of one, and the kernel turns away who does not fit in: it is held, not gone.
      if (reason.code !== 'EAGAIN') throw new QmpError(monitor, { kind: 'unreachable', ...reason }, { cause: error });
    }
    await patience.pause(turnedAwayPauseMs, 'no-greeting');
  }
}

const turnedAwayPauseMs = 20;

export function describeError(error: unknown): { readonly code: string; readonly description: string } {
  if (!(error instanceof Error)) return { code: 'EIO', description: String(error) };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : 'EIO';
  return { code, description: error.message };
}
