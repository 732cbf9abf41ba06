import { ToggleGroup, ToggleGroupItem } from '@patternfly/react-core';
import { useMemo, useState } from 'react';
import type { MigrationView } from '#contract/channels.ts';
import { formatBitsPerSecond, formatFraction } from '#contract/units.ts';
import { Chart } from '#renderer/charts/Chart.tsx';
import { markersOf } from '#renderer/charts/markers.ts';
import { rttChart } from '#renderer/charts/rtt-chart.ts';
import type { ChartScene, ChartSpan } from '#renderer/charts/run-chart.ts';
import { throughputChart } from '#renderer/charts/throughput-chart.ts';
import { Panel } from '#renderer/components/Panel.tsx';
import type { Readings } from '#renderer/telemetry/readings.ts';
import type { TelemetryCoordinator } from '#renderer/telemetry/telemetry-coordinator.ts';
import { Replay } from './Replay.tsx';
import { SubflowTable } from './SubflowTable.tsx';
import { plainName } from '#contract/plain-text.ts';

interface ChartPanelProps {
  readonly view: MigrationView;
  readonly coordinator: TelemetryCoordinator;
  readonly readings: Readings | undefined;
  readonly position: number | undefined;
  readonly onPosition: (position: number | undefined) => void;
}

const spans: readonly { readonly span: ChartSpan; readonly name: string }[] = [
  { span: 60_000, name: '60 s' },
  { span: 300_000, name: '5 min' },
  { span: 'whole-run', name: 'Whole run' },
];

/** Throughput and round-trip times as charts, and their latest values as a table. */
export function ChartPanel({ view, coordinator, readings, position, onPosition }: ChartPanelProps) {
  const { record } = view;
  const ended = record.outcome !== undefined;
  const [chosenSpan, setSpan] = useState<ChartSpan>(60_000);
  const span = ended ? 'whole-run' : chosenSpan;
  const capacity = record.totals.capacityBitsPerSecond;
  const throughput = useMemo(() => throughputChart(capacity), [capacity]);
  const { events, paths, startedAtEpochMs } = record;
  const scene = useMemo((): ChartScene => {
    const markers = markersOf(
      events,
      new Set(paths.flatMap((path) => [path.sourceInterface, path.destinationInterface])),
    );
    return { span, markers, startedAtEpochMs, position };
  }, [span, events, paths, startedAtEpochMs, position]);

  return (
    <Panel
      title="Throughput by subflow"
      aside={
        <div className="sy-actions">
          <span>
            <Figures readings={readings} capacity={capacity} />
          </span>
          {!ended && (
            <ToggleGroup aria-label="Time shown" isCompact>
              {spans.map((one) => (
                <ToggleGroupItem
                  key={one.name}
                  text={plainName(one.name)}
                  isSelected={one.span === span}
                  onChange={() => setSpan(one.span)}
                />
              ))}
            </ToggleGroup>
          )}
        </div>
      }
    >
      <Chart
        coordinator={coordinator}
        kind={throughput}
        scene={scene}
        label="Throughput over time, stacked by subflow; the latest values are in the table of subflows"
      />
      {ended && <Replay record={record} position={position} onPosition={onPosition} />}
      <h3 className="sy-chart-title">Round-trip time</h3>
      <Chart
        coordinator={coordinator}
        kind={rttChart}
        scene={scene}
        label="Round-trip time of each subflow over time; the latest values are in the table of subflows"
      />
      <SubflowTable view={view} readings={readings} />
    </Panel>
  );
}

function Figures({ readings, capacity }: { readings: Readings | undefined; capacity: number | undefined }) {
  if (!readings) return undefined;
  const { throughputBitsPerSecond: rate, dirtyBitsPerSecond } = readings;
  return (
    <>
      <strong>{formatBitsPerSecond(rate)}</strong>
      {capacity !== undefined && ` of ${formatBitsPerSecond(capacity)} (${formatFraction(rate / capacity)})`}
      {dirtyBitsPerSecond !== undefined && ` · dirty rate ${formatBitsPerSecond(dirtyBitsPerSecond)}`}
    </>
  );
}
