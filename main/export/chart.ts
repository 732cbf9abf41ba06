import type { Sample, SubflowSample } from '#contract/telemetry.ts';
import { formatDurationMs } from '#contract/units.ts';
import { ratio } from './arithmetic.ts';
import { markup, type Markup } from './markup.ts';

/** One line of a chart: a value for every bucket of time, absent where it was not measured. */
export interface Series {
  readonly name: string;
  readonly values: readonly (number | undefined)[];
}

export interface Chart {
  readonly title: string;
  /** Buckets of equal length from `fromEpochMs` to `toEpochMs`. */
  readonly fromEpochMs: number;
  readonly toEpochMs: number;
  readonly series: readonly Series[];
  /** Stacked areas whose upper edge is the sum, or lines from the same floor. */
  readonly kind: 'stacked' | 'lines';
  readonly ceiling?: { readonly name: string; readonly value: number };
  readonly marks: readonly { readonly atEpochMs: number; readonly text: string }[];
  readonly format: (value: number) => string;
}

/** More points than this are not seen on a page. */
const mostBuckets = 400;

/** The samples cut into buckets of equal length, and for every subflow the mean of a figure in each. */
export function subflowSeries(
  samples: readonly Sample[],
  figureOf: (subflow: SubflowSample) => number | undefined,
): Pick<Chart, 'fromEpochMs' | 'toEpochMs' | 'series'> {
  const fromEpochMs = samples[0]?.atEpochMs ?? 0;
  const toEpochMs = Math.max(fromEpochMs, samples.at(-1)?.atEpochMs ?? 0);
  const count = Math.min(samples.length, mostBuckets);
  const bucketOf = (atEpochMs: number): number =>
    Math.max(0, Math.min(count - 1, Math.floor(ratio(atEpochMs - fromEpochMs, toEpochMs - fromEpochMs) * count)));
  const collected = new Map<string, { readonly name: string; readonly figures: number[][] }>();
  for (const { atEpochMs, subflows } of samples) {
    for (const subflow of subflows) {
      const figure = figureOf(subflow);
      const known = collected.get(subflow.id) ?? {
        name: `${subflow.interface ?? subflow.localAddress} (${subflow.id})`,
        figures: Array.from({ length: count }, () => []),
      };
      collected.set(subflow.id, known);
      if (figure !== undefined) known.figures[bucketOf(atEpochMs)]?.push(figure);
    }
  }
  const series = Array.from(collected.values(), ({ name, figures }) => ({ name, values: figures.map(mean) }));
  return { fromEpochMs, toEpochMs, series };
}

function mean(figures: readonly number[]): number | undefined {
  return figures.length === 0 ? undefined : figures.reduce((total, figure) => total + figure, 0) / figures.length;
}

const width = 960;
const height = 300;
const plot = { left: 84, right: 12, top: 12, bottom: 28 };
const plotWidth = width - plot.left - plot.right;
const plotHeight = height - plot.top - plot.bottom;

/** A chart as an SVG element that needs nothing else; its colours are those of the page's classes `series-0` and on. */
export function drawChart(chart: Chart): Markup {
  const buckets = chart.series[0]?.values.length ?? 0;
  if (buckets < 2) return markup`<p>${chart.title}: too few samples to draw.</p>`;
  const layers =
    chart.kind === 'stacked' ? stacked(chart.series) : chart.series.map(({ values }) => ({ floor: undefined, values }));
  const peak = Math.max(
    chart.ceiling?.value ?? 0,
    ...layers.flatMap(({ values }) => values.map((value) => value ?? 0)),
  );
  const ticks = ticksUpTo(peak);
  const top = ticks.at(-1) ?? 1;
  const y = (value: number): number => rounded(plot.top + plotHeight * (1 - ratio(value, top)));
  const x = (bucket: number): number => rounded(plot.left + (plotWidth * bucket) / (buckets - 1));
  const xAt = (atEpochMs: number): number =>
    rounded(plot.left + plotWidth * ratio(atEpochMs - chart.fromEpochMs, chart.toEpochMs - chart.fromEpochMs));
  const { ceiling } = chart;

  return markup`<figure>
<figcaption>${chart.title}</figcaption>
<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${chart.title}">
${ticks.map((tick) => markup`<line class="grid" x1="${plot.left}" x2="${width - plot.right}" y1="${y(tick)}" y2="${y(tick)}"/><text x="${plot.left - 8}" y="${y(tick) + 4}" text-anchor="end">${chart.format(tick)}</text>`)}
${layers
  .map(({ floor, values }, index) =>
    floor
      ? area(values, floor, x, y, index)
      : markup`<path class="line series-${index % 8}" d="${linePath(values, x, y)}"/>`,
  )
  .toReversed()}
${ceiling && markup`<line class="ceiling" x1="${plot.left}" x2="${width - plot.right}" y1="${y(ceiling.value)}" y2="${y(ceiling.value)}"><title>${ceiling.name}: ${chart.format(ceiling.value)}</title></line>`}
${chart.marks
  .filter(({ atEpochMs }) => atEpochMs >= chart.fromEpochMs && atEpochMs <= chart.toEpochMs)
  .map(
    ({ atEpochMs, text }) =>
      markup`<line class="mark" x1="${xAt(atEpochMs)}" x2="${xAt(atEpochMs)}" y1="${plot.top}" y2="${height - plot.bottom}"><title>${text}</title></line>`,
  )}
${[0, 0.25, 0.5, 0.75, 1].map((part) => markup`<text x="${rounded(plot.left + plotWidth * part)}" y="${height - 8}" text-anchor="middle">${formatDurationMs((chart.toEpochMs - chart.fromEpochMs) * part)}</text>`)}
</svg>
<ul class="legend">${chart.series.map(({ name }, index) => markup`<li><span class="swatch series-${index % 8}"></span>${name}</li>`)}</ul>
</figure>`;
}

interface Layer {
  readonly floor: readonly number[] | undefined;
  readonly values: readonly (number | undefined)[];
}

function stacked(series: readonly Series[]): Layer[] {
  let floor: readonly number[] = series[0]?.values.map(() => 0) ?? [];
  return series.map(({ values }) => {
    const layer = { floor, values: values.map((value, bucket) => (floor[bucket] ?? 0) + (value ?? 0)) };
    floor = layer.values;
    return layer;
  });
}

type Scale = (value: number) => number;

function area(values: Layer['values'], floor: readonly number[], x: Scale, y: Scale, index: number): Markup {
  const upper = values.map((value, bucket) => `${x(bucket)},${y(value ?? 0)}`);
  const lower = floor.map((value, bucket) => `${x(bucket)},${y(value)}`).toReversed();
  return markup`<polygon class="area series-${index % 8}" points="${[...upper, ...lower].join(' ')}"/>`;
}

/** Begins anew behind every gap. */
function linePath(values: Layer['values'], x: Scale, y: Scale): string {
  return values
    .map((value, bucket) => {
      if (value === undefined) return '';
      return `${values[bucket - 1] === undefined ? 'M' : 'L'}${x(bucket)},${y(value)}`;
    })
    .join('');
}

/** From 0 in steps of 1, 2 or 5 times a power of ten, the last at or above the peak. */
export function ticksUpTo(peak: number): number[] {
  const raw = (peak > 0 ? peak : 1) / 5;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= raw) ?? 10) * power;
  return Array.from({ length: Math.ceil((peak > 0 ? peak : 1) / step) + 1 }, (_each, index) => index * step);
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
