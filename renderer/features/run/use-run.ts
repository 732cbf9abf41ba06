import { useEffect, useState, useSyncExternalStore } from 'react';
import { useStore } from 'zustand';
import type { MigrationView } from '#contract/channels.ts';
import type { Failure } from '#contract/errors.ts';
import { useServices } from '#renderer/app/services.ts';
import type { Readings } from '#renderer/telemetry/readings.ts';
import { TelemetryCoordinator } from '#renderer/telemetry/telemetry-coordinator.ts';

/** The view of one migration, kept up to date while it is on screen, or why it cannot be shown. */
export function useView(id: string): {
  readonly view: MigrationView | undefined;
  readonly failure: Failure | undefined;
} {
  const { views } = useServices();
  useEffect(() => views.open(id), [views, id]);
  const view = useStore(views, (state) => state.views.get(id));
  const failure = useStore(views, (state) => state.failures.get(id));
  return { view, failure };
}

/** The samples of one migration, from its beginning; while it is `live` also those to come. */
export function useCoordinator(id: string, live: boolean): TelemetryCoordinator {
  const { connection } = useServices();
  const [coordinator] = useState(() => new TelemetryCoordinator(connection, id));
  useEffect(() => coordinator.start({ live }), [coordinator, live]);
  return coordinator;
}

export function useReadings(coordinator: TelemetryCoordinator): Readings | undefined {
  return useSyncExternalStore(coordinator.onReadings, coordinator.readings);
}
