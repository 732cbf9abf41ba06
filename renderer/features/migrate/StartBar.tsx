import { Button } from '@patternfly/react-core';
import type { Forecast } from '#contract/channels.ts';
import type { MigrationSettings } from '#contract/migration.ts';
import { aboutDuration } from '#renderer/components/words.ts';
import type { Preflight } from './use-preflight.ts';

interface StartBarProps {
  readonly preflight: Preflight;
  readonly settings: MigrationSettings;
  /** There is a guest and somewhere to move it to. */
  readonly possible: boolean;
  readonly starting: boolean;
  readonly onReview: () => void;
  readonly onStart: () => void;
}

/** What it will be like, what will be sent, and the button. */
export function StartBar({ preflight, settings, possible, starting, onReview, onStart }: StartBarProps) {
  const { answer, asking } = preflight;
  const errors = answer?.checks.filter(
    ({ passed, severity, id, acceptable }) =>
      !passed && severity === 'error' && !(acceptable === true && settings.accepted.includes(id)),
  );
  const refused = answer && !answer.ready && !asking;
  return (
    <section className="sy-panel sy-start" aria-label="Start">
      <output className="sy-forecast">
        {answer ? (
          <>
            <strong>Forecast:</strong> {inWords(answer.forecast.chosen)}{' '}
            {settings.mptcp !== 'off' && answer.paths.length > 1 && (
              <span className="sy-subtle">Over one path: {inWords(answer.forecast.onePath)}</span>
            )}
          </>
        ) : (
          <span className="sy-subtle">{possible ? 'Looking at both hosts…' : 'Pick a guest and a destination.'}</span>
        )}
        {refused && (
          <span className="sy-danger sy-line">
            {errors?.length === 1 ? 'One check stands' : `${errors?.length ?? 0} checks stand`} in the way: see
            Readiness.
          </span>
        )}
      </output>
      <Button variant="secondary" isDisabled={!answer || answer.review.length === 0} onClick={onReview}>
        Review QMP
      </Button>
      <Button isDisabled={!answer?.ready || asking || starting} isLoading={starting} onClick={onStart}>
        Migrate
      </Button>
    </section>
  );
}

function inWords({ durationMs, downtimeMs, converges, text }: Forecast): string {
  if (durationMs === undefined) return text;
  const downtime = downtimeMs === undefined ? '' : `, downtime ${aboutDuration(downtimeMs)}`;
  const end = converges === undefined ? '' : converges ? ', converges' : ', does not converge';
  return `${aboutDuration(durationMs)}${downtime}${end}.`;
}
