import { FormGroup, FormHelperText, HelperText, HelperTextItem, TextInput } from '@patternfly/react-core';
import { useId, useState } from 'react';

interface QuantityFieldProps {
  readonly label: string;
  readonly help: string;
  /** What holds, in words; the field shows it while it is not being edited. */
  readonly shown: string;
  /** Ways to write it. */
  readonly example: string;
  /** `undefined` for what cannot be read. */
  readonly read: (text: string) => number | undefined;
  readonly onChange: (value: number) => void;
}

/** A number with its unit, as people write it: no operator has to guess whether a bare 300 is milliseconds. */
export function QuantityField({ label, help, shown, example, read, onChange }: QuantityFieldProps) {
  const id = useId();
  const [typed, setTyped] = useState<string>();
  const wrong = typed !== undefined && read(typed.trim()) === undefined;
  const leave = (): void => {
    const value = typed === undefined ? undefined : read(typed.trim());
    if (value !== undefined) onChange(value);
    setTyped(undefined);
  };
  return (
    <FormGroup label={label} fieldId={id}>
      <TextInput
        id={id}
        value={typed ?? shown}
        validated={wrong ? 'error' : 'default'}
        aria-describedby={`${id}-help`}
        onFocus={(event) => event.target.select()}
        onChange={(_event, text) => setTyped(text)}
        onBlur={leave}
        onKeyDown={(event) => {
          if (event.key === 'Enter') leave();
          if (event.key === 'Escape') setTyped(undefined);
        }}
      />
      <FormHelperText>
        <HelperText id={`${id}-help`}>
          <HelperTextItem variant={wrong ? 'error' : 'default'}>
            {wrong ? `Write it with its unit: ${example}.` : help}
          </HelperTextItem>
        </HelperText>
      </FormHelperText>
    </FormGroup>
  );
}
