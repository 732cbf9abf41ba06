import { SearchInput } from '@patternfly/react-core';
import { useState } from 'react';
import type { HostFacts } from '#contract/host.ts';
import { formatBytes } from '#contract/units.ts';
import { Choice } from '#renderer/components/Choice.tsx';
import { CheckIcon, ExclamationTriangleIcon } from '#renderer/components/icons.ts';
import { Panel } from '#renderer/components/Panel.tsx';
import type { HostChoice } from './choices.ts';

interface DestinationPanelProps {
  readonly choices: readonly HostChoice[];
  readonly chosen: HostFacts | undefined;
  readonly onChoose: (id: string) => void;
}

export function DestinationPanel({ choices, chosen, onChoose }: DestinationPanelProps) {
  const [search, setSearch] = useState('');
  const found = choices
    .filter(({ host: { id, hostname } }) => `${id} ${hostname}`.toLowerCase().includes(search.trim().toLowerCase()))
    .toSorted((one, other) => rank(one) - rank(other));
  return (
    <Panel title="2 · Destination">
      <SearchInput
        placeholder={`Search ${choices.length} hosts`}
        aria-label="Search hosts"
        value={search}
        onChange={(_event, value) => setSearch(value)}
        onClear={() => setSearch('')}
      />
      <div role="radiogroup" aria-label="Destination" className="sy-choices">
        {found.map(({ host, impossible, caution }) => (
          <Choice
            key={host.id}
            name="destination"
            title={host.id}
            about={[caution ?? `${formatBytes(host.memoryAvailableBytes)} free`, ...factsOf(host)].join(' · ')}
            aside={impossible === undefined && <Fit caution={caution} />}
            chosen={host.id === chosen?.id}
            impossible={impossible}
            onChoose={() => onChoose(host.id)}
          />
        ))}
        {found.length === 0 && <p className="sy-subtle">Nothing matches “{search}”.</p>}
      </div>
    </Panel>
  );
}

/** What fits first, what cannot be chosen last. */
function rank({ impossible, caution }: HostChoice): number {
  if (impossible !== undefined) return 2;
  return caution === undefined ? 0 : 1;
}

function Fit({ caution }: { caution: string | undefined }) {
  return caution === undefined ? (
    <span className="sy-success">
      <CheckIcon /> fits
    </span>
  ) : (
    <span className="sy-nowrap">
      <span className="sy-warning">
        <ExclamationTriangleIcon />
      </span>{' '}
      tight
    </span>
  );
}

function factsOf({ qemu, kernel, mptcp }: HostFacts): string[] {
  return [qemu && `QEMU ${qemu.version}`, `kernel ${kernel}`, mptcp.usable ? undefined : 'no MPTCP'].filter(
    (fact) => fact !== undefined,
  );
}
