import { expect, test } from 'vitest';
import { ClosedSubflows } from './closed-subflows.ts';
import { groupConnections } from './connections.ts';
import { join, mptcpRow, tcpRow, token } from './socket-rows.ts';
import { subflowTroubles } from './troubles.ts';

const connectionsOf = (...tcp: Parameters<typeof tcpRow>[0][]) =>
  groupConnections({ mptcp: [mptcpRow()], tcp: tcp.map((row) => tcpRow(row)) }, () => true);

test('joins that were tried more than once are unanswered, young and established ones are not', () => {
  const tried = { ...join, state: 'syn-sent', info: { consecutiveTimeouts: 1 } } as const;
  const young = { ...join, cookie: 3n, state: 'syn-sent' } as const;
  expect(subflowTroubles(connectionsOf({}, tried, young), undefined)).toEqual({
    unanswered: [{ localAddress: '10.77.2.1', remoteAddress: '10.77.2.2' }],
    closed: [],
  });
});

test('subflows of other connections that ended are not reported', () => {
  const closed = new ClosedSubflows();
  const ends = { localAddress: '10.77.2.1', localPort: 5, remoteAddress: '10.77.2.2', remotePort: 4444 };
  closed.observe({ kind: 'subflow-closed', token, ...ends, errno: 111 }, 10);
  closed.observe({ kind: 'subflow-closed', token: 99, ...ends, errno: 104 }, 10);
  expect(subflowTroubles(connectionsOf({}), closed).closed).toEqual([
    { localAddress: '10.77.2.1', remoteAddress: '10.77.2.2', errno: 111, livedMs: undefined },
  ]);
});
