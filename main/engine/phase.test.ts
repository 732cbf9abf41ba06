import { expect, test } from 'vitest';
import { answering, begun, gone, sees, silent, stateAfter } from './simulation/states.ts';
import { phaseOf } from './state.ts';

const copying = [...begun, sees('source', answering('running', 'active'))];
const switchingOver = [...begun, sees('source', answering('finish-migrate', 'active'))];

test.each([
  ['falls silent while it copies', [...copying, sees('source', silent)], { name: 'copying', guest: 'unknown' }],
  ['dies while it copies', [...copying, sees('source', gone)], { name: 'copying', guest: 'nowhere' }],
  [
    'falls silent once it has handed over',
    [...switchingOver, sees('source', answering('postmigrate', 'completed')), sees('source', silent)],
    { name: 'switching-over', guest: 'unknown' },
  ],
])('a source that %s keeps its phase, and the place of its guest is unknown', (_what, events, expected) => {
  expect(phaseOf(stateAfter(events))).toEqual(expected);
});

test('what a source says of an earlier migration is no phase of this one', () => {
  const earlier = sees('source', answering('running', 'failed'));
  expect(phaseOf(stateAfter([earlier, { kind: 'intended', step: 'migrate' }]))).toEqual({
    name: 'connecting',
    guest: 'source',
  });
});
