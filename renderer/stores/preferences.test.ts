import { expect, test } from 'vitest';
import { defaultSettings } from '#contract/default-settings.ts';
import { defaultPreferences, preferences, readPreferences } from './preferences.ts';

function memory(text?: string): { getItem: () => string | null; setItem: (key: string, text: string) => void } {
  let kept = text;
  return { getItem: () => kept ?? null, setItem: (_key, value) => void (kept = value) };
}

test('what was changed is there at the next start', () => {
  const storage = memory();
  const lastMove = { guest: 'db-primary', from: 'hv-03', to: 'hv-07' };
  preferences(storage).change({ theme: 'dark', lastMove, settings: { ...defaultSettings, downtimeLimitMs: 500 } });
  expect(preferences(storage).getState()).toEqual({
    ...defaultPreferences,
    theme: 'dark',
    lastMove,
    settings: { ...defaultSettings, downtimeLimitMs: 500 },
  });
});

test('the choice of paths is remembered for each pair of hosts', () => {
  const storage = memory();
  const pathChoices = { 'hv-03/hv-07': { without: ['eth1'], first: 'eth2' }, 'hv-07/hv-03': { first: 'eth0' } };
  preferences(storage).change({ pathChoices });
  expect(preferences(storage).getState().pathChoices).toEqual(pathChoices);
});

test('of a choice of paths that was changed by hand, what fits is kept', () => {
  const pathChoices = {
    'a/b': { without: ['eth1', 7], first: {} },
    'a/c': { without: 'eth1' },
    'a/d': [],
    'a/e': null,
  };
  expect(readPreferences(JSON.stringify({ pathChoices })).pathChoices).toEqual({ 'a/b': { without: ['eth1'] } });
});

test('an error that was accepted once is not accepted at the next start', () => {
  const storage = memory();
  preferences(storage).change({ settings: { ...defaultSettings, accepted: ['memory'] } });
  expect(preferences(storage).getState().settings.accepted).toEqual([]);
});

test.each([
  '',
  'not json',
  'null',
  '7',
  '{"theme":"pink","settings":{"downtimeLimitMs":-1,"mptcp":"sometimes"},"lastMove":[]}',
])('anything else is the default: %s', (text) => {
  expect(readPreferences(text)).toEqual(defaultPreferences);
});

test('a full disk does not keep a change from taking effect', () => {
  const store = preferences({
    getItem: () => null,
    setItem: () => {
      throw new Error('quota exceeded');
    },
  });
  store.change({ theme: 'dark' });
  expect(store.getState().theme).toBe('dark');
});
