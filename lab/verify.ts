import { QmpClient } from '#main/qmp/client.ts';
import { findLab } from './find-lab.ts';
import { readWalk } from './guest/read-memory.ts';
import { checkWalk, type WalkProof } from './guest/walk-check.ts';
import { defaultLabName, labNames } from './names.ts';
import { labStatus } from './status.ts';

export type LabProof = (Extract<WalkProof, { proven: true }> | Unproven) & {
  readonly guest: string;
  readonly host: string | undefined;
  readonly atEpochMs: number;
};

interface Unproven {
  readonly proven: false;
  readonly reason: string;
  /** The first page that contradicts, where memory was read. */
  readonly page?: number;
  readonly address?: number;
}

/**
 * Proves that the guest's memory is exactly what the guest has written. A running guest stands still meanwhile (about a
 * second for 400 MiB) and runs on afterwards.
 */
export async function labVerify(name: string = defaultLabName): Promise<LabProof> {
  const { files } = await findLab(name);
  const { guest, otherCopies } = await labStatus(name);
  const about = { guest: labNames(name).guest, host: guest?.host, atEpochMs: Date.now() };
  const unproven = (reason: string): LabProof => ({ proven: false, reason, ...about });

  if (guest?.monitorPath === undefined) return unproven('no copy of the guest is there');
  if (guest.state === 'unreachable')
    return unproven(`its monitor does not answer: ${guest.stateReason ?? 'no reason given'}`);
  if (guest.state === 'inmigrate') return unproven('it has not arrived yet: what would be read is a half-filled copy');
  if (guest.state === 'running' && otherCopies.some(({ state }) => state === 'running'))
    return unproven('two copies of the guest run');

  await using qmp = await QmpClient.connect({ path: guest.monitorPath }, { monitor: guest.name });
  const migration = await qmp.execute('query-migrate');
  if (isUnderWay(migration.status)) return unproven('it is being moved: verify when the move has ended');
  const { running } = await qmp.execute('query-status');
  if (running) await qmp.execute('stop');
  try {
    const snapshot = await readWalk(qmp, files.memory);
    return snapshot === undefined
      ? unproven('its memory is not that of a lab guest')
      : { ...checkWalk(snapshot), ...about };
  } finally {
    if (running) await qmp.execute('cont');
  }
}

function isUnderWay(status: string | undefined): boolean {
  return status !== undefined && !['none', 'completed', 'failed', 'cancelled'].includes(status);
}
