import { Button } from '@patternfly/react-core';
import { memo } from 'react';
import type { MigrationView } from '#contract/channels.ts';
import { formatBitsPerSecond, formatDurationMs, parseBitsPerSecond, parseDurationMs } from '#contract/units.ts';
import { useServices } from '#renderer/app/services.ts';
import { Panel } from '#renderer/components/Panel.tsx';
import { LimitField } from './LimitField.tsx';

/** What can be done to it while it runs; what cannot be done now shows why. */
export const ControlsPanel = memo(function ControlsPanel({ view }: { view: MigrationView }) {
  const { ask } = useServices();
  const { record, controls, limits } = view;
  const { id } = record;
  const whyNot = controls.change.possible ? undefined : controls.change.why;
  return (
    <Panel title="Controls">
      <LimitField
        name="Bandwidth limit"
        current={limits.bandwidthBitsPerSecond === 0 ? 'none' : formatBitsPerSecond(limits.bandwidthBitsPerSecond)}
        example="500mbit, 2gbit or none"
        whyNot={whyNot}
        read={(text) => (text === 'none' ? 0 : parseBitsPerSecond(text))}
        onApply={(bandwidthBitsPerSecond) => void ask('migration.change', { id, change: { bandwidthBitsPerSecond } })}
      />
      <LimitField
        name="Downtime limit"
        current={formatDurationMs(limits.downtimeLimitMs)}
        example="300ms or 2s"
        whyNot={whyNot}
        read={(text) => {
          const ms = parseDurationMs(text);
          return ms !== undefined && ms >= 1 ? Math.round(ms) : undefined;
        }}
        onApply={(downtimeLimitMs) => void ask('migration.change', { id, change: { downtimeLimitMs } })}
      />
      {whyNot !== undefined && <p className="sy-why">{whyNot}</p>}
      <Action
        name="Start post-copy"
        about="The guest continues on the destination at once; what is missing follows. It cannot be cancelled then."
        control={controls.postCopy}
        onAct={() => void ask('migration.post-copy', { id })}
      />
      {!controls.paths.possible && <p className="sy-why">Paths: {controls.paths.why}</p>}
    </Panel>
  );
});

interface ActionProps {
  readonly name: string;
  readonly about: string;
  readonly control: MigrationView['controls']['postCopy'];
  readonly onAct: () => void;
}

function Action({ name, about, control, onAct }: ActionProps) {
  return (
    <div className="sy-action">
      <Button variant="secondary" size="sm" isDisabled={!control.possible} onClick={onAct}>
        {name}
      </Button>
      <p className="sy-why">{control.possible ? about : control.why}</p>
    </div>
  );
}
