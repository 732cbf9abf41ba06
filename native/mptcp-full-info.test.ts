import { expect, test } from 'vitest';
import { decodeMptcpFullInfo } from './mptcp-full-info.ts';
import { encodeSocketAddress } from './socket-address.ts';

const TCP_STRIDE = 280;
const SUBFLOW_STRIDE = 264;

function fullInfo(subflows: number): Buffer {
  const answer = Buffer.alloc(136);
  answer.writeUInt32LE(TCP_STRIDE, 4);
  answer.writeUInt32LE(SUBFLOW_STRIDE, 12);
  answer.writeUInt32LE(subflows, 16);
  answer.writeUInt32LE(0xd27c_32f1, 40 + 12);
  return answer;
}

function subflowInfos(slots: number): Buffer {
  const bytes = Buffer.alloc(slots * 512);
  for (let index = 0; index < slots; index += 1) {
    const at = index * SUBFLOW_STRIDE;
    bytes.writeUInt32LE(index + 1, at);
    bytes.set(encodeSocketAddress({ family: 'ipv4', address: `10.77.${index + 1}.1`, port: 40_000 + index }), at + 8);
    bytes.set(encodeSocketAddress({ family: 'ipv4', address: `10.77.${index + 1}.2`, port: 4444 }), at + 136);
  }
  return bytes;
}

function tcpInfos(slots: number): Buffer {
  const bytes = Buffer.alloc(slots * 512);
  for (let index = 0; index < slots; index += 1) bytes.writeUInt32LE(1000 + index, index * TCP_STRIDE + 68);
  return bytes;
}

test('addresses and counters of a subflow are put together', () => {
  const info = decodeMptcpFullInfo(fullInfo(3), subflowInfos(3), tcpInfos(3));
  expect({
    token: info?.mptcp.token,
    subflows: info?.subflows.map(({ id, local, remote, tcp }) => ({ id, local, remote, rttUs: tcp.rttUs })),
  }).toEqual({
    token: 0xd27c_32f1,
    subflows: [0, 1, 2].map((index) => ({
      id: index + 1,
      local: { family: 'ipv4', address: `10.77.${index + 1}.1`, port: 40_000 + index },
      remote: { family: 'ipv4', address: `10.77.${index + 1}.2`, port: 4444 },
      rttUs: 1000 + index,
    })),
  });
});

test('a connection without any subflow left', () => {
  expect(decodeMptcpFullInfo(fullInfo(0), subflowInfos(3), tcpInfos(3))?.subflows).toEqual([]);
});

test('an answer cut before the connection part is no reading', () => {
  expect(decodeMptcpFullInfo(fullInfo(1).subarray(0, 60), subflowInfos(1), tcpInfos(1))).toBeUndefined();
});
