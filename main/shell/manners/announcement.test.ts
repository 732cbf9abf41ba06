import { expect, test } from 'vitest';
import { announcementOf } from './announcement.ts';
import { exampleRow } from './testing/example-row.ts';

const totals = {
  durationMs: 12_400,
  downtimeMs: 64,
  transferredBytes: 1,
  goodputBitsPerSecond: 1,
  iterations: 2,
  retransmits: 0,
};

test('a guest that has arrived, with its downtime', () => {
  expect(announcementOf(exampleRow({ summary: { outcome: 'done-on-destination', totals } }))).toEqual({
    title: 'web1 has moved to host-b',
    body: 'It took 12.4 s, downtime 64 ms.',
    urgent: false,
  });
});

test('a fallback to TCP is said', () => {
  const transport = { requested: 'prefer', negotiated: 'tcp', fallback: true } as const;
  expect(announcementOf(exampleRow({ summary: { outcome: 'done-on-destination', totals, transport } }))?.body).toBe(
    'It took 12.4 s, downtime 64 ms. It used plain TCP, although Multipath TCP was asked for.',
  );
});

test('a failure says why, and what to do', () => {
  const explanation = {
    phase: 'copying',
    cause: 'The network was dead for 30 s.',
    next: 'Fix it, then migrate again.',
  };
  expect(announcementOf(exampleRow({ summary: { outcome: 'safe-on-source', totals, explanation } }))).toEqual({
    title: 'web1 has stayed on host-a',
    body: 'The network was dead for 30 s. Fix it, then migrate again.',
    urgent: false,
  });
});

test.each([
  ['paused-recoverable', 'web1 is paused and can be recovered'],
  ['stopped-on-source', 'web1 is stopped on host-a, intact'],
  ['lost', 'web1 has been lost'],
  ['unknown', 'It is not known where web1 runs'],
] as const)('%s is urgent', (outcome, title) => {
  expect(announcementOf(exampleRow({ summary: { outcome, totals } }))).toMatchObject({ title, urgent: true });
});

test('nothing is said where nothing is known', () => {
  expect([
    announcementOf({ id: '20261122T120250Z-7f3a', open: false, managed: false, problem: 'unreadable' }),
    announcementOf(exampleRow()),
  ]).toEqual([undefined, undefined]);
});
