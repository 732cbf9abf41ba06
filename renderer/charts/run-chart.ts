import uPlot from 'uplot';
import type { Milliseconds } from '#contract/units.ts';
import { ChartWindow, type Points, type Span } from '#renderer/telemetry/chart-window.ts';
import type { Columns } from '#renderer/telemetry/columns.ts';
import type { RunBuffer } from '#renderer/telemetry/run-buffer.ts';
import { readColours, type ChartColours } from './colours.ts';
import type { Marker } from './markers.ts';
import { markerSpace, paintMarkers, paintPosition } from './paint-markers.ts';
import { beforeNow, marksFrom, sinceStart } from './time-axis.ts';
import { Tooltip, type TooltipLine } from './tooltip.ts';

/** How much of the run is shown: so many milliseconds up to now, or all of it. */
export type ChartSpan = Milliseconds | 'whole-run';

/** What a chart gets from outside, between two paints. */
export interface ChartScene {
  readonly span: ChartSpan;
  readonly markers: readonly Marker[];
  readonly startedAtEpochMs: Milliseconds;
  /** Where a replay stands; absent while the chart follows. */
  readonly position: Milliseconds | undefined;
}

/** One kind of chart over a run's samples. */
export interface ChartKind {
  readonly height: number;
  /** Changes when the chart needs other series than it has. */
  readonly shape: (buffer: RunBuffer) => string;
  readonly series: (buffer: RunBuffer, colours: ChartColours) => uPlot.Series[];
  /** One list for each series, in their order. */
  readonly values: (buffer: RunBuffer, window: ChartWindow) => Points[];
  readonly formatValue: (value: number) => string;
  /** The top of the vertical axis, for the highest value in sight. */
  readonly top: (highest: number) => number;
  readonly tooltip: (buffer: RunBuffer, columns: Columns, row: number) => TooltipLine[];
  readonly paintOver?: (plot: uPlot, colours: ChartColours) => void;
  /** Words above the plot for the markers. */
  readonly markerWords: boolean;
}

const leastShownMs = 10_000;

/**
 * Draws one run. A plain class outside React: `paint` is called for every frame that arrives, reads the columns, and hands
 * uPlot the points in sight.
 */
export class RunChart {
  readonly #element: HTMLElement;
  readonly #buffer: RunBuffer;
  readonly #kind: ChartKind;
  readonly #tooltip = new Tooltip();
  #scene: ChartScene;
  #plot: uPlot | undefined;
  #shape = '';
  #colours = readColours();

  constructor(element: HTMLElement, buffer: RunBuffer, kind: ChartKind, scene: ChartScene) {
    this.#element = element;
    this.#buffer = buffer;
    this.#kind = kind;
    this.#scene = scene;
  }

  setScene(scene: ChartScene): void {
    this.#scene = scene;
    this.paint();
  }

  /** After the theme or the size has changed. */
  rebuild(): void {
    this.#colours = readColours();
    this.#shape = '';
    this.paint();
  }

  destroy(): void {
    this.#plot?.destroy();
    this.#plot = undefined;
  }

  readonly paint = (): void => {
    const width = this.#element.clientWidth;
    if (width === 0) return;
    const shape = `${width} ${this.#kind.shape(this.#buffer)}`;
    if (shape !== this.#shape || !this.#plot) {
      this.#shape = shape;
      this.destroy();
      this.#plot = this.#build(width);
      this.#tooltip.attachTo(this.#plot);
    }
    const span = this.#spanShown();
    // Two pixels to a point: finer is only work.
    const window = new ChartWindow(this.#columns, span, Math.max(60, Math.floor(width / 2)));
    const plot = this.#plot;
    plot.batch(() => {
      plot.setData([window.times(), ...this.#kind.values(this.#buffer, window)], false);
      plot.setScale('x', { min: span.fromEpochMs / 1000, max: span.toEpochMs / 1000 });
    });
  };

  get #columns(): Columns {
    const { recent, wholeRun } = this.#buffer;
    return this.#scene.span === 'whole-run' ? wholeRun : recent;
  }

  #spanShown(): Span {
    const { span, startedAtEpochMs } = this.#scene;
    const toEpochMs = this.#buffer.lastEpochMs ?? startedAtEpochMs + 1000;
    if (span === 'whole-run')
      return { fromEpochMs: startedAtEpochMs, toEpochMs: Math.max(toEpochMs, startedAtEpochMs + 1000) };
    // A run younger than the span fills the picture from its beginning.
    const fromEpochMs = Math.max(toEpochMs - span, Math.min(startedAtEpochMs, toEpochMs - leastShownMs));
    return { fromEpochMs, toEpochMs };
  }

  #build(width: number): uPlot {
    const { height, series, formatValue, top, markerWords } = this.#kind;
    const { text, grid, font } = this.#colours;
    const axis = { stroke: text, font, grid: { stroke: grid, width: 1 }, ticks: { show: false } };
    return new uPlot(
      {
        width,
        height,
        padding: [markerWords ? markerSpace : 8, 12, 0, 0],
        legend: { show: false },
        cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
        scales: {
          x: { time: false, auto: false },
          y: { range: (_plot, _low, high) => [0, top(high)] },
        },
        axes: [
          {
            ...axis,
            grid: { show: false },
            size: 26,
            splits: (plot, _axis, from, to) =>
              marksFrom(this.#origin(to), from, to, plot.bbox.width / devicePixelRatio),
            values: (_plot, splits) => splits.map((second) => this.#timeInWords(second)),
          },
          { ...axis, size: 76, values: (_plot, splits) => splits.map(formatValue) },
        ],
        series: [{}, ...series(this.#buffer, this.#colours)],
        hooks: {
          draw: [(plot) => this.#paintOver(plot)],
          setCursor: [(plot) => this.#showTooltip(plot)],
        },
      },
      [[]],
      this.#element,
    );
  }

  #paintOver(plot: uPlot): void {
    this.#kind.paintOver?.(plot, this.#colours);
    const { markers, position } = this.#scene;
    const shown = this.#kind.markerWords ? markers : markers.map((marker) => ({ ...marker, label: '' }));
    paintMarkers(plot, shown, this.#colours);
    if (position !== undefined) paintPosition(plot, position, this.#colours);
  }

  #showTooltip(plot: uPlot): void {
    const { idx, left = -1 } = plot.cursor;
    const second = idx === null || idx === undefined ? undefined : plot.data[0][idx];
    if (second === undefined || left < 0) return this.#tooltip.hide();
    const columns = this.#columns;
    const row = columns.atEpochMs.findIndex((at) => at >= second * 1000);
    if (row === -1) return this.#tooltip.hide();
    this.#tooltip.show(plot, this.#timeInWords(second), this.#kind.tooltip(this.#buffer, columns, row));
  }

  #origin(latestSecond: number): number {
    return this.#scene.span === 'whole-run' ? this.#scene.startedAtEpochMs / 1000 : latestSecond;
  }

  #timeInWords(second: number): string {
    const { span, startedAtEpochMs } = this.#scene;
    return span === 'whole-run'
      ? sinceStart(second, startedAtEpochMs / 1000)
      : beforeNow(second, (this.#buffer.lastEpochMs ?? startedAtEpochMs) / 1000);
  }
}
