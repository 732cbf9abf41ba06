import type { QemuIdentity } from '#contract/host.ts';
import type { Milliseconds } from '#contract/units.ts';
import { QmpClient } from '#main/qmp/client.ts';

export interface MonitorAnswer {
  /** Lower case; all zeros when QEMU was given none. */
  readonly uuid: QemuIdentity['uuid'];
  /** RunState (qapi/run-state.json). */
  readonly run: string;
}

export interface Monitor {
  /** As the operator knows it. */
  readonly name: string;
  readonly path: string;
  /** Who runs this QEMU, and so may own its socket. */
  readonly ownerUid: number;
}

export function openMonitor(monitor: Monitor, connectTimeoutMs: Milliseconds = 3000): Promise<QmpClient> {
  return QmpClient.connect(
    { path: monitor.path },
    { monitor: monitor.name, connectTimeoutMs, ownerUids: [0, process.geteuid?.() ?? 0, monitor.ownerUid] },
  );
}

/**
 * A short visit: QEMU serves one client at a time, so nobody else is kept waiting. Rejects when the monitor is held.
 */
export async function askMonitor(monitor: Monitor, timeoutMs: Milliseconds): Promise<MonitorAnswer> {
  await using client = await openMonitor(monitor, timeoutMs);
  const [{ UUID }, { status }] = await Promise.all([
    client.execute('query-uuid', {}, { timeoutMs }),
    client.execute('query-status', {}, { timeoutMs }),
  ]);
  return { uuid: UUID.toLowerCase(), run: status };
}
