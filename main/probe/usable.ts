import { freshProbe, type PathProbe } from '#contract/probe.ts';
import type { LeftOutPair, LeftOutReason, Path, PathPlanning } from '#contract/migration.ts';

/**
 * Leaves out the paths on which a recent probe got nothing through, or only small packets: one such path holds up a whole
 * connection. So are those on which MPTCP does not pass, where it is wanted: begun on one, the whole connection is plain TCP. Where
 * nothing else is left they stay: a probe may have been wrong, and what the migration finds out itself is reported.
 */
export function withoutDeadPaths(paths: readonly Path[], wantsMptcp: boolean): PathPlanning {
  const judged = paths.map((path) => ({ path, reason: whyDead(freshProbe(path), wantsMptcp) }));
  const alive = judged.filter(({ reason }) => reason === undefined);
  if (alive.length === 0) return { paths, leftOut: [] };
  return {
    paths: alive.map(({ path }) => path),
    leftOut: judged.flatMap(({ path, reason }) => (reason === undefined ? [] : [leftOut(path, reason)])),
  };
}

function whyDead(probe: PathProbe | undefined, wantsMptcp: boolean): LeftOutReason | undefined {
  if (!probe) return undefined;
  if (probe.reach === 'stranger') return 'probed-stranger';
  if (probe.reach !== 'answered') return 'probed-no-answer';
  if (probe.fullSizePackets === 'lost') return 'probed-full-size-lost';
  return wantsMptcp && (probe.protocol === 'tcp' || probe.protocol === 'dropped') ? 'probed-no-mptcp' : undefined;
}

function leftOut(path: Path, reason: LeftOutReason): LeftOutPair {
  const { sourceInterface, sourceAddress, destinationInterface, destinationAddress, probe } = path;
  return {
    sourceInterface,
    sourceAddress,
    destinationInterface,
    destinationAddress,
    reason,
    text: probe?.problems[0]?.text ?? `A probe got nothing through from ${sourceAddress} to ${destinationAddress}.`,
  };
}
