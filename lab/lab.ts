import { randomUUID } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { invalidRequest } from '#contract/errors.ts';
import type { BitsPerSecond } from '#contract/units.ts';
import { QmpClient } from '#main/qmp/client.ts';
import { describeCopies, findCopies, type LabGuest } from './copies.ts';
import { removeFilesOf } from './copy-files.ts';
import { guestCommandLine } from './guest/command-line.ts';
import { isErrno } from './errno.ts';
import { bootSectorFor } from './guest/image.ts';
import { endProcess, findGuests, outputFiles, type GuestProcess } from './guest/processes.ts';
import { readWalk } from './guest/read-memory.ts';
import { startQemu, untilWalking } from './guest/start.ts';
import { checkWalk, type WalkProof } from './guest/walk-check.ts';
import {
  claimLab,
  directoryInMark,
  furnishLab,
  labsWithHosts,
  nameTaken,
  namespaceExists,
  networkSettings,
  removeHosts,
} from './host-namespaces.ts';
import { batch } from './iproute2.ts';
import { observeInterfaces, type ObservedInterface } from './link-state.ts';
import { linkCommands, type LinkFault } from './links.ts';
import { defaultLabName, labNames, labSides, type LabNames, type LabSide } from './names.ts';
import { planLab, type LabOptions, type LabPlan } from './options.ts';
import { filesIn, labFiles, makeOwnDirectory, type LabFiles } from './runtime-directory.ts';
import { releaseHolder } from './user-namespace.ts';

export type { LabGuest } from './copies.ts';
export { parseLabOptions, type GuestPace, type LabOptions, type LabOptionTexts } from './options.ts';

export interface LabHost {
  readonly id: string;
  readonly namespace: string;
  /** One per link, in the order of the links. */
  readonly addresses: readonly string[];
  readonly mptcpEnabled: boolean;
  readonly congestionControl: string;
}

/** `down`: an end has no carrier. `silent`: both have, and everything sent is lost. */
export type LinkState = 'up' | LinkFault;

export interface LabLink {
  /** Counts from 1. */
  readonly index: number;
  /** The shaped rate, each way. */
  readonly rateBitsPerSecond: BitsPerSecond;
  readonly state: LinkState;
  readonly source: { readonly interface: string; readonly address: string };
  readonly destination: { readonly interface: string; readonly address: string };
}

export interface LabStatus {
  readonly name: string;
  /** Where the lab's files are. */
  readonly directory: string;
  readonly hosts: readonly LabHost[];
  readonly links: readonly LabLink[];
  /** Absent when no QEMU carries it. */
  readonly guest?: LabGuest;
  /** While the guest is being moved, the one that is leaving or has not arrived; else an alarm. */
  readonly otherCopies: readonly LabGuest[];
}

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
 * Makes two hosts, joins them and starts the guest on the first; resolves when the guest walks. What it made is gone
 * again when it rejects. Needs the right to make network namespaces: see user-namespace.ts for who has it.
 */
export async function labUp(options: LabOptions = {}): Promise<LabStatus> {
  const plan = planLab(options);
  const files = labFiles(plan.names.lab);
  await refuseRemains(plan.names, files);
  await claimLab(plan.names, files.directory);
  try {
    await makeOwnDirectory(files.directory);
    await furnishLab(plan, files.directory);
    await startGuest(plan, files);
  } catch (error) {
    await labDown(plan.names.lab);
    throw error;
  }
  return labStatus(plan.names.lab);
}

async function refuseRemains(names: LabNames, files: LabFiles): Promise<void> {
  if (await namespaceExists(names.source)) throw await nameTaken(names);
  if ((await findCopies(names, files.image)).length === 0) return;
  throw invalidRequest(
    `A guest of a lab called "${names.lab}" is still running.`,
    `Remove it with \`lab down --name ${names.lab}\`, or choose another --name.`,
    'name',
  );
}

async function startGuest(plan: LabPlan, files: LabFiles): Promise<void> {
  await writeFile(files.image, bootSectorFor(plan.walk), { mode: 0o400 });
  const argv = guestCommandLine({
    name: plan.names.guest,
    uuid: randomUUID(),
    memoryBytes: plan.guestMemoryBytes,
    ...files,
  });
  const qemu = await startQemu({ argv, namespace: plan.names.source, output: files.output });
  await untilWalking(qemu, files.serial, files.output);
}

/** What is there now, asked of the kernel and of QEMU. Rejects with `invalid-request` when there is no such lab. */
export async function labStatus(name: string = defaultLabName): Promise<LabStatus> {
  const { names, files, copies } = await findLab(name);
  const [sides, [guest, ...otherCopies]] = await Promise.all([
    Promise.all(labSides.map(async (side) => ({ side, ...(await observeHost(names[side])) }))),
    describeCopies(names, copies),
  ]);
  const [source, destination] = sides;
  return {
    name,
    directory: files.directory,
    hosts: sides.flatMap(({ host }) => host ?? []),
    links: linksBetween(source?.interfaces ?? [], destination?.interfaces ?? []),
    ...(guest && { guest }),
    otherCopies,
  };
}

interface FoundLab {
  readonly names: LabNames;
  readonly files: LabFiles;
  readonly copies: readonly GuestProcess[];
}

async function lookForLab(name: string): Promise<FoundLab & { readonly exists: boolean }> {
  const names = labNames(name);
  const marks = await Promise.all(labSides.map((side) => directoryInMark(names[side])));
  const directory = marks.find((mark) => mark !== undefined);
  const files = directory === undefined ? labFiles(name) : filesIn(directory);
  const copies = await findCopies(names, files.image);
  return { names, files, copies, exists: directory !== undefined || copies.length > 0 };
}

async function findLab(name: string): Promise<FoundLab> {
  const found = await lookForLab(name);
  if (found.exists) return found;
  const others = await labList();
  throw invalidRequest(
    `There is no lab called "${name}" here.`,
    others.length > 0 ? `There is: ${others.join(', ')}.` : `Make one with \`lab up --name ${name}\`.`,
    'name',
  );
}

async function observeHost(
  namespace: string,
): Promise<{ readonly host: LabHost | undefined; readonly interfaces: readonly ObservedInterface[] }> {
  if (!(await namespaceExists(namespace))) return { host: undefined, interfaces: [] };
  const interfaces = await observeInterfaces(namespace);
  const addresses = interfaces.flatMap(({ address }) => address ?? []);
  return { host: { id: namespace, namespace, addresses, ...networkSettings(namespace) }, interfaces };
}

function linksBetween(source: readonly ObservedInterface[], destination: readonly ObservedInterface[]): LabLink[] {
  return source.flatMap((near, position): LabLink[] => {
    const far = destination.find(({ name }) => name === near.name);
    if (far === undefined) return [];
    return [
      {
        index: position + 1,
        rateBitsPerSecond: Math.min(near.rateBitsPerSecond ?? Infinity, far.rateBitsPerSecond ?? Infinity),
        state: stateOf(near, far),
        source: { interface: near.name, address: near.address ?? '' },
        destination: { interface: far.name, address: far.address ?? '' },
      },
    ];
  });
}

function stateOf(...ends: readonly ObservedInterface[]): LinkState {
  if (ends.some(({ carrier }) => !carrier)) return 'down';
  return ends.some(({ blackholed }) => blackholed) ? 'silent' : 'up';
}

/**
 * Cuts or mends a link. `down` takes the interface down on one host (the source's unless said otherwise; the other one
 * loses its carrier), `silent` loses everything that is sent while both carriers stay, `up` mends either.
 */
export async function labLink(
  name: string,
  index: number,
  state: LinkState,
  { side = 'source' }: { readonly side?: LabSide } = {},
): Promise<LabLink> {
  const { names } = await findLab(name);
  const { links } = await labStatus(name);
  if (!links.some((link) => link.index === index)) {
    throw invalidRequest(`The lab "${name}" has no link ${index}.`, `Its links are 1 to ${links.length}.`, 'link');
  }
  const commands = linkCommands(index, state, side);
  for (const each of labSides) await batch('ip', names[each], commands[each]);
  const link = (await labStatus(name)).links.find((candidate) => candidate.index === index);
  if (link === undefined) throw new Error(`link ${index} of the lab "${name}" is gone`);
  return link;
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

/**
 * Removes the lab: every QEMU that carries its guest (those that a migration started too), both hosts with all that is in
 * them, its files. Goes by what is really there, so that it also clears away what a crashed command left. Says what it
 * removed; nothing, when there was nothing.
 */
export async function labDown(
  name: string = defaultLabName,
): Promise<{ readonly name: string; readonly removed: readonly string[] }> {
  const { names, files, copies } = await lookForLab(name);
  const removed: string[] = [];
  for (const copy of copies) {
    const output = await outputFiles(copy.pid);
    await endProcess(copy);
    removed.push(`QEMU ${copy.pid}`);
    await removeFilesOf(copy, output);
  }
  removed.push(...(await removeHosts(names)));
  if (await removeDirectory(files)) removed.push(files.directory);
  if ((await labList()).length === 0) releaseHolder();
  return { name, removed };
}

async function removeDirectory({ directory }: LabFiles): Promise<boolean> {
  try {
    await rm(directory, { recursive: true });
    return true;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false;
    throw error;
  }
}

/** Names of all labs of which anything is left. */
export async function labList(): Promise<string[]> {
  const guests = await findGuests((guest) => guest.endsWith('-guest'));
  const ofGuests = guests.flatMap(({ name, image }) => {
    const lab = name.slice(0, -'-guest'.length);
    return image === labFiles(lab).image ? [lab] : [];
  });
  return [...new Set([...(await labsWithHosts()), ...ofGuests])].toSorted();
}
