import { Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { memo } from 'react';
import type { MigrationView } from '#contract/channels.ts';
import type { Path } from '#contract/migration.ts';
import type { OperatorPathAction } from '#contract/requests.ts';
import { formatBitsPerSecond, formatBytes, formatFraction, formatMicroseconds } from '#contract/units.ts';
import { useServices } from '#renderer/app/services.ts';
import { pathClass } from '#renderer/charts/colours.ts';
import { ActionMenu } from '#renderer/components/ActionMenu.tsx';
import { DataTable } from '#renderer/components/DataTable.tsx';
import { SubflowState } from '#renderer/components/SubflowState.tsx';
import type { BandReading, Readings } from '#renderer/telemetry/readings.ts';

interface SubflowTableProps {
  readonly view: MigrationView;
  readonly readings: Readings | undefined;
}

/** Every path's latest values: what the charts show, in figures. */
export function SubflowTable({ view, readings }: SubflowTableProps) {
  const { record } = view;
  const open = record.outcome === undefined;
  // The subflows of a path stand together, as in the chart.
  const bands = (readings?.bands ?? []).toSorted((one, other) => one.band.pathIndex - other.band.pathIndex);
  const unused = record.paths.filter((path) => !bands.some(({ band }) => band.localAddress === path.sourceAddress));
  return (
    <DataTable label="Subflows" className="sy-subflows">
      <Thead>
        <Tr>
          <Th>Subflow</Th>
          <Th>Local → remote</Th>
          <Th>State</Th>
          <Th className="sy-number">Throughput</Th>
          <Th className="sy-number">Share</Th>
          <Th className="sy-number">RTT</Th>
          <Th className="sy-number">Retrans.</Th>
          <Th className="sy-number">cwnd</Th>
          <Th className="sy-number">Sent</Th>
          {open && <Th screenReaderText="Actions" />}
        </Tr>
      </Thead>
      <Tbody>
        {bands.map((reading) => (
          <SubflowRow key={reading.band.index} view={view} reading={reading} />
        ))}
        {unused.map((path) => (
          <UnusedRow key={path.sourceAddress} view={view} path={path} />
        ))}
      </Tbody>
    </DataTable>
  );
}

function SubflowRow({ view, reading }: { view: MigrationView; reading: BandReading }) {
  const { band, name, state, throughputBitsPerSecond, shareFraction, rttUs, congestionWindowBytes } = reading;
  const rejoined = state === 'active' && view.record.events.some((event) => isRejoin(event, band.interface));
  return (
    <Tr>
      <Td dataLabel="Subflow">
        <span className={`sy-swatch ${pathClass(band.pathIndex)}`} /> {name}
      </Td>
      <Td dataLabel="Addresses">
        {band.localAddress} → {band.remoteAddress}
      </Td>
      <Td dataLabel="State">
        <SubflowState state={state} note={rejoined ? 'rejoined' : undefined} />
      </Td>
      <Td dataLabel="Throughput" className="sy-number">
        {formatBitsPerSecond(throughputBitsPerSecond)}
      </Td>
      <Td dataLabel="Share" className="sy-number">
        {formatFraction(shareFraction)}
      </Td>
      <Td dataLabel="RTT" className="sy-number">
        {rttUs === undefined ? '–' : formatMicroseconds(rttUs)}
      </Td>
      <Td dataLabel="Retransmits" className="sy-number">
        {reading.retransmits}
      </Td>
      <Td dataLabel="cwnd" className="sy-number">
        {congestionWindowBytes === undefined ? '–' : formatBytes(congestionWindowBytes)}
      </Td>
      <Td dataLabel="Sent" className="sy-number">
        {formatBytes(reading.bytesSent)}
      </Td>
      {view.record.outcome === undefined && (
        <Td isActionCell>
          <PathMenu
            view={view}
            interfaceName={band.interface}
            actions={state === 'backup' ? ofBackup : state === 'closed' ? ofUnused : ofUsed}
          />
        </Td>
      )}
    </Tr>
  );
}

function isRejoin({ kind, text }: MigrationView['record']['events'][number], interfaceName: string): boolean {
  return (kind === 'link-back' || kind === 'subflow-back') && text.includes(interfaceName);
}

/** A path that was planned and carries nothing yet, or no more. */
function UnusedRow({ view, path }: { view: MigrationView; path: Path }) {
  return (
    <Tr className="sy-unused">
      <Td dataLabel="Subflow">
        <span className="sy-swatch sy-swatch-none" /> {path.sourceInterface}
      </Td>
      <Td dataLabel="Addresses">
        {path.sourceAddress} → {path.destinationAddress}
      </Td>
      <Td dataLabel="State" colSpan={7}>
        no subflow
      </Td>
      {view.record.outcome === undefined && (
        <Td isActionCell>
          <PathMenu view={view} interfaceName={path.sourceInterface} actions={ofUnused} />
        </Td>
      )}
    </Tr>
  );
}

const actionNames: Readonly<Record<OperatorPathAction, string>> = {
  add: 'Add the path',
  remove: 'Remove the path',
  backup: 'Pause: keep it as backup',
  resume: 'Resume',
};

const ofUsed: readonly OperatorPathAction[] = ['backup', 'remove'];
const ofBackup: readonly OperatorPathAction[] = ['resume', 'remove'];
const ofUnused: readonly OperatorPathAction[] = ['add'];

interface PathMenuProps {
  readonly view: MigrationView;
  readonly interfaceName: string;
  readonly actions: readonly OperatorPathAction[];
}

const PathMenu = memo(function PathMenu({ view: { record, controls }, interfaceName, actions }: PathMenuProps) {
  const { ask } = useServices();
  const { paths } = controls;
  return (
    <ActionMenu
      label={`Actions for ${interfaceName}`}
      actions={actions.map((action) => ({
        name: actionNames[action],
        about: paths.possible ? undefined : paths.why,
        possible: paths.possible,
        onAct: () => void ask('migration.path', { id: record.id, action, interface: interfaceName }),
      }))}
    />
  );
});
