import { Label, Progress, ProgressMeasureLocation, Title } from '@patternfly/react-core';
import { useEffect, useState } from 'react';
import type { MigrationView } from '#contract/channels.ts';
import { formatBytes, formatDurationMs } from '#contract/units.ts';
import { ArrowRightIcon } from '#renderer/components/icons.ts';
import { Metric, Metrics } from '#renderer/components/Metric.tsx';
import {
  clockOf,
  counted,
  outcomeWords,
  phaseInWords,
  placeInWords,
  transportInWords,
} from '#renderer/components/words.ts';
import type { Readings } from '#renderer/telemetry/readings.ts';
import { CancelButton } from './CancelButton.tsx';
import { pathTotals } from './result.ts';
import { Name } from '#renderer/components/Name.tsx';

interface RunHeaderProps {
  readonly view: MigrationView;
  readonly readings: Readings | undefined;
  /** Where a replay stands. */
  readonly position: number | undefined;
}

/** What is asked first: which guest, from where to where, what happens now, who runs the guest, how long still. */
export function RunHeader({ view, readings, position }: RunHeaderProps) {
  const { record } = view;
  const ended = record.outcome !== undefined;
  const elapsedMs = useElapsedMs(view, position ?? readings?.atEpochMs, position !== undefined);
  const { progress, expectedDowntimeMs } = readings ?? {};
  const moving = !ended || position !== undefined;
  return (
    <section className="sy-panel" aria-label="Overview">
      <div className="sy-run-head">
        <div>
          <div className="sy-run-name">
            <Title headingLevel="h1" size="xl">
              <Name of={record.guest} />
            </Title>
            <span className="sy-route">
              <Name of={record.source} /> <ArrowRightIcon /> <span className="sy-hidden">to</span>{' '}
              <Name of={record.destination} />
            </span>
          </div>
          <States view={view} readings={readings} />
        </div>
        {moving && (
          <Metrics label="Progress">
            <Metric name={position === undefined ? 'Elapsed' : 'At'} value={clockOf(elapsedMs)} />
            <Metric name="Remaining" value={progress ? formatBytes(progress.remainingBytes) : '–'} />
            <Metric name="ETA" value={progress?.etaMs === undefined ? '–' : clockOf(progress.etaMs + 999)} />
            <Metric
              name="Expected downtime"
              value={expectedDowntimeMs === undefined ? '–' : formatDurationMs(expectedDowntimeMs)}
            />
          </Metrics>
        )}
        {!ended && <CancelButton view={view} />}
      </div>
      {moving && (
        <Progress
          value={Math.floor((progress?.fraction ?? 0) * 100)}
          measureLocation={ProgressMeasureLocation.outside}
          aria-label="Memory that is already on the destination"
          size="lg"
        />
      )}
    </section>
  );
}

function States({ view: { record }, readings }: { view: MigrationView; readings: Readings | undefined }) {
  const ended = record.outcome !== undefined;
  const open = readings?.bands.filter(({ state }) => state !== 'closed').length ?? 0;
  const used = ended ? counted(pathTotals(record).length, 'path') : counted(open, 'subflow');
  const { transport } = record;
  return (
    <output className="sy-states">
      {record.outcome === undefined ? (
        <Label variant="outline">{phaseWithIteration(record.phase, readings?.iteration)}</Label>
      ) : (
        <Label variant="outline" status={outcomeWords({ ...record, outcome: record.outcome }).tone}>
          {outcomeWords({ ...record, outcome: record.outcome }).short}
        </Label>
      )}
      <Label variant="outline" status={placeStatus(record.guestState)}>
        {placeInWords(record.guestState, record)}
      </Label>
      {transport.negotiated === undefined ? (
        <Label variant="outline">{transportInWords(transport, used)}</Label>
      ) : (
        <Label
          variant="outline"
          status={transport.fallback ? 'warning' : transport.negotiated === 'mptcp' ? 'success' : 'info'}
        >
          {transportInWords(transport, used)}
        </Label>
      )}
    </output>
  );
}

function phaseWithIteration(phase: string, iteration: number | undefined): string {
  return phase === 'copying' && iteration !== undefined
    ? `${phaseInWords(phase)} · iteration ${iteration}`
    : phaseInWords(phase);
}

function placeStatus(place: MigrationView['record']['guestState']): 'success' | 'warning' | 'danger' {
  if (place === 'source' || place === 'destination') return 'success';
  return place === 'stopped' ? 'warning' : 'danger';
}

/** Goes with the samples while it runs, and on without them: their lack is no standstill of time. */
function useElapsedMs({ record }: MigrationView, sampleEpochMs = 0, replaying: boolean): number {
  const [now, setNow] = useState(() => Date.now());
  const running = record.endedAtEpochMs === undefined && !replaying;
  useEffect(() => {
    if (!running) return;
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [running]);
  const at = running ? Math.max(now, sampleEpochMs) : replaying ? sampleEpochMs : (record.endedAtEpochMs ?? 0);
  return at - record.startedAtEpochMs;
}
