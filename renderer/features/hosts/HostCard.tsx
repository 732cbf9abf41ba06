import { Button, Label } from '@patternfly/react-core';
import { Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useState } from 'react';
import { useStore } from 'zustand';
import type { Guest, HostFacts, NetworkInterface } from '#contract/host.ts';
import { whyLeaveMptcp } from '#contract/host-use.ts';
import { formatBitsPerSecond, formatBytes } from '#contract/units.ts';
import { userText } from '#renderer/components/user-text.ts';
import { useServices } from '#renderer/app/services.ts';
import { Command } from '#renderer/components/Command.tsx';
import { CheckCircleIcon, ExclamationTriangleIcon, MinusCircleIcon } from '#renderer/components/icons.ts';
import { DataTable } from '#renderer/components/DataTable.tsx';
import { Metric, Metrics } from '#renderer/components/Metric.tsx';
import { Panel } from '#renderer/components/Panel.tsx';
import { MptcpEditor } from './MptcpEditor.tsx';
import { Name } from '#renderer/components/Name.tsx';

/** One host: versions, MPTCP readiness, interfaces, endpoints and limits (on demand to be changed), guests. */
export function HostCard({ host, guests }: { host: HostFacts; guests: readonly Guest[] }) {
  const { mptcp, qemu } = host;
  const { rows } = useServices();
  const migrations = useStore(rows, ({ value }) => value) ?? [];
  const [editing, setEditing] = useState(false);
  const whyNotEdit = mptcp.limits
    ? whyLeaveMptcp(host.id, migrations)
    : 'This kernel does not show its MPTCP settings.';
  return (
    <Panel
      title={host.id}
      aside={
        <span className="sy-actions">
          {mptcp.usable ? (
            <Label variant="outline" status="success">
              MPTCP ready
            </Label>
          ) : (
            <Label variant="outline" status="warning">
              No MPTCP
            </Label>
          )}
          <Button
            variant="secondary"
            size="sm"
            aria-expanded={editing}
            aria-label={
              editing ? `Done with the MPTCP settings of ${host.id}` : `Edit the MPTCP settings of ${host.id}`
            }
            isDisabled={whyNotEdit !== undefined && !editing}
            onClick={() => setEditing(!editing)}
          >
            {editing ? 'Done' : 'Edit'}
          </Button>
        </span>
      }
    >
      <Metrics label={`Facts about ${host.id}`}>
        <Metric name="Kernel" value={host.kernel} note={host.kind === 'namespace' ? 'namespace' : host.hostname} />
        <Metric name="QEMU" value={qemu?.version ?? 'none'} note={qemu && (qemu.mptcp ? 'with mptcp' : 'no mptcp')} />
        <Metric name="Memory available" value={formatBytes(host.memoryAvailableBytes)} />
        <Metric
          name="MPTCP limits"
          value={mptcp.limits ? `${mptcp.limits.subflows} subflows` : '–'}
          note={mptcp.limits && `${mptcp.limits.addAddrAccepted} addresses accepted`}
        />
      </Metrics>
      {!mptcp.usable && (
        <div>
          <p className="sy-subtle">{mptcp.reason}</p>
          {mptcp.remedy !== undefined && <Command text={mptcp.remedy} />}
        </div>
      )}
      {whyNotEdit !== undefined && <p className="sy-why">{whyNotEdit}</p>}
      <Interfaces host={host} />
      {editing && <MptcpEditor host={host} whyNot={whyNotEdit} />}
      <div>
        <h3 className="sy-chart-title">Guests</h3>
        {guests.length === 0 ? (
          <p className="sy-subtle">None.</p>
        ) : (
          <ul className="sy-plain-list">
            {guests.map((guest) => (
              <li key={`${guest.identity.pid} ${guest.identity.startTimeTicks}`}>
                <strong>
                  <Name of={guest.name} />
                </strong>{' '}
                <span className="sy-subtle">
                  {[
                    guest.memoryBytes === undefined ? undefined : formatBytes(guest.memoryBytes),
                    guest.machine,
                    `process ${guest.identity.pid}`,
                    userText(guest),
                    guest.obstacle?.text,
                    guest.waiting ? 'waits for a migration' : undefined,
                  ]
                    .filter((part) => part !== undefined)
                    .join(' · ')}
                </span>
              </li>
            ))}
          </ul>
        )}
      </div>
    </Panel>
  );
}

function Interfaces({ host: { id, interfaces, mptcp } }: { host: HostFacts }) {
  if (interfaces.length === 0) return <p className="sy-subtle">No network interface.</p>;
  return (
    <DataTable label={`Interfaces of ${id}`}>
      <Thead>
        <Tr>
          <Th>Interface</Th>
          <Th>State</Th>
          <Th className="sy-number">Speed</Th>
          <Th className="sy-number">MTU</Th>
          <Th>Address</Th>
          <Th>MPTCP endpoint</Th>
        </Tr>
      </Thead>
      <Tbody>
        {interfaces.map((one) => (
          <Tr key={one.index}>
            <Td>
              <Name of={one.name} />
            </Td>
            <Td>
              <LinkState interface={one} />
            </Td>
            <Td className="sy-number">
              {one.speedBitsPerSecond === undefined ? 'unknown' : formatBitsPerSecond(one.speedBitsPerSecond)}
            </Td>
            <Td className="sy-number">{one.mtu}</Td>
            <Td>{one.addresses.map(({ address, prefixLength }) => `${address}/${prefixLength}`).join(', ') || '–'}</Td>
            <Td>
              {mptcp.endpoints
                .filter(({ address }) => one.addresses.some((own) => own.address === address))
                .map(({ id: endpoint, flags }) => `${endpoint}: ${flags.join(' ')}`)
                .join(', ') || '–'}
            </Td>
          </Tr>
        ))}
      </Tbody>
    </DataTable>
  );
}

function LinkState({ interface: { up, carrier } }: { interface: NetworkInterface }) {
  const [icon, tone, words] = !up
    ? [<MinusCircleIcon key="off" />, 'sy-neutral', 'off']
    : carrier
      ? [<CheckCircleIcon key="up" />, 'sy-success', 'up']
      : [<ExclamationTriangleIcon key="down" />, 'sy-warning', 'no carrier'];
  return (
    <span className="sy-state">
      <span className={`sy-mark ${tone}`}>{icon}</span> {words}
    </span>
  );
}
