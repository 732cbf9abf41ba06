import { expect, test } from 'vitest';
import { row } from '#renderer/testing/migrations.ts';
import { ScriptedHost } from '#renderer/testing/scripted-host.ts';
import { migrationRows } from './copies.ts';

test('changed rows take the place of their former selves, new ones come first', async () => {
  const main = new ScriptedHost({
    'migration.list': () => [row('20261122T130000Z-0002', { open: true }), row('20261122T120000Z-0001')],
  });
  const rows = migrationRows(main);
  await rows.refresh();

  main.say('migration.list-changed', {
    rows: [row('20261122T130000Z-0002', { open: false }), row('20261122T140000Z-0003', { open: true })],
  });

  expect(rows.getState().value?.map(({ id, open }) => [id, open])).toEqual([
    ['20261122T140000Z-0003', true],
    ['20261122T130000Z-0002', false],
    ['20261122T120000Z-0001', false],
  ]);
});
