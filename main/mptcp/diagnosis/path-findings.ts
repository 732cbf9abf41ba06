import { shellWord } from '#contract/plain-text.ts';
import { constants } from 'node:os';
import type { MptcpEndpoint, NetworkInterface } from '#contract/host.ts';
import type { Path, Side } from '#contract/migration.ts';
import type { SubflowEnds } from '#main/engine/ports.ts';
import type { ConnectionEvidence, Evidence, Finding } from './evidence.ts';
import { joinRecognisers } from './join-findings.ts';
import {
  announceAnewCommand,
  announceCommand,
  announceFirstAgainCommand,
  arrow,
  carries,
  endedForGood,
  endpointAt,
  isInUse,
  isWildcard,
  type PathRecogniser,
  runsOn,
  uniqueByAddress,
} from './missing-path.ts';
import { settingRecognisers } from './setting-findings.ts';

const { ECONNRESET } = constants.errno;

/**
 * Why an MPTCP connection uses fewer paths than there are: every cause that is recognised, a host's own settings before
 * those of single paths. Empty when all paths are in use.
 */
export function findMissingPaths(evidence: Evidence): Finding[] {
  const missing = evidence.paths.filter((path) => !isInUse(path, evidence.connection));
  const [cut, whole] = partition(missing, (path) => linkDownOn(evidence, path) !== undefined);
  if (whole.length === 0) return linksDown(evidence, cut);
  const rest = { ...evidence, connection: withoutPaths(evidence.connection, cut) };
  return [...linksDown(evidence, cut), ...recognisers.flatMap((recognise) => recognise(rest, whole))];
}

/** Whether no path of the plan has a link at both ends: then that is the cause of everything, and the only one. */
export function isCutOff(evidence: Evidence): boolean {
  return evidence.paths.length > 0 && evidence.paths.every((path) => linkDownOn(evidence, path) !== undefined);
}

const recognisers: readonly PathRecogniser[] = [...settingRecognisers, ...joinRecognisers, resetPaths, silentPaths];

function partition<Value>(values: readonly Value[], holds: (value: Value) => boolean): [Value[], Value[]] {
  return [values.filter(holds), values.filter((value) => !holds(value))];
}

/** What became of subflows over a link that is down has no other cause. */
function withoutPaths(connection: ConnectionEvidence, cut: readonly Path[]): ConnectionEvidence {
  const isLeft = (subflow: SubflowEnds): boolean => !cut.some((path) => runsOn(path, subflow));
  return { ...connection, subflows: connection.subflows.filter(isLeft), closed: connection.closed.filter(isLeft) };
}

/** An interface that was switched off, or whose cable or peer is gone. */
export function linksDown({ source, destination, connection }: Evidence, cut: readonly Path[]): Finding[] {
  const others = whatOthersDo(connection);
  return cut.flatMap((path): Finding[] => {
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
            sentence: `${port.name} of ${id} is down${others}.`,
            command: `ip link set ${shellWord(port.name)} up`,
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

/** Subflows that worked until a packet came through without the option: the peer then ends that subflow alone. */
function resetPaths({ destination, connection, paths, listener }: Evidence): Finding[] {
  const canBeTold = connection.subflows.some(carries);
  return endedForGood(connection)
    .filter(({ errno }) => errno === ECONNRESET)
    .map((subflow): Finding => {
      const sentence = `The path ${arrow(subflow)} was reset: something on it removes TCP option 30 or ends the connection.`;
      const path = paths.find((each) => runsOn(each, subflow));
      // An announcement travels on another path.
      if (path === undefined || !canBeTold) return { kind: 'path-reset', side: 'source', sentence };
      const endpoint = endpointAt(destination, path.destinationAddress);
      return {
        kind: 'path-reset',
        side: 'destination',
        sentence: `${sentence} Once nothing does, announcing it again brings it back.`,
        command: announceAgain(path, endpoint, { paths, listener }),
      };
    });
}

function announceAgain(
  path: Path,
  endpoint: MptcpEndpoint | undefined,
  { paths, listener }: Pick<Evidence, 'paths' | 'listener'>,
): string {
  if (path === paths[0]) {
    const { address, port } = listener;
    return announceFirstAgainCommand(path, endpoint, isWildcard(address) || address === '' ? undefined : port);
  }
  return endpoint ? announceAnewCommand(endpoint) : announceCommand(path, listener);
}

/** Established paths on which nothing comes back although both ends have a link. */
function silentPaths({ connection, destination, paths, listener }: Evidence): Finding[] {
  const silent = connection.subflows.filter(({ state }) => state === 'stale' || state === 'failing');
  return uniqueByAddress(silent).flatMap((subflow): Finding[] => {
    const path = paths.find(({ sourceAddress }) => sourceAddress === subflow.localAddress);
    const sentence = `Nothing comes back on the path ${arrow(subflow)}${whatOthersDo(connection)}.`;
    const endpoint = endpointAt(destination, subflow.remoteAddress);
    return [
      endpoint
        ? {
            kind: 'path-down',
            side: 'destination',
            sentence: `${sentence} Once it works again, announcing it again brings it back at once.`,
            command: path ? announceAgain(path, endpoint, { paths, listener }) : announceAnewCommand(endpoint),
          }
        : {
            kind: 'path-down',
            side: 'destination',
            sentence: `${sentence} Once it works again, the kernel finds out by itself, after two minutes at most.`,
          },
    ];
  });
}

/** When the whole connection has come to a halt there is nothing to comfort with. */
function whatOthersDo({ subflows }: Evidence['connection']): string {
  return subflows.some(carries) ? '; the other paths carry its data' : '';
}
