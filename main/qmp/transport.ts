import { createConnection, type Socket } from 'node:net';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { QmpError } from './fault.ts';
import { checkMonitorPath, type MonitorPathRules } from './monitor-path.ts';

/** What carries a monitor's bytes: a unix socket, the stdio of an ssh, a scripted test. */
export interface QmpTransport {
  readonly stream: Duplex;
  /**
   * Sends the bytes and, with the first of them, the descriptors (SCM_RIGHTS), all before it resolves. The stream's own
   * buffer is empty when it is called and nothing is written to the stream until it settles. The descriptors stay the
   * caller's. Absent where the transport cannot carry any.
   */
  readonly sendWithDescriptors?: (bytes: Uint8Array, descriptors: readonly number[]) => Promise<void>;
}

/** Connects to QEMU's `-qmp unix:PATH,server=on`. Rejects with `QmpError`: `unsafe-path` or `unreachable`. */
export async function connectUnixTransport(
  monitor: string,
  path: string,
  rules: MonitorPathRules = {},
): Promise<QmpTransport> {
  await checkMonitorPath(monitor, path, rules);
  const socket: Socket = createConnection({ path });
  try {
    await once(socket, 'connect');
  } catch (error) {
    socket.destroy();
    throw new QmpError(monitor, { kind: 'unreachable', ...describeError(error) }, { cause: error });
  }
  return { stream: socket };
}

export function describeError(error: unknown): { readonly code: string; readonly description: string } {
  if (!(error instanceof Error)) return { code: 'EIO', description: String(error) };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : 'EIO';
  return { code, description: error.message };
}
