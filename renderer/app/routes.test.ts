import { expect, test } from 'vitest';
import { fromHash, toHash, type Route } from './routes.ts';

const routes: readonly Route[] = [
  { screen: 'migrate' },
  { screen: 'migrate', move: { guest: 'db & co?', from: 'hv-03', to: 'hv-07' } },
  { screen: 'running' },
  { screen: 'running', id: '20261122T120250Z-7f3a' },
  { screen: 'history' },
  { screen: 'run', id: '20261122T120250Z-7f3a' },
  { screen: 'compare', one: '20261122T120250Z-7f3a', other: '20261122T120250Z-7f3b' },
  { screen: 'hosts' },
  { screen: 'lab' },
  { screen: 'settings' },
];

test.each(routes)('the address leads back: $screen', (route) => {
  expect(fromHash(toHash(route))).toEqual(route);
});

test.each(['', '#', '#/', '#/nowhere', '#/migrate?guest=only', '#/%E0%A4%A'])(
  '%j leads to the first screen',
  (hash) => {
    expect(fromHash(hash)).toEqual({ screen: 'migrate' });
  },
);
