import type { LeftOutPair, Path, PathPlanning, Side } from '#contract/migration.ts';
import { askAbout, type AskBoth } from '#main/mptcp/pairs/ask-routes.ts';
import type { PathChoice } from '#contract/path-choice.ts';
import { findCandidates, type Candidate, type Candidates } from '#main/mptcp/pairs/candidates.ts';
import { choosePaths, pathOf, routeCommand, type Wish } from '#main/mptcp/pairs/choose-paths.ts';
import type { HostNetwork } from '#main/mptcp/pairs/host-network.ts';
import { judgePair, type AgreedPair, type Rejected } from '#main/mptcp/pairs/judge-pair.ts';
import { resolveChoice, whyUnmet, type ResolvedChoice } from '#main/mptcp/pairs/path-choice.ts';
import { familyOf, inSubnet, type Family } from './subnet.ts';
import type { UsableInterface } from '#main/mptcp/pairs/usable-interfaces.ts';
import { routeIndex, type RouteIndex, type RoutesBetween } from './routes.ts';

/** What a connection is made with, and what the operator has chosen. */
export type PairWish = Omit<Wish, 'isFirst'> & { readonly choice?: PathChoice | undefined };

/** Why the connection cannot begin on the first path, and what would change that. */
export interface FirstObstacle {
  readonly text: string;
  readonly remedy: string;
  /** For a shell on the source, as root; absent where no command would help. */
  readonly command?: string;
}

export interface PlannedPairs extends PathPlanning {
  readonly firstObstacle?: FirstObstacle;
  /** What the operator has asked for by name and is no path, a sentence each. */
  readonly unmet: readonly string[];
  /** What was answered on the way. */
  readonly routes: RoutesBetween;
  /** Asked for by name; absent where the operator has chosen nothing. */
  readonly isNamed?: (path: Path) => boolean;
}

/**
 * The interface pairs that can carry a subflow, as both kernels see them: those that the hosts' own facts allow are asked
 * about, and those on which the answers agree are used. The questions grow with the interfaces that come into question.
 */
export async function planPairs(
  source: HostNetwork,
  destination: HostNetwork,
  wish: PairWish,
  ask: AskBoth,
): Promise<PlannedPairs> {
  const choice = wish.choice && resolveChoice(wish.choice, { source, destination });
  const candidates = candidatesFor(source, destination, choice);
  const { pairs, routes } = await askAbout(candidates, ask);
  const answers = { source: routeIndex(routes.source), destination: routeIndex(routes.destination) };
  const verdicts = pairs.map((pair) => judgePair(pair, candidates, answers));
  const agreed = verdicts.flatMap((verdict) => ('agreed' in verdict ? [verdict.agreed] : []));
  const rejected = verdicts.flatMap((verdict) => ('rejected' in verdict ? [verdict.rejected] : []));
  const allowed = choice ? agreed.filter((pair) => choice.allows(pathOf(pair))) : agreed;
  const { paths, leftOut, unreachableFirst } = choosePaths(allowed, { ...wish, isFirst: choice?.isFirst });
  const excluded = choice ? excludedPairs(choosePaths(agreed, wish).paths, choice) : [];
  // What would share a port with an excluded path is excluded as well, and not without a counterpart.
  const alsoExcluded = choice ? excludedPairs(agreed.map(pathOf), choice) : [];
  const missed = onlyWhatIsMissed([...leftOut, ...alsoExcluded, ...rejectedPairs(rejected)], [...paths, ...excluded]);
  const explained = [...excluded, ...missed];
  const all = [...candidates.leftOut, ...explained, ...withoutCounterpart(candidates, paths, explained)];
  const reasons = [...all, ...leftOut, ...rejected.map((each) => each.leftOut)];
  const unmet = (choice?.unmetBy(paths) ?? []).map((each) => ({ ...each, why: whyUnmet(each, reasons) }));
  const noFirst = unmet.find(({ option }) => option === '--first-path');
  const firstObstacle = noFirst
    ? { text: noFirst.why, remedy: 'Choose another first path, or none.' }
    : unreachableFirst && obstacleOf(source, unreachableFirst, answers.source);
  return {
    paths,
    leftOut: all,
    routes,
    unmet: unmet.flatMap((each) => (each === noFirst ? [] : [each.why])),
    ...(firstObstacle ? { firstObstacle } : {}),
    ...(choice ? { isNamed: choice.isNamed } : {}),
  };
}

/**
 * What the operator names is examined also where there are too many interfaces to examine them all, and where it would not be
 * used unasked, such as a tunnel, together with what is at its other end.
 */
function candidatesFor(source: HostNetwork, destination: HostNetwork, choice: ResolvedChoice | undefined): Candidates {
  if (!choice) return findCandidates(source, destination);
  const { named } = choice;
  const from = { ...source, named: [...named.source, ...counterparts(destination, named.destination, source)] };
  const to = { ...destination, named: [...named.destination, ...counterparts(source, named.source, destination)] };
  const few = findCandidates(onlyOf(from, named.source), onlyOf(to, named.destination));
  const all = findCandidates(from, to);
  const known = new Set(few.pairs.map(keyOf));
  return { ...all, pairs: [...few.pairs, ...all.pairs.filter((pair) => !known.has(keyOf(pair)))] };
}

/** Interfaces of a host in a subnet with one of these of its peer. */
function counterparts(peer: HostNetwork, names: readonly string[], host: HostNetwork): readonly string[] {
  // The link-local subnet is the same on every interface.
  const addresses = peer.interfaces
    .filter(({ name }) => names.includes(name))
    .flatMap((each) => each.addresses.filter(({ scope }) => scope !== 'link'));
  const isNear = (address: string): boolean =>
    addresses.some((each) => inSubnet(address, each.address, each.prefixLength));
  return host.interfaces
    .filter((each) => each.addresses.some(({ address }) => isNear(address)))
    .map(({ name }) => name);
}

function onlyOf(host: HostNetwork, names: readonly string[]): HostNetwork {
  if (names.length === 0) return host;
  return { ...host, interfaces: host.interfaces.filter(({ name }) => names.includes(name)) };
}

function keyOf({ source, sourceAddress, destination, destinationAddress }: Candidate): string {
  return [source.port.name, sourceAddress, destination.port.name, destinationAddress].join(' ');
}

/** What would be a path if the operator had not chosen otherwise. */
function excludedPairs(unchosen: readonly Path[], { allows }: ResolvedChoice): readonly LeftOutPair[] {
  return unchosen
    .filter((path) => !allows(path))
    .map((path) => ({
      ...path,
      reason: 'excluded-by-operator',
      text: `${path.sourceInterface} to ${path.destinationInterface} is excluded by the choice of paths.`,
    }));
}

/** Of pairs that no subnet speaks for, those that fail at one point alone. */
function rejectedPairs(rejected: readonly Rejected[]): readonly LeftOutPair[] {
  return rejected.filter(({ pair, halfWorks }) => pair.inOneSubnet || halfWorks).map(({ leftOut }) => leftOut);
}

/**
 * A pair both of whose ends are in paths is not missed. One with an end in a path is mentioned where nothing else explains
 * its other end; of one pair of interfaces the first reason is enough.
 */
function onlyWhatIsMissed(
  leftOut: readonly LeftOutPair[],
  paths: Parameters<typeof endsOf>[0],
): readonly LeftOutPair[] {
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
            ? `${port.name} of ${here} was not examined: there are too many interfaces.`
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
