import type { Sample } from '#contract/telemetry.ts';
import type { Milliseconds } from '#contract/units.ts';
import { BandDirectory } from './bands.ts';
import { RecentColumns } from './recent-columns.ts';
import { rowOf } from './row.ts';
import { WholeRunColumns } from './whole-run-columns.ts';

/** Five minutes at ten samples a second. */
const recentRows = 3_000;
/** Several to a point of a chart, at any length of run. */
const wholeRunRows = 3_000;

/** Every sample of one run that this window has seen, outside React and outside any store. */
export class RunBuffer {
  readonly bands = new BandDirectory();
  readonly recent: RecentColumns;
  readonly wholeRun: WholeRunColumns;
  #lastEpochMs: Milliseconds | undefined;

  constructor({ recent = recentRows, wholeRun = wholeRunRows } = {}) {
    this.recent = new RecentColumns(recent);
    this.wholeRun = new WholeRunColumns(wholeRun);
  }

  get lastEpochMs(): Milliseconds | undefined {
    return this.#lastEpochMs;
  }

  /** A sample that is not younger than the last is one already seen (a page and a frame may overlap): it is left out. */
  push(sample: Sample): void {
    if (this.#lastEpochMs !== undefined && sample.atEpochMs <= this.#lastEpochMs) return;
    this.#lastEpochMs = sample.atEpochMs;
    const row = rowOf(sample, this.bands);
    this.recent.push(row);
    this.wholeRun.push(row);
  }
}
