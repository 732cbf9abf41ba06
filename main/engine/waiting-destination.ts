import type { Guest } from '#contract/host.ts';
import type { StartedDestination } from '#contract/migration.ts';
import type { MigrationHost, Qemu } from './ports.ts';
import { rejected } from './step-context.ts';

/** Before any connection; a QEMU whose stream has begun reports `active`. */
const untouched = new Set(['none', 'setup']);

/**
 * Makes a QEMU that the operator has started by hand what one of our own would be: waiting, and paused when the guest has
 * arrived. Without that, its copy would start by itself, also after the source has taken the guest back.
 *
 * From here on it is used up: it becomes the guest, or it is ended. Given back it would be another QEMU than the one that
 * the operator had started, and a rollback has to prove it gone before the source may run again.
 */
export async function takeUpWaiting(host: MigrationHost, waiting: Guest): Promise<StartedDestination> {
  const { identity, monitorPath, name } = waiting;
  if (monitorPath === undefined) throw notWaiting(`${name} has no monitor`);
  const qemu = await host.attach(identity, monitorPath);
  try {
    await refuseUnlessUntouched(qemu, name);
    await qemu.keepPaused();
    // Had another guest arrived between the two, this stopped it: that must not go unseen.
    await refuseUnlessUntouched(qemu, name);
  } finally {
    qemu.close();
  }
  return { identity, monitorPath };
}

async function refuseUnlessUntouched(qemu: Qemu, name: string): Promise<void> {
  const { run, migration } = await qemu.status();
  if (run !== 'inmigrate') throw notWaiting(`${name} is ${run}`);
  if (!untouched.has(migration)) throw notWaiting(`another migration into ${name} is ${migration}`);
}

function notWaiting(what: string): Error {
  return rejected(
    'preparing',
    `${what}, so it does not wait for a guest`,
    'See `switchyard guests` for those that wait.',
  );
}
