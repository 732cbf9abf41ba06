import type { Guest } from '#contract/host.ts';
import type { Milliseconds } from '#contract/units.ts';
import { askMonitor, type MonitorAnswer } from './monitor-questions.ts';
import { readBootId } from './process/identity.ts';
import { acceleratorOf, listQemuProcesses, nilUuid, type QemuProcess } from './qemu-processes.ts';

/** A monitor that another program holds does not answer at all. */
const answerTimeoutMs: Milliseconds = 500;

/**
 * The guests of one network namespace, from /proc. Two with one name are two guests. A monitor is asked only for what
 * its command line leaves open: the uuid, and whether a QEMU that was started to wait for a migration still does.
 */
export async function listGuests(hostId: string, networkNamespace: string): Promise<readonly Guest[]> {
  const bootId = readBootId();
  return Promise.all(listQemuProcesses(networkNamespace).map((qemu) => describe(hostId, bootId, qemu)));
}

async function describe(hostId: string, bootId: string, qemu: QemuProcess): Promise<Guest> {
  const { process, description } = qemu;
  const { memoryBytes, machine } = description;
  const { pid, startTimeTicks, argv } = process;
  const monitorPath = qemu.monitorPaths[0];
  const accelerator = acceleratorOf(qemu);
  const name = description.name ?? `qemu-${pid}`;
  const isOpen = description.uuid === undefined || description.incoming !== undefined;
  const answer = isOpen && monitorPath !== undefined ? await ask(name, monitorPath, process.uid) : undefined;
  // A guest that has arrived keeps `-incoming` on its command line for life, so only its monitor can tell; one that is
  // being moved answers its mover alone and counts as a guest.
  const waiting = answer?.run === 'inmigrate';
  return {
    name,
    hostId,
    identity: { uuid: description.uuid ?? answer?.uuid ?? nilUuid, pid, startTimeTicks, bootId },
    argv: [...argv],
    waiting,
    ...(waiting && description.incoming !== undefined ? { incoming: description.incoming } : {}),
    ...(monitorPath === undefined ? {} : { monitorPath }),
    ...(memoryBytes === undefined ? {} : { memoryBytes }),
    ...(accelerator === undefined ? {} : { accelerator }),
    ...(machine === undefined ? {} : { machine }),
  };
}

function ask(name: string, path: string, ownerUid: number): Promise<MonitorAnswer | undefined> {
  return askMonitor({ name, path, ownerUid }, answerTimeoutMs).catch(() => undefined);
}
