import { SearchInput } from '@patternfly/react-core';
import { useState } from 'react';
import type { Guest } from '#contract/host.ts';
import { formatBytes } from '#contract/units.ts';
import { Choice } from '#renderer/components/Choice.tsx';
import { Panel } from '#renderer/components/Panel.tsx';
import { userText } from '#renderer/components/user-text.ts';
import { keyOf, type GuestChoice } from './choices.ts';
import { Name } from '#renderer/components/Name.tsx';
import { plainName } from '#contract/plain-text.ts';

interface GuestPanelProps {
  readonly choices: readonly GuestChoice[];
  readonly chosen: Guest | undefined;
  readonly onChoose: (key: string) => void;
}

export function GuestPanel({ choices, chosen, onChoose }: GuestPanelProps) {
  const [search, setSearch] = useState('');
  const found = choices.filter(({ guest: { name, hostId } }) =>
    `${name} ${hostId}`.toLowerCase().includes(search.trim().toLowerCase()),
  );
  const hostIds = [...new Set(found.map(({ guest }) => guest.hostId))];
  return (
    <Panel title="1 · Guest">
      <SearchInput
        placeholder="Search guests"
        aria-label="Search guests"
        value={search}
        onChange={(_event, value) => setSearch(value)}
        onClear={() => setSearch('')}
      />
      <div role="radiogroup" aria-label="Guest" className="sy-choices">
        {hostIds.map((hostId) => (
          <fieldset key={hostId} className="sy-choices">
            <legend className="sy-choices-of">
              <Name of={hostId} />
            </legend>
            {found
              .filter(({ guest }) => guest.hostId === hostId)
              .map(({ key, guest, impossible }) => (
                <Choice
                  key={key}
                  name="guest"
                  title={plainName(guest.name)}
                  about={factsOf(guest)}
                  chosen={chosen !== undefined && key === keyOf(chosen)}
                  impossible={impossible}
                  onChoose={() => onChoose(key)}
                />
              ))}
          </fieldset>
        ))}
        {choices.length === 0 && (
          <p className="sy-subtle">
            No QEMU guest runs on this machine. The <a href="#/lab">lab</a> makes one to try with.
          </p>
        )}
        {choices.length > 0 && found.length === 0 && <p className="sy-subtle">Nothing matches “{search}”.</p>}
      </div>
    </Panel>
  );
}

function factsOf(guest: Guest): string {
  const { memoryBytes, machine, accelerator, identity } = guest;
  return [
    memoryBytes === undefined ? undefined : formatBytes(memoryBytes),
    machine,
    accelerator,
    `process ${identity.pid}`,
    userText(guest),
  ]
    .filter((fact) => fact !== undefined)
    .join(' · ');
}
