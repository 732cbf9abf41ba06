import { expect, test } from 'vitest';
import { view } from '#renderer/testing/migrations.ts';
import { ScriptedHost } from '#renderer/testing/scripted-host.ts';
import { migrationViews, type MigrationViews } from './migration-views.ts';

const id = '20261122T120250Z-7f3a';

function phaseOf(views: MigrationViews): string | undefined {
  return views.getState().views.get(id)?.record.phase;
}

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

test('an answer older than a change that came meanwhile is dropped', async () => {
  const main = new ScriptedHost({ 'migration.view': () => view(3, { phase: 'connecting' }) });
  const views = migrationViews(main);
  views.open(id);
  main.say('migration.view-changed', view(4, { phase: 'copying' }));
  await settled();
  expect(phaseOf(views)).toBe('copying');
});

test('events out of order: the youngest stays', () => {
  const main = new ScriptedHost();
  const views = migrationViews(main);
  for (const [revision, phase] of [
    [1, 'preparing'],
    [3, 'copying'],
    [2, 'connecting'],
  ] as const) {
    main.say('migration.view-changed', view(revision, { phase }));
  }
  expect(phaseOf(views)).toBe('copying');
});

test('a main that was restarted counts from the beginning and is believed', async () => {
  let answer = view(90, { phase: 'copying' });
  const main = new ScriptedHost({ 'migration.view': () => answer });
  const views = migrationViews(main);
  views.open(id);
  await settled();
  answer = view(1, { phase: 'cleaning up' });
  main.reopen();
  await settled();
  expect(phaseOf(views)).toBe('cleaning up');
});

test('why a migration cannot be shown is kept until it can', async () => {
  const main = new ScriptedHost();
  const views = migrationViews(main);
  views.open(id);
  await settled();
  expect([...views.getState().failures.keys()]).toEqual([id]);
  main.say('migration.view-changed', view(1));
  expect([...views.getState().failures.keys()]).toEqual([]);
});
