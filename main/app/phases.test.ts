import { expect, test } from 'vitest';
import { exampleEvents } from '#main/export/testing/example-migration.ts';
import { phaseFollower } from './phases.ts';

test('reports the phase and the place of the guest after each event', () => {
  const follow = phaseFollower();
  const told = exampleEvents.map((event) => [event.kind, follow(event)] as const);
  expect([told.at(0), told.at(-1)]).toEqual([
    ['planned', { name: 'preparing', guest: 'source' }],
    ['ended', { name: 'ended', guest: 'destination', outcome: 'done-on-destination' }],
  ]);
});

test('says nothing before the plan', () => {
  expect(phaseFollower()({ kind: 'committed' })).toBeUndefined();
});
