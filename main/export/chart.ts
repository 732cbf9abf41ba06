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
const plot = { left: 84, right: 24, top: 12, bottom: 28 };
const plotWidth = width - plot.left - plot.right;
const plotHeight = height - plot.top - plot.bottom;

/** Where things stand in the picture. */
interface Scales {
  readonly ofBucket: (bucket: number) => number;
  readonly ofTime: (atEpochMs: number) => number;
  readonly ofValue: (value: number) => number;
}

/**
 * A chart as an SVG element that needs nothing else; its colours are those of the page's classes `series-0` and on.
 */
export function drawChart(chart: Chart): Markup {
  const buckets = chart.series[0]?.values.length ?? 0;
  if (buckets < 2) return markup`<p>${chart.title}: too few samples to draw.</p>`;
  const layers = chart.kind === 'stacked' ? stacked(chart.series) : chart.series.map(({ values }) => ({ values }));
  const values = layers.flatMap((layer) => layer.values.map((value) => value ?? 0));
  const ticks = ticksUpTo(values.reduce((peak, value) => Math.max(peak, value), chart.ceiling?.value ?? 0));
  const top = ticks.at(-1) ?? 1;
  const scales: Scales = {
    ofBucket: (bucket) => rounded(plot.left + plotWidth * ratio(bucket, buckets - 1)),
    ofTime: (atEpochMs) =>
      rounded(plot.left + plotWidth * ratio(atEpochMs - chart.fromEpochMs, chart.toEpochMs - chart.fromEpochMs)),
    ofValue: (value) => rounded(plot.top + plotHeight * (1 - ratio(value, top))),
  };
  return markup`<figure>
<figcaption>${chart.title}</figcaption>
<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${chart.title}">
${valueAxis(chart, ticks, scales)}
${timeAxis(chart, scales)}
${layers.map((layer, index) => drawLayer(layer, index, scales)).toReversed()}
${ceilingLine(chart, scales)}
${markLines(chart, scales)}
</svg>
${legend(chart)}
</figure>`;
}

function valueAxis({ format }: Chart, ticks: readonly number[], { ofValue }: Scales): Markup[] {
  return ticks.map((tick) => {
    const y = ofValue(tick);
    return markup`<line class="grid" x1="${plot.left}" x2="${width - plot.right}" y1="${y}" y2="${y}"/>
<text x="${plot.left - 8}" y="${y + 4}" text-anchor="end">${format(tick)}</text>
`;
  });
}

function timeAxis({ fromEpochMs, toEpochMs }: Chart, { ofTime }: Scales): Markup[] {
  const length = toEpochMs - fromEpochMs;
  const ticks = ticksUpTo(length).filter((afterMs) => afterMs <= length);
  return ticks.map(
    (
      afterMs,
    ) => markup`<text x="${ofTime(fromEpochMs + afterMs)}" y="${height - 8}" text-anchor="middle">${formatDurationMs(afterMs)}</text>
`,
  );
}

function ceilingLine({ ceiling, format }: Chart, { ofValue }: Scales): Markup | undefined {
  if (!ceiling) return undefined;
  const y = ofValue(ceiling.value);
  return markup`<line class="ceiling" x1="${plot.left}" x2="${width - plot.right}" y1="${y}" y2="${y}"><title>${ceiling.name}: ${format(ceiling.value)}</title></line>`;
}

function markLines(chart: Chart, { ofTime }: Scales): Markup[] {
  return marksWithin(chart).map(({ atEpochMs, text }) => {
    const x = ofTime(atEpochMs);
    return markup`<line class="mark" x1="${x}" x2="${x}" y1="${plot.top}" y2="${height - plot.bottom}"><title>${text}</title></line>
`;
  });
}

function marksWithin({ marks, fromEpochMs, toEpochMs }: Chart): Chart['marks'] {
  return marks.filter(({ atEpochMs }) => atEpochMs >= fromEpochMs && atEpochMs <= toEpochMs);
}

function legend(chart: Chart): Markup {
  const series = chart.series.map(
    ({ name }, index) => markup`<li><span class="swatch series-${index % 8}"></span>${name}</li>`,
  );
  const ceiling = chart.ceiling ? [markup`<li>dashed: ${chart.ceiling.name}</li>`] : [];
  const marks = marksWithin(chart).length > 0 ? [markup`<li>dotted: events, listed below</li>`] : [];
  return markup`<ul class="legend">${[...series, ...ceiling, ...marks]}</ul>`;
}

interface Layer {
  /** Of an area; a line has none. */
  readonly floor?: readonly number[];
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

function drawLayer({ floor, values }: Layer, index: number, { ofBucket, ofValue }: Scales): Markup {
  if (!floor) return markup`<path class="line series-${index % 8}" d="${linePath(values, ofBucket, ofValue)}"/>`;
  const upper = values.map((value, bucket) => `${ofBucket(bucket)},${ofValue(value ?? 0)}`);
  const lower = floor.map((value, bucket) => `${ofBucket(bucket)},${ofValue(value)}`).toReversed();
  return markup`<polygon class="area series-${index % 8}" points="${[...upper, ...lower].join(' ')}"/>`;
}

/** Begins again behind every gap. */
function linePath(values: Layer['values'], x: Scales['ofBucket'], y: Scales['ofValue']): string {
  return values
    .map((value, bucket) => {
      if (value === undefined) return '';
      return `${values[bucket - 1] === undefined ? 'M' : 'L'}${x(bucket)},${y(value)}`;
    })
    .join('');
}

/** From 0 in steps of 1, 2 or 5 times a power of ten, the last at or above the peak. */
export function ticksUpTo(peak: number): number[] {
  // A number that no measurement gives has no steps: a step of 0 or of infinity would be one.
  const top = peak > 1e-300 && peak < 1e300 ? peak : 1;
  const raw = top / 5;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= raw) ?? 10) * power;
  return Array.from({ length: Math.ceil(top / step) + 1 }, (_each, index) => index * step);
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
