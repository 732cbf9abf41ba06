import { Button, FormHelperText, HelperText, HelperTextItem, TextInput } from '@patternfly/react-core';
import { useEffect, useId, useRef, useState } from 'react';

interface LimitFieldProps {
  readonly name: string;
  /** What holds now, in words. */
  readonly current: string;
  /** Ways to write it. */
  readonly example: string;
  readonly whyNot: string | undefined;
  /** `undefined` for what cannot be read. */
  readonly read: (text: string) => number | undefined;
  readonly onApply: (value: number) => void;
}

/** A limit that takes effect at once: its value, and on demand a field to change it. */
export function LimitField({ name, current, example, whyNot, read, onApply }: LimitFieldProps) {
  const [changing, setChanging] = useState(false);
  return (
    <div className="sy-limit">
      <div className="sy-limit-head">
        <span>{name}</span>
        <strong>{current}</strong>
        {!changing && (
          <Button
            variant="link"
            isInline
            size="sm"
            isDisabled={whyNot !== undefined}
            aria-label={`Change the ${name.toLowerCase()}, now ${current}`}
            onClick={() => setChanging(true)}
          >
            Change
          </Button>
        )}
      </div>
      {changing && (
        <LimitForm name={name} example={example} read={read} onApply={onApply} onClose={() => setChanging(false)} />
      )}
    </div>
  );
}

type LimitFormProps = Pick<LimitFieldProps, 'name' | 'example' | 'read' | 'onApply'> & { readonly onClose: () => void };

function LimitForm({ name, example, read, onApply, onClose }: LimitFormProps) {
  const helpId = useId();
  const field = useRef<HTMLInputElement>(null);
  const [text, setText] = useState('');
  const value = read(text.trim());
  const wrong = text.trim() !== '' && value === undefined;
  // It came up because the operator asked for it: they type next.
  useEffect(() => field.current?.focus(), []);
  return (
    <>
      <form
        className="sy-limit-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (value === undefined) return;
          onApply(value);
          onClose();
        }}
      >
        <TextInput
          ref={field}
          aria-label={name}
          aria-describedby={helpId}
          value={text}
          placeholder={example}
          validated={wrong ? 'error' : 'default'}
          onChange={(_event, typed) => setText(typed)}
          onKeyDown={(event) => {
            if (event.key === 'Escape') onClose();
          }}
        />
        <Button type="submit" size="sm" isDisabled={value === undefined}>
          Apply
        </Button>
        <Button variant="link" size="sm" onClick={onClose}>
          Keep
        </Button>
      </form>
      <FormHelperText>
        <HelperText id={helpId}>
          <HelperTextItem variant={wrong ? 'error' : 'default'}>With its unit: {example}.</HelperTextItem>
        </HelperText>
      </FormHelperText>
    </>
  );
}
