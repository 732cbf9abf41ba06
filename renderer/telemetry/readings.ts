import { progressOf, type Progress } from '#contract/progress.ts';
import type { SubflowState } from '#contract/telemetry.ts';
import type { BitsPerSecond, Bytes, Fraction, Microseconds, Milliseconds } from '#contract/units.ts';
import type { Band, BandDirectory } from './bands.ts';
import { rowAt, valueAt, type Columns } from './columns.ts';
import { subflowStates, type ColumnName } from './row.ts';

/** What one band does at one instant, as a table shows it. */
export interface BandReading {
  readonly band: Band;
  readonly name: string;
  readonly state: SubflowState;
  readonly throughputBitsPerSecond: BitsPerSecond;
  readonly shareFraction: Fraction;
  readonly rttUs: Microseconds | undefined;
  readonly congestionWindowBytes: Bytes | undefined;
  readonly retransmits: number;
  readonly bytesSent: Bytes;
}

export interface Readings {
  readonly atEpochMs: Milliseconds;
  readonly throughputBitsPerSecond: BitsPerSecond;
  /** Absent before QEMU has figures. */
  readonly progress: Progress | undefined;
  /** Absent before the first iteration has ended. */
  readonly dirtyBitsPerSecond: BitsPerSecond | undefined;
  readonly iteration: number | undefined;
  readonly expectedDowntimeMs: Milliseconds | undefined;
  readonly cpuThrottleFraction: Fraction | undefined;
  readonly transferredBytes: Bytes | undefined;
  readonly bands: readonly BandReading[];
}

/** A reader's rate: single samples jump. */
const shownOverMs = 1_000;
/** What an end is promised from: calmer still. */
const promisedOverMs = 3_000;

/** Everything a table shows of one instant, live or replayed. */
export function readingsAt(columns: Columns, row: number, directory: BandDirectory): Readings {
  const at = (name: ColumnName): number | undefined => valueAt(columns, name, row);
  const sent = directory.all.map((band) =>
    meanRate(columns, `${band.index}.throughputBitsPerSecond`, row, shownOverMs),
  );
  const allSent = sent.reduce((sum, rate) => sum + rate, 0);
  return {
    atEpochMs: columns.atEpochMs[row] ?? 0,
    throughputBitsPerSecond: meanRate(columns, 'throughputBitsPerSecond', row, shownOverMs),
    progress: progressAt(columns, row),
    dirtyBitsPerSecond: at('dirtyBitsPerSecond'),
    iteration: at('iteration'),
    expectedDowntimeMs: at('expectedDowntimeMs'),
    cpuThrottleFraction: at('cpuThrottleFraction'),
    transferredBytes: at('transferredBytes'),
    bands: directory.all.flatMap((band): BandReading[] => {
      const state = at(`${band.index}.state`);
      if (state === undefined) return [];
      const throughputBitsPerSecond = sent[band.index] ?? 0;
      return [
        {
          band,
          name: directory.nameOf(band),
          state: subflowStates[state] ?? 'closed',
          throughputBitsPerSecond,
          shareFraction: allSent > 0 ? throughputBitsPerSecond / allSent : 0,
          rttUs: at(`${band.index}.rttUs`),
          congestionWindowBytes: at(`${band.index}.congestionWindowBytes`),
          retransmits: at(`${band.index}.retransmits`) ?? 0,
          bytesSent: at(`${band.index}.bytesSent`) ?? 0,
        },
      ];
    }),
  };
}

function progressAt(columns: Columns, row: number): Progress | undefined {
  const [remainingBytes, totalBytes] = [valueAt(columns, 'remainingBytes', row), valueAt(columns, 'totalBytes', row)];
  if (remainingBytes === undefined || totalBytes === undefined) return undefined;
  const dirtyBytesPerSecond = (valueAt(columns, 'dirtyBitsPerSecond', row) ?? 0) / 8;
  return progressOf(
    { remainingBytes, totalBytes, dirtyPagesPerSecond: dirtyBytesPerSecond, pageSizeBytes: 1 },
    meanRate(columns, 'throughputBitsPerSecond', row, promisedOverMs),
  );
}

/** Over the rows of the last `overMs`; rows that do not say are left out. */
function meanRate(columns: Columns, name: ColumnName, row: number, overMs: Milliseconds): BitsPerSecond {
  const column = columns.column(name);
  if (!column) return 0;
  const first = rowAt(columns, (columns.atEpochMs[row] ?? 0) - overMs) + 1;
  const known = column.subarray(Math.min(first, row), row + 1).filter((value) => !Number.isNaN(value));
  return known.length === 0 ? 0 : known.reduce((sum, value) => sum + value, 0) / known.length;
}
