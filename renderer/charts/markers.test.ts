import { expect, test } from 'vitest';
import { markersOf } from './markers.ts';

const interfaces = new Set(['eth1', 'eth2']);

test('a lost link is one mark, named after its interface', () => {
  expect(
    markersOf(
      [
        { atEpochMs: 1_000, kind: 'link-lost', text: 'eth1 on hv-03 lost its link.' },
        { atEpochMs: 1_300, kind: 'subflow-lost', text: 'eth1 lost (no carrier); traffic moved to eth2.' },
        { atEpochMs: 4_000, kind: 'link-back', text: 'eth1 on hv-03 has its link back after 3 s.' },
      ],
      interfaces,
    ),
  ).toEqual([
    { atEpochMs: 1_000, tone: 'bad', label: 'eth1 lost' },
    { atEpochMs: 4_000, tone: 'good', label: 'eth1 back' },
  ]);
});

test('iterations are counted from the second on; what needs no mark is left out', () => {
  expect(
    markersOf(
      [
        { atEpochMs: 0, kind: 'iteration', text: 'Iteration 1 begins.' },
        { atEpochMs: 5, kind: 'observed', text: 'The QEMU on hv-03 is running.' },
        { atEpochMs: 9, kind: 'iteration', text: 'Iteration 2 begins.' },
        { atEpochMs: 9_000, kind: 'iteration', text: 'Iteration 4, the last: nothing remains to be sent.' },
      ],
      interfaces,
    ),
  ).toEqual([
    { atEpochMs: 9, tone: 'iteration', label: 'iteration 2' },
    { atEpochMs: 9_000, tone: 'iteration', label: 'iteration 4' },
  ]);
});

test('the same loss again, later, is another mark', () => {
  const lost = { kind: 'subflow-lost', text: 'eth2 lost.' };
  expect(
    markersOf(
      [
        { ...lost, atEpochMs: 0 },
        { ...lost, atEpochMs: 9_000 },
      ],
      interfaces,
    ),
  ).toHaveLength(2);
});
