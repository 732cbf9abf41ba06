import { describe, expect, test } from 'vitest';
import { groupConnections } from './connections.ts';
import { join, mptcpRow, tcpRow, token } from './socket-rows.ts';

const ours = (row: { inode: number }): boolean => row.inode === 81_965;

describe('groupConnections', () => {
  test('puts the subflows of a connection together by its token', () => {
    const [socket, first, second] = [mptcpRow(), tcpRow(), tcpRow(join)];
    expect(groupConnections({ mptcp: [socket], tcp: [second, first] }, ours)).toEqual([
      { id: 'd27c32f1', protocol: 'mptcp', fallback: false, socket, subflows: [second, first] },
    ]);
  });

  test('keeps parallel connections apart', () => {
    const other = { token: 7, remoteToken: 0 };
    const grouped = groupConnections(
      {
        mptcp: [mptcpRow(), mptcpRow({ cookie: 101n, info: { token: 7 } })],
        tcp: [tcpRow(), tcpRow({ cookie: 5n, subflow: other }), tcpRow(join)],
      },
      ours,
    );
    expect(grouped.map(({ id, subflows }) => [id, subflows.map(({ cookie }) => cookie)])).toEqual([
      ['d27c32f1', [1n, 2n]],
      ['00000007', [5n]],
    ]);
  });

  test('shows a plain TCP connection as one of its own', () => {
    const row = tcpRow({ subflow: undefined, localPort: 40_000 });
    expect(groupConnections({ mptcp: [], tcp: [row] }, ours)).toEqual([
      { id: 'tcp-40000', protocol: 'tcp', fallback: false, socket: undefined, subflows: [row] },
    ]);
  });

  test('recognises an MPTCP socket that fell back', () => {
    const socket = mptcpRow({ info: { hasFallenBack: true } });
    const [connection] = groupConnections({ mptcp: [socket], tcp: [tcpRow()] }, ours);
    expect([connection?.protocol, connection?.fallback, connection?.subflows.length]).toEqual(['tcp', true, 1]);
  });

  test('leaves the sockets of other processes alone', () => {
    const foreign = { inode: 5 };
    expect(
      groupConnections(
        { mptcp: [mptcpRow(foreign)], tcp: [tcpRow(foreign), tcpRow({ ...foreign, subflow: undefined })] },
        ours,
      ),
    ).toEqual([]);
  });

  test('leaves out a socket that is not connected yet', () => {
    expect(groupConnections({ mptcp: [mptcpRow({ info: { token: 0 } })], tcp: [] }, ours)).toEqual([]);
  });

  test('shows a connection of which only the subflows are known', () => {
    const row = tcpRow();
    expect(groupConnections({ mptcp: [], tcp: [row] }, ours)).toEqual([
      { id: token.toString(16), protocol: 'mptcp', fallback: false, socket: undefined, subflows: [row] },
    ]);
  });
});
