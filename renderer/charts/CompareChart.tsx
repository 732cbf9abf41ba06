import 'uplot/dist/uPlot.min.css';
import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import type { MigrationView } from '#contract/channels.ts';
import { formatBitsPerSecond } from '#contract/units.ts';
import { onThemeChange } from '#renderer/app/theme.ts';
import { ChartWindow } from '#renderer/telemetry/chart-window.ts';
import type { TelemetryCoordinator } from '#renderer/telemetry/telemetry-coordinator.ts';
import { pathColour, readColours } from './colours.ts';
import { marksFrom, sinceStart } from './time-axis.ts';

interface ComparedRun {
  readonly record: MigrationView['record'];
  readonly coordinator: TelemetryCoordinator;
}

const height = 300;

/** The throughput of two runs over the time since their starts. */
export function CompareChart({ runs }: { runs: readonly [ComparedRun, ComparedRun] }) {
  const place = useRef<HTMLElement>(null);
  const [one, other] = runs;
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const compared = [one, other] as const;
    let plot: uPlot | undefined;
    const paint = (): void => {
      const width = element.clientWidth;
      plot?.destroy();
      plot = width > 0 ? draw(element, width, compared) : undefined;
    };
    const resized = new ResizeObserver(paint);
    resized.observe(element);
    const stops = [one.coordinator.onPaint(paint), other.coordinator.onPaint(paint), onThemeChange(paint)];
    return () => {
      for (const stop of stops) stop();
      resized.disconnect();
      plot?.destroy();
    };
  }, [one, other]);
  const label = 'Throughput of both migrations over the time since their starts; the figures are in the table';
  return <figure ref={place} aria-label={label} className="sy-chart" style={{ minHeight: height }} />;
}

/** Drawn a few times only, while the samples of both arrive: made again each time. */
function draw(element: HTMLElement, width: number, runs: readonly [ComparedRun, ComparedRun]): uPlot {
  const colours = readColours();
  const axis = {
    stroke: colours.text,
    font: colours.font,
    grid: { stroke: colours.grid, width: 1 },
    ticks: { show: false },
  };
  return new uPlot(
    {
      width,
      height,
      legend: { show: false },
      cursor: { show: false },
      scales: {
        x: { time: false, range: (_plot, _low, high) => [0, high] },
        y: { range: (_plot, _low, high) => [0, Math.max(high ?? 0, 1e6) * 1.1] },
      },
      axes: [
        {
          ...axis,
          grid: { show: false },
          size: 26,
          splits: (plot, _axis, from, to) => marksFrom(0, from, to, plot.bbox.width / devicePixelRatio),
          values: (_plot, splits) => splits.map((second) => sinceStart(second, 0)),
        },
        { ...axis, size: 76, values: (_plot, splits) => splits.map((rate) => formatBitsPerSecond(rate)) },
      ],
      series: [
        {},
        ...runs.map((_run, index): uPlot.Series => ({
          stroke: pathColour(colours, index),
          width: 2,
          points: { show: false },
          spanGaps: true,
        })),
      ],
    },
    uPlot.join(runs.map((run) => seriesOf(run, width))),
    element,
  );
}

function seriesOf(
  { record: { startedAtEpochMs }, coordinator: { buffer } }: ComparedRun,
  width: number,
): uPlot.AlignedData {
  const span = { fromEpochMs: startedAtEpochMs, toEpochMs: buffer.lastEpochMs ?? startedAtEpochMs };
  const window = new ChartWindow(buffer.wholeRun, span, Math.max(60, Math.floor(width / 2)));
  return [window.times().map((second) => second - startedAtEpochMs / 1000), window.points('throughputBitsPerSecond')];
}
