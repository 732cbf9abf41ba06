import { interfaceSetting, settingCommand } from '#contract/sysctl-commands.ts';
import { shellWord } from '#contract/plain-text.ts';
import { constants } from 'node:os';
import type { Path } from '#contract/migration.ts';
import { addEndpointCommand } from '#contract/mptcp-commands.ts';
import type { SubflowEnds } from '#main/engine/ports.ts';
import { inSubnet } from '#main/mptcp/subnet.ts';
import { type Evidence, type Finding, risen, type SideEvidence, sysctl } from './evidence.ts';
import {
  arrow,
  carries,
  endedAtOnce,
  endedForGood,
  endpointAt,
  interfaceWith,
  isWildcard,
  joinsByItself,
  type PathRecogniser,
  uniqueByAddress,
} from './missing-path.ts';

const { ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, ETIMEDOUT } = constants.errno;

/** Subflows that the source tried to make and that came to nothing. */
export const joinRecognisers: readonly PathRecogniser[] = [
  misroutedJoins,
  refusedJoins,
  strippedJoins,
  unansweredJoins,
];

/** An announced address that the source's routes do not lead to, or by another of its links. */
function misroutedJoins({ source, destination, connection }: Evidence, missing: readonly Path[]): Finding[] {
  // Endpoints of its own may cross the links on purpose.
  if (joinsByItself(source)) return [];
  const announced = missing.filter(
    ({ destinationAddress }) => endpointAt(destination, destinationAddress)?.flags.includes('signal') === true,
  );
  return announced.flatMap((path): Finding[] => {
    const tries = [...connection.subflows, ...connection.closed].filter(
      ({ remoteAddress }) => remoteAddress === path.destinationAddress,
    );
    const elsewhere = connection.subflows.find(
      (subflow) =>
        carries(subflow) &&
        subflow.remoteAddress === path.destinationAddress &&
        subflow.interface !== undefined &&
        subflow.interface !== path.sourceInterface,
    );
    if (elsewhere?.interface !== undefined) {
      return [
        {
          kind: 'join-on-another-link',
          side: 'source',
          sentence: `${source.host.id} reaches ${path.destinationAddress} by ${elsewhere.interface}: its routes send nothing through ${path.sourceInterface}.`,
          command: routeCommand(source, path),
        },
      ];
    }
    if (tries.length > 0 || risen(source, 'MPJoinSynTxConnectErr') === 0) return [];
    return [
      {
        kind: 'join-without-route',
        side: 'source',
        sentence: `${source.host.id} has no route to ${path.destinationAddress}, so it can not use ${path.sourceInterface}.`,
        command: routeCommand(source, path),
      },
    ];
  });
}

/** Where both ends share a subnet the route is known; else there is a gateway, which only its owner knows. */
function routeCommand(source: SideEvidence, path: Path): string {
  const { sourceInterface, sourceAddress, destinationAddress } = path;
  const own = interfaceWith(source, sourceAddress)?.addresses.find(({ address }) => address === sourceAddress);
  return own && inSubnet(destinationAddress, own.address, own.prefixLength)
    ? `ip route replace ${destinationAddress} dev ${shellWord(sourceInterface)} src ${sourceAddress}`
    : `ip route get ${destinationAddress} from ${sourceAddress}`;
}

/** No machine on its link answers for its address: the kernel ends such a join as it ends one that a firewall rejects. */
function isWithoutNeighbour({ unansweredNeighbours = [] }: Evidence, { remoteAddress }: SubflowEnds): boolean {
  return unansweredNeighbours.includes(remoteAddress);
}

/** Joins that the destination or the network answered with an error. */
function refusedJoins(evidence: Evidence): Finding[] {
  const { source, destination, connection, listener, paths } = evidence;
  return endedForGood(connection).flatMap((subflow): Finding[] => {
    if (isWithoutNeighbour(evidence, subflow)) return [];
    // A firewall may answer as a closed port does; nothing else refuses where QEMU listens on every address.
    if (subflow.errno === EHOSTUNREACH || (subflow.errno === ECONNREFUSED && isWildcard(listener.address))) {
      return [
        {
          kind: 'join-rejected',
          side: 'destination',
          sentence: `The subflow ${arrow(subflow)} is rejected, by a firewall or a router on the way or by the firewall of ${destination.host.id}. TCP port ${listener.port} must be open on every path, not on the first alone.`,
          command: openPortCommand(destination, subflow.remoteAddress, `--dport ${listener.port}`),
        },
      ];
    }
    if (subflow.errno === ECONNREFUSED) {
      const path = paths.find(({ destinationAddress }) => destinationAddress === subflow.remoteAddress);
      const where = listener.address === '' ? 'one address' : listener.address;
      return [
        {
          kind: 'listener-on-one-address',
          side: 'destination',
          sentence: `${destination.host.id} refuses subflows at ${subflow.remoteAddress}: its QEMU listens on ${where} alone. Let it listen on every address, or let the kernel listen there itself.`,
          command: addEndpointCommand({
            address: subflow.remoteAddress,
            ...(path ? { interface: path.destinationInterface } : {}),
            flags: ['signal'],
            port: listener.port,
          }),
        },
      ];
    }
    if (subflow.errno === ENETUNREACH) {
      return [
        {
          kind: 'join-without-route',
          side: 'source',
          sentence: `${source.host.id} does not reach ${subflow.remoteAddress} from ${subflow.localAddress}: a router on the way knows no route.`,
          command: `ip route get ${subflow.remoteAddress} from ${subflow.localAddress}`,
        },
      ];
    }
    return [];
  });
}

/**
 * The source resets a subflow whose handshake comes back without the option, and so does the destination when the last
 * packet of the handshake lacks it. A limit of the destination shows in the same way, but is counted.
 */
function strippedJoins({ source, destination, connection, paths }: Evidence): Finding[] {
  if (risen(source, 'MPRstTx') === 0) return [];
  const limit = destination.host.mptcp.limits?.subflows ?? 0;
  const mayBeLimit = risen(destination, 'MPJoinRejected') > 0 || limit < paths.length - 1;
  return endedForGood(connection)
    .filter((subflow) => {
      const neverEstablished = subflow.errno === undefined && subflow.livedMs === undefined;
      return neverEstablished || (endedAtOnce(subflow) && !mayBeLimit);
    })
    .map((subflow) => ({
      kind: 'join-stripped',
      side: 'source',
      sentence: `Something on the path ${arrow(subflow)} removes TCP option 30, so ${source.host.id} can not join a subflow there: the option must pass on every path, not on the first alone.`,
    }));
}

/** Joins whose packets vanish, while they are being tried and after the kernel has given up. */
function unansweredJoins(evidence: Evidence): Finding[] {
  const { connection } = evidence;
  return uniqueByAddress<SubflowEnds>([
    ...endedForGood(connection).filter((each) => each.errno === ETIMEDOUT || isWithoutNeighbour(evidence, each)),
    ...connection.subflows.filter(({ state }) => state === 'joining'),
  ]).map((subflow) => whyUnanswered(evidence, subflow));
}

function arrivalOf(paths: readonly Path[], { localAddress }: SubflowEnds): string | undefined {
  return paths.find(({ sourceAddress }) => sourceAddress === localAddress)?.destinationInterface;
}

/** The filters of both hosts act only where an address is spoken to over another link than its own. */
function crossesLinks(source: SideEvidence, { localAddress, remoteAddress }: SubflowEnds): boolean {
  const from = interfaceWith(source, localAddress);
  const local = from?.addresses.find(({ address }) => address === localAddress);
  return local !== undefined && !inSubnet(remoteAddress, local.address, local.prefixLength);
}

function whyUnanswered(evidence: Evidence, subflow: SubflowEnds): Finding {
  const { source, destination, listener, paths } = evidence;
  const { localAddress, remoteAddress } = subflow;
  const from = interfaceWith(source, localAddress);
  const to = interfaceWith(destination, remoteAddress);
  const crosses = crossesLinks(source, subflow);
  const isBound = endpointAt(source, localAddress)?.interface !== undefined;
  const wasHeard = risen(destination, 'MPJoinSynRx') > risen(source, 'MPJoinSynAckRx');

  if (crosses && to && !isBound && !wasHeard && effective(destination, 'rp_filter', to.name) === 1) {
    return {
      kind: 'join-filtered-by-destination',
      side: 'destination',
      sentence: `${destination.host.id} throws away the subflow ${arrow(subflow)} on ${to.name}: its reverse path filter expects ${localAddress} elsewhere.`,
      command: looseFilterCommand(to.name),
    };
  }
  if (crosses && from && effective(source, 'rp_filter', from.name) === 1) {
    return {
      kind: 'join-filtered-by-source',
      side: 'source',
      sentence: `${source.host.id} throws away the answers on ${from.name}: its reverse path filter expects ${remoteAddress} elsewhere.`,
      command: looseFilterCommand(from.name),
    };
  }
  const arrivesOn = arrivalOf(paths, subflow);
  if (crosses && arrivesOn !== undefined && (effective(destination, 'arp_ignore', arrivesOn) ?? 0) > 0) {
    return {
      kind: 'join-unanswered-by-neighbour',
      side: 'destination',
      sentence: `${destination.host.id} does not answer on ${arrivesOn} for its address ${remoteAddress} (arp_ignore).`,
      command: answerArpCommand(destination, arrivesOn),
    };
  }
  if (isWithoutNeighbour(evidence, subflow)) {
    const link = from === undefined ? '' : ` on ${from.name} of ${source.host.id}`;
    return {
      kind: 'join-without-neighbour',
      side: 'source',
      sentence: `No machine answers for ${remoteAddress}${link}: that link does not lead to ${destination.host.id}. Check cables, switch ports and VLANs.`,
    };
  }
  return wasHeard
    ? {
        kind: 'join-dropped',
        side: 'source',
        sentence: `${destination.host.id} answers the subflow ${arrow(subflow)} and ${source.host.id} hears nothing: a firewall drops the answers. What comes from TCP port ${listener.port} must pass on every path, not on the first alone.`,
        command: openPortCommand(source, localAddress, `--sport ${listener.port}`),
      }
    : {
        kind: 'join-dropped',
        side: 'destination',
        sentence: `There is no answer to the subflow ${arrow(subflow)}: a firewall on the way, or that of ${destination.host.id}, drops it. TCP port ${listener.port} and TCP option 30 must pass on every path, not on the first alone.`,
        command: openPortCommand(destination, remoteAddress, `--dport ${listener.port}`),
      };
}

function openPortCommand(side: SideEvidence, address: string, port: string): string {
  const at = interfaceWith(side, address);
  return `iptables -I INPUT ${at ? `-i ${at.name} ` : ''}-p tcp ${port} -j ACCEPT`;
}

/** The kernel takes the larger of the interface's own and the common setting, and loose is larger than strict. */
function looseFilterCommand(name: string): string {
  return settingCommand('ipv4', name, 'rp_filter', 2);
}

function answerArpCommand(side: SideEvidence, name: string): string {
  const strict = ['all', name].filter((scope) => (sysctl(side, `ipv4/conf/${scope}/arp_ignore`) ?? 0) > 0);
  return `sysctl -w ${strict.map((scope) => interfaceSetting('ipv4', scope, 'arp_ignore', 0)).join(' ')}`;
}

/** The kernel takes the stricter of the interface's own and the common setting. */
function effective(side: SideEvidence, name: string, interfaceName: string): number | undefined {
  const values = [sysctl(side, `ipv4/conf/all/${name}`), sysctl(side, `ipv4/conf/${interfaceName}/${name}`)];
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}
