import type { ReactNode } from 'react';
import type { SubflowState as State } from '#contract/telemetry.ts';
import {
  CheckCircleIcon,
  ExclamationCircleIcon,
  ExclamationTriangleIcon,
  MinusCircleIcon,
  PauseCircleIcon,
} from './icons.ts';
import { subflowStateTones } from './words.ts';

const icons: Readonly<Record<State, ReactNode>> = {
  active: <CheckCircleIcon />,
  backup: <PauseCircleIcon />,
  stale: <ExclamationCircleIcon />,
  failing: <ExclamationTriangleIcon />,
  closed: <MinusCircleIcon />,
};

/** A word, a shape and a colour: any of the three alone would do. */
export function SubflowState({ state, note }: { state: State; note: string | undefined }) {
  return (
    <span className="sy-state">
      <span className={`sy-mark sy-${subflowStateTones[state]}`}>{icons[state]}</span> {state}
      {note !== undefined && ` · ${note}`}
    </span>
  );
}
