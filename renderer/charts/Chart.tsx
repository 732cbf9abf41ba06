import 'uplot/dist/uPlot.min.css';
import { useEffect, useRef } from 'react';
import { onThemeChange } from '#renderer/app/theme.ts';
import type { TelemetryCoordinator } from '#renderer/telemetry/telemetry-coordinator.ts';
import { RunChart, type ChartKind, type ChartScene } from './run-chart.ts';

interface ChartProps {
  readonly coordinator: TelemetryCoordinator;
  readonly kind: ChartKind;
  readonly scene: ChartScene;
  /** One sentence in place of the picture; the figures stand in the tables. */
  readonly label: string;
}

/** Where a chart stands in the page. React makes the place and passes the scene; the painting is the chart's own. */
export function Chart({ coordinator, kind, scene, label }: ChartProps) {
  const place = useRef<HTMLElement>(null);
  const chart = useRef<RunChart>(undefined);

  useEffect(() => {
    if (!place.current) return;
    const made = new RunChart(place.current, coordinator.buffer, kind, scene);
    chart.current = made;
    const resized = new ResizeObserver(() => made.paint());
    resized.observe(place.current);
    const stops = [coordinator.onPaint(made.paint), onThemeChange(() => made.rebuild()), () => resized.disconnect()];
    made.paint();
    return () => {
      for (const stop of stops) stop();
      made.destroy();
    };
    // The effect below passes the scene: a new one must not make a new chart.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [coordinator, kind]);

  useEffect(() => chart.current?.setScene(scene), [scene]);

  return <figure ref={place} aria-label={label} className="sy-chart" style={{ minHeight: kind.height }} />;
}
