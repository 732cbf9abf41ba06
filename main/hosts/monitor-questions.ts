import { dirname } from 'node:path';
import { SwitchyardError } from '#contract/errors.ts';
import type { QemuIdentity } from '#contract/host.ts';
import type { Milliseconds } from '#contract/units.ts';
import { QmpClient } from '#main/qmp/client.ts';
import { QmpError } from '#main/qmp/fault.ts';
import type { PeerCredentials } from '#native/peer-credentials.ts';
import { stepsAlong, whoCouldReplace } from './authority/path-steps.ts';
import { ourselves } from './authority/ourselves.ts';
import { readProcessStat, type ProcessRecord } from './process/process-table.ts';
import type { MonitorSocket } from './qemu-processes.ts';

export interface MonitorAnswer {
  /** Lower case; all zeros when QEMU was given none. */
  readonly uuid: QemuIdentity['uuid'];
  /** RunState (qapi/run-state.json). */
  readonly run: string;
}

export interface Monitor {
  /** As the operator knows it. */
  readonly name: string;
  readonly socket: MonitorSocket;
  /** The process that must answer there. */
  readonly qemu: Pick<ProcessRecord, 'pid' | 'credentials'>;
}

/**
 * Opens the monitor of exactly this process. Rejects with `unsafe-path` where another user could have put the socket
 * there, or where another process answers.
 */
export async function openMonitor(monitor: Monitor, connectTimeoutMs: Milliseconds = 3000): Promise<QmpClient> {
  const { name, socket, qemu } = monitor;
  const { uid } = ourselves();
  const problem = problemOfPlace(monitor);
  if (problem !== undefined) throw new QmpError(name, { kind: 'unsafe-path', path: socket.path, reason: problem });
  try {
    return await QmpClient.connect(
      { path: socket.path },
      {
        monitor: name,
        connectTimeoutMs,
        ownerUids: [0, uid, qemu.credentials.uids.effective],
        objectionToPeer: (peer) => objectionToPeer(peer, { ...monitor, ownUid: uid }),
      },
    );
  } catch (thrown) {
    if (isSilence(thrown) && readProcessStat(qemu.pid)?.state === 'T') throw suspended(monitor, thrown);
    throw thrown;
  }
}

/** No greeting in time: another client holds the monitor, or the process does not run. */
function isSilence(thrown: unknown): boolean {
  return thrown instanceof QmpError && thrown.fault.kind === 'no-greeting';
}

function suspended({ name, qemu: { pid } }: Monitor, cause: unknown): SwitchyardError {
  return new SwitchyardError(
    {
      kind: 'unreachable',
      host: name,
      text: `QEMU of ${name} (process ${pid}) is stopped by a signal and answers nothing.`,
      remedy: `Continue it with \`kill -CONT ${pid}\`, then try again.`,
    },
    { cause },
  );
}

/**
 * A short visit: QEMU serves one client at a time, so no other client is kept waiting. Rejects when the monitor is held.
 */
export async function askMonitor(monitor: Monitor, timeoutMs: Milliseconds): Promise<MonitorAnswer> {
  await using client = await openMonitor(monitor, timeoutMs);
  const [{ UUID }, { status }] = await Promise.all([
    client.execute('query-uuid', {}, { timeoutMs }),
    client.execute('query-status', {}, { timeoutMs }),
  ]);
  return { uuid: UUID.toLowerCase(), run: status };
}

/**
 * Whether the process that listens is the QEMU. The kernel keeps who called `listen`, as that process was then: QEMU does so
 * itself, as root where it changes its user later (`-runas`). A socket that it was given was made by its starter.
 */
export function objectionToPeer(
  peer: PeerCredentials,
  { qemu, socket, ownUid }: Pick<Monitor, 'qemu' | 'socket'> & { readonly ownUid: number },
): string | undefined {
  const { effective } = qemu.credentials.uids;
  const isExpectedUser = peer.uid === effective || peer.uid === 0 || (socket.isPassed && peer.uid === ownUid);
  if (isExpectedUser && (socket.isPassed || peer.pid === qemu.pid)) return undefined;
  return `process ${peer.pid} of user ${peer.uid} answers there, and not QEMU (process ${qemu.pid} of user ${effective})`;
}

/** The folder counts, not only the socket: the user who owns it can put another socket in its place at any time. */
function problemOfPlace({ socket, qemu: { credentials } }: Monitor): string | undefined {
  const we = ourselves();
  const { uids, gids, groups } = credentials;
  try {
    const objection = whoCouldReplace(stepsAlong(dirname(socket.path)), {
      isTrustedOwner: (owner) => owner === we.uid || owner === uids.effective || we.mayBeRoot(owner),
      isTrustedGroup: (group) => [0, we.gid, gids.effective, ...groups].includes(group),
      allowsSticky: true,
    });
    return objection === undefined ? undefined : `its path leads through a folder of others: ${objection}`;
  } catch {
    // Connecting says what is wrong with it.
    return undefined;
  }
}
