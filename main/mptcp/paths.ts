import type { LeftOutPair, Path, PathPlanning, Side } from '#contract/migration.ts';
import { askAbout, type AskBoth } from '#main/mptcp/pairs/ask-routes.ts';
import { findCandidates, type Candidates } from '#main/mptcp/pairs/candidates.ts';
import { choosePaths, routeCommand, type Wish } from '#main/mptcp/pairs/choose-paths.ts';
import type { HostNetwork } from '#main/mptcp/pairs/host-network.ts';
import { judgePair, type AgreedPair, type Rejected } from '#main/mptcp/pairs/judge-pair.ts';
import { familyOf, type Family } from './subnet.ts';
import type { UsableInterface } from '#main/mptcp/pairs/usable-interfaces.ts';
import { routeIndex, type RouteIndex, type RoutesBetween } from './routes.ts';

/** Why the connection cannot begin on the first path, and what would change that. */
export interface FirstObstacle {
  readonly text: string;
  readonly remedy: string;
  /** For a shell on the source, as root. */
  readonly command: string;
}

export interface PlannedPairs extends PathPlanning {
  readonly firstObstacle?: FirstObstacle;
  /** What was answered on the way. */
  readonly routes: RoutesBetween;
}

/**
 * The interface pairs that can carry a subflow, as both kernels see them: those that the hosts' own facts allow are asked
 * about, and those on which the answers agree are used. The questions grow with the interfaces that come into question.
 */
export async function planPairs(
  source: HostNetwork,
  destination: HostNetwork,
  wish: Wish,
  ask: AskBoth,
): Promise<PlannedPairs> {
  const candidates = findCandidates(source, destination);
  const { pairs, routes } = await askAbout(candidates, ask);
  const answers = { source: routeIndex(routes.source), destination: routeIndex(routes.destination) };
  const verdicts = pairs.map((pair) => judgePair(pair, candidates, answers));
  const agreed = verdicts.flatMap((verdict) => ('agreed' in verdict ? [verdict.agreed] : []));
  const rejected = verdicts.flatMap((verdict) => ('rejected' in verdict ? [verdict.rejected] : []));
  const { paths, leftOut, unreachableFirst } = choosePaths(agreed, wish);
  const missed = onlyWhatIsMissed([...leftOut, ...rejectedPairs(rejected)], paths);
  return {
    paths,
    leftOut: [...candidates.leftOut, ...missed, ...withoutCounterpart(candidates, paths, missed)],
    routes,
    ...(unreachableFirst ? { firstObstacle: obstacleOf(source, unreachableFirst, answers.source) } : {}),
  };
}

/** Of pairs that no subnet speaks for, those that fail at one point alone. */
function rejectedPairs(rejected: readonly Rejected[]): readonly LeftOutPair[] {
  return rejected.filter(({ pair, halfWorks }) => pair.inOneSubnet || halfWorks).map(({ leftOut }) => leftOut);
}

/**
 * A pair both of whose ends are in paths is not missed. One with an end in a path is mentioned where nothing else explains
 * its other end; of one pair of interfaces the first reason is enough.
 */
function onlyWhatIsMissed(leftOut: readonly LeftOutPair[], paths: readonly Path[]): readonly LeftOutPair[] {
  const used = new Set(endsOf(paths));
  const explained = new Set<string>();
  return [2, 1].flatMap((unusedEnds) => {
    return leftOut.filter((pair) => {
      const unused = endsOf([pair]).filter((end) => !used.has(end));
      if (unused.length !== unusedEnds || unused.every((end) => explained.has(end))) return false;
      for (const end of unused) explained.add(end);
      return true;
    });
  });
}

function withoutCounterpart(
  { ends, usable, pairs }: Candidates,
  paths: readonly Path[],
  missed: readonly LeftOutPair[],
): readonly LeftOutPair[] {
  const explained = new Set([...endsOf(paths), ...endsOf(missed)]);
  const examined = new Set(
    pairs.flatMap(({ source, destination }) => [`source ${source.port.name}`, `destination ${destination.port.name}`]),
  );
  return (['source', 'destination'] as const).flatMap((side) => {
    const far = side === 'source' ? 'destination' : 'source';
    const [here, there] = [ends[side].host.id, ends[far].host.id];
    const families = familiesOf(usable[far]);
    return usable[side].flatMap((each): LeftOutPair[] => {
      const { port, addresses } = each;
      if (explained.has(`${side} ${port.name}`)) return [];
      const couldBePaired = [...familiesOf([each])].some((family) => families.has(family));
      const wasPassedOver = couldBePaired && !examined.has(`${side} ${port.name}`);
      return [
        {
          ...endOf(side, port.name, addresses[0]?.address),
          reason: wasPassedOver ? 'not-examined' : 'no-counterpart',
          text: wasPassedOver
            ? `${port.name} of ${here} was not asked about: there are too many interfaces.`
            : `No interface of ${there} is in a subnet with ${port.name} of ${here}, or reached from there by a route and back.`,
        },
      ];
    });
  });
}

function familiesOf(interfaces: readonly UsableInterface[]): ReadonlySet<Family> {
  return new Set(interfaces.flatMap(({ addresses }) => addresses.map(({ address }) => familyOf(address))));
}

function endOf(side: Side, name: string, address: string | undefined): Partial<Path> {
  return side === 'source'
    ? { sourceInterface: name, ...(address === undefined ? {} : { sourceAddress: address }) }
    : { destinationInterface: name, ...(address === undefined ? {} : { destinationAddress: address }) };
}

function endsOf(pairs: readonly Pick<LeftOutPair, 'sourceInterface' | 'destinationInterface'>[]): readonly string[] {
  return pairs.flatMap(({ sourceInterface, destinationInterface }) => [
    ...(sourceInterface === undefined ? [] : [`source ${sourceInterface}`]),
    ...(destinationInterface === undefined ? [] : [`destination ${destinationInterface}`]),
  ]);
}

function obstacleOf({ id }: HostNetwork, pair: AgreedPair, answers: RouteIndex): FirstObstacle {
  const { source, sourceAddress, destinationAddress, leavesWhenBound } = pair;
  const unbound = answers.get(destinationAddress)?.interface;
  const where = unbound === undefined ? 'has no route to' : `uses ${unbound} for`;
  return {
    text: `${id} ${where} ${destinationAddress} unless the socket is bound to ${sourceAddress}, so the connection cannot begin on ${source.port.name}.`,
    remedy: leavesWhenBound
      ? 'QEMU does not bind its socket: add a route, or migrate with --socket app.'
      : 'Add a route.',
    command: routeCommand(pair),
  };
}
