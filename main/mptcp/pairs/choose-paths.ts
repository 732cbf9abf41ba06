import type { LeftOutPair, Path } from '#contract/migration.ts';
import { familyOf, type Family } from '#main/mptcp/subnet.ts';
import { interfaceSetting } from '#contract/sysctl-commands.ts';
import { hostRouteCommand } from './commands.ts';
import type { AgreedPair } from './judge-pair.ts';

/** What a connection is made with. */
export interface Wish {
  /** The source binds its socket to the path's address before it connects; QEMU does not. */
  readonly bindsFirst: boolean;
  /** Further subflows are to join. */
  readonly multipath: boolean;
  /** Where the destination listens; absent for the wildcard of the first path's family. */
  readonly listener?: string | undefined;
  /** The pair that the operator wants to begin with; absent for the fastest that can. */
  readonly isFirst?: ((pair: Path) => boolean) | undefined;
}

export interface Choice {
  readonly paths: readonly Path[];
  readonly leftOut: readonly LeftOutPair[];
  /** The pair that is first although the connection cannot be begun there; absent when it can. */
  readonly unreachableFirst?: AgreedPair;
}

/** The kernel's bound: the first subflow and eight further ones (net/mptcp/pm_kernel.c). */
const mostPaths = 9;

/**
 * Chooses the pairs that a migration uses: the first is one that the connection can begin at, and the others can join it.
 * Each physical port is used once, at either end: a second pair through the same port adds no capacity.
 *
 * A connection that begins over IPv6 takes IPv4 subflows too, and one that begins over IPv4 takes no IPv6 ones (measured on
 * Linux 6.18; mptcp_pm_addr_families_match). So one family is preferred, and where both are needed IPv6 is first.
 */
export function choosePaths(pairs: readonly AgreedPair[], wish: Wish): Choice {
  const fastestFirst = pairs.toSorted(
    (one, other) =>
      Number(isDoubtful(one)) - Number(isDoubtful(other)) ||
      (speedOf(other) ?? 0) - (speedOf(one) ?? 0) ||
      Number(other.cabled) - Number(one.cabled) ||
      Number(other.inOneSubnet) - Number(one.inOneSubnet),
  );
  const { heard = [], unheard = [] } = Object.groupBy(fastestFirst, ({ destinationAddress }) =>
    hears(wish.listener, destinationAddress, 'join') ? 'heard' : 'unheard',
  );
  const attempts = wish.multipath
    ? [select(of('ipv4', heard), wish), select(of('ipv6', heard), wish), select(heard, wish, 'ipv6')]
    : [select(heard, wish)];
  const best = attempts.reduce((one, other) => (worthOf(other) > worthOf(one) ? other : one));
  const chosen = new Set<AgreedPair>(best.pairs);
  const [first] = best.pairs;
  return {
    paths: best.pairs.map(pathOf),
    leftOut: [
      ...unheard.map((pair) => leftOutOf(pair, 'not-listened-to', notHeard(pair, wish.listener ?? ''))),
      ...heard.filter((pair) => !chosen.has(pair)).map((pair) => whyNot(pair, best)),
    ],
    ...(first && !best.beginsHere ? { unreachableFirst: first } : {}),
  };
}

interface Selection {
  readonly pairs: readonly AgreedPair[];
  /** The first is one that the operator wants there. */
  readonly isAsWished: boolean;
  readonly beginsHere: boolean;
}

function select(pairs: readonly AgreedPair[], wish: Wish, firstFamily?: Family): Selection {
  const inFamily = firstFamily === undefined ? pairs : of(firstFamily, pairs);
  const { isFirst } = wish;
  const firsts = isFirst === undefined ? inFamily : inFamily.filter((pair) => isFirst(pathOf(pair)));
  const beginning = firsts.find(
    (pair) => beginsAt(pair, wish) && hears(wish.listener, pair.destinationAddress, 'begin'),
  );
  const first = beginning ?? firsts[0] ?? inFamily[0];
  if (first === undefined) return { pairs: [], isAsWished: false, beginsHere: false };
  const chosen = [first];
  for (const pair of pairs) {
    const fits = pair.canJoin || !wish.multipath;
    if (fits && chosen.length < mostPaths && !chosen.some((other) => sharedPort(pair, other) !== undefined)) {
      chosen.push(pair);
    }
  }
  return { pairs: chosen, isAsWished: firsts.length > 0, beginsHere: beginning !== undefined };
}

function beginsAt({ leavesByItself, leavesWhenBound }: AgreedPair, { bindsFirst }: Wish): boolean {
  return bindsFirst ? leavesWhenBound : leavesByItself;
}

/** Bound to one address, QEMU hears the first subflow there alone; the kernel can listen for the others. */
function hears(listener: string | undefined, address: string, what: 'begin' | 'join'): boolean {
  if (listener === undefined || listener === '' || listener === '::') return true;
  if (familyOf(listener) === 'ipv4' && familyOf(address) === 'ipv6') return false;
  return what === 'join' || listener === '0.0.0.0' || listener === address;
}

function of(family: Family, pairs: readonly AgreedPair[]): readonly AgreedPair[] {
  return pairs.filter(({ sourceAddress }) => familyOf(sourceAddress) === family);
}

function isDoubtful({ source, destination }: AgreedPair): boolean {
  return source.doubtful || destination.doubtful;
}

/**
 * A path of unknown speed counts as one of 1 Gbit/s. One where the connection cannot begin is worth less than any other, and
 * what the operator wants is worth more.
 */
function worthOf({ pairs, isAsWished, beginsHere }: Selection): number {
  const sum = pairs.reduce((total, pair) => total + (speedOf(pair) ?? 1e9), 0);
  return (isAsWished && pairs.length > 0 ? 2e15 : 0) + (beginsHere ? 1e15 : 0) + sum;
}

/** What leaves the source, and what the destination's link takes: how the destination shapes what it sends says nothing of it. */
function speedOf({ source, destination }: AgreedPair): number | undefined {
  const speeds = [source.port.speedBitsPerSecond, destination.port.linkBitsPerSecond].filter(
    (speed) => speed !== undefined,
  );
  return speeds.length === 0 ? undefined : Math.min(...speeds);
}

export function pathOf(pair: AgreedPair): Path {
  const { source, sourceAddress, destination, destinationAddress } = pair;
  const speed = speedOf(pair);
  return {
    sourceInterface: source.port.name,
    sourceAddress,
    destinationInterface: destination.port.name,
    destinationAddress,
    ...(speed === undefined ? {} : { speedBitsPerSecond: speed }),
    mtu: Math.min(source.port.mtu, destination.port.mtu),
  };
}

function sharedPort(one: AgreedPair, other: AgreedPair): { side: 'source' | 'destination'; port: string } | undefined {
  const atSource = one.source.physicalPorts.find((port) => other.source.physicalPorts.includes(port));
  if (atSource !== undefined) return { side: 'source', port: atSource };
  const atDestination = one.arrivesAt.find((port) => other.arrivesAt.includes(port));
  return atDestination === undefined ? undefined : { side: 'destination', port: atDestination };
}

function whyNot(pair: AgreedPair, { pairs }: Selection): LeftOutPair {
  const [first] = pairs;
  const name = `${pair.source.port.name} to ${pair.destination.port.name}`;
  if (first && familyOf(first.sourceAddress) === 'ipv4' && familyOf(pair.sourceAddress) === 'ipv6') {
    return leftOutOf(
      pair,
      'other-family',
      `${name} has only IPv6, which cannot join a connection that begins over IPv4.`,
    );
  }
  const rival = pairs.find((each) => sharedPort(pair, each) !== undefined);
  const shared = rival && sharedPort(pair, rival);
  if (rival && shared) return whyShared(pair, rival, shared);
  return pairs.length >= mostPaths
    ? leftOutOf(pair, 'beyond-limit', `${name} is beyond the ${mostPaths} paths that a connection can have.`)
    : {
        ...leftOutOf(
          pair,
          'leaves-elsewhere',
          `${name} is not the interface that routing chooses for ${pair.destinationAddress}, and before Linux 6.18 the kernel joins over that one.`,
        ),
        command: routeCommand(pair),
        commandSide: 'source',
      };
}

/** Sends what goes to the destination's address over the interface of the pair, bound or not. */
export function routeCommand({ source, sourceAddress, destinationAddress, gateway }: AgreedPair): string {
  return hostRouteCommand({ to: destinationAddress, gateway, interface: source.port.name, source: sourceAddress });
}

function whyShared(
  pair: AgreedPair,
  rival: AgreedPair,
  { side, port }: { readonly side: 'source' | 'destination'; readonly port: string },
): LeftOutPair {
  const name = `${pair.source.port.name} to ${pair.destination.port.name}`;
  const rivalName = `${rival.source.port.name} to ${rival.destination.port.name}`;
  const isOwn = side === 'source' || pair.destination.physicalPorts.includes(port);
  if (isOwn && (side === 'source' || rival.destination.physicalPorts.includes(port))) {
    return leftOutOf(
      pair,
      'shared-port',
      `${name} goes through ${port} of the ${side}, as ${rivalName} does: it would add no capacity.`,
    );
  }
  const names = [pair.destination.port.name, ...pair.answeredBy];
  const settings = ['arp_ignore=1', 'arp_announce=2'].map((setting) => {
    const [key = '', value = ''] = setting.split('=');
    return interfaceSetting('ipv4', 'all', key, Number(value));
  });
  return {
    ...leftOutOf(
      pair,
      'arp-answered-elsewhere',
      `${names.join(' and ')} of the destination answer ARP for each other's addresses in one subnet, so all packets may arrive at one of them.`,
    ),
    command: `sysctl -w ${settings.join(' ')}`,
    commandSide: 'destination',
  };
}

function notHeard({ destinationAddress }: AgreedPair, listener: string): string {
  return `The destination listens on ${listener}, which accepts no connections to ${destinationAddress}.`;
}

function leftOutOf(pair: AgreedPair, reason: LeftOutPair['reason'], text: string): LeftOutPair {
  return {
    sourceInterface: pair.source.port.name,
    sourceAddress: pair.sourceAddress,
    destinationInterface: pair.destination.port.name,
    destinationAddress: pair.destinationAddress,
    reason,
    text,
  };
}
