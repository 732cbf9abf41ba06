import { Progress, ProgressMeasureLocation } from '@patternfly/react-core';
import { Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import type { MigrationRow } from '#contract/channels.ts';
import { progressOf } from '#contract/progress.ts';
import { formatBitsPerSecond, formatBytes } from '#contract/units.ts';
import { toHash } from '#renderer/app/routes.ts';
import { DataTable } from '#renderer/components/DataTable.tsx';
import { Panel } from '#renderer/components/Panel.tsx';
import { phaseInWords } from '#renderer/components/words.ts';
import { Name } from '#renderer/components/Name.tsx';

/** All that run, at most two changes a second; the chosen one is shown below. */
export function OpenMigrations({ rows, shown }: { rows: readonly MigrationRow[]; shown: string }) {
  return (
    <Panel title={rows.length === 1 ? 'Another migration is running' : `${rows.length} migrations are running`}>
      <DataTable label="Running migrations">
        <Thead>
          <Tr>
            <Th>Guest</Th>
            <Th>Status</Th>
            <Th width={15}>Progress</Th>
            <Th>Source</Th>
            <Th>Destination</Th>
            <Th className="sy-number">Throughput</Th>
            <Th className="sy-number">Remaining</Th>
            <Th className="sy-number">Dirty rate</Th>
          </Tr>
        </Thead>
        <Tbody>
          {rows.map((row) => (
            <OpenRow key={row.id} row={row} isShown={row.id === shown} />
          ))}
        </Tbody>
      </DataTable>
    </Panel>
  );
}

function OpenRow({ row: { id, summary, latest, managed }, isShown }: { row: MigrationRow; isShown: boolean }) {
  const rate = latest?.throughputBitsPerSecond ?? 0;
  const progress = latest?.qemu && progressOf(latest.qemu, rate);
  return (
    <Tr isRowSelected={isShown}>
      <Td>
        <a href={toHash({ screen: 'running', id })} {...(isShown ? { 'aria-current': 'true' as const } : {})}>
          {summary?.guest ?? id}
        </a>
      </Td>
      <Td>{managed ? phaseInWords(summary?.phase ?? '') : 'No process manages it'}</Td>
      <Td>
        <Progress
          size="sm"
          value={Math.round((progress?.fraction ?? 0) * 100)}
          measureLocation={ProgressMeasureLocation.outside}
          aria-label={`Progress of ${summary?.guest ?? id}`}
        />
      </Td>
      <Td>
        <Name of={summary?.source} />
      </Td>
      <Td>
        <Name of={summary?.destination} />
      </Td>
      <Td className="sy-number">{formatBitsPerSecond(rate)}</Td>
      <Td className="sy-number">{progress ? formatBytes(progress.remainingBytes) : '–'}</Td>
      <Td className="sy-number">{progress ? formatBitsPerSecond(progress.dirtyBitsPerSecond) : '–'}</Td>
    </Tr>
  );
}
