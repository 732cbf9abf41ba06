import type { MptcpSocketRow, TcpSocketRow } from '#native/netlink/socket-table.ts';

type MptcpInfo = NonNullable<MptcpSocketRow['info']>;
type TcpCounters = NonNullable<TcpSocketRow['info']>;
type SubflowUlp = NonNullable<TcpSocketRow['subflow']>;

/** Rows of the socket table for tests: one healthy subflow, or connection, of which a test changes what it is about. */
export function tcpRow(
  changes: Partial<Omit<TcpSocketRow, 'info' | 'subflow'>> & {
    info?: Partial<TcpCounters>;
    /** `undefined` for a plain TCP socket. */
    subflow?: Partial<SubflowUlp> | undefined;
  } = {},
): TcpSocketRow {
  const { info, subflow, ...rest } = changes;
  const isPlain = 'subflow' in changes && subflow === undefined;
  return {
    ...socket,
    protocol: 'tcp',
    cookie: 1n,
    ...rest,
    info: { ...healthy, ...info },
    subflow: isPlain ? undefined : { ...initialSubflow, ...subflow },
  };
}

export function mptcpRow(
  changes: Partial<Omit<MptcpSocketRow, 'info'>> & { info?: Partial<MptcpInfo> } = {},
): MptcpSocketRow {
  const { info, ...rest } = changes;
  return { ...socket, protocol: 'mptcp', cookie: 100n, ...rest, info: { ...connection, ...info } };
}

export const token = 0xd27c32f1;

const socket = {
  family: 'ipv4',
  state: 'established',
  localAddress: '10.77.1.1',
  localPort: 59_500,
  remoteAddress: '10.77.1.2',
  remotePort: 4444,
  boundInterfaceIndex: 0,
  inode: 81_965,
  receiveQueueBytes: 0,
  sendQueueBytes: 0,
} as const;

const healthy: TcpCounters = {
  consecutiveTimeouts: 0,
  backoffExponent: 0,
  sendSegmentBytes: 1000,
  unackedSegments: 10,
  rttUs: 2000,
  rttVarianceUs: 300,
  congestionWindowSegments: 50,
  retransmittedSegments: 0,
  bytesAcked: 1,
  bytesReceived: 0,
  bytesRetransmitted: 0,
  unsentBytes: 0,
};

const initialSubflow: SubflowUlp = {
  token,
  remoteToken: 0,
  localAddressId: 0,
  remoteAddressId: 0,
  flags: new Set(['capableRemote', 'capableLocal', 'fullyEstablished', 'connected']),
};

/** Members of a join: the second subflow of the same connection. */
export const join = {
  cookie: 2n,
  localAddress: '10.77.2.1',
  localPort: 51_157,
  remoteAddress: '10.77.2.2',
  subflow: {
    localAddressId: 1,
    remoteAddressId: 1,
    flags: new Set(['joinRemote', 'joinLocal', 'fullyEstablished', 'connected'] as const),
  },
} as const;

const connection: MptcpInfo = {
  extraSubflows: 1,
  addressesSignalled: 0,
  addressesAccepted: 1,
  maxExtraSubflows: 4,
  maxAddressesSignalled: 0,
  maxAddressesAccepted: 4,
  token,
  writeSequence: 0n,
  unackedSequence: 0n,
  receiveSequence: 0n,
  localAddressesUsed: 0,
  maxLocalAddresses: 0,
  retransmissions: 0,
  bytesReinjected: 0,
  bytesSent: 0,
  bytesReceived: 0,
  bytesAcked: 0,
  subflows: 2,
  sinceDataSentMs: 0,
  sinceDataReceivedMs: 0,
  sinceAckReceivedMs: 0,
  hasFallenBack: false,
  hasRemoteKey: true,
  usesChecksums: false,
};
