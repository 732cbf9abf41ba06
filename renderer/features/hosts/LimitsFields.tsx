import { FormGroup, NumberInput } from '@patternfly/react-core';
import { useId, useState } from 'react';
import type { HostFacts, MptcpLimits } from '#contract/host.ts';
import { limitMaximum } from '#contract/mptcp-endpoint-rules.ts';
import { ProposedChange } from './ProposedChange.tsx';

interface LimitsFieldsProps {
  readonly host: HostFacts;
  readonly limits: MptcpLimits;
  readonly whyNot: string | undefined;
}

/** Both limits of a host; as soon as they differ from what holds, the command that sets them stands below. */
export function LimitsFields({ host, limits, whyNot }: LimitsFieldsProps) {
  const [wished, setWished] = useState<MptcpLimits>();
  const shown = wished ?? limits;
  const differs = shown.subflows !== limits.subflows || shown.addAddrAccepted !== limits.addAddrAccepted;
  const fields = (
    <div className="sy-limit-fields">
      <LimitField
        name="Further subflows"
        about="Of each connection, beyond its first."
        value={shown.subflows}
        onChange={(subflows) => setWished({ ...shown, subflows })}
      />
      <LimitField
        name="Addresses accepted"
        about="Of those that a peer announces."
        value={shown.addAddrAccepted}
        onChange={(addAddrAccepted) => setWished({ ...shown, addAddrAccepted })}
      />
    </div>
  );
  return (
    <ProposedChange
      host={host}
      label={`MPTCP limits of ${host.id}`}
      change={differs ? { kind: 'set-limits', limits: shown } : undefined}
      whyNot={whyNot}
      onClose={() => setWished(undefined)}
    >
      {fields}
    </ProposedChange>
  );
}

interface LimitFieldProps {
  readonly name: string;
  readonly about: string;
  readonly value: number;
  readonly onChange: (value: number) => void;
}

function LimitField({ name, about, value, onChange }: LimitFieldProps) {
  const id = useId();
  const set = (wish: number): void =>
    onChange(Number.isInteger(wish) ? Math.min(limitMaximum, Math.max(0, wish)) : value);
  return (
    <FormGroup label={name} fieldId={id}>
      <NumberInput
        inputProps={{ id }}
        inputAriaLabel={name}
        minusBtnAriaLabel={`${name}: one less`}
        plusBtnAriaLabel={`${name}: one more`}
        min={0}
        max={limitMaximum}
        widthChars={2}
        value={value}
        onMinus={() => set(value - 1)}
        onPlus={() => set(value + 1)}
        onChange={(event) => set(Number(event.currentTarget.value))}
      />
      <p className="sy-subtle">{about}</p>
    </FormGroup>
  );
}
