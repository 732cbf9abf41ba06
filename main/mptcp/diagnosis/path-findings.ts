import { constants } from 'node:os';
import type { MptcpEndpoint, NetworkInterface } from '#contract/host.ts';
import type { Path, Side } from '#contract/migration.ts';
import { addEndpointCommand, removeEndpointCommand, setLimitsCommand } from '#contract/mptcp-commands.ts';
import { inSubnet } from '#main/mptcp/subnet.ts';
import type { SubflowEnds } from '#main/engine/ports.ts';
import { type Evidence, type Finding, risen, type SideEvidence, sysctl } from './evidence.ts';

const { ECONNREFUSED, ECONNRESET, EHOSTUNREACH, ENETUNREACH, ETIMEDOUT } = constants.errno;
/** A subflow that ends this soon after it was established was turned away, not lost: the refusal takes one round trip. */
const turnedAwayWithinMs = 1000;

type Recogniser = (evidence: Evidence, missing: readonly Path[]) => readonly Finding[];

/**
 * Why an MPTCP connection uses fewer paths than there are: every cause that is recognised, a host's own settings before
 * those of single paths. Empty when all paths are in use.
 */
export function findMissingPaths(evidence: Evidence): Finding[] {
  const missing = evidence.paths.filter((path) => !isInUse(path, evidence));
  if (missing.length === 0) return [];
  return recognisers.flatMap((recognise) => recognise(evidence, missing));
}

const recognisers: readonly Recogniser[] = [
  ({ source, destination }) =>
    (['source', 'destination'] as const).flatMap((name) => {
      const side = name === 'source' ? source : destination;
      return sysctl(side, 'mptcp/pm_type') === 1 || side.host.mptcp.sysctls['mptcp/path_manager'] === 'userspace'
        ? [
            {
              kind: 'userspace-path-manager',
              side: name,
              sentence: `${side.host.id} leaves its paths to a program of its own (path_manager is userspace): the kernel makes none.`,
              command:
                side.host.mptcp.sysctls['mptcp/path_manager'] === undefined
                  ? 'sysctl -w net.mptcp.pm_type=0'
                  : 'sysctl -w net.mptcp.path_manager=kernel',
            } as const,
          ]
        : [];
    }),

  linksDown,
  announcements,
  limits,

  ({ source, destination }, missing) =>
    missing.length > 0 &&
    sysctl(destination, 'mptcp/allow_join_initial_addr_port') === 0 &&
    source.host.mptcp.endpoints.some(({ flags }) => flags.includes('subflow') || flags.includes('fullmesh'))
      ? [
          {
            kind: 'joins-denied',
            side: 'destination',
            sentence: `${destination.host.id} takes no further subflows at the address it is reached at first.`,
            command: 'sysctl -w net.mptcp.allow_join_initial_addr_port=1',
          },
        ]
      : [],

  refusedJoins,
  unansweredJoins,

  ({ connection }) =>
    uniqueByAddress(connection.closed.filter(({ errno }) => errno === ECONNRESET)).map((subflow) => ({
      kind: 'path-reset',
      side: 'source',
      sentence: `The path ${arrow(subflow)} was reset: something on it removes TCP option 30 or ends the connection.`,
    })),

  silentPaths,
];

/** An interface that somebody switched off, or whose cable or peer is gone. */
function linksDown({ source, destination, connection }: Evidence, missing: readonly Path[]): Finding[] {
  const others = whatOthersDo(connection);
  return missing.flatMap((path): Finding[] => {
    const down = linkDownOn({ source, destination }, path);
    if (down === undefined) return [];
    const { side, interface: port } = down;
    const id = (side === 'source' ? source : destination).host.id;
    return port.up
      ? [{ kind: 'link-down', side, sentence: `${port.name} of ${id} has no link${others}.` }]
      : [
          {
            kind: 'link-down',
            side,
            sentence: `${port.name} of ${id} is switched off${others}.`,
            command: `ip link set ${port.name} up`,
          },
        ];
  });
}

/** The end that is to blame: a port that is switched off takes the link from the other one. */
function linkDownOn(
  { source, destination }: Pick<Evidence, 'source' | 'destination'>,
  path: Path,
): { side: Side; interface: NetworkInterface } | undefined {
  const ends = [
    { side: 'source', interface: source.host.interfaces.find(({ name }) => name === path.sourceInterface) },
    {
      side: 'destination',
      interface: destination.host.interfaces.find(({ name }) => name === path.destinationInterface),
    },
  ] as const;
  const known = ends.flatMap(({ side, interface: port }) => (port ? [{ side, interface: port }] : []));
  return known.find((end) => !end.interface.up) ?? known.find((end) => !end.interface.carrier);
}

/** Established paths on which nothing comes back although both ends have a link. */
function silentPaths({ connection, source, destination, paths }: Evidence): Finding[] {
  const silent = connection.subflows.filter(({ state }) => state === 'stale' || state === 'failing');
  return uniqueByAddress(silent).flatMap((subflow): Finding[] => {
    const path = paths.find(({ sourceAddress }) => sourceAddress === subflow.localAddress);
    if (path && linkDownOn({ source, destination }, path)) return [];
    const endpoint = destination.host.mptcp.endpoints.find(({ address }) => address === subflow.remoteAddress);
    return [
      {
        kind: 'path-down',
        side: 'destination',
        sentence: `Nothing comes back on the path ${arrow(subflow)}${whatOthersDo(connection)}. Once it works again, announcing it anew brings it back at once.`,
        ...(endpoint ? { command: announceAnew(endpoint) } : {}),
      },
    ];
  });
}

/** Nothing on the source makes joins by itself, so each further address of the destination has to be announced to it. */
function announcements({ source, destination, listener }: Evidence, missing: readonly Path[]): Finding[] {
  const joinsByItself = source.host.mptcp.endpoints.some(
    ({ flags }) => flags.includes('subflow') || flags.includes('fullmesh'),
  );
  if (joinsByItself) return [];
  const endpointOf = (path: Path) =>
    destination.host.mptcp.endpoints.find(({ address }) => address === path.destinationAddress);
  const findings = missing.flatMap((path): Finding[] => {
    const endpoint = endpointOf(path);
    if (endpoint?.flags.includes('signal') === true) return [];
    const announced = {
      address: path.destinationAddress,
      interface: path.destinationInterface,
      flags: ['signal' as const],
      ...(isWildcard(listener.address) ? {} : { port: listener.port }),
    };
    return endpoint
      ? [
          {
            kind: 'announced-as-subflow',
            side: 'destination',
            sentence: `${destination.host.id} keeps ${path.destinationAddress} for connections of its own (${endpoint.flags.join(', ')}) and does not announce it; NetworkManager and mptcpd set it up so.`,
            command: `${removeEndpointCommand(endpoint)} && ${addEndpointCommand(announced)}`,
          },
        ]
      : [
          {
            kind: 'nothing-announced',
            side: 'destination',
            sentence: `${destination.host.id} does not announce ${path.destinationAddress}, so ${source.host.id} never tries ${path.sourceInterface}.`,
            command: addEndpointCommand(announced),
          },
        ];
  });
  const sent = risen(destination, 'AddAddrTx');
  if (findings.length > 0 || missing.length === 0 || sent === 0 || risen(source, 'AddAddr') > 0) return findings;
  return [
    {
      kind: 'announcement-lost',
      side: 'source',
      sentence: `${destination.host.id} announced ${sent === 1 ? 'an address' : `${sent} addresses`} and ${source.host.id} received none: something between the hosts removes or damages TCP option 30.`,
    },
  ];
}

function limits({ source, destination, paths, connection }: Evidence, missing: readonly Path[]): Finding[] {
  const extra = paths.length - 1;
  const findings: Finding[] = [];
  const own = source.host.mptcp.limits;
  if (missing.length > 0 && own && (own.subflows < extra || own.addAddrAccepted < extra)) {
    const [subflows, addAddrAccepted] = [Math.max(extra, own.subflows), Math.max(extra, own.addAddrAccepted)];
    findings.push({
      kind: 'source-limits',
      side: 'source',
      sentence: `${source.host.id} allows ${own.subflows} further subflows and accepts ${own.addAddrAccepted} announced addresses; ${paths.length} paths need ${extra} of each.`,
      command: setLimitsCommand({ subflows, addAddrAccepted }),
    });
  }
  const turnedAway = connection.closed.some(
    ({ errno, livedMs }) => errno === undefined && livedMs !== undefined && livedMs < turnedAwayWithinMs,
  );
  const theirs = destination.host.mptcp.limits;
  const tooFew = theirs !== undefined && theirs.subflows < extra;
  if (
    risen(destination, 'MPJoinRejected') > 0 ||
    (missing.length > 0 && (tooFew || (turnedAway && theirs === undefined)))
  ) {
    findings.push({
      kind: 'destination-limits',
      side: 'destination',
      sentence: `${destination.host.id} turned a subflow away: it allows ${theirs?.subflows ?? 'fewer'} further subflows, and ${paths.length} paths need ${extra}.`,
      command: setLimitsCommand({
        subflows: Math.max(extra, theirs?.subflows ?? 0),
        addAddrAccepted: theirs?.addAddrAccepted ?? 0,
      }),
    });
  }
  return findings;
}

/** Joins that the destination or the network answered with an error. */
function refusedJoins({ source, destination, connection, listener, paths }: Evidence): Finding[] {
  return uniqueByAddress(connection.closed).flatMap((subflow): Finding[] => {
    if (subflow.errno === ECONNREFUSED) {
      const path = paths.find(({ destinationAddress }) => destinationAddress === subflow.remoteAddress);
      return [
        {
          kind: 'listener-on-one-address',
          side: 'destination',
          sentence: `${destination.host.id} refuses subflows at ${subflow.remoteAddress}: its QEMU listens on ${listener.address} alone. Let it listen on every address, or let the kernel listen there itself.`,
          command: addEndpointCommand({
            address: subflow.remoteAddress,
            ...(path ? { interface: path.destinationInterface } : {}),
            flags: ['signal'],
            port: listener.port,
          }),
        },
      ];
    }
    if (subflow.errno === EHOSTUNREACH || subflow.errno === ENETUNREACH) {
      return [
        {
          kind: 'join-without-route',
          side: 'source',
          sentence: `${source.host.id} does not reach ${subflow.remoteAddress} from ${subflow.localAddress}: no route, or nobody there answers.`,
          command: `ip route get ${subflow.remoteAddress} from ${subflow.localAddress}`,
        },
      ];
    }
    return [];
  });
}

/** Joins whose packets vanish, while they are being tried and after the kernel has given up. */
function unansweredJoins({ source, destination, connection, listener }: Evidence): Finding[] {
  const unanswered = uniqueByAddress([
    ...connection.closed.filter(({ errno }) => errno === ETIMEDOUT),
    ...connection.subflows.filter(({ state }) => state === 'joining'),
  ]);
  return unanswered.map((subflow): Finding => {
    const from = interfaceWith(source, subflow.localAddress);
    const to = interfaceWith(destination, subflow.remoteAddress);
    const local = from?.addresses.find(({ address }) => address === subflow.localAddress);
    // Both filters act only where an address is spoken to over another link than its own.
    const crossesLinks = local !== undefined && !inSubnet(subflow.remoteAddress, local.address, local.prefixLength);
    if (from && crossesLinks && effective(source, 'rp_filter', from.name) === 1) {
      return {
        kind: 'join-filtered-by-source',
        side: 'source',
        sentence: `${source.host.id} throws away the answers on ${from.name}: its reverse path filter expects ${subflow.remoteAddress} elsewhere.`,
        command: `sysctl -w net.ipv4.conf.${from.name}.rp_filter=2`,
      };
    }
    if (to && crossesLinks && (effective(destination, 'arp_ignore', to.name) ?? 0) > 0) {
      return {
        kind: 'join-unanswered-by-neighbour',
        side: 'destination',
        sentence: `${destination.host.id} does not answer for ${subflow.remoteAddress} on other interfaces than ${to.name} (arp_ignore).`,
        command: 'sysctl -w net.ipv4.conf.all.arp_ignore=0',
      };
    }
    return {
      kind: 'join-dropped',
      side: 'destination',
      sentence: `Nobody answers the subflow ${arrow(subflow)}: a firewall drops it. TCP port ${listener.port} and TCP option 30 must pass on every path, not on the first alone.`,
      command: `iptables -I INPUT ${to ? `-i ${to.name} ` : ''}-p tcp --dport ${listener.port} -j ACCEPT`,
    };
  });
}

function interfaceWith({ host }: SideEvidence, wanted: string): NetworkInterface | undefined {
  return host.interfaces.find(({ addresses }) => addresses.some(({ address }) => address === wanted));
}

/** The kernel takes the stricter of the interface's own and the common setting. */
function effective(side: SideEvidence, name: string, interfaceName: string): number | undefined {
  const values = [sysctl(side, `ipv4/conf/all/${name}`), sysctl(side, `ipv4/conf/${interfaceName}/${name}`)];
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}

/** A path is used once a subflow leaves by its interface, whichever address it goes to. */
function isInUse(path: Path, { connection }: Evidence): boolean {
  return connection.subflows.some(
    ({ state, localAddress, interface: name }) =>
      (state === 'active' || state === 'backup') &&
      (localAddress === path.sourceAddress || name === path.sourceInterface),
  );
}

/** Removing an endpoint and adding it again makes the kernel announce it once more, to live connections as well. */
function announceAnew(endpoint: MptcpEndpoint): string {
  return `${removeEndpointCommand(endpoint)} && ${addEndpointCommand(endpoint)}`;
}

function isWildcard(address: string): boolean {
  return address === '0.0.0.0' || address === '::' || address === '';
}

/** When the whole connection has come to a halt there is nothing to comfort with. */
function whatOthersDo({ subflows }: Evidence['connection']): string {
  return subflows.some(({ state }) => state === 'active' || state === 'backup')
    ? '; the other paths carry its data'
    : '';
}

function arrow({ localAddress, remoteAddress }: SubflowEnds): string {
  return `${localAddress} → ${remoteAddress}`;
}

/** With parallel connections the same path fails once for each of them. */
function uniqueByAddress<Subflow extends SubflowEnds>(subflows: readonly Subflow[]): Subflow[] {
  return [...new Map(subflows.map((subflow) => [arrow(subflow), subflow])).values()];
}
