import type { Milliseconds } from '#contract/units.ts';
import type { Fd } from '#native/fd.ts';
import { waitUntilReady } from '#native/readiness.ts';
import { receive, send } from '#native/socket.ts';

/** Until when one trial may take, in this process's monotonic time, and what ends it earlier. */
export interface TrialTime {
  readonly untilMonoMs: Milliseconds;
  readonly signal: AbortSignal;
}

/** False when the time was over first. Rejects with a `NativeError`, or with the signal's reason. */
export async function sendAll(fd: Fd, data: Uint8Array, time: TrialTime): Promise<boolean> {
  for (let sent = 0; sent < data.length;) {
    const taken = send(fd, data.subarray(sent));
    sent += taken;
    if (taken === 0 && !(await ready(fd, 'writable', time))) return false;
  }
  return true;
}

/** So many bytes; fewer when the peer closed before, `undefined` when the time was over first. */
export async function receiveAll(fd: Fd, bytes: number, time: TrialTime): Promise<Buffer | undefined> {
  const parts: Buffer[] = [];
  for (let left = bytes; left > 0;) {
    const part = receive(fd, left);
    if (part?.length === 0) break;
    if (part) {
      parts.push(part);
      left -= part.length;
    } else if (!(await ready(fd, 'readable', time))) return undefined;
  }
  return Buffer.concat(parts);
}

function ready(fd: Fd, readiness: 'readable' | 'writable', { untilMonoMs, signal }: TrialTime): Promise<boolean> {
  return waitUntilReady(fd, readiness, { timeoutMs: Math.max(0, untilMonoMs - performance.now()), signal });
}
