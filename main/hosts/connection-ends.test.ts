import { describe, expect, test } from 'vitest';
import { mptcpRow, tcpRow } from '#main/mptcp/socket-rows.ts';
import { connectionEnds } from './connection-ends.ts';

const process = 81_965;
const held = new Set([process]);

describe('the ends that a process holds', () => {
  test('of Multipath TCP have the numbers of its data', () => {
    const socket = mptcpRow({ info: { writeSequence: 30n, unackedSequence: 10n, receiveSequence: 7n } });
    expect(connectionEnds({ mptcp: [socket], tcp: [tcpRow()] }, held)).toMatchObject([
      { held: true, established: true, sequence: { sent: 30n, acked: 10n, received: 7n } },
    ]);
  });

  test('of Multipath TCP have none while only the subflow is known', () => {
    const [end] = connectionEnds({ mptcp: [], tcp: [tcpRow()] }, held);
    expect([end?.sequence, end?.bytes]).toEqual([undefined, undefined]);
  });

  test('of plain TCP, and of what fell back to it, have counts of bytes', () => {
    const counts = { bytesAcked: 100, bytesReceived: 5 };
    const plain = tcpRow({ subflow: undefined, sendQueueBytes: 20, info: counts });
    const fellBack = mptcpRow({ info: { hasFallenBack: true } });
    const bytes = { sent: 120, acked: 100, received: 5 };
    expect([
      connectionEnds({ mptcp: [], tcp: [plain] }, held),
      connectionEnds({ mptcp: [fellBack], tcp: [tcpRow({ sendQueueBytes: 20, info: counts })] }, held),
    ]).toMatchObject([[{ bytes }], [{ bytes }]]);
  });

  test('have the names of both sides', () => {
    const row = tcpRow({ localAddress: '10.0.1.1', localPort: 50_000, remoteAddress: '10.0.1.2', remotePort: 4444 });
    expect(connectionEnds({ mptcp: [mptcpRow()], tcp: [row] }, held)[0]?.subflows).toEqual([
      { local: { address: '10.0.1.1', port: 50_000 }, remote: { address: '10.0.1.2', port: 4444 } },
    ]);
  });

  test('are not established before the peer has answered', () => {
    const ends = connectionEnds({ mptcp: [mptcpRow()], tcp: [tcpRow({ state: 'syn-sent' })] }, held);
    expect(ends.map(({ established }) => established)).toEqual([false]);
  });

  test('are never those of another process; what is held by none may be about to be accepted', () => {
    const foreign = tcpRow({ subflow: undefined, inode: 5 });
    const waiting = tcpRow({ subflow: undefined, inode: 0, cookie: 9n });
    expect(connectionEnds({ mptcp: [], tcp: [foreign, waiting] }, held).map((end) => end.held)).toEqual([false]);
  });
});
