import { Checkbox } from '@patternfly/react-core';
import type { Check } from '#contract/migration.ts';
import { Command } from './Command.tsx';
import { CheckIcon, ExclamationCircleIcon, ExclamationTriangleIcon, InfoCircleIcon } from './icons.ts';

interface CheckRowProps {
  readonly check: Check;
  /** Given where the operator may continue in spite of it. */
  readonly acceptance?: { readonly accepted: boolean; readonly onChange: (accepted: boolean) => void } | undefined;
}

/** One line of the readiness grid: how it stands, what fixes it, the command to copy. */
export function CheckRow({ check, acceptance }: CheckRowProps) {
  const { text, remedy, command, passed } = check;
  return (
    <li className="sy-check">
      <Verdict check={check} />
      <div>
        <div>{text}</div>
        {!passed && remedy !== undefined && <div className="sy-subtle">{remedy}</div>}
        {!passed && command !== undefined && command !== '' && <Command text={command} />}
        {acceptance && (
          <Checkbox
            id={`accept-${check.id}`}
            label="Continue although this check fails"
            isChecked={acceptance.accepted}
            onChange={(_event, accepted) => acceptance.onChange(accepted)}
          />
        )}
      </div>
    </li>
  );
}

function Verdict({ check: { passed, severity } }: { check: Check }) {
  if (passed) return <Mark tone="success" word="Passed" icon={<CheckIcon />} />;
  if (severity === 'error') return <Mark tone="danger" word="Error" icon={<ExclamationCircleIcon />} />;
  if (severity === 'warning') return <Mark tone="warning" word="Warning" icon={<ExclamationTriangleIcon />} />;
  return <Mark tone="info" word="Note" icon={<InfoCircleIcon />} />;
}

function Mark({ tone, word, icon }: { tone: string; word: string; icon: React.ReactNode }) {
  return (
    <span className={`sy-mark sy-${tone}`}>
      {icon}
      <span className="sy-hidden">{word}: </span>
    </span>
  );
}
