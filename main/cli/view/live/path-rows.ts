import type { Path } from '#contract/migration.ts';
import type { SubflowSample, SubflowState } from '#contract/telemetry.ts';
import type { BitsPerSecond, Fraction, Microseconds } from '#contract/units.ts';

/** What one line of a live view says about a path. */
export interface PathRow {
  readonly name: string;
  readonly throughputBitsPerSecond: BitsPerSecond;
  readonly shareFraction: Fraction;
  readonly rttUs: Microseconds;
  /** Of the link, where it is known. */
  readonly speedBitsPerSecond: BitsPerSecond | undefined;
  readonly state: SubflowState;
}

/** More lines than this are no overview: then all subflows between the same two addresses share one. */
const mostRows = 8;
const worstFirst: readonly SubflowState[] = ['failing', 'stale', 'backup', 'active', 'closed'];

/** A line per subflow; one that has closed is shown as long as no other goes the same way. */
export function pathRows(subflows: readonly SubflowSample[], paths: readonly Path[]): PathRow[] {
  const ways = Map.groupBy(subflows, wayOf).values();
  const shown = [...ways].map((way) => {
    const open = way.filter(({ state }) => state !== 'closed');
    return open.length > 0 ? open : way.slice(-1);
  });
  const isForked = ({ interface: from, remoteAddress }: SubflowSample): boolean =>
    shown.flat().some((other) => other.interface === from && other.remoteAddress !== remoteAddress);
  const groups = shown.flat().length > mostRows ? shown : shown.flat().map((subflow) => [subflow]);
  return groups.flatMap((group) => {
    const [first] = group;
    return first ? row(first, group, isForked(first), paths) : [];
  });
}

function wayOf({ localAddress, remoteAddress }: SubflowSample): string {
  return `${localAddress} ${remoteAddress}`;
}

function row(
  first: SubflowSample,
  group: readonly SubflowSample[],
  isForked: boolean,
  paths: readonly Path[],
): PathRow {
  const sum = (valueOf: (subflow: SubflowSample) => number): number =>
    group.reduce((total, subflow) => total + valueOf(subflow), 0);
  const place = first.interface ?? first.localAddress;
  const where = isForked ? ` to ${first.remoteAddress}` : '';
  const howMany = group.length > 1 ? ` x${group.length}` : '';
  return {
    name: place + where + howMany,
    throughputBitsPerSecond: sum(({ throughputBitsPerSecond }) => throughputBitsPerSecond),
    shareFraction: sum(({ shareFraction }) => shareFraction),
    rttUs: sum(({ rttUs }) => rttUs) / group.length,
    speedBitsPerSecond: paths.find(({ sourceAddress }) => sourceAddress === first.localAddress)?.speedBitsPerSecond,
    state: worstFirst.find((state) => group.some((subflow) => subflow.state === state)) ?? first.state,
  };
}
