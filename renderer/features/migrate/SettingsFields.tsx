import { Form, FormGroup, FormSelect, FormSelectOption, NumberInput } from '@patternfly/react-core';
import type { MigrationSettings } from '#contract/migration.ts';
import { formatBitsPerSecond, formatDurationMs, parseBitsPerSecond, parseDurationMs } from '#contract/units.ts';
import { QuantityField } from './QuantityField.tsx';

interface SettingsFieldsProps {
  readonly settings: MigrationSettings;
  readonly onChange: (changes: Partial<MigrationSettings>) => void;
}

/** The settings that most migrations leave alone. */
export function SettingsFields({ settings, onChange }: SettingsFieldsProps) {
  const { parallelConnections } = settings;
  const setParallel = (value: number): void =>
    onChange({ parallelConnections: Number.isInteger(value) ? Math.min(255, Math.max(0, value)) : 0 });
  return (
    <Form className="sy-settings" onSubmit={(event) => event.preventDefault()}>
      <QuantityField
        label="Downtime limit"
        help="The longest that the guest may stand still at the end."
        shown={formatDurationMs(settings.downtimeLimitMs)}
        example="300ms or 2s"
        read={(text) => atLeast(parseDurationMs(text), 1)}
        onChange={(downtimeLimitMs) => onChange({ downtimeLimitMs })}
      />
      <QuantityField
        label="Bandwidth limit"
        help="Of all paths together."
        shown={settings.bandwidthBitsPerSecond === 0 ? 'none' : formatBitsPerSecond(settings.bandwidthBitsPerSecond)}
        example="500mbit, 2gbit or none"
        read={(text) => (text === 'none' ? 0 : atLeast(parseBitsPerSecond(text), 1))}
        onChange={(bandwidthBitsPerSecond) => onChange({ bandwidthBitsPerSecond })}
      />
      <QuantityField
        label="Stall limit"
        help="If nothing moves for this long, the migration is cancelled and the guest stays."
        shown={formatDurationMs(settings.stallLimitMs)}
        example="30s"
        read={(text) => atLeast(parseDurationMs(text), 1000)}
        onChange={(stallLimitMs) => onChange({ stallLimitMs })}
      />
      <FormGroup label="Parallel connections" fieldId="parallel-connections">
        <NumberInput
          inputProps={{ id: 'parallel-connections' }}
          inputAriaLabel="Parallel connections"
          minusBtnAriaLabel="One connection less"
          plusBtnAriaLabel="One connection more"
          min={0}
          max={255}
          widthChars={3}
          value={parallelConnections}
          onMinus={() => setParallel(parallelConnections - 1)}
          onPlus={() => setParallel(parallelConnections + 1)}
          onChange={(event) => setParallel(Number(event.currentTarget.value))}
        />
        <p className="sy-subtle">QEMU’s multifd; 0 is one connection without it.</p>
      </FormGroup>
      <FormGroup label="Connection made by" fieldId="socket-owner">
        <FormSelect
          id="socket-owner"
          value={settings.socket}
          onChange={(_event, value) => onChange({ socket: value === 'app' ? 'app' : 'qemu' })}
        >
          <FormSelectOption value="qemu" label="QEMU (mptcp option)" />
          <FormSelectOption value="app" label="Switchyard (any QEMU)" />
        </FormSelect>
      </FormGroup>
      <FormGroup label="MPTCP endpoints" fieldId="prepare-paths">
        <FormSelect
          id="prepare-paths"
          value={settings.preparePaths ? 'prepare' : 'leave'}
          onChange={(_event, value) => onChange({ preparePaths: value === 'prepare' })}
        >
          <FormSelectOption value="prepare" label="prepare, then put back" />
          <FormSelectOption value="leave" label="leave as they are" />
        </FormSelect>
      </FormGroup>
    </Form>
  );
}

function atLeast(value: number | undefined, least: number): number | undefined {
  return value !== undefined && value >= least ? Math.round(value) : undefined;
}
