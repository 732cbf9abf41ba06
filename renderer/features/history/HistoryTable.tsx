import { Checkbox, Label } from '@patternfly/react-core';
import { Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { downtimeOf } from '#contract/downtime.ts';
import type { MigrationRow } from '#contract/channels.ts';
import { formatBitsPerSecond, formatBytes, formatDurationMs } from '#contract/units.ts';
import { navigate } from '#renderer/app/navigation.ts';
import { toHash } from '#renderer/app/routes.ts';
import { ActionMenu } from '#renderer/components/ActionMenu.tsx';
import { DataTable } from '#renderer/components/DataTable.tsx';
import { useExports } from '#renderer/components/ExportMenu.tsx';
import { ScrollRegion } from '#renderer/components/ScrollRegion.tsx';
import { dateAndTime, outcomeWords, phaseInWords } from '#renderer/components/words.ts';
import { Name } from '#renderer/components/Name.tsx';
import { plainName } from '#contract/plain-text.ts';

interface HistoryTableProps {
  readonly rows: readonly MigrationRow[];
  readonly marked: readonly string[];
  readonly onMark: (id: string, marked: boolean) => void;
}

export function HistoryTable({ rows, marked, onMark }: HistoryTableProps) {
  return (
    <ScrollRegion label="Migrations, newest first" className="sy-wide-table">
      <DataTable label="Migrations">
        <Thead>
          <Tr>
            <Th screenReaderText="Mark" />
            <Th>Guest</Th>
            <Th>Status</Th>
            <Th>Source</Th>
            <Th>Destination</Th>
            <Th>Paths</Th>
            <Th className="sy-number">Transferred</Th>
            <Th className="sy-number">Goodput</Th>
            <Th className="sy-number">Downtime</Th>
            <Th>Started</Th>
            <Th className="sy-number">Duration</Th>
            <Th>User</Th>
            <Th screenReaderText="Actions" />
          </Tr>
        </Thead>
        <Tbody>
          {rows.map((row) => (
            <HistoryRow key={row.id} row={row} isMarked={marked.includes(row.id)} onMark={onMark} />
          ))}
        </Tbody>
      </DataTable>
    </ScrollRegion>
  );
}

interface HistoryRowProps {
  readonly row: MigrationRow;
  readonly isMarked: boolean;
  readonly onMark: (id: string, marked: boolean) => void;
}

function HistoryRow({ row, isMarked, onMark }: HistoryRowProps) {
  const { id, open, summary, problem } = row;
  if (!summary) {
    return (
      <Tr>
        <Td />
        <Td>{id}</Td>
        <Td colSpan={11} className="sy-danger">
          {problem ?? 'Its record cannot be read.'}
        </Td>
      </Tr>
    );
  }
  const { totals } = summary;
  const downtimeMs = downtimeOf(totals);
  return (
    <Tr isRowSelected={isMarked}>
      <Td>
        <Checkbox
          id={`mark-${id}`}
          aria-label={`Mark ${plainName(summary.guest)}, ${dateAndTime(summary.startedAtEpochMs)}`}
          isChecked={isMarked}
          onChange={(_event, checked) => onMark(id, checked)}
        />
      </Td>
      <Td dataLabel="Guest">
        <a href={toHash(open ? { screen: 'running', id } : { screen: 'run', id })}>
          <Name of={summary.guest} />
        </a>
      </Td>
      <Td dataLabel="Status">
        <Status row={row} />
      </Td>
      <Td dataLabel="Source">
        <Name of={summary.source} />
      </Td>
      <Td dataLabel="Destination">
        <Name of={summary.destination} />
      </Td>
      <Td dataLabel="Paths" className="sy-nowrap">
        {pathsInWords(summary)}
      </Td>
      <Td dataLabel="Transferred" className="sy-number">
        {formatBytes(totals.transferredBytes)}
      </Td>
      <Td dataLabel="Goodput" className="sy-number">
        {totals.goodputBitsPerSecond > 0 ? formatBitsPerSecond(totals.goodputBitsPerSecond) : '–'}
      </Td>
      <Td dataLabel="Downtime" className="sy-number">
        {downtimeMs === undefined ? '–' : formatDurationMs(downtimeMs)}
      </Td>
      <Td dataLabel="Started" className="sy-nowrap">
        {dateAndTime(summary.startedAtEpochMs)}
      </Td>
      <Td dataLabel="Duration" className="sy-number">
        {formatDurationMs(totals.durationMs)}
      </Td>
      <Td dataLabel="User">
        <Name of={summary.user} />
      </Td>
      <Td isActionCell>
        <RowMenu id={id} of={`${plainName(summary.guest)}, ${dateAndTime(summary.startedAtEpochMs)}`} />
      </Td>
    </Tr>
  );
}

function RowMenu({ id, of }: { id: string; of: string }) {
  const exports = useExports(id);
  return (
    <ActionMenu
      label={`Actions for ${of}`}
      actions={[{ name: 'Open', onAct: () => navigate({ screen: 'run', id }) }, ...exports]}
    />
  );
}

function Status({ row: { open, managed, summary } }: { row: MigrationRow }) {
  if (!summary) return undefined;
  if (open && !managed)
    return (
      <Label variant="outline" status="warning">
        No process manages it
      </Label>
    );
  if (summary.outcome === undefined)
    return (
      <Label variant="outline" status="info">
        {phaseInWords(summary.phase)}
      </Label>
    );
  const { tone, short } = outcomeWords({ ...summary, outcome: summary.outcome });
  return (
    <Label variant="outline" status={tone}>
      {short}
    </Label>
  );
}

/** `3/3 MPTCP`: used of found; `TCP`. */
function pathsInWords({ paths, subflows, transport }: NonNullable<MigrationRow['summary']>): string {
  if (transport.negotiated === undefined) return '–';
  if (transport.negotiated === 'tcp') return transport.fallback ? 'TCP (fell back)' : 'TCP';
  const used = new Set(subflows.map(({ localAddress, remoteAddress }) => `${localAddress} ${remoteAddress}`)).size;
  return `${used}/${paths.length} MPTCP`;
}
