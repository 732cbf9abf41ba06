import { Button, Tooltip } from '@patternfly/react-core';
import { useState } from 'react';
import { CheckIcon, CopyIcon } from './icons.ts';

/** Copies `text`; `label` says what it is: "Copy the command". */
export function CopyButton({ text, label }: { text: string; label: string }) {
  const [copied, setCopied] = useState(false);
  return (
    <Tooltip content={copied ? 'Copied' : label} aria="none" onTooltipHidden={() => setCopied(false)}>
      <Button
        variant="plain"
        size="sm"
        className="sy-copy"
        aria-label={label}
        icon={copied ? <CheckIcon /> : <CopyIcon />}
        onClick={() => {
          void navigator.clipboard.writeText(text).then(() => setCopied(true));
        }}
      />
    </Tooltip>
  );
}
