import {
  Button,
  EmptyState,
  EmptyStateActions,
  EmptyStateBody,
  EmptyStateFooter,
  Spinner,
} from '@patternfly/react-core';
import { navigate } from '#renderer/app/navigation.ts';
import { RunPage } from './RunPage.tsx';
import { useView } from './use-run.ts';

/** One migration by its id: live while it runs, replayed when it has ended. */
export function RunScreen({ id }: { id: string }) {
  const { view, failure } = useView(id);
  if (view) return <RunPage view={view} />;
  if (!failure) return <Spinner aria-label="Loading the migration" />;
  return (
    <EmptyState status="danger" titleText={failure.text} headingLevel="h1">
      <EmptyStateBody>{failure.remedy}</EmptyStateBody>
      <EmptyStateFooter>
        <EmptyStateActions>
          <Button onClick={() => navigate({ screen: 'history' })}>Open the history</Button>
        </EmptyStateActions>
      </EmptyStateFooter>
    </EmptyState>
  );
}
