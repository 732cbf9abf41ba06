import type { GuestPlace, MigrationRecord, Outcome } from '#contract/migration.ts';
import type { SubflowState } from '#contract/telemetry.ts';
import { formatDurationMs, type Milliseconds } from '#contract/units.ts';

/** What the operator reads for main's keys. */

const phases: Readonly<Record<string, string>> = {
  preparing: 'Preparing the destination',
  connecting: 'Connecting',
  copying: 'Copying memory',
  'switching over': 'Switching over',
  'starting on destination': 'Starting on the destination',
  'post copy': 'Post-copy: fetching the rest',
  'post copy paused': 'Post-copy is paused',
  'cleaning up': 'Cleaning up',
  cancelling: 'Cancelling',
  'going back': 'Going back to the source',
  ended: 'Ended',
};

/** A phase of a newer main is shown as it comes. */
export function phaseInWords(phase: string): string {
  return phases[phase] ?? phase.charAt(0).toUpperCase() + phase.slice(1);
}

export function placeInWords(
  place: GuestPlace,
  { source, destination }: Pick<MigrationRecord, 'source' | 'destination'>,
): string {
  switch (place) {
    case 'source':
      return `Guest runs on the source (${source})`;
    case 'destination':
      return `Guest runs on the destination (${destination})`;
    case 'stopped':
      return 'Guest is stopped';
    case 'nowhere':
      return 'Guest runs nowhere';
    case 'unknown':
      return 'Where the guest runs is not known';
  }
}

export type Tone = 'success' | 'warning' | 'danger' | 'info';

export interface OutcomeWords {
  readonly short: string;
  readonly tone: Tone;
}

export const outcomes: Readonly<Record<Outcome, OutcomeWords>> = {
  'done-on-destination': { short: 'Done', tone: 'success' },
  'safe-on-source': { short: 'Safe on source', tone: 'warning' },
  'paused-recoverable': { short: 'Paused, recoverable', tone: 'warning' },
  'stopped-on-source': { short: 'Stopped on source', tone: 'danger' },
  lost: { short: 'Lost', tone: 'danger' },
  unknown: { short: 'Not known', tone: 'danger' },
};

/** A guest that is whole on a destination which does not start it needs no connection: only a paused post-copy does. */
export function outcomeWords({ outcome, guestState }: { outcome: Outcome; guestState: GuestPlace }): OutcomeWords {
  return outcome === 'paused-recoverable' && guestState === 'stopped'
    ? { short: 'Stopped on destination', tone: 'danger' }
    : outcomes[outcome];
}

export function outcomeSentence({
  outcome,
  guest,
  source,
  destination,
  guestState,
}: Pick<MigrationRecord, 'outcome' | 'guest' | 'source' | 'destination' | 'guestState'>): string {
  switch (outcome) {
    case undefined:
      return `${guest} is being moved from ${source} to ${destination}.`;
    case 'done-on-destination':
      return `Done: ${guest} is on ${destination}.`;
    case 'safe-on-source':
      return `Not migrated: ${guest} is safe on ${source}.`;
    case 'paused-recoverable':
      return guestState === 'stopped'
        ? `Stopped: ${guest} is whole on ${destination} and does not run.`
        : `Paused: ${guest} waits for the connection to be recovered.`;
    case 'stopped-on-source':
      return `Stopped: ${guest} is intact on ${source} and does not run.`;
    case 'lost':
      return `Lost: ${guest} runs nowhere and must be started from its disks.`;
    case 'unknown':
      return `Not known: check where ${guest} runs; nothing more is touched.`;
  }
}

export const subflowStateTones: Readonly<Record<SubflowState, Tone | 'neutral'>> = {
  active: 'success',
  backup: 'info',
  stale: 'danger',
  failing: 'warning',
  closed: 'neutral',
};

/** `1 path`, `3 paths`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** `MPTCP · 3 subflows`, `TCP`, `Fell back to plain TCP`; `used` counts what the connection had. */
export function transportInWords({ negotiated, fallback }: MigrationRecord['transport'], used: string): string {
  if (negotiated === undefined) return 'Not connected yet';
  if (fallback) return 'Fell back to plain TCP';
  if (negotiated === 'tcp') return 'TCP';
  return `MPTCP · ${used}`;
}

/** `0:41`, `12:03`, `1:02:03`: a running time, in whole seconds. */
export function clockOf(ms: Milliseconds): string {
  const total = Math.max(0, Math.floor(ms / 1000));
  const [hours, minutes, seconds] = [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60];
  const pad = (value: number): string => String(value).padStart(2, '0');
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(seconds)}` : `${minutes}:${pad(seconds)}`;
}

/** Of the operator's own day: `12:03:10`. */
export function timeOfDay(epochMs: Milliseconds): string {
  return new Date(epochMs).toLocaleTimeString('en-GB');
}

/** `22 Nov 2026, 12:02:50`. */
export function dateAndTime(epochMs: Milliseconds): string {
  return new Date(epochMs).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });
}

/** An approximate promise needs no tenths: `about 28 s`. */
export function aboutDuration(ms: Milliseconds): string {
  const rounded =
    ms >= 10_000 ? Math.round(ms / 1000) * 1000 : ms >= 1000 ? Math.round(ms / 100) * 100 : Math.round(ms);
  return `about ${formatDurationMs(rounded)}`;
}
