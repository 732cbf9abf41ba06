import type { MptcpLimits } from '#contract/host.ts';
import type { Path } from '#contract/migration.ts';
import { removeEndpointCommand, setLimitsCommand } from '#contract/mptcp-commands.ts';
import { type Evidence, type Finding, risen, type SideEvidence, sysctl } from './evidence.ts';
import {
  announceCommand,
  endedAtOnce,
  endedForGood,
  endpointAt,
  joinsByItself,
  type PathRecogniser,
} from './missing-path.ts';

/** The kernel's own bounds (net/mptcp/pm_kernel.c). */
const mostSubflows = 8;
const mostEndpoints = 8;

/** How the path managers of both hosts are set, and what keeps them from ever trying a path. */
export const settingRecognisers: readonly PathRecogniser[] = [
  userspacePathManagers,
  announcements,
  sourceLimits,
  destinationLimits,
  deniedJoins,
];

function userspacePathManagers(evidence: Evidence): Finding[] {
  return (['source', 'destination'] as const).flatMap((side): Finding[] => {
    const { host } = evidence[side];
    const manager = host.mptcp.sysctls['mptcp/path_manager'];
    if (manager !== 'userspace' && sysctl(evidence[side], 'mptcp/pm_type') !== 1) return [];
    return [
      {
        kind: 'userspace-path-manager',
        side,
        sentence: `${host.id} leaves its paths to a program of its own (path_manager is userspace): the kernel makes none.`,
        command: manager === undefined ? 'sysctl -w net.mptcp.pm_type=0' : 'sysctl -w net.mptcp.path_manager=kernel',
      },
    ];
  });
}

/**
 * Where the source makes no joins by itself, each address of the destination has to be announced to it, but for the first,
 * at which the connection was made.
 */
function announcements({ source, destination, paths, listener }: Evidence, missing: readonly Path[]): Finding[] {
  if (joinsByItself(source)) return [];
  const findings = missing
    .filter((path) => path !== paths[0])
    .flatMap((path): Finding[] => {
      const endpoint = endpointAt(destination, path.destinationAddress);
      if (endpoint?.flags.includes('signal') === true) return [];
      const announce = announceCommand(path, listener);
      return endpoint
        ? [
            {
              kind: 'announced-as-subflow',
              side: 'destination',
              sentence: `${destination.host.id} keeps ${path.destinationAddress} for connections of its own (${endpoint.flags.join(', ')}) and does not announce it; NetworkManager and mptcpd set it up so.`,
              command: `${removeEndpointCommand(endpoint)} && ${announce}`,
            },
          ]
        : [nothingAnnounced({ source, destination }, path, announce)];
    });
  // The kernel sends an announcement again until it is echoed, so how many were sent is not how many there are.
  if (findings.length > 0 || risen(destination, 'AddAddrTx') === 0 || risen(source, 'AddAddr') > 0) return findings;
  return [
    {
      kind: 'announcement-lost',
      side: 'source',
      sentence: `${destination.host.id} announces its addresses and ${source.host.id} receives none: something between the hosts drops or damages packets with TCP option 30.`,
    },
  ];
}

function nothingAnnounced(
  { source, destination }: Pick<Evidence, 'source' | 'destination'>,
  path: Path,
  command: string,
): Finding {
  const { id, mptcp } = destination.host;
  const sentence = `${id} does not announce ${path.destinationAddress}, so ${source.host.id} never tries ${path.sourceInterface}.`;
  const kept = mptcp.endpoints.filter(({ flags }) => !flags.includes('implicit')).length;
  return kept < mostEndpoints
    ? { kind: 'nothing-announced', side: 'destination', sentence, command }
    : {
        kind: 'nothing-announced',
        side: 'destination',
        sentence: `${sentence} It keeps ${kept} endpoints, and the kernel allows no more: one has to be removed first.`,
        command: 'ip mptcp endpoint show',
      };
}

function sourceLimits({ source, destination, paths }: Evidence): Finding[] {
  const own = source.host.mptcp.limits;
  if (own === undefined) return [];
  const needed = Math.min(mostSubflows, paths.length - 1);
  const announced = destination.host.mptcp.endpoints.some(({ flags }) => flags.includes('signal'));
  // What the source makes from endpoints of its own takes no announcement.
  const accepted = joinsByItself(source) && !announced ? 0 : needed;
  if (own.subflows >= needed && own.addAddrAccepted >= accepted) return [];
  return [
    {
      kind: 'source-limits',
      side: 'source',
      sentence:
        accepted === 0
          ? `${source.host.id} allows ${own.subflows} further subflows; ${paths.length} paths need ${needed}.`
          : `${source.host.id} allows ${own.subflows} further subflows and accepts ${own.addAddrAccepted} announced addresses; ${paths.length} paths need ${needed} of each.`,
      command: setLimitsCommand({
        subflows: Math.max(needed, own.subflows),
        addAddrAccepted: Math.max(accepted, own.addAddrAccepted),
      }),
    },
  ];
}

function destinationLimits({ destination, paths, connection }: Evidence): Finding[] {
  const needed = Math.min(mostSubflows, paths.length - 1);
  const theirs = destination.host.mptcp.limits;
  const tooFew = theirs === undefined ? endedForGood(connection).some(endedAtOnce) : theirs.subflows < needed;
  if (risen(destination, 'MPJoinRejected') === 0 && !tooFew) return [];
  if (theirs && theirs.subflows >= needed) return [lostSubflowsCounted(destination, theirs)];
  return [
    {
      kind: 'destination-limits',
      side: 'destination',
      sentence: `${destination.host.id} turned a subflow away: it allows ${theirs?.subflows ?? 'fewer'} further subflows, and ${paths.length} paths need ${needed}.`,
      command: setLimitsCommand({
        subflows: Math.max(needed, theirs?.subflows ?? 0),
        addAddrAccepted: theirs?.addAddrAccepted ?? 0,
      }),
    },
  ];
}

/** Measured on 6.18: of a connection that has lost subflows to resets, the accepting kernel continues to count them. */
function lostSubflowsCounted({ host }: SideEvidence, { subflows, addAddrAccepted }: MptcpLimits): Finding {
  const sentence = `${host.id} turned a subflow away although it allows ${subflows} further ones: of this connection its kernel still counts some that were reset.`;
  return subflows < mostSubflows
    ? {
        kind: 'destination-limits',
        side: 'destination',
        sentence: `${sentence} A higher limit makes room for as many more.`,
        command: setLimitsCommand({ subflows: mostSubflows, addAddrAccepted }),
      }
    : { kind: 'destination-limits', side: 'destination', sentence: `${sentence} The next connection begins afresh.` };
}

function deniedJoins({ source, destination }: Evidence): Finding[] {
  if (sysctl(destination, 'mptcp/allow_join_initial_addr_port') !== 0 || !joinsByItself(source)) return [];
  return [
    {
      kind: 'joins-denied',
      side: 'destination',
      sentence: `${destination.host.id} accepts no further subflows at the address where the connection begins.`,
      command: 'sysctl -w net.mptcp.allow_join_initial_addr_port=1',
    },
  ];
}
