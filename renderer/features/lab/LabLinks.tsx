import { Button } from '@patternfly/react-core';
import { useState } from 'react';
import type { LabView } from '#contract/lab.ts';
import { formatBitsPerSecond } from '#contract/units.ts';
import { useServices } from '#renderer/app/services.ts';
import { pathClass } from '#renderer/charts/colours.ts';
import { CheckCircleIcon, ExclamationCircleIcon, ExclamationTriangleIcon } from '#renderer/components/icons.ts';

type Link = LabView['links'][number];

const states: Readonly<
  Record<Link['state'], { readonly words: string; readonly icon: React.ReactNode; readonly tone: string }>
> = {
  up: { words: 'up', icon: <CheckCircleIcon />, tone: 'sy-success' },
  down: { words: 'cut: no carrier', icon: <ExclamationCircleIcon />, tone: 'sy-danger' },
  silent: { words: 'silent: carrier, but nothing arrives', icon: <ExclamationTriangleIcon />, tone: 'sy-warning' },
};

/** The cables of a lab, each with the scissors beside it. */
export function LabLinks({ lab }: { lab: LabView }) {
  return (
    <ul className="sy-links" aria-label={`Links of ${lab.name}`}>
      {lab.links.map((link) => (
        <LinkRow key={link.index} lab={lab} link={link} />
      ))}
    </ul>
  );
}

function LinkRow({ lab, link }: { lab: LabView; link: Link }) {
  const { ask } = useServices();
  const [busy, setBusy] = useState(false);
  const { words, icon, tone } = states[link.state];
  const set = (state: Link['state']): void => {
    setBusy(true);
    void ask('lab.link', { name: lab.name, index: link.index, state }).finally(() => setBusy(false));
  };
  const button = (name: string, state: Link['state']) => (
    <Button
      key={state}
      size="sm"
      variant="secondary"
      isDisabled={busy}
      aria-label={`${name} link ${link.index}`}
      onClick={() => set(state)}
    >
      {name}
    </Button>
  );
  return (
    <li className={`sy-link sy-link-${link.state}`}>
      <span className="sy-link-name">
        <span className={`sy-swatch ${pathClass(link.index - 1)}`} /> Link {link.index}
      </span>
      <span className="sy-link-wire" aria-hidden="true" />
      <span className="sy-link-rate">{formatBitsPerSecond(link.rateBitsPerSecond)}</span>
      <output className="sy-state">
        <span className={`sy-mark ${tone}`}>{icon}</span> {words}
      </output>
      <span className="sy-link-buttons">
        {link.state === 'up' ? [button('Cut', 'down'), button('Silence', 'silent')] : button('Restore', 'up')}
      </span>
    </li>
  );
}
