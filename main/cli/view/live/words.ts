import type { GuestPlace } from '#contract/migration.ts';
import type { Phase } from '#main/app/phases.ts';

export const phaseWords: Readonly<Record<Phase['name'], string>> = {
  preparing: 'preparing',
  connecting: 'connecting',
  copying: 'copying memory',
  'switching-over': 'switching over',
  'post-copy': 'fetching the rest (post-copy)',
  'post-copy-paused': 'paused in post-copy',
  'starting-on-destination': 'starting on the destination',
  'cleaning-up': 'cleaning up',
  cancelling: 'cancelling',
  'going-back': 'going back to the source',
  ended: 'ended',
};

interface GuestScene {
  readonly guest: string;
  readonly source: string;
  readonly destination: string;
}

const places: Readonly<Record<GuestPlace, (scene: GuestScene) => string>> = {
  source: ({ guest, source }) => `${guest} runs on ${source}.`,
  stopped: ({ guest }) => `${guest} is stopped.`,
  destination: ({ guest, destination }) => `${guest} runs on ${destination}.`,
  unknown: ({ guest }) => `Where ${guest} runs is not known now.`,
  nowhere: ({ guest }) => `${guest} runs nowhere.`,
};

/** The operator's first question: who has the guest now. */
export function guestSentence(scene: GuestScene, place: GuestPlace): string {
  return places[place](scene);
}

/** What Ctrl-C would do now. */
export function interruptHint({ name }: Phase, managedHere: boolean): string {
  if (!managedHere) return 'Ctrl-C stops watching; the migration continues.';
  switch (name) {
    case 'preparing':
    case 'connecting':
    case 'copying':
    case 'switching-over':
      return 'Ctrl-C cancels and waits until the guest is safe.';
    case 'cancelling':
    case 'going-back':
      return 'Waiting until the guest is safe. Ctrl-C leaves without waiting.';
    case 'post-copy':
    case 'post-copy-paused':
    case 'starting-on-destination':
    case 'cleaning-up':
    case 'ended':
      return 'Handed over: it can no longer be cancelled.';
  }
}
