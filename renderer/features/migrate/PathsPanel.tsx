import { ExpandableSection, FormSelect, FormSelectOption, Switch } from '@patternfly/react-core';
import { Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useState } from 'react';
import { useStore } from 'zustand';
import type { MigrationSettings, Path } from '#contract/migration.ts';
import { formatBitsPerSecond } from '#contract/units.ts';
import { useServices } from '#renderer/app/services.ts';
import { Choice } from '#renderer/components/Choice.tsx';
import { DataTable } from '#renderer/components/DataTable.tsx';
import { Panel } from '#renderer/components/Panel.tsx';
import { convergencePolicies, policyOf } from './convergence.ts';
import { sumInWords } from './path-sums.ts';
import { Readiness } from './Readiness.tsx';
import { SettingsFields } from './SettingsFields.tsx';
import type { Preflight } from './use-preflight.ts';

interface PathsPanelProps {
  readonly settings: MigrationSettings;
  readonly onChange: (changes: Partial<MigrationSettings>) => void;
  readonly preflight: Preflight;
  /** A guest and a destination are chosen: there is something to look at. */
  readonly hasChoice: boolean;
}

/** How it travels: paths, what to do when the guest writes much, and whether everything is ready. */
export function PathsPanel({ settings, onChange, preflight, hasChoice }: PathsPanelProps) {
  const [more, setMore] = useState(false);
  const paths = preflight.answer?.paths ?? [];
  return (
    <Panel title="3 · Paths" aside={<MptcpSwitch settings={settings} onChange={onChange} />}>
      {hasChoice && <PathTable paths={paths} multipath={settings.mptcp !== 'off'} />}
      <h3 className="sy-part">Convergence</h3>
      <div role="radiogroup" aria-label="Convergence" className="sy-choices">
        {convergencePolicies.map(({ id, name, about, settings: changes }) => (
          <Choice
            key={id}
            name="convergence"
            title={name}
            about={about(settings)}
            chosen={policyOf(settings) === id}
            onChoose={() => onChange(changes)}
          />
        ))}
      </div>
      <ExpandableSection
        toggleText="Downtime limit, bandwidth, parallel connections…"
        isExpanded={more}
        onToggle={(_event, expanded) => setMore(expanded)}
      >
        <SettingsFields settings={settings} onChange={onChange} />
      </ExpandableSection>
      {hasChoice && <Readiness preflight={preflight} settings={settings} onChange={onChange} />}
    </Panel>
  );
}

function MptcpSwitch({ settings: { mptcp }, onChange }: Pick<PathsPanelProps, 'settings' | 'onChange'>) {
  const { preferences } = useServices();
  const policyWhenOn = useStore(preferences, (state) => state.policyWhenOn);
  return (
    <div className="sy-mptcp">
      <Switch
        id="mptcp"
        label="Multipath TCP"
        isReversed
        isChecked={mptcp !== 'off'}
        onChange={(_event, on) => onChange({ mptcp: on ? policyWhenOn : 'off' })}
      />
      <FormSelect
        aria-label="When the other side does not speak Multipath TCP"
        value={mptcp === 'off' ? policyWhenOn : mptcp}
        isDisabled={mptcp === 'off'}
        onChange={(_event, value) => onChange({ mptcp: value === 'require' ? 'require' : 'prefer' })}
      >
        <FormSelectOption value="prefer" label="prefer" />
        <FormSelectOption value="require" label="require" />
      </FormSelect>
    </div>
  );
}

function PathTable({ paths, multipath }: { paths: readonly Path[]; multipath: boolean }) {
  if (paths.length === 0) return <p className="sy-subtle">No path has been found between these two hosts yet.</p>;
  const used = multipath ? paths : paths.slice(0, 1);
  const [first] = paths;
  return (
    <div>
      <DataTable label="Paths" className="sy-path-table">
        <Thead>
          <Tr>
            <Th>Interfaces</Th>
            <Th>From, to</Th>
            <Th className="sy-number">Speed</Th>
            <Th className="sy-number">MTU</Th>
          </Tr>
        </Thead>
        <Tbody>
          {paths.map((path, index) => (
            <Tr
              key={`${path.sourceAddress} ${path.destinationAddress}`}
              className={index < used.length ? '' : 'sy-unused'}
            >
              <Td>
                {path.sourceInterface === path.destinationInterface
                  ? path.sourceInterface
                  : `${path.sourceInterface} → ${path.destinationInterface}`}
              </Td>
              <Td>
                {path.sourceAddress} → {path.destinationAddress}
                {index >= used.length && ' (not used by plain TCP)'}
              </Td>
              <Td className="sy-number">
                {path.speedBitsPerSecond === undefined ? 'unknown' : formatBitsPerSecond(path.speedBitsPerSecond)}
              </Td>
              <Td className="sy-number">{path.mtu}</Td>
            </Tr>
          ))}
        </Tbody>
      </DataTable>
      <p className="sy-path-sum">
        <strong>{sumInWords(used)}</strong>
        {multipath && paths.length > 1 && first?.speedBitsPerSecond !== undefined && (
          <span className="sy-subtle">
            {' '}
            one path alone:{' '}
            {formatBitsPerSecond(Math.max(...paths.map(({ speedBitsPerSecond = 0 }) => speedBitsPerSecond)))}
          </span>
        )}
      </p>
    </div>
  );
}
