import type { NetworkInterface, RouteAnswer } from '#contract/host.ts';
import type { LeftOutPair, LeftOutReason, Side } from '#contract/migration.ts';
import { settingCommand } from '#contract/sysctl-commands.ts';
import { familyOf, inSubnet } from '#main/mptcp/subnet.ts';
import type { RouteIndex } from '#main/mptcp/routes.ts';
import type { Candidate, Candidates } from './candidates.ts';
import { hostRouteCommand } from './commands.ts';
import { effectiveSetting, hasLaminarEndpoints, type HostNetwork } from './host-network.ts';

/** A pair on which both kernels agree. */
export interface AgreedPair extends Candidate {
  /** The source's routing sends a socket that is bound to no address over this very interface, as QEMU's is. */
  readonly leavesByItself: boolean;
  /** A socket that is bound to the source's address leaves by this very interface. */
  readonly leavesWhenBound: boolean;
  /** The subflow of an announced address can be made to leave by this interface. */
  readonly canJoin: boolean;
  /** The two are the ends of one veth: nothing can be wrong between them. */
  readonly cabled: boolean;
  /** Ports of the destination where the packets may arrive, its own and those that answer ARP in its place. */
  readonly arrivesAt: readonly string[];
  /** Of the route from the source's address; absent where the destination is on the link. */
  readonly gateway: string | undefined;
  /** Further interfaces of the destination that answer ARP for this address. */
  readonly answeredBy: readonly string[];
}

export interface Rejected {
  readonly pair: Candidate;
  readonly leftOut: LeftOutPair;
  /** The source would send over the right interface: it is worth saying what is missing. */
  readonly halfWorks: boolean;
}

export type Verdict = { readonly agreed: AgreedPair } | { readonly rejected: Rejected };

interface Answers {
  readonly source: RouteIndex;
  readonly destination: RouteIndex;
}

/** Whether the answers of both kernels make a path of a pair. What was not answered is not held against it. */
export function judgePair(pair: Candidate, candidates: Candidates, answers: Answers): Verdict {
  const view = viewOf(pair, candidates, answers);
  const objection = ownAddress(view) ?? notKnown(view) ?? wrongWayThere(view) ?? wrongWayBack(view);
  if (objection)
    return { rejected: { pair, halfWorks: view.there?.interface === view.from, leftOut: leftOutOf(objection, view) } };
  const { leavesByItself, leavesWhenBound, canJoin, there } = view;
  const { ends, usable } = candidates;
  const rivals = arpRivals(view, usable.destination);
  return {
    agreed: {
      ...pair,
      leavesByItself,
      leavesWhenBound,
      canJoin,
      gateway: there?.gateway,
      cabled: ends.source.sameMachine && areOneVeth(pair.source.port, pair.destination.port),
      answeredBy: rivals.map(({ port }) => port.name),
      arrivesAt: [...pair.destination.physicalPorts, ...rivals.flatMap(({ physicalPorts }) => physicalPorts)],
    },
  };
}

/** A pair, and what both kernels have answered about it. */
interface View extends Pick<AgreedPair, 'leavesByItself' | 'leavesWhenBound' | 'canJoin'> {
  readonly pair: Candidate;
  readonly host: HostNetwork;
  readonly peer: HostNetwork;
  /** Names of the two interfaces. */
  readonly from: string;
  readonly to: string;
  readonly isIpv4: boolean;
  readonly there: RouteAnswer | undefined;
  readonly thereUnbound: RouteAnswer | undefined;
  readonly back: RouteAnswer | undefined;
  readonly backUnbound: RouteAnswer | undefined;
  readonly answersHere: boolean;
}

function viewOf(pair: Candidate, { ends }: Candidates, answers: Answers): View {
  const { sourceAddress: local, destinationAddress: remote } = pair;
  const [from, to] = [pair.source.port.name, pair.destination.port.name];
  const there = answers.source.get(remote, local);
  const thereUnbound = answers.source.get(remote);
  const back = answers.destination.get(local, remote);
  const leavesWhenBound = there === undefined || there.interface === from;
  const leavesByItself = leavesWhenBound && (thereUnbound === undefined || thereUnbound.interface === from);
  // Bound to the interface, a packet leaves there for what is on its link, whatever other routes there are.
  const canBeBound = hasLaminarEndpoints(ends.source.host) && (leavesWhenBound || pair.inOneSubnet);
  return {
    pair,
    host: ends.source.host,
    peer: ends.destination.host,
    from,
    to,
    isIpv4: familyOf(local) === 'ipv4',
    there,
    thereUnbound,
    back,
    backUnbound: answers.destination.get(local),
    leavesWhenBound,
    leavesByItself,
    canJoin: leavesByItself || canBeBound,
    answersHere: back === undefined || back.interface === to,
  };
}

interface Objection {
  readonly reason: LeftOutReason;
  readonly text: string;
  readonly fix?: Fix | undefined;
}

function ownAddress({ pair, host, peer, there, thereUnbound, back, backUnbound }: View): Objection | undefined {
  if (isLocal(there, thereUnbound)) {
    const text = `${pair.destinationAddress} is an address of ${host.id} too: what is sent there never leaves it.`;
    return { reason: 'local-to-source', text };
  }
  if (!isLocal(back, backUnbound)) return undefined;
  const text = `${pair.sourceAddress} is an address of ${peer.id} too: its answers never leave it.`;
  return { reason: 'local-to-destination', text };
}

/** Without an answer only a shared subnet speaks for a pair. */
function notKnown({ pair, host, peer, there, back }: View): Objection | undefined {
  if (pair.inOneSubnet || (there !== undefined && back !== undefined)) return undefined;
  return { reason: 'no-route', text: `It is not known how ${host.id} and ${peer.id} reach each other there.` };
}

function wrongWayThere({ pair, host, from, there, leavesWhenBound, canJoin, isIpv4 }: View): Objection | undefined {
  const { sourceAddress: local, destinationAddress: remote } = pair;
  if (leavesWhenBound) return undefined;
  const other = there?.interface;
  if (!canJoin) {
    const fix = onLinkRoute(pair, 'source');
    return other === undefined
      ? { reason: 'no-route', text: `${host.id} has no route to ${remote} from ${local}.`, fix }
      : {
          reason: 'leaves-elsewhere',
          text: `${host.id} sends packets from ${local} to ${remote} over ${other}, whose capacity this path would share.`,
          fix,
        };
  }
  if (!isIpv4 || !isStrict(host, from)) return undefined;
  return {
    reason: 'reverse-path-filter',
    text: `${host.id} drops the answers that arrive at ${from}: it reaches ${remote} over ${other ?? 'no interface'}, and its reverse path filter is strict.`,
    fix: loosen('source', from),
  };
}

function wrongWayBack({ pair, peer, to, back, answersHere, isIpv4 }: View): Objection | undefined {
  const { sourceAddress: local, inOneSubnet } = pair;
  if (answersHere) return undefined;
  const other = back?.interface;
  const fix = onLinkRoute(pair, 'destination');
  if (other === undefined) return { reason: 'no-route', text: `${peer.id} has no route back to ${local}.`, fix };
  if (isIpv4 && isStrict(peer, to)) {
    return {
      reason: 'reverse-path-filter',
      text: `${peer.id} drops what arrives at ${to} from ${local}: it answers over ${other}, and its reverse path filter is strict.`,
      fix: loosen('destination', to),
    };
  }
  // With ARP the source is found on any of its ports; with NDP only on the one that has the address.
  if (inOneSubnet && isIpv4) return undefined;
  return { reason: 'answers-elsewhere', text: `${peer.id} answers ${local} over ${other} instead of ${to}.`, fix };
}

function leftOutOf({ reason, text, fix }: Objection, { pair, from, to }: View): LeftOutPair {
  return {
    sourceInterface: from,
    sourceAddress: pair.sourceAddress,
    destinationInterface: to,
    destinationAddress: pair.destinationAddress,
    reason,
    text,
    ...(fix ? { command: fix.command, commandSide: fix.side } : {}),
  };
}

function isStrict(host: HostNetwork, interfaceName: string): boolean {
  return effectiveSetting(host, 'rp_filter', interfaceName) === 1;
}

function loosen(side: Side, interfaceName: string): Fix {
  return { side, command: settingCommand('ipv4', interfaceName, 'rp_filter', 2) };
}

interface Fix {
  readonly side: Side;
  readonly command: string;
}

/** Through which gateway a port reaches what is not on its link, only the operator knows. */
function onLinkRoute(
  { source, sourceAddress, destination, destinationAddress, inOneSubnet }: Candidate,
  side: Side,
): Fix | undefined {
  if (!inOneSubnet) return undefined;
  const route =
    side === 'source'
      ? { to: destinationAddress, interface: source.port.name, source: sourceAddress }
      : { to: sourceAddress, interface: destination.port.name, source: destinationAddress };
  return { side, command: hostRouteCommand({ ...route, gateway: undefined }) };
}

function areOneVeth(one: NetworkInterface, other: NetworkInterface): boolean {
  return one.peerIndex === other.index && other.peerIndex === one.index;
}

function isLocal(...answers: readonly (RouteAnswer | undefined)[]): boolean {
  return answers.some((answer) => answer?.local === true);
}

/**
 * Linux answers ARP for all of its addresses on all of its interfaces, unless `arp_ignore` or `arp_filter` is set
 * (Documentation/networking/ip-sysctl.rst): which of them gets the packets is a matter of which answer is first.
 */
function arpRivals(
  { pair, peer, to, isIpv4, answersHere }: View,
  others: Candidates['usable']['destination'],
): Candidates['usable']['destination'] {
  if (!isIpv4 || !pair.inOneSubnet) return [];
  return others.filter(({ port, addresses }) => {
    if (port.name === to) return false;
    if (!addresses.some(({ address, prefixLength }) => inSubnet(pair.sourceAddress, address, prefixLength)))
      return false;
    if (effectiveSetting(peer, 'arp_ignore', port.name) > 0) return false;
    return !(answersHere && effectiveSetting(peer, 'arp_filter', port.name) > 0);
  });
}
