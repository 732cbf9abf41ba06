import { Drawer, DrawerContent, DrawerContentBody, Spinner } from '@patternfly/react-core';
import { useEffect, useMemo, useState } from 'react';
import { useStore } from 'zustand';
import type { MigrationSettings } from '#contract/migration.ts';
import type { PathChoice } from '#contract/path-choice.ts';
import type { MigrationRequest } from '#contract/requests.ts';
import { navigate } from '#renderer/app/navigation.ts';
import type { Move } from '#renderer/app/routes.ts';
import { useServices } from '#renderer/app/services.ts';
import { ScreenTitle } from '#renderer/components/ScreenTitle.tsx';
import { destinationChoices, guestChoices, nameForRequest, pickDestination, pickGuest } from './choices.ts';
import { DestinationPanel } from './DestinationPanel.tsx';
import { GuestPanel } from './GuestPanel.tsx';
import { choiceKey, stillThere } from './path-choice.ts';
import { PathsPanel } from './PathsPanel.tsx';
import { ReviewDrawer } from './ReviewDrawer.tsx';
import { StartBar } from './StartBar.tsx';
import { usePreflight } from './use-preflight.ts';

/** Guest, destination, paths: three columns that read like the move itself, and the button. */
export function MigrateScreen({ move }: { move: Move | undefined }) {
  const services = useServices();
  const { rows, hosts, guests, preferences, ask } = services;
  const knownGuests = useStore(guests);
  const knownHosts = useStore(hosts);
  const knownRows = useStore(rows, ({ value }) => value);
  const pathChoices = useStore(preferences, (state) => state.pathChoices);
  useEffect(() => {
    void guests.refresh();
    void hosts.refresh();
  }, [guests, hosts]);

  const [wish, setWish] = useState(() => move ?? preferences.getState().lastMove);
  const [chosenGuest, chooseGuest] = useState<string>();
  const [chosenDestination, chooseDestination] = useState<string>();
  const [settings, setSettings] = useState(() => preferences.getState().settings);
  const [reviewing, setReviewing] = useState(false);
  const [starting, setStarting] = useState(false);

  const guestList = useMemo(
    () => guestChoices(knownGuests.value ?? [], knownRows ?? []),
    [knownGuests.value, knownRows],
  );
  const guest = (
    guestList.find(({ key, impossible }) => key === chosenGuest && !impossible) ?? pickGuest(guestList, wish)
  )?.guest;
  const destinations = useMemo(
    () => destinationChoices(knownHosts.value ?? [], knownGuests.value ?? [], guest),
    [knownHosts.value, knownGuests.value, guest],
  );
  const source = knownHosts.value?.find(({ id }) => id === guest?.hostId);
  const destination =
    destinations.find(({ key, impossible }) => key === chosenDestination && !impossible) ??
    pickDestination(destinations, wish, source);

  const between = guest && destination ? choiceKey(guest.hostId, destination.host.id) : undefined;
  const choice = stillThere(between === undefined ? undefined : pathChoices[between], source);
  const choosePaths = (next: PathChoice | undefined): void => {
    if (between === undefined) return;
    const { [between]: _before, ...others } = pathChoices;
    preferences.change({ pathChoices: next ? { ...others, [between]: next } : others });
  };

  const request: MigrationRequest | undefined =
    guest && destination
      ? {
          guest: nameForRequest(guest, knownGuests.value ?? []),
          from: guest.hostId,
          to: destination.host.id,
          ...(destination.waiting ? { toWaiting: nameForRequest(destination.waiting, knownGuests.value ?? []) } : {}),
          settings: { ...settings, ...(choice ? { pathChoice: choice } : {}) },
        }
      : undefined;
  const preflight = usePreflight(request);

  const change = (changes: Partial<MigrationSettings>): void => {
    const next = { ...settings, ...changes };
    setSettings(next);
    preferences.change({
      settings: next,
      ...(changes.mptcp === 'prefer' || changes.mptcp === 'require' ? { policyWhenOn: changes.mptcp } : {}),
    });
  };
  const start = async (): Promise<void> => {
    if (!request || !guest) return;
    setStarting(true);
    const answer = await ask('migration.start', request);
    setStarting(false);
    if (answer?.kind === 'started') {
      preferences.change({ lastMove: { guest: guest.name, from: request.from, to: request.to } });
      navigate({ screen: 'running', id: answer.id });
    }
    if (answer?.kind === 'refused') preflight.again();
  };

  if (!knownGuests.value || !knownHosts.value) {
    return (
      <>
        <ScreenTitle name="Migrate a guest" about="Pick a guest, where it goes, and the paths it takes." />
        {(knownGuests.failure ?? knownHosts.failure) ? (
          <p className="sy-danger">{(knownGuests.failure ?? knownHosts.failure)?.text}</p>
        ) : (
          <Spinner aria-label="Looking for guests and hosts" />
        )}
      </>
    );
  }
  return (
    <Drawer isExpanded={reviewing} onExpand={() => document.querySelector<HTMLElement>('#review-close')?.focus()}>
      <DrawerContent
        panelContent={<ReviewDrawer review={preflight.answer?.review} onClose={() => setReviewing(false)} />}
      >
        <DrawerContentBody>
          <div className="sy-migrate">
            <ScreenTitle name="Migrate a guest" about="Pick a guest, where it goes, and the paths it takes." />
            <div className="sy-migrate-columns">
              <GuestPanel
                choices={guestList}
                chosen={guest}
                onChoose={(key) => {
                  chooseGuest(key);
                  chooseDestination(undefined);
                  setWish(undefined);
                }}
              />
              <DestinationPanel choices={destinations} chosen={destination} onChoose={chooseDestination} />
              <PathsPanel
                settings={settings}
                onChange={change}
                preflight={preflight}
                hasChoice={request !== undefined}
                chosenPaths={{ choice, onChoose: choosePaths, source, to: destination?.host.id ?? '' }}
              />
            </div>
            <StartBar
              preflight={preflight}
              settings={settings}
              possible={request !== undefined}
              starting={starting}
              onReview={() => setReviewing(true)}
              onStart={() => void start()}
            />
          </div>
        </DrawerContentBody>
      </DrawerContent>
    </Drawer>
  );
}
