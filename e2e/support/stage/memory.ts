import { readWalk } from '#lab/guest/read-memory.ts';
import { checkWalk } from '#lab/guest/walk-check.ts';
import { QmpClient } from '#main/qmp/client.ts';
import type { Copy } from './copies.ts';

/** Pages that the guest has stepped since it booted, by its own count; or why its memory is not what it has written. */
export type Memory =
  { readonly proven: true; readonly steps: number } | { readonly proven: false; readonly reason: string };

/** The lab's own proof, of one copy that is not being moved. A running guest stands still meanwhile. */
export async function readMemory({ monitorPath }: Copy, scratch: string): Promise<Memory> {
  await using qmp = await QmpClient.connect({ path: monitorPath });
  const { running } = await qmp.execute('query-status');
  if (running) await qmp.execute('stop');
  try {
    const snapshot = await readWalk(qmp, scratch);
    if (snapshot === undefined) return { proven: false, reason: 'its memory is not that of a lab guest' };
    const proof = checkWalk(snapshot);
    return proof.proven ? { proven: true, steps: proof.steps } : { proven: false, reason: proof.reason };
  } finally {
    if (running) await qmp.execute('cont');
  }
}
