import { SearchInput } from '@patternfly/react-core';
import { useState } from 'react';
import { formatBytes } from '#contract/units.ts';
import { Choice } from '#renderer/components/Choice.tsx';
import { CheckIcon, ExclamationTriangleIcon } from '#renderer/components/icons.ts';
import { Panel } from '#renderer/components/Panel.tsx';
import type { DestinationChoice } from './choices.ts';
import { plainName } from '#contract/plain-text.ts';

interface DestinationPanelProps {
  readonly choices: readonly DestinationChoice[];
  readonly chosen: DestinationChoice | undefined;
  readonly onChoose: (key: string) => void;
}

export function DestinationPanel({ choices, chosen, onChoose }: DestinationPanelProps) {
  const [search, setSearch] = useState('');
  const found = choices
    .filter(({ host: { id, hostname }, waiting }) =>
      `${id} ${hostname} ${waiting?.name ?? ''}`.toLowerCase().includes(search.trim().toLowerCase()),
    )
    .toSorted((one, other) => rank(one) - rank(other));
  return (
    <Panel title="2 · Destination">
      <SearchInput
        placeholder="Search hosts"
        aria-label="Search hosts"
        value={search}
        onChange={(_event, value) => setSearch(value)}
        onClear={() => setSearch('')}
      />
      <div role="radiogroup" aria-label="Destination" className="sy-choices">
        {found.map((choice) => (
          <Choice
            key={choice.key}
            name="destination"
            title={
              choice.waiting
                ? `${plainName(choice.host.id)}: ${plainName(choice.waiting.name)}, which waits`
                : plainName(choice.host.id)
            }
            about={aboutOf(choice)}
            aside={choice.impossible === undefined && <Fit caution={choice.caution} />}
            chosen={choice.key === chosen?.key}
            impossible={choice.impossible}
            onChoose={() => onChoose(choice.key)}
          />
        ))}
        {found.length === 0 && <p className="sy-subtle">Nothing matches “{search}”.</p>}
      </div>
    </Panel>
  );
}

/** What fits first, what cannot be chosen last. */
function rank({ impossible, caution }: DestinationChoice): number {
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

function aboutOf({ host, waiting, caution }: DestinationChoice): string {
  const { memoryAvailableBytes, qemu, kernel, mptcp } = host;
  const facts = waiting
    ? [`process ${waiting.identity.pid}`, waiting.incoming && `-incoming ${waiting.incoming}`]
    : [
        caution ?? `${formatBytes(memoryAvailableBytes)} free`,
        qemu && `QEMU ${qemu.version}`,
        `kernel ${kernel}`,
        mptcp.usable ? undefined : 'no MPTCP',
      ];
  return facts.filter((fact) => fact !== undefined).join(' · ');
}
