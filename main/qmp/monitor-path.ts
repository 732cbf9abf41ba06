import { lstat } from 'node:fs/promises';
import { isAbsolute, normalize } from 'node:path';
import process from 'node:process';
import type { PeerCredentials } from '#native/peer-credentials.ts';
import { QmpError } from './fault.ts';

/** sun_path of struct sockaddr_un holds 108 bytes with its NUL (linux/un.h). Node truncates longer paths silently. */
export const maxSocketPathBytes = 107;

export interface MonitorPathRules {
  /** Who may own the socket. Default: root and ourselves. */
  readonly ownerUids?: readonly number[];
  /**
   * Why the process that listens there is not the one that is meant, as the end of a sentence; `undefined` when it is.
   * Asked once connected: what the kernel says of a connection cannot change any more, a path can.
   */
  readonly objectionToPeer?: (peer: PeerCredentials) => string | undefined;
}

/** What is wrong with the text of the path, as the end of a sentence; `undefined` when nothing is. */
export function socketPathProblem(path: string): string | undefined {
  if (!isAbsolute(path)) return 'it is not an absolute path';
  if (hasControlCharacter(path)) return 'it holds control characters';
  if (normalize(path) !== path) return `it is not in its plain form, ${normalize(path)}`;
  const bytes = Buffer.byteLength(path);
  if (bytes > maxSocketPathBytes) return `it is ${bytes} bytes long and a unix socket path holds ${maxSocketPathBytes}`;
  return undefined;
}

/**
 * Refuses a path that could lead somewhere else than to a monitor: the program that answers there is trusted with a guest.
 * Rejects with `QmpError`: `unsafe-path`, or `unreachable` where nothing is there.
 */
export async function checkMonitorPath(monitor: string, path: string, rules: MonitorPathRules = {}): Promise<void> {
  const unsafe = (reason: string): QmpError => new QmpError(monitor, { kind: 'unsafe-path', path, reason });
  const problem = socketPathProblem(path);
  if (problem !== undefined) throw unsafe(problem);

  const status = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    throw new QmpError(monitor, { kind: 'unreachable', code: error.code ?? 'EIO', description: error.message });
  });
  if (status.isSymbolicLink()) throw unsafe('it is a symbolic link');
  if (!status.isSocket()) throw unsafe('it is not a socket');
  const owners = rules.ownerUids ?? [0, process.geteuid?.() ?? 0];
  if (!owners.includes(status.uid))
    throw unsafe(`it belongs to user ${status.uid}, who is neither of the expected ones (${owners.join(', ')})`);
}

export function hasControlCharacter(text: string): boolean {
  return /\p{Cc}/u.test(text);
}
