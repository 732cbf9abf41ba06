import { Button, ExpandableSection, Spinner } from '@patternfly/react-core';
import { useState } from 'react';
import type { Check, MigrationSettings } from '#contract/migration.ts';
import { CheckRow } from '#renderer/components/CheckRow.tsx';
import type { Preflight } from './use-preflight.ts';

interface ReadinessProps {
  readonly preflight: Preflight;
  readonly settings: MigrationSettings;
  readonly onChange: (changes: Partial<MigrationSettings>) => void;
}

/** Every check with how it stands; what does not pass comes first, with what fixes it. */
export function Readiness({ preflight, settings, onChange }: ReadinessProps) {
  const { answer, failure, asking, again } = preflight;
  const checks = answer?.checks ?? [];
  const open = checks.filter(({ passed }) => !passed).toSorted((one, other) => rank(one) - rank(other));
  const passed = checks.filter((check) => check.passed);
  const accept = (id: string, accepted: boolean): void => {
    const others = settings.accepted.filter((one) => one !== id);
    onChange({ accepted: accepted ? [...others, id] : others });
  };
  return (
    <section aria-label="Readiness" aria-busy={asking}>
      <div className="sy-part-head">
        <h3 className="sy-part">Readiness</h3>
        {asking ? (
          <span className="sy-subtle">
            <Spinner size="sm" aria-label="Looking at both hosts" /> looking at both hosts
          </span>
        ) : (
          <Button variant="link" isInline size="sm" onClick={again}>
            Check again
          </Button>
        )}
      </div>
      {failure && (
        <p className="sy-danger">
          {failure.text} {failure.remedy}
        </p>
      )}
      <ul className="sy-checks">
        {open.map((check) => (
          <CheckRow
            key={check.id}
            check={check}
            acceptance={
              check.acceptable === true && check.severity === 'error'
                ? { accepted: settings.accepted.includes(check.id), onChange: (accepted) => accept(check.id, accepted) }
                : undefined
            }
          />
        ))}
      </ul>
      <Passed checks={passed} allPassed={open.length === 0 && passed.length > 0} />
    </section>
  );
}

function Passed({ checks, allPassed }: { checks: readonly Check[]; allPassed: boolean }) {
  const [isExpanded, setExpanded] = useState(true);
  if (checks.length === 0) return undefined;
  return (
    <ExpandableSection
      toggleText={`${allPassed ? 'All ' : ''}${checks.length} checks passed`}
      isExpanded={isExpanded}
      onToggle={(_event, expanded) => setExpanded(expanded)}
    >
      <ul className="sy-checks sy-checks-passed">
        {checks.map((check) => (
          <CheckRow key={check.id} check={check} />
        ))}
      </ul>
    </ExpandableSection>
  );
}

function rank({ severity }: Check): number {
  return ['error', 'warning', 'info'].indexOf(severity);
}
