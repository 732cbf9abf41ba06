import { expect, test } from 'vitest';
import { ClosedSubflows } from './closed-subflows.ts';

const ends = { localAddress: '10.77.2.1', localPort: 5, remoteAddress: '10.77.2.2', remotePort: 4444 };
const told = { localAddress: '10.77.2.1', remoteAddress: '10.77.2.2' };

test('a refused join was never established', () => {
  const closed = new ClosedSubflows();
  closed.observe({ kind: 'subflow-closed', token: 1, ...ends, errno: 111 }, 10);
  expect(closed.of(1)).toEqual([{ ...told, errno: 111, livedMs: undefined }]);
});

test('a subflow that was turned away lived for a moment', () => {
  const closed = new ClosedSubflows();
  closed.observe({ kind: 'subflow-established', token: 1, ...ends }, 10);
  closed.observe({ kind: 'subflow-closed', token: 1, ...ends }, 11);
  expect(closed.of(1)).toEqual([{ ...told, errno: undefined, livedMs: 1 }]);
});

test('a connection that has closed is forgotten, others are not', () => {
  const closed = new ClosedSubflows();
  closed.observe({ kind: 'subflow-closed', token: 1, ...ends }, 10);
  closed.observe({ kind: 'subflow-closed', token: 2, ...ends }, 10);
  closed.observe({ kind: 'closed', token: 1 }, 20);
  expect([closed.of(1), closed.of(2).length]).toEqual([[], 1]);
});

test('a path that fails for ever does not fill the memory', () => {
  const closed = new ClosedSubflows();
  for (let time = 0; time < 1000; time++) closed.observe({ kind: 'subflow-closed', token: 1, ...ends }, time);
  expect(closed.of(1).length).toBe(64);
});
