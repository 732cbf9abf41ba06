import { memo, useMemo, useState } from 'react';
import type { MigrationView } from '#contract/channels.ts';
import { readingsAt } from '#renderer/telemetry/readings.ts';
import { rowAt } from '#renderer/telemetry/columns.ts';
import { ChartPanel } from './ChartPanel.tsx';
import { ControlsPanel } from './ControlsPanel.tsx';
import { ConvergencePanel } from './ConvergencePanel.tsx';
import { EventsPanel } from './EventsPanel.tsx';
import { LabLinksPanel } from './LabLinksPanel.tsx';
import { ResultPanel } from './ResultPanel.tsx';
import { RunFooter } from './RunFooter.tsx';
import { RunHeader } from './RunHeader.tsx';
import { RunWarnings } from './RunWarnings.tsx';
import { useCoordinator, useReadings } from './use-run.ts';

/**
 * The dashboard of one migration; when it has ended its result stands on top and the same charts replay it. It is drawn again
 * with every reading, twice a second; panels that show nothing of the readings are memoized.
 */
export const RunPage = memo(function RunPage({ view }: { view: MigrationView }) {
  const { record } = view;
  const ended = record.outcome !== undefined;
  const coordinator = useCoordinator(record.id, !ended);
  const latest = useReadings(coordinator);
  const [position, setPosition] = useState<number>();
  const replayed = useMemo(() => {
    if (position === undefined) return undefined;
    const { wholeRun, bands } = coordinator.buffer;
    return readingsAt(wholeRun, Math.max(0, rowAt(wholeRun, position)), bands);
  }, [position, coordinator]);
  const readings = replayed ?? latest;

  return (
    <div className="sy-run">
      <RunHeader view={view} readings={readings} position={position} />
      <RunWarnings view={view} />
      {ended && <ResultPanel record={record} />}
      <div className="sy-run-columns">
        <ChartPanel
          view={view}
          coordinator={coordinator}
          readings={readings}
          position={position}
          onPosition={setPosition}
        />
        <div className="sy-stack">
          <ConvergencePanel record={record} readings={readings} />
          {!ended && <ControlsPanel view={view} />}
          {!ended && <LabLinksPanel record={record} />}
          <EventsPanel events={record.events} />
        </div>
      </div>
      <RunFooter record={record} />
    </div>
  );
});
