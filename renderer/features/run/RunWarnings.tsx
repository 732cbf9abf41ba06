import { Alert, AlertActionLink } from '@patternfly/react-core';
import { memo, useState } from 'react';
import type { MigrationView } from '#contract/channels.ts';
import { useServices } from '#renderer/app/services.ts';
import { Command } from '#renderer/components/Command.tsx';
import { GoBack } from './GoBack.tsx';

/** What the operator has to know beside the figures. */
export const RunWarnings = memo(function RunWarnings({ view }: { view: MigrationView }) {
  const { record, problem } = view;
  const { outcome, transport } = record;
  return (
    <>
      <WaitsForOperator view={view} />
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
});

/** No process manages it, or it has come to a halt that only the operator may end. */
function WaitsForOperator({ view: { record, managed, controls } }: { view: MigrationView }) {
  const { ask } = useServices();
  const { id, outcome } = record;
  const [returning, setReturning] = useState(false);
  const { takeUp, recover, goBack } = controls;
  const unmanaged = outcome === undefined && !managed;
  if (!unmanaged && !takeUp.possible && !recover.possible && !goBack.possible) return undefined;
  return (
    <Alert
      isInline
      variant="warning"
      title={unmanaged ? 'No process manages this migration' : 'This migration waits for you'}
      actionLinks={
        <>
          {takeUp.possible && (
            <AlertActionLink onClick={() => void ask('migration.take-up', { id })}>Take it up</AlertActionLink>
          )}
          {recover.possible && (
            <AlertActionLink onClick={() => void ask('migration.recover', { id })}>
              Recover the post-copy
            </AlertActionLink>
          )}
          {goBack.possible && (
            <AlertActionLink onClick={() => setReturning(true)}>Return it to {record.source}…</AlertActionLink>
          )}
        </>
      }
    >
      {takeUp.possible && <p>Taking it up looks at both sides and finishes what is left to do.</p>}
      {recover.possible && <p>Recovering connects again and sends what is still missing.</p>}
      {goBack.possible && <p>The destination has never run the guest: it can return to {record.source} instead.</p>}
      {returning && goBack.possible && <GoBack record={record} onClose={() => setReturning(false)} />}
      {unmanaged && !takeUp.possible && <p>{takeUp.why}</p>}
    </Alert>
  );
}
