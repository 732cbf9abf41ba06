import type { LeftOutPair, Path } from '#contract/migration.ts';
import { freshProbe, type PathProbe } from '#contract/probe.ts';
import { formatBitsPerSecond } from '#contract/units.ts';
import { table } from './table.ts';

/** Every pair that the migration would use, the first first, and every one that it would not, with the reason. */
export function pathLines(paths: readonly Path[], leftOut: readonly LeftOutPair[] = []): readonly string[] {
  return [
    ...(paths.length === 0 ? [] : [pathTable(paths), '']),
    ...(leftOut.length === 0 ? [] : [table(['NOT USED', 'REASON', ''], leftOut.map(reasonOf)), '']),
  ];
}

/** What was measured has columns of its own, where anything was. */
function pathTable(paths: readonly Path[]): string {
  const isMeasured = paths.some((path) => freshProbe(path) !== undefined);
  return table(
    ['PATH', 'FROM', 'TO', 'SPEED', 'MTU', ...(isMeasured ? ['CARRIES', 'RTT'] : [])],
    paths.map((path) => [...rowOf(path), ...(isMeasured ? measuredOf(freshProbe(path)) : [])]),
  );
}

function measuredOf(probe: PathProbe | undefined): readonly string[] {
  const { capacityBitsPerSecond: rate, capacityIsLeast, rttMs } = probe ?? {};
  return [
    rate === undefined ? 'unknown' : `${capacityIsLeast === true ? '>= ' : ''}${formatBitsPerSecond(rate)}`,
    rttMs === undefined ? 'unknown' : `${rttMs < 10 ? rttMs.toFixed(2) : Math.round(rttMs)} ms`,
  ];
}

function rowOf(path: Path): readonly string[] {
  const { speedBitsPerSecond: speed, mtu } = path;
  return [
    nameOf(path),
    path.sourceAddress,
    path.destinationAddress,
    `${speed === undefined ? 'unknown' : formatBitsPerSecond(speed)}${path.backup ? ', backup' : ''}`,
    String(mtu),
  ];
}

function reasonOf(pair: LeftOutPair): readonly string[] {
  return [nameOf(pair), pair.reason, pair.text];
}

/** As `--paths` takes it, with a slash where the two ends have different names. */
function nameOf({
  sourceInterface,
  destinationInterface,
}: Pick<LeftOutPair, 'sourceInterface' | 'destinationInterface'>): string {
  if (sourceInterface === undefined) return `destination:${destinationInterface ?? ''}`;
  if (destinationInterface === undefined || destinationInterface === sourceInterface) return sourceInterface;
  return `${sourceInterface}/${destinationInterface}`;
}
