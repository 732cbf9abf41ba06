import { Label } from '@patternfly/react-core';
import { Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import type { Guest, HostFacts, NetworkInterface } from '#contract/host.ts';
import { formatBitsPerSecond, formatBytes } from '#contract/units.ts';
import { Command } from '#renderer/components/Command.tsx';
import { CheckCircleIcon, ExclamationTriangleIcon, MinusCircleIcon } from '#renderer/components/icons.ts';
import { DataTable } from '#renderer/components/DataTable.tsx';
import { Metric, Metrics } from '#renderer/components/Metric.tsx';
import { Panel } from '#renderer/components/Panel.tsx';

/** One host: versions, MPTCP readiness, interfaces, endpoints and limits, guests. */
export function HostCard({ host, guests }: { host: HostFacts; guests: readonly Guest[] }) {
  const { mptcp, qemu } = host;
  return (
    <Panel
      title={host.id}
      aside={
        mptcp.usable ? (
          <Label variant="outline" status="success">
            MPTCP ready
          </Label>
        ) : (
          <Label variant="outline" status="warning">
            No MPTCP
          </Label>
        )
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
      <Interfaces host={host} />
      <div>
        <h3 className="sy-chart-title">Guests</h3>
        {guests.length === 0 ? (
          <p className="sy-subtle">None.</p>
        ) : (
          <ul className="sy-plain-list">
            {guests.map((guest) => (
              <li key={`${guest.identity.pid} ${guest.identity.startTimeTicks}`}>
                <strong>{guest.name}</strong>{' '}
                <span className="sy-subtle">
                  {[
                    guest.memoryBytes === undefined ? undefined : formatBytes(guest.memoryBytes),
                    guest.machine,
                    `process ${guest.identity.pid}`,
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
            <Td>{one.name}</Td>
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
