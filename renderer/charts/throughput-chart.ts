import type uPlot from 'uplot';
import { formatBitsPerSecond, type BitsPerSecond } from '#contract/units.ts';
import type { Band, BandDirectory } from '#renderer/telemetry/bands.ts';
import { stacked } from '#renderer/telemetry/chart-window.ts';
import { valueAt, type Columns } from '#renderer/telemetry/columns.ts';
import type { ColumnName } from '#renderer/telemetry/row.ts';
import { areaColour, pathClass } from './colours.ts';
import { paintLevel } from './paint-markers.ts';
import type { ChartKind } from './run-chart.ts';
import type { TooltipLine } from './tooltip.ts';

/** Room above the level for its words. */
const headroom = 1.12;

/**
 * Throughput by subflow, stacked, one colour a path; their sum as a line, what the links could carry as a level, and the
 * rate at which the guest dirties memory as a dashed line.
 */
export function throughputChart(capacity: BitsPerSecond | undefined): ChartKind {
  return {
    height: 300,
    markerWords: true,
    shape: ({ bands }) => bands.all.map(({ pathIndex }) => pathIndex).join(),
    // Areas reach down to zero, so the highest is painted first and each lower one over it.
    series: ({ bands }, colours) => [
      ...stackOrder(bands)
        .toReversed()
        .map(({ band: { pathIndex }, isTopOfPath }): uPlot.Series => ({
          ...(isTopOfPath ? { fill: areaColour(colours, pathIndex) } : {}),
          stroke: colours.surface,
          width: 0.6,
          points: { show: false },
        })),
      { stroke: colours.line, width: 1.5, points: { show: false } },
      { stroke: colours.line, width: 1.5, dash: [6, 5], points: { show: false } },
    ],
    values: ({ bands }, window) => [
      ...stacked(
        stackOrder(bands).map(({ band: { index } }) => window.points(`${index}.throughputBitsPerSecond`)),
      ).toReversed(),
      window.points('throughputBitsPerSecond'),
      window.points('dirtyBitsPerSecond'),
    ],
    formatValue: formatBitsPerSecond,
    top: (highest) => Math.max(highest, capacity ?? 0, 1e6) * headroom,
    paintOver: (plot, colours) => {
      if (capacity !== undefined) paintLevel(plot, capacity, `sum of links ${formatBitsPerSecond(capacity)}`, colours);
    },
    tooltip: ({ bands }, columns, row) => {
      const dirtyBitsPerSecond = valueAt(columns, 'dirtyBitsPerSecond', row);
      const rate = (name: ColumnName): string => formatBitsPerSecond(valueAt(columns, name, row) ?? 0);
      return [
        { name: 'All paths', value: rate('throughputBitsPerSecond') },
        ...pathSums(bands, columns, row),
        ...(dirtyBitsPerSecond === undefined
          ? []
          : [{ name: 'Dirty rate', value: formatBitsPerSecond(dirtyBitsPerSecond) }]),
      ];
    },
  };
}

/**
 * From the bottom up. The subflows of one path lie together and are one area, cut by thin lines: with parallel connections
 * a path stays one block to the eye, and is filled once.
 */
export function stackOrder({ all }: BandDirectory): { readonly band: Band; readonly isTopOfPath: boolean }[] {
  const sorted = all.toSorted((one, other) => one.pathIndex - other.pathIndex || one.connection - other.connection);
  return sorted.map((band, position) => ({
    band,
    isTopOfPath: sorted[position + 1]?.pathIndex !== band.pathIndex,
  }));
}

/** What each path carries, over all of its subflows. */
function pathSums({ all }: BandDirectory, columns: Columns, row: number): TooltipLine[] {
  const sums = new Map<number, { name: string; rate: BitsPerSecond }>();
  for (const band of all) {
    const rate = valueAt(columns, `${band.index}.throughputBitsPerSecond`, row) ?? 0;
    sums.set(band.pathIndex, { name: band.interface, rate: rate + (sums.get(band.pathIndex)?.rate ?? 0) });
  }
  return Array.from(sums, ([pathIndex, { name, rate }]) => ({
    name,
    value: formatBitsPerSecond(rate),
    swatch: pathClass(pathIndex),
  }));
}
