import { agoOf } from '#contract/ago.ts';
import type { Path } from '#contract/migration.ts';
import { freshProbe, type PathProbe, type ProbeProblem } from '#contract/probe.ts';
import { formatBitsPerSecond, type Milliseconds } from '#contract/units.ts';
import type { PreflightFacts, Question } from './preflight-facts.ts';

export const probeQuestions: Readonly<Record<string, Question>> = { probe: judgeProbes };

/** What was measured of the paths, and what of it stands in the way; nothing where no probe was made or wanted. */
export function judgeProbes({ paths, probing }: Pick<PreflightFacts, 'paths' | 'probing'>): ReturnType<Question> {
  if (!probing) return undefined;
  const { nowEpochMs, leftOut, notProbed } = probing;
  const fresh = paths.flatMap((path) => {
    const probe = freshProbe(path);
    return probe ? [{ path, probe }] : [];
  });
  const problems: readonly ProbeProblem[] = [
    ...(notProbed === undefined ? [] : [{ text: notProbed }]),
    ...leftOut.map(({ text }) => ({ text: `${text} This path is left out.` })),
    ...fresh.flatMap(({ probe }) => probe.problems),
    ...sharing(fresh),
  ];
  if (problems.length > 0) {
    const command = problems.find((problem) => problem.command !== undefined)?.command;
    return {
      severity: 'warning',
      text: problems.map(({ text }) => text).join(' '),
      remedy: 'Fix the cause, then measure again with --probe.',
      ...(command === undefined ? {} : { command }),
    };
  }
  if (fresh.length > 0) return { holds: measured(fresh, nowEpochMs) };
  const stale = paths.find(({ probe }) => probe?.stale !== undefined)?.probe;
  return stale && { holds: `${whyStale(stale, nowEpochMs)} \`--probe\` measures again.` };
}

interface Probed {
  readonly path: Path;
  readonly probe: PathProbe;
}

function measured(fresh: readonly Probed[], nowEpochMs: Milliseconds): string {
  const each = fresh.map(({ path, probe }) => `${path.sourceInterface} ${figures(probe)}`).join('; ');
  const oldest = Math.min(...fresh.map(({ probe }) => probe.atEpochMs));
  return `Measured ${agoOf(nowEpochMs - oldest)}: ${each}.`;
}

function figures({ capacityBitsPerSecond, capacityIsLeast, rttMs, pathMtuBytes, protocol, joined }: PathProbe): string {
  const rate = capacityBitsPerSecond === undefined ? undefined : formatBitsPerSecond(capacityBitsPerSecond);
  return [
    ...(rate === undefined ? [] : [capacityIsLeast ? `at least ${rate}` : rate]),
    ...(rttMs === undefined ? [] : [`RTT ${rttMs < 10 ? rttMs.toFixed(2) : rttMs.toFixed(0)} ms`]),
    ...(pathMtuBytes === undefined ? [] : [`MTU ${pathMtuBytes}`]),
    ...(joined || protocol === undefined ? [] : ['did not join']),
  ].join(', ');
}

/** Each pair of paths once. */
function sharing(fresh: readonly Probed[]): ProbeProblem[] {
  return fresh.flatMap(({ path, probe }) =>
    (probe.sharesWith ?? [])
      .filter((other) => other > path.sourceInterface)
      .map((other) => ({
        text: `${path.sourceInterface} and ${other} together carry no more than one of them alone: they seem to share a port or a link.`,
      })),
  );
}

function whyStale({ stale, atEpochMs }: PathProbe, nowEpochMs: Milliseconds): string {
  return stale === 'changed'
    ? 'The paths were measured before an interface changed, so the figures are not used.'
    : `The paths were last measured ${agoOf(nowEpochMs - atEpochMs)}, too long ago for the figures to be used.`;
}
