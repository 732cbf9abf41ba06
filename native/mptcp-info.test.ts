import { describe, expect, test } from 'vitest';
import { decodeMptcpInfo, ofMptcpOnly } from './mptcp-info.ts';
import { NativeError } from './native-error.ts';

function recordedMptcpInfo(): Buffer {
  const bytes = Buffer.alloc(96);
  bytes.set([1, 0, 1, 4, 0, 4]);
  bytes.writeUInt32LE(2, 8);
  bytes.writeUInt32LE(0xd27c_32f1, 12);
  bytes.writeBigUInt64LE(0xfd69_bc3b_f66b_181cn, 16);
  bytes.writeBigUInt64LE(0xfd69_bc3b_f651_1ba4n, 24);
  bytes.writeUInt32LE(7, 44);
  bytes.writeBigUInt64LE(10_136n, 48);
  bytes.writeBigUInt64LE(177_299_192n, 56);
  bytes.writeBigUInt64LE(176_973_330n, 72);
  bytes.writeUInt8(2, 80);
  bytes.writeUInt32LE(1504, 88);
  return bytes;
}

test('a sender with two subflows', () => {
  expect(decodeMptcpInfo(recordedMptcpInfo())).toEqual({
    extraSubflows: 1,
    addressesSignalled: 0,
    addressesAccepted: 1,
    maxExtraSubflows: 4,
    maxAddressesSignalled: 0,
    maxAddressesAccepted: 4,
    hasFallenBack: false,
    hasRemoteKey: true,
    token: 0xd27c_32f1,
    writeSequence: 0xfd69_bc3b_f66b_181cn,
    unackedSequence: 0xfd69_bc3b_f651_1ba4n,
    receiveSequence: 0n,
    localAddressesUsed: 0,
    maxLocalAddresses: 0,
    usesChecksums: false,
    retransmissions: 7,
    bytesReinjected: 10_136,
    bytesSent: 177_299_192,
    bytesReceived: 0,
    bytesAcked: 176_973_330,
    subflows: 2,
    sinceDataSentMs: 0,
    sinceDataReceivedMs: 1504,
    sinceAckReceivedMs: 0,
  });
});

test('Linux 5.16 has no counters', () => {
  expect(decodeMptcpInfo(recordedMptcpInfo().subarray(0, 48))).toMatchObject({
    token: 0xd27c_32f1,
    bytesSent: undefined,
    subflows: undefined,
  });
});

test('a fallback is known by its flag', () => {
  const bytes = recordedMptcpInfo();
  bytes.writeUInt32LE(1, 8);
  expect(decodeMptcpInfo(bytes)).toMatchObject({ hasFallenBack: true, hasRemoteKey: false });
});

test('a struct cut short is refused', () => {
  expect(decodeMptcpInfo(recordedMptcpInfo().subarray(0, 42))).toBeUndefined();
});

describe('an option of MPTCP sockets only', () => {
  test.each([92, 95])('is undefined where the kernel answers errno %i', (errno) => {
    const refuse = (): never => {
      throw new NativeError('getsockopt', errno, 'read');
    };
    expect(ofMptcpOnly(refuse)).toBeUndefined();
  });

  test('lets other errors through', () => {
    const fail = (): never => {
      throw new NativeError('getsockopt', 9, 'read');
    };
    expect(() => ofMptcpOnly(fail)).toThrow('EBADF');
  });
});
