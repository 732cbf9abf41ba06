import { readFile } from 'node:fs/promises';
import type { Bytes, PagesPerSecond } from '#contract/units.ts';
import { QmpClient } from '#main/qmp/client.ts';
import type { RunState } from '#main/qmp/schema.ts';
import { parametersOf, walkBytes, walkPace } from './guest/image.ts';
import { findGuests, type GuestProcess } from './guest/processes.ts';
import { namespaceLabel } from './host-namespaces.ts';
import { labSides, type LabNames } from './names.ts';

/** A copy of the lab's guest. There is one but while it is being moved, unless something has gone badly wrong. */
export interface LabGuest {
  readonly name: string;
  readonly uuid: string | undefined;
  /** Id of the host it is on; absent when it outlived its host's namespace. */
  readonly host: string | undefined;
  readonly pid: number;
  readonly startTimeTicks: number;
  /** QEMU's run state, or `unreachable` when its monitor does not answer (it serves one client at a time). */
  readonly state: RunState | 'unreachable';
  /** Why it is unreachable. */
  readonly stateReason?: string;
  readonly memoryBytes: Bytes | undefined;
  readonly walk:
    | { readonly startAddress: number; readonly bytes: Bytes; readonly pagesPerSecond: PagesPerSecond | 'max' }
    | undefined;
  readonly monitorPath: string | undefined;
  readonly serialPath: string | undefined;
}

/** Every QEMU that carries this lab's guest: by its name, and in the lab's namespaces or with the lab's boot image. */
export async function findCopies(names: LabNames, image: string): Promise<GuestProcess[]> {
  const namespaces = await Promise.all(labSides.map((side) => namespaceLabel(names[side])));
  return findGuests((name) => name === names.guest).filter(
    (copy) =>
      copy.image === image || (copy.networkNamespace !== undefined && namespaces.includes(copy.networkNamespace)),
  );
}

/** Asks each copy for its state, the one that counts first. */
export async function describeCopies(names: LabNames, copies: readonly GuestProcess[]): Promise<LabGuest[]> {
  const hosts = await Promise.all(
    labSides.map(async (side) => ({ id: names[side], label: await namespaceLabel(names[side]) })),
  );
  const described = await Promise.all(
    copies.map(async (copy): Promise<LabGuest> => {
      const host = hosts.find(({ label }) => label !== undefined && label === copy.networkNamespace);
      return { ...identity(copy), host: host?.id, ...(await askState(copy)), walk: await walkOf(copy) };
    }),
  );
  return described.toSorted((a, b) => rank(a.state) - rank(b.state));
}

function identity({ name, uuid, pid, startTimeTicks, memoryBytes, monitor, serial }: GuestProcess) {
  return { name, uuid, pid, startTimeTicks, memoryBytes, monitorPath: monitor, serialPath: serial };
}

/** The running copy is the guest; one that has left or has not arrived yet comes last. */
function rank(state: LabGuest['state']): number {
  const order = ['running', 'paused', 'unreachable', 'postmigrate', 'inmigrate'];
  const position = order.indexOf(state);
  return position === -1 ? order.indexOf('paused') : position;
}

async function askState(copy: GuestProcess): Promise<Pick<LabGuest, 'state' | 'stateReason'>> {
  if (copy.monitor === undefined) return { state: 'unreachable', stateReason: 'it has no monitor socket' };
  try {
    await using qmp = await QmpClient.connect({ path: copy.monitor }, { monitor: copy.name, connectTimeoutMs: 1000 });
    const { status } = await qmp.execute('query-status', {}, { timeoutMs: 2000 });
    return { state: status };
  } catch (error) {
    return { state: 'unreachable', stateReason: error instanceof Error ? error.message : String(error) };
  }
}

async function walkOf({ image }: GuestProcess): Promise<LabGuest['walk']> {
  const sector = image === undefined ? undefined : await readFile(image).catch(() => undefined);
  const walk = sector && parametersOf(sector);
  return walk && { startAddress: walk.startAddress, bytes: walkBytes(walk), pagesPerSecond: walkPace(walk) ?? 'max' };
}
