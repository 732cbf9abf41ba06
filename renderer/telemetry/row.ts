import type { Sample, SubflowSample, SubflowState } from '#contract/telemetry.ts';
import type { BandDirectory } from './bands.ts';

export type RunField =
  | 'throughputBitsPerSecond'
  | 'dirtyBitsPerSecond'
  | 'remainingBytes'
  | 'transferredBytes'
  | 'totalBytes'
  | 'iteration'
  | 'expectedDowntimeMs'
  | 'cpuThrottleFraction';

/** `state` is a position in `subflowStates`. */
export type BandField =
  'throughputBitsPerSecond' | 'rttUs' | 'congestionWindowBytes' | 'retransmits' | 'bytesSent' | 'state';

/** A band's columns carry its index: `3.rttUs`. */
export type ColumnName = RunField | `${number}.${BandField}`;

export const subflowStates: readonly SubflowState[] = ['active', 'backup', 'stale', 'failing', 'closed'];

/** One sample as numbers; what it does not say is left out. */
export interface Row {
  readonly atEpochMs: number;
  readonly values: ReadonlyMap<ColumnName, number>;
}

const averagedFields: ReadonlySet<string> = new Set(['throughputBitsPerSecond', 'dirtyBitsPerSecond', 'rttUs']);

/** How neighbouring rows become one when a long run is thinned: rates by their mean, everything else by the younger. */
export function isAveraged(name: ColumnName): boolean {
  return averagedFields.has(name.slice(name.indexOf('.') + 1));
}

export function rowOf({ atEpochMs, throughputBitsPerSecond, subflows, qemu }: Sample, bands: BandDirectory): Row {
  const values = new Map<ColumnName, number>([['throughputBitsPerSecond', throughputBitsPerSecond]]);
  if (qemu) {
    // QEMU reports it at the end of an iteration: before the end of the first, 0 means not known.
    if (qemu.iteration > 1 || qemu.dirtyPagesPerSecond > 0) {
      values.set('dirtyBitsPerSecond', qemu.dirtyPagesPerSecond * qemu.pageSizeBytes * 8);
    }
    for (const name of ['remainingBytes', 'transferredBytes', 'totalBytes', 'iteration'] as const) {
      values.set(name, qemu[name]);
    }
    for (const name of ['expectedDowntimeMs', 'cpuThrottleFraction'] as const) {
      const value = qemu[name];
      if (value !== undefined) values.set(name, value);
    }
  }
  // A closed subflow repeats its last totals for ever: the one that took its place on the same band speaks for both.
  const closedFirst = subflows.toSorted((one, other) => Number(isOpen(one)) - Number(isOpen(other)));
  for (const subflow of closedFirst) setBand(values, bands.bandOf(subflow).index, subflow);
  return { atEpochMs, values };
}

function setBand(values: Map<ColumnName, number>, index: number, subflow: SubflowSample): void {
  const earlier = (name: BandField): number => values.get(`${index}.${name}`) ?? 0;
  const open = isOpen(subflow);
  values.set(
    `${index}.throughputBitsPerSecond`,
    (open ? subflow.throughputBitsPerSecond : 0) + earlier('throughputBitsPerSecond'),
  );
  values.set(`${index}.bytesSent`, subflow.bytesSent + earlier('bytesSent'));
  values.set(`${index}.retransmits`, subflow.retransmits + earlier('retransmits'));
  values.set(`${index}.state`, subflowStates.indexOf(subflow.state));
  if (open) {
    values.set(`${index}.rttUs`, subflow.rttUs);
    values.set(`${index}.congestionWindowBytes`, subflow.congestionWindowBytes);
  }
}

function isOpen({ state }: SubflowSample): boolean {
  return state !== 'closed';
}
