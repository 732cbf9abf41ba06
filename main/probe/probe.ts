import type { HostFacts } from '#contract/host.ts';
import type { Path, Side } from '#contract/migration.ts';
import type { PathProbe, ProbeProblem } from '#contract/probe.ts';
import type { BitsPerSecond, Bytes } from '#contract/units.ts';
import { typedOn } from '#contract/mptcp-commands.ts';
import type { Clock, PathLease } from '#main/engine/ports.ts';
import { counterChanges } from '#main/mptcp/counters.ts';
import { diagnose } from '#main/mptcp/diagnosis/diagnose.ts';
import type { ConnectionEvidence, Evidence } from '#main/mptcp/diagnosis/evidence.ts';
import { planPaths } from '#main/mptcp/plan/plan-paths.ts';
import type { RoutesBetween } from '#main/mptcp/routes.ts';
import { sharedBottlenecks } from './bottleneck.ts';
import { fillPaths, type FillingOrder, type FillingResult } from './filling.ts';
import { tryPair, type PairTrial } from './pair-trial.ts';
import type { ProbeHost, ProbeToken } from './ports.ts';
import { problemsOf, reachOf, type Ends } from './verdict.ts';

export interface ProbeOrder {
  /** Under which it borrows endpoints and limits: made as that of a migration. */
  readonly id: string;
  readonly source: ProbeHost;
  readonly destination: ProbeHost;
  /** As both hosts were when the paths were planned. */
  readonly facts: Readonly<Record<Side, HostFacts>>;
  readonly routes: RoutesBetween | undefined;
  readonly paths: readonly Path[];
  /** The port that a migration would use, so that what a firewall does is learnt of that one; 0 where the kernel chooses. */
  readonly port: number;
  readonly lastPort: number;
  readonly wantsMptcp: boolean;
  /** Whether endpoints and limits may be set for the time of the probe. */
  readonly mayPrepare: boolean;
  /** Also each path alone, which shows those that share a port: half a second more for each. */
  readonly isThorough: boolean;
  readonly clock: Clock;
  /** 32 random bytes as hexadecimal digits, new ones at each call. */
  readonly random: () => string;
  /** Is called, and waited for, before endpoints or limits are set: what is to be put back if this process ends meanwhile. */
  readonly beforeChanging: (leases: Readonly<Record<Side, PathLease>>) => Promise<void>;
  /** Is called once all of that has been put back. */
  readonly afterRestoring: () => void;
}

export interface ProbeResult {
  /** One for each path, in their order. */
  readonly paths: readonly PathProbe[];
  /** On which it was tried: another one where the wanted port was taken. */
  readonly port: number;
}

/** For everything that one probe sends. */
const mostBytes: Bytes = 1e9;

/**
 * Finds out what the paths between two hosts are worth, over connections of which both ends are ours. Endpoints and limits are
 * set for it as a migration does, and are as before when it resolves or rejects. Sends for half a second, or a second where
 * the first try was unclear, and waits some seconds for what does not answer.
 */
export async function probe(order: ProbeOrder): Promise<ProbeResult> {
  const { source, destination, clock, paths } = order;
  const token: ProbeToken = { call: order.random(), answer: order.random() };
  const listenOrder = { host: wildcardFor(paths), token };
  using listeners = new DisposableStack();
  const { port, linkAddresses } = listeners.use(
    await destination.listenForProbe({ ...listenOrder, port: order.port, lastPort: order.lastPort }),
  );
  let other: Promise<number> | undefined;
  const otherPort = (): Promise<number> =>
    (other ??= destination
      .listenForProbe({ ...listenOrder, port: 0, lastPort: 0 })
      .then((listener) => listeners.use(listener).port));

  const { wantsMptcp } = order;
  const isNamed = order.port !== 0;
  const trials = await Promise.all(
    paths.map((path) => tryPair({ source, path, port, isNamed, linkAddresses, otherPort, token, wantsMptcp })),
  );
  const answering = trials.filter(isUsable);
  // Begun on a path on which MPTCP does not pass, a connection would be plain TCP on all of them.
  const usable = [
    ...answering.filter(({ mptcp }) => mptcp === 'mptcp'),
    ...answering.filter(({ mptcp }) => mptcp !== 'mptcp'),
  ].map(({ path }) => path);
  const together = await fillTogether(order, { port, token, paths: usable, trials });
  const alone = order.isThorough ? await fillAlone(order, { port, token, together, paths: usable, trials }) : [];
  const ends: Ends = { source: source.id, destination: destination.id, port };
  return { port, paths: inOrder({ order, trials, usable, together, alone, ends, atEpochMs: clock.epochMs() }) };
}

/** Full-size packets that vanish would hold a whole connection up, and a stranger must not be sent a byte more. */
function isUsable({ tcp, fullSize }: PairTrial): boolean {
  return tcp === 'connected' && fullSize !== 'lost';
}

/** Packets that offer MPTCP do not get through, and plain ones do. */
function isDropped(path: Path, trials: readonly PairTrial[]): boolean {
  const mptcp = trials.find((trial) => trial.path === path)?.mptcp;
  return mptcp !== undefined && mptcp !== 'mptcp' && mptcp !== 'tcp';
}

/** `::` takes IPv4 as well. */
function wildcardFor(paths: readonly Path[]): string {
  return paths.some(({ destinationAddress }) => destinationAddress.includes(':')) ? '::' : '0.0.0.0';
}

interface Round {
  readonly port: number;
  readonly token: ProbeToken;
  /** Those that answered, the first of which begins. */
  readonly paths: readonly Path[];
  readonly trials: readonly PairTrial[];
}

interface Together extends FillingResult {
  readonly joinProblems: readonly (readonly ProbeProblem[])[];
}

async function fillTogether(order: ProbeOrder, round: Round): Promise<Together | undefined> {
  const [first, ...further] = round.paths;
  if (!first) return undefined;
  const plan = planPaths({
    ...order.facts,
    paths: round.paths,
    routes: order.routes,
    listener: { address: '0.0.0.0', port: round.port },
  });
  const changes = (side: Side) => (order.wantsMptcp && order.mayPrepare ? plan[side].changes : []);
  const leases = {
    source: leaseOf(order, round, 'source', changes('source')),
    destination: leaseOf(order, round, 'destination', changes('destination')),
  };
  await order.beforeChanging(leases);
  try {
    await Promise.all([
      order.source.changePathManager(leases.source),
      order.destination.changePathManager(leases.destination),
    ]);
    const before = await factsNow(order);
    const filling: FillingOrder = {
      source: order.source,
      clock: order.clock,
      paths: [first, ...further],
      port: round.port,
      token: round.token,
      mptcp: order.wantsMptcp && !isDropped(first, round.trials),
      longestRttMs: Math.max(0, ...round.trials.map(({ rttMs = 0 }) => rttMs)),
      mostBytes,
    };
    let result = await fillPaths(filling);
    if (result?.isUnclear) {
      const left = mostBytes - result.sentBytes;
      result = (await fillPaths({ ...filling, mostBytes: left })) ?? result;
    }
    return result && { ...result, joinProblems: await joinProblems(order, round, result, before) };
  } finally {
    await Promise.all([
      order.source.restorePathManager(leases.source),
      order.destination.restorePathManager(leases.destination),
    ]);
    order.afterRestoring();
  }
}

function leaseOf({ id, facts }: ProbeOrder, { paths }: Round, side: Side, planned: PathLease['planned']): PathLease {
  const { endpoints, limits } = facts[side].mptcp;
  return {
    migrationId: id,
    planned,
    before: { endpoints, limits },
    addresses: paths.map((path) => (side === 'source' ? path.sourceAddress : path.destinationAddress)),
    touched: [],
  };
}

async function factsNow({ source, destination }: ProbeOrder): Promise<Readonly<Record<Side, HostFacts>>> {
  const [near, far] = await Promise.all([source.facts(), destination.facts()]);
  return { source: near, destination: far };
}

/** Why a path that answers alone did not join, or why there is no MPTCP: what the two kernels have counted since. */
async function joinProblems(
  order: ProbeOrder,
  { paths, port, trials }: Round,
  result: FillingResult,
  before: Readonly<Record<Side, HostFacts>>,
): Promise<readonly (readonly ProbeProblem[])[]> {
  if (!order.wantsMptcp || (result.protocol === 'mptcp' && result.paths.every(({ joined }) => joined))) {
    return paths.map(() => []);
  }
  const now = await factsNow(order);
  const evidence: Omit<Evidence, 'paths'> = {
    source: sideOf(before.source, now.source),
    destination: sideOf(before.destination, now.destination),
    connection: evidenceOf(result, now.source),
    socketOwner: 'app',
    listener: { address: '0.0.0.0', port, mptcp: true },
  };
  const [first] = paths;
  return paths.map((path, index): ProbeProblem[] => {
    // What the pair itself has shown is said already, and said better.
    if (isDropped(path, trials)) return [];
    if (result.protocol === 'mptcp' && (index === 0 || result.paths[index]?.joined === true)) return [];
    const findings = diagnose({ ...evidence, paths: first && first !== path ? [first, path] : [path] });
    if (findings.length === 0 && result.protocol === 'mptcp') {
      return [
        {
          text: `No subflow joined over ${path.sourceAddress} → ${path.destinationAddress}, and the counters of neither kernel show why.`,
        },
      ];
    }
    return findings.map(({ side, sentence, command }): ProbeProblem => {
      return { text: sentence, ...(command === undefined ? {} : { command: typedOn(now[side], command) }) };
    });
  });
}

function sideOf(before: HostFacts, now: HostFacts): Evidence['source'] {
  return { host: now, changes: counterChanges(before.mptcp.counters, now.mptcp.counters) };
}

function evidenceOf({ protocol, last }: FillingResult, source: HostFacts): ConnectionEvidence {
  return {
    protocol,
    fallback: protocol === 'tcp',
    wasMptcp: protocol === 'mptcp',
    subflows: last.subflows
      .filter(({ state }) => state !== 'ending')
      .map(({ localAddress, remoteAddress, state }) => ({
        localAddress,
        remoteAddress,
        interface: source.interfaces.find(({ addresses }) => addresses.some(({ address }) => address === localAddress))
          ?.name,
        state: state === 'joining' ? 'joining' : 'active',
      })),
    closed: last.closed,
    stalledMs: 0,
    bytesUnconfirmed: 0,
  };
}

/** What each path carries alone, by plain TCP, which makes no subflows. Nothing where there is one path. */
async function fillAlone(
  order: ProbeOrder,
  { port, token, paths, trials, together }: Round & { readonly together: Together | undefined },
): Promise<readonly (BitsPerSecond | undefined)[]> {
  if (paths.length < 2) return [];
  const left = Math.max(0, mostBytes - (together?.sentBytes ?? 0)) / paths.length;
  const rates: (BitsPerSecond | undefined)[] = [];
  for (const path of paths) {
    const rttMs = trials.find((trial) => trial.path === path)?.rttMs ?? 0;
    const result = await fillPaths({
      source: order.source,
      clock: order.clock,
      paths: [path],
      port,
      token,
      mptcp: false,
      longestRttMs: rttMs,
      mostBytes: left,
    });
    rates.push(result?.paths[0]?.isLeast === false ? result.paths[0].bitsPerSecond : undefined);
  }
  return rates;
}

function inOrder({
  order,
  trials,
  usable,
  together,
  alone,
  ends,
  atEpochMs,
}: {
  readonly order: ProbeOrder;
  readonly trials: readonly PairTrial[];
  readonly usable: readonly Path[];
  readonly together: Together | undefined;
  readonly alone: readonly (BitsPerSecond | undefined)[];
  readonly ends: Ends;
  readonly atEpochMs: number;
}): PathProbe[] {
  const shared = sharedBottlenecks(
    usable.map((_, index) => {
      const filling = together?.paths[index];
      return { together: filling?.isLeast === false ? filling.bitsPerSecond : undefined, alone: alone[index] };
    }),
  );
  return trials.map((trial): PathProbe => {
    const index = usable.indexOf(trial.path);
    const filling = together?.paths[index];
    const { rttMs, pathMtuBytes, fullSize, mptcp } = trial;
    const sharesWith = (shared[index] ?? []).flatMap((other) => usable[other]?.sourceInterface ?? []);
    return {
      atEpochMs,
      reach: reachOf(trial),
      ...(mptcp === undefined || trial.tcp !== 'connected'
        ? {}
        : { protocol: mptcp === 'mptcp' || mptcp === 'tcp' ? mptcp : 'dropped' }),
      joined: filling?.joined === true && (index === 0 || together?.protocol === 'mptcp'),
      ...(rttMs === undefined ? {} : { rttMs }),
      ...(pathMtuBytes === undefined ? {} : { pathMtuBytes }),
      ...(fullSize === undefined ? {} : { fullSizePackets: fullSize }),
      ...(filling?.bitsPerSecond === undefined ? {} : { capacityBitsPerSecond: Math.round(filling.bitsPerSecond) }),
      ...(filling?.bitsPerSecond !== undefined && filling.isLeast ? { capacityIsLeast: true } : {}),
      ...(sharesWith.length > 0 ? { sharesWith } : {}),
      problems: [
        ...problemsOf(trial, ends),
        ...(order.wantsMptcp && index >= 0 ? (together?.joinProblems[index] ?? []) : []),
      ],
    };
  });
}
