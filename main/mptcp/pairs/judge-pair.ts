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
export function judgePair(pair: Candidate, { ends, usable }: Candidates, answers: Answers): Verdict {
  const { sourceAddress: local, destinationAddress: remote, source, destination } = pair;
  const [from, to] = [source.port.name, destination.port.name];
  const [host, peer] = [ends.source.host, ends.destination.host];
  const there = answers.source.get(remote, local);
  const thereUnbound = answers.source.get(remote);
  const back = answers.destination.get(local, remote);
  const backUnbound = answers.destination.get(local);
  const reject = (reason: LeftOutReason, text: string, fix?: Fix): Verdict => ({
    rejected: {
      pair,
      halfWorks: there?.interface === from,
      leftOut: {
        sourceInterface: from,
        sourceAddress: local,
        destinationInterface: to,
        destinationAddress: remote,
        reason,
        text,
        ...(fix ? { command: fix.command, commandSide: fix.side } : {}),
      },
    },
  });

  if (isLocal(there, thereUnbound)) {
    return reject('local-to-source', `${remote} is an address of ${host.id} too: what is sent there never leaves it.`);
  }
  if (isLocal(back, backUnbound)) {
    return reject('local-to-destination', `${local} is an address of ${peer.id} too: its answers never leave it.`);
  }
  // Without an answer only a shared subnet speaks for it.
  const isKnown = there !== undefined && back !== undefined;
  if (!isKnown && !pair.inOneSubnet) {
    return reject('no-route', `It is not known how ${host.id} and ${peer.id} reach each other there.`);
  }

  const leavesWhenBound = there === undefined || there.interface === from;
  const leavesByItself = leavesWhenBound && (thereUnbound === undefined || thereUnbound.interface === from);
  // Bound to the interface, a packet leaves there for what is on its link, whatever other routes there are.
  const canJoin = leavesByItself || (hasLaminarEndpoints(host) && (leavesWhenBound || pair.inOneSubnet));
  if (!leavesWhenBound && !canJoin) {
    const fix = onLinkRoute(pair, 'source');
    return there?.interface === undefined
      ? reject('no-route', `${host.id} has no route to ${remote} from ${local}.`, fix)
      : reject(
          'leaves-elsewhere',
          `${host.id} sends what goes from ${local} to ${remote} over ${there.interface}, whose capacity it would share.`,
          fix,
        );
  }
  const isIpv4 = familyOf(local) === 'ipv4';
  if (isIpv4 && !leavesWhenBound && effectiveSetting(host, 'rp_filter', from) === 1) {
    return reject(
      'reverse-path-filter',
      `${host.id} drops the answers that arrive at ${from}: it reaches ${remote} over ${there?.interface ?? 'no interface'}, and its reverse path filter is strict.`,
      { side: 'source', command: settingCommand('ipv4', from, 'rp_filter', 2) },
    );
  }
  const answersHere = back === undefined || back.interface === to;
  if (!answersHere) {
    const fix = onLinkRoute(pair, 'destination');
    if (back.interface === undefined) {
      return reject('no-route', `${peer.id} has no route back to ${local}.`, fix);
    }
    if (isIpv4 && effectiveSetting(peer, 'rp_filter', to) === 1) {
      return reject(
        'reverse-path-filter',
        `${peer.id} drops what arrives at ${to} from ${local}: it answers over ${back.interface}, and its reverse path filter is strict.`,
        { side: 'destination', command: settingCommand('ipv4', to, 'rp_filter', 2) },
      );
    }
    if (!pair.inOneSubnet) {
      return reject('answers-elsewhere', `${peer.id} answers ${local} over ${back.interface} instead of ${to}.`, fix);
    }
  }
  const rivals = isIpv4 && pair.inOneSubnet ? arpRivals(pair, peer, usable.destination, answersHere) : [];
  return {
    agreed: {
      ...pair,
      leavesByItself,
      leavesWhenBound,
      canJoin,
      gateway: there?.gateway,
      cabled: ends.source.sameMachine && areOneVeth(source.port, destination.port),
      answeredBy: rivals.map(({ port }) => port.name),
      arrivesAt: [...destination.physicalPorts, ...rivals.flatMap(({ physicalPorts }) => physicalPorts)],
    },
  };
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
  { sourceAddress, destination }: Candidate,
  peer: HostNetwork,
  others: Candidates['usable']['destination'],
  answersHere: boolean,
): Candidates['usable']['destination'] {
  return others.filter(({ port, addresses }) => {
    if (port.name === destination.port.name) return false;
    if (!addresses.some(({ address, prefixLength }) => inSubnet(sourceAddress, address, prefixLength))) return false;
    if (effectiveSetting(peer, 'arp_ignore', port.name) > 0) return false;
    return !(answersHere && effectiveSetting(peer, 'arp_filter', port.name) > 0);
  });
}
