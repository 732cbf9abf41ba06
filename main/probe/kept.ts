import type { HostFacts } from '#contract/host.ts';
import type { Path, Side } from '#contract/migration.ts';
import { freshProbe, type KeptProbes, type PathProbe, type ProbedPair } from '#contract/probe.ts';
import type { Milliseconds } from '#contract/units.ts';

type Facts = Readonly<Record<Side, Pick<HostFacts, 'id' | 'interfaces'>>>;

/** Links change rarely, and what else uses them changes by the hour. */
const oldAfterMs: Milliseconds = 24 * 3600 * 1000;
/** What did not work may have been fixed since: the operator reads it, fixes it, and asks again. */
const failureOldAfterMs: Milliseconds = 60 * 1000;

/** These paths, with what was kept of each. */
export function withProbes(
  paths: readonly Path[],
  kept: KeptProbes | undefined,
  facts: Facts,
  nowEpochMs: Milliseconds,
): Path[] {
  return paths.map((path): Path => {
    const found = kept?.pairs.find(({ pair }) => isOf(pair, path));
    if (!found) return path;
    const stale = whyStale(found.pair, found.probe, path, facts, nowEpochMs);
    return { ...path, probe: { ...found.probe, ...(stale === undefined ? {} : { stale }) } };
  });
}

/** What is to be kept after a probe; earlier results about other pairs stay. */
export function keeping(
  before: KeptProbes | undefined,
  facts: Facts,
  paths: readonly Path[],
  probes: readonly (PathProbe | undefined)[],
): KeptProbes {
  const fresh = paths.flatMap((path, index) => {
    const probe = probes[index];
    return probe ? [{ pair: pairOf(path, facts), probe }] : [];
  });
  const others = (before?.pairs ?? []).filter(({ pair }) => !paths.some((path) => isOf(pair, path)));
  return {
    version: 1,
    source: facts.source.id,
    destination: facts.destination.id,
    pairs: [...fresh, ...others].slice(0, 256),
  };
}

/**
 * Whether there is a path of which nothing recent is known, so that the hosts are new to each other: also of MPTCP, where that
 * is wanted and an earlier probe did without.
 */
export function areNew(paths: readonly Path[], wantsMptcp: boolean): boolean {
  return paths.some((path) => {
    const probe = freshProbe(path);
    return !probe || (wantsMptcp && probe.reach === 'answered' && probe.protocol === undefined);
  });
}

function isOf(pair: ProbedPair, path: Path): boolean {
  return (
    pair.sourceInterface === path.sourceInterface &&
    pair.sourceAddress === path.sourceAddress &&
    pair.destinationInterface === path.destinationInterface &&
    pair.destinationAddress === path.destinationAddress
  );
}

function pairOf(path: Path, facts: Facts): ProbedPair {
  const { sourceInterface, sourceAddress, destinationInterface, destinationAddress } = path;
  return {
    sourceInterface,
    sourceAddress,
    destinationInterface,
    destinationAddress,
    ends: endsOf(path, facts),
  };
}

function endsOf(path: Path, { source, destination }: Facts): ProbedPair['ends'] {
  const ports = [
    source.interfaces.find(({ name }) => name === path.sourceInterface),
    destination.interfaces.find(({ name }) => name === path.destinationInterface),
  ];
  return ports.flatMap((port) => {
    if (!port) return [];
    const { index, mtu, speedBitsPerSecond } = port;
    return [{ index, mtu, ...(speedBitsPerSecond === undefined ? {} : { speedBitsPerSecond }) }];
  });
}

function whyStale(
  { ends }: ProbedPair,
  probe: PathProbe,
  path: Path,
  facts: Facts,
  nowEpochMs: Milliseconds,
): PathProbe['stale'] {
  const now = endsOf(path, facts);
  const isSame =
    now.length === ends.length &&
    now.every(({ index, mtu, speedBitsPerSecond }, end) => {
      const then = ends[end];
      return then?.index === index && then.mtu === mtu && then.speedBitsPerSecond === speedBitsPerSecond;
    });
  if (!isSame) return 'changed';
  // A clock that was set back makes it come from the future: its age is not known.
  const ageMs = nowEpochMs - probe.atEpochMs;
  const mostMs = probe.problems.length > 0 ? failureOldAfterMs : oldAfterMs;
  return ageMs < 0 || ageMs > mostMs ? 'old' : undefined;
}
