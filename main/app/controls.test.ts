import { describe, expect, test } from 'vitest';
import { defaultSettings, type JournalEvent, type Plan } from '#contract/migration.ts';
import { replay } from '#main/engine/state.ts';
import { exampleEvents, examplePlan } from '#main/export/testing/example-migration.ts';
import { controlsOf } from './controls.ts';

const copying = exampleEvents.slice(1, 9);
const sourceSays = (run: string, migration: string): JournalEvent => ({
  kind: 'observed',
  side: 'source',
  observation: { kind: 'answering', run, migration },
});

/** Which controls are possible after these events, and why the others are not. */
function controls(
  events: readonly JournalEvent[],
  { managed = true, plan = examplePlan() }: { readonly managed?: boolean; readonly plan?: Plan } = {},
): Record<string, string> {
  const state = replay([{ kind: 'planned', plan }, ...events]);
  if (!state) throw new TypeError('a journal begins with its plan');
  return Object.fromEntries(
    Object.entries(controlsOf(state, managed)).map(([name, control]) => [name, control.possible ? 'yes' : control.why]),
  );
}

const postCopyAllowed = examplePlan({ settings: { ...defaultSettings, postCopy: 'allow' } });

test('while it is copied, all but what was not allowed', () => {
  expect(controls([...copying, sourceSays('running', 'active')])).toEqual({
    cancel: 'yes',
    change: 'yes',
    takeUp: 'A process manages it.',
    paths: 'yes',
    postCopy: 'Post-copy was not allowed when this migration was started.',
    recover: 'There is no post-copy to recover.',
    goBack: 'Only a guest that was handed over and has never run on the destination can return.',
  });
});

test('post-copy where it was allowed', () => {
  expect(controls([...copying, sourceSays('running', 'active')], { plan: postCopyAllowed })['postCopy']).toBe('yes');
});

test('of one that no process manages, only to take it up', () => {
  const state = [...copying, sourceSays('running', 'active')];
  const { takeUp, recover, goBack: _goBack, ...others } = controls(state, { managed: false });
  expect([takeUp, recover, new Set(Object.values(others))]).toEqual([
    'yes',
    'There is no post-copy to recover.',
    new Set(['No process manages it: take it up first.']),
  ]);
});

test('of one that has ended for good, nothing, and each control says so', () => {
  expect(new Set(Object.values(controls(exampleEvents.slice(1), { managed: false })))).toEqual(
    new Set(['It has ended.']),
  );
});

test('one whose end waits for the operator can be taken up again', () => {
  const ended: JournalEvent = { kind: 'ended', outcome: 'unknown', guest: 'unknown' };
  expect(controls([...copying, ended], { managed: false })['takeUp']).toBe('yes');
});

describe('cancelling', () => {
  test.each([
    ['the source has completed', [sourceSays('postmigrate', 'completed')], /handed over/],
    ['post-copy has begun', [{ kind: 'post-copy-entered' }], /handed over/],
    ['it is being cancelled', [{ kind: 'cancel-requested', reason: 'operator', by: 'ada' }], /being cancelled/],
  ] as const)('is not offered once %s', (_, events, why) => {
    expect(controls([...copying, ...events], { plan: postCopyAllowed })['cancel']).toMatch(why);
  });
});

describe('recovering', () => {
  const paused: readonly JournalEvent[] = [
    { kind: 'post-copy-entered' },
    sourceSays('finish-migrate', 'postcopy-paused'),
  ];

  test('is offered while a post-copy is paused, and after its manager has left it', () => {
    const ended: JournalEvent = { kind: 'ended', outcome: 'paused-recoverable', guest: 'destination' };
    expect([
      controls([...copying, ...paused], { plan: postCopyAllowed })['recover'],
      controls([...copying, ...paused, ended], { plan: postCopyAllowed, managed: false })['recover'],
    ]).toEqual(['yes', 'yes']);
  });

  test('is not offered while it runs', () => {
    const running = [{ kind: 'post-copy-entered' } as const, sourceSays('postmigrate', 'postcopy-active')];
    expect(controls([...copying, ...running], { plan: postCopyAllowed })['recover']).toBe(
      'The post-copy is not paused.',
    );
  });
});

test('nothing is offered of a source that does not answer', () => {
  const silent: JournalEvent = { kind: 'observed', side: 'source', observation: { kind: 'silent' } };
  const { change, paths } = controls([...copying, silent]);
  expect([change, paths]).toEqual(['The source QEMU does not answer now.', 'Nothing is sent any more.']);
});

test('go-back is offered while no process manages a destination that refuses to start the guest', () => {
  const journal: readonly JournalEvent[] = [
    ...copying,
    { kind: 'peer-proven', by: 'sequence', connections: 1 },
    sourceSays('postmigrate', 'completed'),
  ];
  expect([controls(journal, { managed: false })['goBack'], controls(journal)['goBack']]).toEqual([
    'yes',
    'The destination is about to start the guest.',
  ]);
});
