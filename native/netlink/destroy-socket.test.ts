import { expect, test } from 'vitest';
import { encodeSocketId } from './destroy-socket.ts';
import { decodeSocketRow, type TcpSocketRow } from './socket-table.ts';

const row: TcpSocketRow = {
  protocol: 'tcp',
  family: 'ipv4',
  state: 'established',
  localAddress: '10.77.2.1',
  localPort: 53173,
  remoteAddress: '10.77.2.2',
  remotePort: 4444,
  boundInterfaceIndex: 3,
  cookie: 0x1234_5678_9abcn,
  inode: 81965,
  receiveQueueBytes: 0,
  sendQueueBytes: 0,
  info: undefined,
  subflow: undefined,
};

/** The request's socket id is laid out as the answer's, four bytes further on. */
function decoded(payload: Buffer): unknown {
  const answer = Buffer.alloc(72);
  answer.writeUInt8(payload.readUInt8(0), 0);
  answer.writeUInt8(1, 1);
  payload.copy(answer, 4, 8, 56);
  const { family, localAddress, localPort, remoteAddress, remotePort, boundInterfaceIndex, cookie } =
    decodeSocketRow(answer, 'tcp') ?? {};
  return { family, localAddress, localPort, remoteAddress, remotePort, boundInterfaceIndex, cookie };
}

test.each([
  ['IPv4', row],
  ['IPv6', { ...row, family: 'ipv6' as const, localAddress: 'fd00::1', remoteAddress: 'fd00::2' }],
  ['IPv4 on an IPv6 socket', { ...row, family: 'ipv6' as const }],
])('names exactly the socket that was read: %s', (_name, socket) => {
  const { family, localAddress, localPort, remoteAddress, remotePort, boundInterfaceIndex, cookie } = socket;
  expect(decoded(encodeSocketId(socket))).toEqual({
    family,
    localAddress,
    localPort,
    remoteAddress,
    remotePort,
    boundInterfaceIndex,
    cookie,
  });
});
