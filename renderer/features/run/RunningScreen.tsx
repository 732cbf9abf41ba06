import {
  Button,
  EmptyState,
  EmptyStateActions,
  EmptyStateBody,
  EmptyStateFooter,
  Spinner,
} from '@patternfly/react-core';
import { useState } from 'react';
import { useStore } from 'zustand';
import { navigate } from '#renderer/app/navigation.ts';
import { useServices } from '#renderer/app/services.ts';
import { OpenMigrations } from './OpenMigrations.tsx';
import { RunScreen } from './RunScreen.tsx';

/** What runs now: the one that was asked for (it stays when it has ended), else the newest; a table above when there are several. */
export function RunningScreen({ id }: { id: string | undefined }) {
  const { rows } = useServices();
  const known = useStore(rows, ({ value }) => value);
  const open = known?.filter((row) => row.open) ?? [];
  const [first, setFirst] = useState<string>();
  // What is on screen stays there when it ends: its result is what the operator has been waiting for.
  const shown = id ?? first ?? open[0]?.id;
  if (shown !== undefined && first === undefined) setFirst(shown);
  if (!known && shown === undefined) return <Spinner aria-label="Loading the migrations" />;
  if (shown === undefined) return <NothingRuns />;
  return (
    <div className="sy-stack">
      {open.some((row) => row.id !== shown) && <OpenMigrations rows={open} shown={shown} />}
      <RunScreen key={shown} id={shown} />
    </div>
  );
}

function NothingRuns() {
  return (
    <EmptyState titleText="No migration is running" headingLevel="h1">
      <EmptyStateBody>Running migrations appear here, also those that were started from a terminal.</EmptyStateBody>
      <EmptyStateFooter>
        <EmptyStateActions>
          <Button onClick={() => navigate({ screen: 'migrate' })}>Migrate a guest</Button>
          <Button variant="secondary" onClick={() => navigate({ screen: 'history' })}>
            Open the history
          </Button>
        </EmptyStateActions>
      </EmptyStateFooter>
    </EmptyState>
  );
}
