import { expect, test } from 'vitest';
import { row, summary } from '#renderer/testing/migrations.ts';
import { filterRows, noFilter, type Filter } from './filter.ts';

const rows = [
  row('20261122T120000Z-0001', { summary: summary({ guest: 'db-primary', outcome: 'done-on-destination' }) }),
  row('20261122T130000Z-0002', {
    summary: summary({
      guest: 'web-11',
      user: 'grace',
      outcome: 'safe-on-source',
      transport: { requested: 'off', negotiated: 'tcp', fallback: false },
    }),
  }),
  row('20261122T140000Z-0003', { open: true, summary: summary({ guest: 'db-replica' }) }),
  row('20261122T150000Z-0004', { problem: 'unreadable', summary: undefined }),
];

test.each<[string, Partial<Filter>, string[]]>([
  ['nothing asked', {}, ['0001', '0002', '0003', '0004']],
  ['all words, anywhere in the row', { search: ' DB hv-07 ' }, ['0001', '0003']],
  ['a user', { search: 'grace' }, ['0002']],
  ['part of an id', { search: '150000' }, ['0004']],
  ['an outcome', { outcome: 'safe-on-source' }, ['0002']],
  ['what still runs', { outcome: 'open' }, ['0003']],
  ['a transport', { transport: 'tcp' }, ['0002']],
])('%s', (_what, changes, expected) => {
  expect(filterRows(rows, { ...noFilter, ...changes }).map(({ id }) => id.slice(-4))).toEqual(expected);
});
