import type uPlot from 'uplot';
import { formatMicroseconds } from '#contract/units.ts';
import { valueAt } from '#renderer/telemetry/columns.ts';
import { pathClass, pathColour } from './colours.ts';
import type { ChartKind } from './run-chart.ts';

/** Round-trip time by subflow: what a queue in front of a path looks like. */
export const rttChart: ChartKind = {
  height: 130,
  markerWords: false,
  shape: ({ bands }) => bands.all.map(({ pathIndex }) => pathIndex).join(),
  series: ({ bands }, colours) =>
    bands.all.map(({ pathIndex }): uPlot.Series => ({
      stroke: pathColour(colours, pathIndex),
      width: 1.5,
      points: { show: false },
    })),
  values: ({ bands }, window) => bands.all.map(({ index }) => window.points(`${index}.rttUs`)),
  formatValue: formatMicroseconds,
  top: (highest) => Math.max(highest, 100) * 1.15,
  tooltip: ({ bands }, columns, row) =>
    bands.all.flatMap((band) => {
      const rttUs = valueAt(columns, `${band.index}.rttUs`, row);
      if (rttUs === undefined) return [];
      return { name: bands.nameOf(band), value: formatMicroseconds(rttUs), swatch: pathClass(band.pathIndex) };
    }),
};
