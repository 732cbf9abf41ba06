import type { Guest } from '#contract/host.ts';
import { boundedName } from '#contract/plain-text.ts';
import type { Milliseconds } from '#contract/units.ts';
import { userOf } from './authority/ourselves.ts';
import { askMonitor, type MonitorAnswer } from './monitor-questions.ts';
import { readBootId } from './process/identity.ts';
import { acceleratorOf, listQemuProcesses, nilUuid, type QemuProcess } from './qemu-processes.ts';

/** A monitor that another program holds does not answer at all. */
const answerTimeoutMs: Milliseconds = 500;

/**
 * The guests of one network namespace, from /proc. Two with one name are two guests. A monitor is asked only for what
 * its command line leaves open: the uuid, and whether a QEMU that was started to wait for a migration still does. A
 * process that is not handled is listed with the reason, after all others, and asked nothing.
 */
export async function listGuests(hostId: string, networkNamespace: string): Promise<readonly Guest[]> {
  const bootId = readBootId();
  const ownUid = process.geteuid?.() ?? 0;
  const found = await Promise.all(listQemuProcesses(networkNamespace).map((qemu) => describe(hostId, bootId, qemu)));
  return found.toSorted((one, other) => rank(one, ownUid) - rank(other, ownUid));
}

/** Those of root and of ourselves first: guests of other users come after them, under any name. */
function rank({ obstacle, user }: Guest, ownUid: number): number {
  if (obstacle) return 2;
  return user?.uid === 0 || user?.uid === ownUid ? 0 : 1;
}

async function describe(hostId: string, bootId: string, qemu: QemuProcess): Promise<Guest> {
  const { process, description, obstacle } = qemu;
  const { memoryBytes, machine } = description;
  const { pid, startTimeTicks, uid } = process;
  const [monitorPath, ...otherMonitorPaths] = qemu.monitors.map(({ path }) => path);
  const accelerator = acceleratorOf(qemu);
  const name = boundedName(description.name ?? `qemu-${pid}`);
  const isOpen = description.uuid === undefined || description.incoming !== undefined;
  const answer = isOpen && !obstacle ? await ask(name, qemu) : undefined;
  // A guest that has arrived keeps `-incoming` on its command line for life, so only its monitor shows it; one that is
  // being moved answers its mover alone and counts as a guest.
  const waiting = answer?.run === 'inmigrate';
  return {
    name,
    hostId,
    identity: { uuid: description.uuid ?? answer?.uuid ?? nilUuid, pid, startTimeTicks, bootId, uid },
    argv: [...qemu.argv],
    waiting,
    ...(waiting && description.incoming !== undefined ? { incoming: description.incoming } : {}),
    ...(monitorPath === undefined ? {} : { monitorPath }),
    ...(otherMonitorPaths.length === 0 ? {} : { otherMonitorPaths }),
    ...(memoryBytes === undefined ? {} : { memoryBytes }),
    ...(accelerator === undefined ? {} : { accelerator }),
    ...(machine === undefined ? {} : { machine }),
    user: userOf(uid),
    ...(obstacle === undefined ? {} : { obstacle }),
  };
}

async function ask(
  name: string,
  { monitors: [socket], process: qemu }: QemuProcess,
): Promise<MonitorAnswer | undefined> {
  if (!socket) return undefined;
  return await askMonitor({ name, socket, qemu }, answerTimeoutMs).catch(() => undefined);
}
