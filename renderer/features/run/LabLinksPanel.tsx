import { useStore } from 'zustand';
import { memo } from 'react';
import type { MigrationView } from '#contract/channels.ts';
import { useServices } from '#renderer/app/services.ts';
import { Panel } from '#renderer/components/Panel.tsx';
import { LabLinks } from '#renderer/features/lab/LabLinks.tsx';

/** The cables of the lab that this migration runs in, within reach while its charts are in sight. */
export const LabLinksPanel = memo(function LabLinksPanel({ record: { source } }: { record: MigrationView['record'] }) {
  const { labs } = useServices();
  const lab = useStore(labs, ({ value }) => value?.find(({ hosts }) => hosts.some(({ id }) => id === source)));
  if (!lab) return undefined;
  return (
    <Panel title={`Links of the lab “${lab.name}”`}>
      <LabLinks lab={lab} />
    </Panel>
  );
});
