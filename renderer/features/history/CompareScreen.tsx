import { Spinner } from '@patternfly/react-core';
import { Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { downtimeOf, formatDowntime } from '#contract/downtime.ts';
import type { MigrationView } from '#contract/channels.ts';
import { formatBitsPerSecond, formatBytes, formatDurationMs, formatFraction } from '#contract/units.ts';
import { toHash } from '#renderer/app/routes.ts';
import { CompareChart } from '#renderer/charts/CompareChart.tsx';
import { pathClass } from '#renderer/charts/colours.ts';
import { DataTable } from '#renderer/components/DataTable.tsx';
import { Panel } from '#renderer/components/Panel.tsx';
import { ScreenTitle } from '#renderer/components/ScreenTitle.tsx';
import { counted, dateAndTime, outcomeWords, transportInWords } from '#renderer/components/words.ts';
import { pathTotals } from '#renderer/features/run/result.ts';
import { useCoordinator, useView } from '#renderer/features/run/use-run.ts';
import { Name } from '#renderer/components/Name.tsx';
import { plainName } from '#contract/plain-text.ts';

type Record = MigrationView['record'];

/** Two runs on one axis, from their starts, and their figures side by side. */
export function CompareScreen({ one, other }: { one: string; other: string }) {
  const [first, second] = [useView(one), useView(other)];
  const failure = first.failure ?? second.failure;
  return (
    <>
      <ScreenTitle name="Compare two migrations" about="Both charts begin where their migration began." />
      {failure && <p className="sy-danger">{failure.text}</p>}
      {first.view && second.view ? (
        <Comparison one={first.view.record} other={second.view.record} />
      ) : (
        !failure && <Spinner aria-label="Loading both migrations" />
      )}
    </>
  );
}

function Comparison({ one, other }: { one: Record; other: Record }) {
  const runs = [
    { record: one, coordinator: useCoordinator(one.id, false) },
    { record: other, coordinator: useCoordinator(other.id, false) },
  ] as const;
  return (
    <div className="sy-stack">
      <Panel title="Throughput of all paths">
        <CompareChart runs={runs} />
      </Panel>
      <Panel title="Figures">
        <DataTable label="Figures of both migrations">
          <Thead>
            <Tr>
              <Th screenReaderText="Figure" />
              {runs.map(({ record }, index) => (
                <Th key={record.id}>
                  <span className={`sy-swatch ${pathClass(index)}`} />{' '}
                  <a href={toHash({ screen: 'run', id: record.id })}>
                    <Name of={record.guest} />
                  </a>
                  <div className="sy-subtle">{dateAndTime(record.startedAtEpochMs)}</div>
                </Th>
              ))}
              <Th>Second against first</Th>
            </Tr>
          </Thead>
          <Tbody>
            {figures.map(({ name, text, value }) => (
              <Tr key={name}>
                <Th scope="row">{name}</Th>
                <Td>{text(one)}</Td>
                <Td>{text(other)}</Td>
                <Td>{value && ratioInWords(value(one), value(other))}</Td>
              </Tr>
            ))}
          </Tbody>
        </DataTable>
      </Panel>
    </div>
  );
}

interface Figure {
  readonly name: string;
  readonly text: (record: Record) => string;
  /** Where a ratio of both is worth showing. */
  readonly value?: (record: Record) => number | undefined;
}

const figures: readonly Figure[] = [
  {
    name: 'Outcome',
    text: ({ outcome, guestState }) => (outcome === undefined ? 'runs' : outcomeWords({ outcome, guestState }).short),
  },
  { name: 'From, to', text: ({ source, destination }) => `${plainName(source)} → ${plainName(destination)}` },
  {
    name: 'Transport',
    text: (record) => transportInWords(record.transport, counted(pathTotals(record).length, 'path')),
  },
  { name: 'Parallel connections', text: ({ settings }) => String(settings.parallelConnections || 'one') },
  {
    name: 'Duration',
    text: ({ totals }) => formatDurationMs(totals.durationMs),
    value: ({ totals }) => totals.durationMs,
  },
  {
    name: 'Downtime',
    text: ({ totals }) => formatDowntime(totals) ?? '–',
    value: ({ totals }) => downtimeOf(totals),
  },
  {
    name: 'Transferred',
    text: ({ totals }) => formatBytes(totals.transferredBytes),
    value: ({ totals }) => totals.transferredBytes,
  },
  {
    name: 'Average goodput',
    text: ({ totals }) => formatBitsPerSecond(totals.goodputBitsPerSecond),
    value: ({ totals }) => totals.goodputBitsPerSecond,
  },
  {
    name: 'Efficiency',
    text: ({ totals }) => (totals.efficiencyFraction === undefined ? '–' : formatFraction(totals.efficiencyFraction)),
  },
  { name: 'Iterations', text: ({ totals }) => String(totals.iterations) },
  { name: 'Retransmits', text: ({ totals }) => String(totals.retransmits) },
  {
    name: 'Share of each path',
    text: (record) =>
      pathTotals(record)
        .map(({ name, shareFraction }) => `${name} ${formatFraction(shareFraction)}`)
        .join(', ') || '–',
  },
];

/** `1.97 ×`. */
function ratioInWords(one: number | undefined, other: number | undefined): string {
  return one !== undefined && other !== undefined && one > 0 ? `${(other / one).toFixed(2)} ×` : '';
}
