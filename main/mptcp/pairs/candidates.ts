import type { HostAddress } from '#contract/host.ts';
import type { LeftOutPair } from '#contract/migration.ts';
import { familyOf, networkOf, type Family } from '#main/mptcp/subnet.ts';
import { fasterFirst, type HostEnd, type HostNetwork } from './host-network.ts';
import { usableInterfaces, type UsableInterface } from './usable-interfaces.ts';

/** Two addresses that may turn out to be a path. */
export interface Candidate {
  readonly source: UsableInterface;
  readonly sourceAddress: string;
  readonly destination: UsableInterface;
  readonly destinationAddress: string;
  /** The destination's address is in the subnet of the source's. */
  readonly inOneSubnet: boolean;
}

export interface Candidates {
  readonly ends: { readonly source: HostEnd; readonly destination: HostEnd };
  readonly usable: { readonly source: readonly UsableInterface[]; readonly destination: readonly UsableInterface[] };
  readonly pairs: readonly Candidate[];
  /** Interfaces that cannot carry anything, whatever is at the other end. */
  readonly leftOut: readonly LeftOutPair[];
}

/** So that the questions grow with the interfaces of a host, and not with their square. */
const mostPartners = 8;
/** Of two interfaces that share many subnets. */
const mostSubnets = 4;
/** Of each family and side, where no subnet is shared: a connection has nine paths at most. */
const mostRouted = 12;
const mostRoutedOfOneInterface = 2;

/** Which pairs of addresses are worth asking about: those in one subnet, and, for the fastest interfaces, routed ones. */
export function findCandidates(source: HostNetwork, destination: HostNetwork): Candidates {
  const sameMachine = source.bootId === destination.bootId;
  const ends = {
    source: { side: 'source', host: source, sameMachine },
    destination: { side: 'destination', host: destination, sameMachine },
  } as const;
  const [from, to] = [usableInterfaces(ends.source), usableInterfaces(ends.destination)];
  const shared = (['ipv4', 'ipv6'] as const).flatMap((family) => pairsInOneSubnet(from.usable, to.usable, family));
  return {
    ends,
    usable: { source: from.usable, destination: to.usable },
    pairs: [...shared, ...routedPairs(from.usable, to.usable, shared)],
    leftOut: [...from.leftOut, ...to.leftOut],
  };
}

type Entry = readonly [UsableInterface, HostAddress];

function entriesOf(interfaces: readonly UsableInterface[], family: Family): Entry[] {
  return interfaces.flatMap((each) =>
    each.addresses.flatMap((address): Entry[] => (familyOf(address.address) === family ? [[each, address]] : [])),
  );
}

function pairsInOneSubnet(
  sources: readonly UsableInterface[],
  destinations: readonly UsableInterface[],
  family: Family,
): Candidate[] {
  const [locals, remotes] = ownFirst(entriesOf(sources, family), entriesOf(destinations, family));
  const lengths = new Set(locals.map(([, { prefixLength }]) => prefixLength));
  const bySubnet = new Map<string, Map<UsableInterface, Entry>>();
  for (const prefixLength of lengths) {
    for (const entry of remotes) {
      const key = networkOf(entry[1].address, prefixLength);
      const known = bySubnet.get(key) ?? new Map<UsableInterface, Entry>();
      bySubnet.set(key, known);
      // Of one interface the first address of a subnet is enough.
      if (!known.has(entry[0])) known.set(entry[0], entry);
    }
  }
  const asked = new Set<string>();
  const subnets = new Map<string, number>();
  const turns = new Map<string, number>();
  return locals.flatMap(([source, { address, prefixLength }]): Candidate[] => {
    const key = networkOf(address, prefixLength);
    const ofInterface = `${source.port.name} ${key}`;
    if (asked.has(ofInterface)) return [];
    asked.add(ofInterface);
    const turn = turns.get(key) ?? 0;
    turns.set(key, turn + 1);
    return partnersOf([...(bySubnet.get(key)?.values() ?? [])], turn).flatMap(([destination, remote]): Candidate[] => {
      const ofPair = `${source.port.name} ${destination.port.name}`;
      const before = subnets.get(ofPair) ?? 0;
      if (before >= mostSubnets) return [];
      subnets.set(ofPair, before + 1);
      return [{ source, sourceAddress: address, destination, destinationAddress: remote.address, inOneSubnet: true }];
    });
  });
}

/** What both hosts have is asked about last: a packet to it never leaves. */
function ownFirst(locals: readonly Entry[], remotes: readonly Entry[]): [readonly Entry[], readonly Entry[]] {
  const [here, there] = [locals, remotes].map((side) => new Set(side.map(([, { address }]) => address)));
  const isOnBoth = ([, { address }]: Entry): boolean => here?.has(address) === true && there?.has(address) === true;
  const sorted = (side: readonly Entry[]): readonly Entry[] => [
    ...side.filter((entry) => !isOnBoth(entry)),
    ...side.filter((entry) => isOnBoth(entry)),
  ];
  return [sorted(locals), sorted(remotes)];
}

/** Where there are many, every one of them is somebody's partner. */
function partnersOf(entries: readonly Entry[], turn: number): readonly Entry[] {
  if (entries.length <= mostPartners) return entries;
  const start = turn % entries.length;
  return [...entries.slice(start), ...entries.slice(0, start)].slice(0, mostPartners);
}

function routedPairs(
  sources: readonly UsableInterface[],
  destinations: readonly UsableInterface[],
  shared: readonly Candidate[],
): Candidate[] {
  return (['ipv4', 'ipv6'] as const).flatMap((family) => {
    const isShared = new Set(
      shared
        .filter(({ sourceAddress }) => familyOf(sourceAddress) === family)
        .map(({ source, destination }) => `${source.port.name} ${destination.port.name}`),
    );
    const [locals, remotes] = [fewOf(sources, family), fewOf(destinations, family)];
    return locals.flatMap(([source, local]) =>
      remotes.flatMap(([destination, remote]): Candidate[] =>
        isShared.has(`${source.port.name} ${destination.port.name}`)
          ? []
          : [
              {
                source,
                sourceAddress: local.address,
                destination,
                destinationAddress: remote.address,
                inOneSubnet: false,
              },
            ],
      ),
    );
  });
}

function fewOf(interfaces: readonly UsableInterface[], family: Family): readonly Entry[] {
  return interfaces
    .toSorted((one, other) => fasterFirst(one.port, other.port))
    .flatMap((each) => entriesOf([each], family).slice(0, mostRoutedOfOneInterface))
    .slice(0, mostRouted);
}
