import { SwitchyardError } from '#contract/errors.ts';
import type { Guest } from '#contract/host.ts';
import type { Managers, MigrationHost } from '#main/engine/ports.ts';
import type { GuestRun } from '#main/engine/preflight-facts.ts';
import type { OpenImage } from '#main/likeness/open-image.ts';
import type { Portrait } from '#main/likeness/portrait.ts';
import { visit } from './waiting.ts';

export interface GuestNow {
  /** With the monitor that answered. */
  readonly guest: Guest;
  readonly guestRun: GuestRun;
  /** Absent where the monitor did not answer. */
  readonly portrait?: Portrait | { readonly unreadable: string };
  /** Absent where they could not be read, for which the portrait gives the reason. */
  readonly images?: readonly OpenImage[];
  readonly managers: Managers;
}

/** Each that does not answer costs the time that a monitor has for its greeting. */
const mostOtherMonitors = 3;

/**
 * By the first of its monitors that answers. The next one is asked only where it is known that no Switchyard holds the first:
 * until the source migrates, nothing but its monitor and its announcement shows that a migration is under way.
 */
export async function readGuest(host: MigrationHost, guest: Guest): Promise<GuestNow> {
  const { monitorPath, otherMonitorPaths = [], ...rest } = guest;
  const paths = monitorPath === undefined ? [] : [monitorPath, ...otherMonitorPaths];
  const before = await host.managersOf(guest.identity, paths);
  // Its manager holds the monitor, and nothing would answer.
  if (before.migrationIds.length > 0) return { guest, guestRun: { unreadable: held(guest) }, managers: before };
  const first = await readOver(host, guest);
  const managers = await host.managersOf(guest.identity, paths);
  const isTaken = 'unreadable' in first.guestRun && managers.monitors === 'held' && managers.migrationIds.length === 0;
  if (!isTaken || monitorPath === undefined) return { ...first, managers };
  for (const path of otherMonitorPaths.slice(0, mostOtherMonitors)) {
    const others = paths.filter((other) => other !== path);
    const found = await readOver(host, { ...rest, monitorPath: path, otherMonitorPaths: others });
    if ('run' in found.guestRun) {
      return { ...found, guestRun: { ...found.guestRun, heldMonitorPath: monitorPath }, managers };
    }
  }
  return { ...first, managers };
}

/** One visit to the guest's monitor for everything, so that a start is not refused only after everything has been prepared. */
async function readOver(host: MigrationHost, guest: Guest): Promise<Omit<GuestNow, 'managers'>> {
  if (guest.monitorPath === undefined)
    return { guest, guestRun: { unreadable: `${guest.name} has no monitor socket.` } };
  try {
    return await visit(host, guest, async (qemu) => {
      const unreadable = (thrown: unknown): { unreadable: string } => ({ unreadable: textOf(thrown) });
      const [{ run, migration }, portrait, images] = await Promise.all([
        qemu.status(),
        qemu.portrait().catch(unreadable),
        qemu.images().catch(unreadable),
      ]);
      const guestRun = { run, migration };
      return 'unreadable' in images ? { guest, guestRun, portrait: images } : { guest, guestRun, portrait, images };
    });
  } catch (thrown) {
    if (!(thrown instanceof SwitchyardError)) throw thrown;
    return { guest, guestRun: { unreadable: thrown.failure.text, remedy: thrown.failure.remedy } };
  }
}

function held({ name }: Guest): string {
  return `A manager of a migration holds the monitor of ${name}.`;
}

function textOf(thrown: unknown): string {
  if (thrown instanceof SwitchyardError) return thrown.failure.text;
  throw thrown;
}
