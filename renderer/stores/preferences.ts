import { createStore } from 'zustand/vanilla';
import { defaultSettings } from '#contract/default-settings.ts';
import type { MigrationSettings } from '#contract/migration.ts';
import type { PathChoice } from '#contract/path-choice.ts';
import { readable, type Readable } from './readable.ts';

export const themes = ['auto', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];

/** Which guest was moved last, and between which hosts: the repeat case starts from there. */
export interface LastMove {
  readonly guest: string;
  readonly from: string;
  readonly to: string;
}

/** What this window remembers between two starts; nothing that matters to a migration under way. */
export interface Preferences {
  readonly theme: Theme;
  /** What the Migrate screen begins with. `accepted` is never remembered: the operator accepts the errors of each run. */
  readonly settings: MigrationSettings;
  /** What the MPTCP switch turns to when it is switched on. */
  readonly policyWhenOn: 'prefer' | 'require';
  readonly lastMove: LastMove | undefined;
  /** Which paths are left out between two hosts, and which is first; by `SOURCE/DESTINATION`. */
  readonly pathChoices: Readonly<Record<string, PathChoice>>;
}

export interface PreferencesStore extends Readable<Preferences> {
  change(changes: Partial<Preferences>): void;
}

export const defaultPreferences: Preferences = {
  theme: 'auto',
  settings: defaultSettings,
  policyWhenOn: 'prefer',
  lastMove: undefined,
  pathChoices: {},
};

const storageKey = 'switchyard.preferences/1';

/** Kept in `storage`; where that is full or forbidden the window works all the same and forgets. */
export function preferences(storage: Pick<Storage, 'getItem' | 'setItem'>): PreferencesStore {
  const store = createStore<Preferences>(() => readPreferences(storage.getItem(storageKey) ?? ''));
  return {
    ...readable(store),
    change(changes) {
      store.setState(changes);
      const { settings, ...rest } = store.getState();
      try {
        storage.setItem(storageKey, JSON.stringify({ ...rest, settings: { ...settings, accepted: [] } }));
      } catch {
        // Remembering is a convenience; the change itself has taken effect.
      }
    },
  };
}

/** Any content (an older version's, an edit by hand), member by member: what does not fit is the default. */
export function readPreferences(text: string): Preferences {
  const stored = asObject(parse(text));
  const settings = asObject(stored['settings']);
  const lastMove = asObject(stored['lastMove']);
  const { guest, from, to } = lastMove;
  return {
    theme: oneOf(themes, stored['theme']) ?? defaultPreferences.theme,
    policyWhenOn: oneOf(['prefer', 'require'], stored['policyWhenOn']) ?? defaultPreferences.policyWhenOn,
    lastMove:
      typeof guest === 'string' && typeof from === 'string' && typeof to === 'string' ? { guest, from, to } : undefined,
    pathChoices: readPathChoices(stored['pathChoices']),
    settings: {
      ...defaultSettings,
      mptcp: oneOf(['off', 'prefer', 'require'], settings['mptcp']) ?? defaultSettings.mptcp,
      socket: oneOf(['qemu', 'app'], settings['socket']) ?? defaultSettings.socket,
      postCopy: oneOf(['never', 'allow'], settings['postCopy']) ?? defaultSettings.postCopy,
      autoConverge: settings['autoConverge'] === true,
      downtimeLimitMs: integer(settings['downtimeLimitMs'], 1) ?? defaultSettings.downtimeLimitMs,
      bandwidthBitsPerSecond: integer(settings['bandwidthBitsPerSecond'], 0) ?? defaultSettings.bandwidthBitsPerSecond,
      parallelConnections: integer(settings['parallelConnections'], 0) ?? defaultSettings.parallelConnections,
      stallLimitMs: integer(settings['stallLimitMs'], 1_000) ?? defaultSettings.stallLimitMs,
      sampleHz: integer(settings['sampleHz'], 1) ?? defaultSettings.sampleHz,
    },
  };
}

/** The window leaves out and puts first; what else a choice can be is the command line's. */
function readPathChoices(value: unknown): Readonly<Record<string, PathChoice>> {
  const read = Object.entries(asObject(value)).flatMap(([hosts, stored]): [string, PathChoice][] => {
    const { without, first } = asObject(stored);
    const names = Array.isArray(without) ? without.filter((name) => typeof name === 'string') : [];
    if (names.length === 0 && typeof first !== 'string') return [];
    return [
      [hosts, { ...(names.length === 0 ? {} : { without: names }), ...(typeof first === 'string' ? { first } : {}) }],
    ];
  });
  return Object.fromEntries(read);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function oneOf<const Item>(items: readonly Item[], value: unknown): Item | undefined {
  return items.find((item) => item === value);
}

/** An upper bound is main's to refuse. */
function integer(value: unknown, least: number): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= least ? value : undefined;
}
