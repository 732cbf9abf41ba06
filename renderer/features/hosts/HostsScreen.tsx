import { Button, EmptyState, EmptyStateBody, Spinner } from '@patternfly/react-core';
import { useEffect } from 'react';
import { useStore } from 'zustand';
import { useServices } from '#renderer/app/services.ts';
import { SyncAltIcon } from '#renderer/components/icons.ts';
import { ScreenTitle } from '#renderer/components/ScreenTitle.tsx';
import { HostCard } from './HostCard.tsx';

/** What every host can do, and what runs on it. */
export function HostsScreen() {
  const { hosts, guests } = useServices();
  const known = useStore(hosts);
  const knownGuests = useStore(guests, ({ value }) => value);
  const look = (): void => {
    void hosts.refresh();
    void guests.refresh();
  };
  // oxlint-disable-next-line react/exhaustive-deps -- once, when the screen opens
  useEffect(look, []);
  return (
    <>
      <ScreenTitle
        name="Hosts"
        about="This machine and the network namespaces on it."
        actions={
          <Button variant="secondary" icon={<SyncAltIcon />} isLoading={known.asking} onClick={look}>
            Look again
          </Button>
        }
      />
      {known.failure && !known.value && (
        <EmptyState status="danger" titleText={known.failure.text} headingLevel="h2">
          <EmptyStateBody>{known.failure.remedy}</EmptyStateBody>
        </EmptyState>
      )}
      {!known.value && !known.failure && <Spinner aria-label="Looking at the hosts" />}
      <div className="sy-cards">
        {known.value?.map((host) => (
          <HostCard key={host.id} host={host} guests={knownGuests?.filter(({ hostId }) => hostId === host.id) ?? []} />
        ))}
      </div>
    </>
  );
}
