import { describe, expect, test } from 'vitest';
import { recording, type RecordingName } from './fixtures/recorded.ts';
import { decodeMessages } from './message.ts';
import { acknowledgement, ScriptedTransport } from './scripted-transport.ts';
import { NetlinkSession } from './session.ts';
import { decodeSocketRow, encodeSocketQuery, readSockets, type SocketRow } from './socket-table.ts';

function rowsOf(name: RecordingName, protocol: 'tcp' | 'mptcp'): SocketRow[] {
  return recording(name)
    .flatMap(decodeMessages)
    .filter(({ type }) => type === 20)
    .map(({ payload }) => decodeSocketRow(payload, protocol))
    .filter((row) => row !== undefined);
}

describe('a row of the socket table', () => {
  test('reports a subflow with its counters and the connection it belongs to', () => {
    expect(rowsOf('client-tcp', 'tcp')[0]).toEqual({
      protocol: 'tcp',
      family: 'ipv4',
      state: 'established',
      localAddress: '10.77.2.1',
      localPort: 41_171,
      remoteAddress: '10.77.2.2',
      remotePort: 4444,
      boundInterfaceIndex: 0,
      cookie: 54n,
      inode: 67_921,
      receiveQueueBytes: 0,
      sendQueueBytes: 820_144,
      info: {
        consecutiveTimeouts: 0,
        backoffExponent: 0,
        sendSegmentBytes: 1448,
        unackedSegments: 106,
        rttUs: 2794,
        rttVarianceUs: 593,
        congestionWindowSegments: 224,
        retransmittedSegments: 0,
        bytesAcked: 32_385_161,
        bytesReceived: 0,
        bytesRetransmitted: 0,
        unsentBytes: 671_704,
      },
      subflow: {
        token: 1_699_897_854,
        remoteToken: 2_198_585_169,
        localAddressId: 1,
        remoteAddressId: 1,
        flags: new Set(['joinRemote', 'joinLocal', 'fullyEstablished', 'connected']),
      },
    });
  });

  test.each(['client', 'server'] as const)(
    'all subflows of the %s carry the token and the inode of their connection',
    (side) => {
      const [connection] = rowsOf(`${side}-mptcp`, 'mptcp');
      const subflows = rowsOf(`${side}-tcp`, 'tcp');
      expect(subflows.map((row) => [row.protocol === 'tcp' && row.subflow?.token, row.inode])).toEqual(
        subflows.map(() => [connection?.protocol === 'mptcp' && connection.info?.token, connection?.inode]),
      );
    },
  );

  test('keeps the last counters of a socket that was destroyed', () => {
    expect(
      rowsOf('destroyed', 'tcp').map((row) => [row.cookie, row.state, row.protocol === 'tcp' && row.info?.bytesAcked]),
    ).toEqual([
      [54n, 'closed', 33_205_305],
      [60n, 'closed', 4_323_666],
      [62n, 'closed', 4_458_162],
    ]);
  });

  test('in a state without a name is left out', () => {
    const payload = Buffer.from(recording('client-tcp').flatMap(decodeMessages)[0]?.payload ?? []);
    payload.writeUInt8(99, 1);
    expect(decodeSocketRow(payload, 'tcp')).toBeUndefined();
  });

  test('of an IPv6 socket with an IPv4 peer shows the IPv4 address', () => {
    const payload = Buffer.alloc(72);
    payload.writeUInt8(10, 0);
    payload.writeUInt8(1, 1);
    Buffer.from('00000000000000000000ffffc0000201', 'hex').copy(payload, 8);
    Buffer.from('20010db8000000000000000000000001', 'hex').copy(payload, 24);
    const row = decodeSocketRow(payload, 'tcp');
    expect([row?.family, row?.localAddress, row?.remoteAddress]).toEqual(['ipv6', '192.0.2.1', '2001:db8::1']);
  });
});

describe('a query', () => {
  const query = { family: 'ipv4', states: ['established'] } as const;

  test('asks for MPTCP by an attribute, since its number does not fit the header', () => {
    const plain = encodeSocketQuery({ ...query, protocol: 'tcp' });
    const multipath = encodeSocketQuery({ ...query, protocol: 'mptcp' });
    expect([plain.subarray(0, 2), plain.length, multipath.subarray(0, 2), multipath.subarray(56)]).toEqual([
      Buffer.of(2, 6),
      56,
      Buffer.of(2, 6),
      Buffer.from('0800030006010000', 'hex'),
    ]);
  });

  test('finds no IPv6 sockets on a kernel that was booted without IPv6', async () => {
    using session = new NetlinkSession(new ScriptedTransport([[[acknowledgement(2)]]]));
    expect(await readSockets(session, { ...query, family: 'ipv6', protocol: 'tcp' })).toEqual([]);
  });
});
