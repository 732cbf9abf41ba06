import { Alert, AlertActionLink } from '@patternfly/react-core';
import type { MigrationView } from '#contract/channels.ts';
import { useServices } from '#renderer/app/services.ts';
import { Command } from '#renderer/components/Command.tsx';

/** What the operator has to know beside the figures. */
export function RunWarnings({ view: { record, managed, problem, controls } }: { view: MigrationView }) {
  const { ask } = useServices();
  const { id, outcome, transport } = record;
  return (
    <>
      {outcome === undefined && !managed && (
        <Alert
          isInline
          variant="warning"
          title="Nobody looks after this migration now"
          actionLinks={
            <>
              <AlertActionLink
                isDisabled={!controls.takeUp.possible}
                onClick={() => void ask('migration.take-up', { id })}
              >
                Take it up
              </AlertActionLink>
              {controls.recover.possible && (
                <AlertActionLink onClick={() => void ask('migration.recover', { id })}>Recover</AlertActionLink>
              )}
            </>
          }
        >
          {controls.takeUp.possible
            ? 'Whoever started it has ended; QEMU goes on by itself. Taking it up looks at both sides and finishes what is left to do.'
            : controls.takeUp.why}
        </Alert>
      )}
      {problem !== undefined && <Alert isInline variant="warning" title={problem} />}
      {transport.fallback && (
        <Alert
          isInline
          variant="warning"
          title={`This migration fell back to plain TCP: one path ${outcome === undefined ? 'carries' : 'carried'} everything`}
        >
          {transport.text !== undefined && <p>{transport.text}.</p>}
          {transport.command !== undefined && <Command text={transport.command} />}
        </Alert>
      )}
    </>
  );
}
