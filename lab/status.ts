import type { BitsPerSecond } from '#contract/units.ts';
import { describeCopies, type LabGuest } from './copies.ts';
import { findLab } from './find-lab.ts';
import { mptcpEnabled, namespaceExists } from './host-namespaces.ts';
import { observeInterfaces, type ObservedInterface } from './link-state.ts';
import type { LinkFault } from './links.ts';
import { defaultLabName, labSides, type LabNames } from './names.ts';

export interface LabHost {
  readonly id: string;
  readonly namespace: string;
  /** One per link, in the order of the links. */
  readonly addresses: readonly string[];
  readonly mptcpEnabled: boolean;
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

/** The links alone: asks the kernel and no QEMU, whose monitor may be held by a migration. */
export async function labLinks(names: LabNames): Promise<LabLink[]> {
  const [source, destination] = await Promise.all(labSides.map((side) => observeHost(names[side])));
  return linksBetween(source?.interfaces ?? [], destination?.interfaces ?? []);
}

async function observeHost(
  namespace: string,
): Promise<{ readonly host: LabHost | undefined; readonly interfaces: readonly ObservedInterface[] }> {
  if (!(await namespaceExists(namespace))) return { host: undefined, interfaces: [] };
  const interfaces = await observeInterfaces(namespace);
  const addresses = interfaces.flatMap(({ address }) => address ?? []);
  return { host: { id: namespace, namespace, addresses, mptcpEnabled: mptcpEnabled(namespace) }, interfaces };
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
