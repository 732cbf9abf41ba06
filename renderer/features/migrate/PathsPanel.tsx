import { ExpandableSection, FormSelect, FormSelectOption, Switch } from '@patternfly/react-core';
import { useState } from 'react';
import { useStore } from 'zustand';
import type { MigrationSettings } from '#contract/migration.ts';
import { useServices } from '#renderer/app/services.ts';
import { Choice } from '#renderer/components/Choice.tsx';
import { Panel } from '#renderer/components/Panel.tsx';
import { convergencePolicies, policyOf } from './convergence.ts';
import { PathTable, type ChosenPaths } from './PathTable.tsx';
import { ProbeBar } from './ProbeBar.tsx';
import { Readiness } from './Readiness.tsx';
import { SettingsFields } from './SettingsFields.tsx';
import type { Preflight } from './use-preflight.ts';

interface PathsPanelProps {
  readonly settings: MigrationSettings;
  readonly onChange: (changes: Partial<MigrationSettings>) => void;
  readonly preflight: Preflight;
  /** A guest and a destination are chosen: there is something to look at. */
  readonly hasChoice: boolean;
  readonly chosenPaths: ChosenPaths;
}

/** How it travels: paths, what to do when the guest writes much, and whether everything is ready. */
export function PathsPanel({ settings, onChange, preflight, hasChoice, chosenPaths }: PathsPanelProps) {
  const [more, setMore] = useState(false);
  return (
    <Panel title="3 · Paths" aside={<MptcpSwitch settings={settings} onChange={onChange} />}>
      {hasChoice && (
        <PathTable
          paths={preflight.answer?.paths ?? []}
          leftOut={preflight.answer?.leftOut ?? []}
          multipath={settings.mptcp !== 'off'}
          {...chosenPaths}
        />
      )}
      {hasChoice && <ProbeBar preflight={preflight} />}
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
