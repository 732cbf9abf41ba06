import {
  Button,
  EmptyState,
  EmptyStateActions,
  EmptyStateBody,
  EmptyStateFooter,
  FormGroup,
  FormSelect,
  FormSelectOption,
} from '@patternfly/react-core';
import { useState } from 'react';
import { useStore } from 'zustand';
import { useServices } from '#renderer/app/services.ts';
import { FlaskIcon } from '#renderer/components/icons.ts';
import { ScreenTitle } from '#renderer/components/ScreenTitle.tsx';
import { LabCard } from './LabCard.tsx';

const about =
  'Two throw-away hosts on this machine, joined by links of a known speed, and a guest that proves its own memory.';

interface Shape {
  readonly name: string;
  readonly linkRatesBitsPerSecond: readonly number[];
}

/** The first is slow enough to watch, and to cut a cable in the middle of. */
const shapes: readonly Shape[] = [
  { name: 'two links of 100 Mbit/s', linkRatesBitsPerSecond: [100e6, 100e6] },
  { name: 'two links of 500 Mbit/s', linkRatesBitsPerSecond: [500e6, 500e6] },
  { name: 'three links of 300 Mbit/s', linkRatesBitsPerSecond: [300e6, 300e6, 300e6] },
  { name: 'unequal links, 500 and 200 Mbit/s', linkRatesBitsPerSecond: [500e6, 200e6] },
  { name: 'one link of 500 Mbit/s', linkRatesBitsPerSecond: [500e6] },
];

/** Where a newcomer sees a real migration within a minute, and may cut its cables. */
export function LabScreen() {
  const { labs } = useServices();
  const known = useStore(labs, ({ value }) => value) ?? [];
  return (
    <>
      <ScreenTitle
        name="Lab"
        about={about}
        {...(known.length > 0 ? { actions: <MakeLab first={false} names={known.map(({ name }) => name)} /> } : {})}
      />
      {known.length === 0 ? (
        <EmptyState icon={FlaskIcon} titleText="See a real migration within a minute" headingLevel="h2">
          <EmptyStateBody>
            The lab makes two hosts, shapes the links between them and starts a guest. Nothing else on this machine is
            touched, and everything goes away with one click.
          </EmptyStateBody>
          <EmptyStateFooter>
            <EmptyStateActions>
              <MakeLab first names={[]} />
            </EmptyStateActions>
          </EmptyStateFooter>
        </EmptyState>
      ) : (
        <div className="sy-stack">
          {known.map((lab) => (
            <LabCard key={lab.name} lab={lab} />
          ))}
        </div>
      )}
    </>
  );
}

function MakeLab({ first, names }: { first: boolean; names: readonly string[] }) {
  const { ask, labs } = useServices();
  const [shape, setShape] = useState(0);
  const [busy, setBusy] = useState(false);
  const make = async (): Promise<void> => {
    setBusy(true);
    const { linkRatesBitsPerSecond = [] } = shapes[shape] ?? {};
    await ask('lab.up', { name: freeName(names), linkRatesBitsPerSecond: [...linkRatesBitsPerSecond] });
    await labs.refresh();
    setBusy(false);
  };
  return (
    <div className="sy-make-lab">
      <Button variant={first ? 'primary' : 'secondary'} isLoading={busy} isDisabled={busy} onClick={() => void make()}>
        {busy ? 'Making the lab' : first ? 'Make a lab' : 'Make another lab'}
      </Button>
      <FormGroup>
        <FormSelect aria-label="Links of the lab" value={shape} onChange={(_event, value) => setShape(Number(value))}>
          {shapes.map(({ name }, index) => (
            <FormSelectOption key={name} value={index} label={`with ${name}`} />
          ))}
        </FormSelect>
      </FormGroup>
    </div>
  );
}

/** `lab`, then `lab-2` and so on. */
function freeName(taken: readonly string[]): string {
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? 'lab' : `lab-${number}`;
    if (!taken.includes(name)) return name;
  }
}
