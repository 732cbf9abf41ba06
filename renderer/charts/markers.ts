import type { MigrationRecord } from '#contract/migration.ts';
import type { Milliseconds } from '#contract/units.ts';

/** A moment that a chart points out. */
export interface Marker {
  readonly atEpochMs: Milliseconds;
  readonly tone: 'iteration' | 'bad' | 'good' | 'action';
  /** A word or two; the sentence stands among the events. */
  readonly label: string;
}

type RecordEvent = MigrationRecord['events'][number];

const tones: Readonly<Record<string, { readonly tone: Marker['tone']; readonly label: string }>> = {
  iteration: { tone: 'iteration', label: 'iteration' },
  'link-lost': { tone: 'bad', label: 'lost' },
  'link-back': { tone: 'good', label: 'back' },
  'subflow-lost': { tone: 'bad', label: 'lost' },
  'subflow-back': { tone: 'good', label: 'back' },
  stalled: { tone: 'bad', label: 'stalled' },
  'settings-changed': { tone: 'action', label: 'limits changed' },
  'path-changed': { tone: 'action', label: 'changed' },
  'cancel-requested': { tone: 'action', label: 'cancel' },
  'post-copy-requested': { tone: 'action', label: 'post-copy' },
  'recovery-requested': { tone: 'action', label: 'recover' },
  committed: { tone: 'action', label: 'handed over' },
};

/** A link and its subflow are lost within moments of each other: one mark shows it. */
const sameMomentMs = 1_500;

export function markersOf(events: readonly RecordEvent[], interfaces: ReadonlySet<string>): Marker[] {
  const markers: Marker[] = [];
  for (const event of events) {
    const known = tones[event.kind];
    if (!known) continue;
    const label =
      event.kind === 'iteration' ? numbered(event.text, known.label) : namedBy(event.text, interfaces, known.label);
    // The first iteration is where everything begins.
    if (label === 'iteration 1') continue;
    const said = markers.findLast((marker) => marker.tone === known.tone && marker.label === label);
    if (said && event.atEpochMs - said.atEpochMs < sameMomentMs) continue;
    // A path comes back by joining again.
    const cameBack = event.kind === 'path-changed' ? markers.at(-1) : undefined;
    if (cameBack?.tone === 'good' && event.atEpochMs - cameBack.atEpochMs < sameMomentMs) continue;
    markers.push({ atEpochMs: event.atEpochMs, tone: known.tone, label });
  }
  return markers;
}

/** `iteration 2`, as the sentence counts them. */
function numbered(text: string, label: string): string {
  const number = /\d+/.exec(text)?.[0];
  return number === undefined ? label : `${label} ${number}`;
}

/** `eth1 lost`, where the sentence names a path's interface. */
function namedBy(text: string, interfaces: ReadonlySet<string>, label: string): string {
  const named = text.split(/[^\p{L}\p{N}._@-]+/u).find((word) => interfaces.has(word));
  return named === undefined ? label : `${named} ${label}`;
}
