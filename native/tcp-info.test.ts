import { expect, test } from 'vitest';
import { decodeTcpInfo } from './tcp-info.ts';

// A struct as a busy Linux 6.18 sender fills it; each value differs from its neighbours, so that a wrong offset shows.
function recordedTcpInfo(): Buffer {
  const bytes = Buffer.alloc(280);
  bytes.set([1, 3, 2, 0, 4, 0, 0, 1]);
  bytes.writeUInt32LE(204_000, 8);
  bytes.writeUInt32LE(2787, 68);
  bytes.writeUInt32LE(450, 72);
  bytes.writeUInt32LE(137, 76);
  bytes.writeUInt32LE(230, 80);
  bytes.writeUInt32LE(17, 100);
  bytes.writeBigUInt64LE(143_393_270n, 104);
  bytes.writeBigUInt64LE(0xffff_ffff_ffff_ffffn, 112);
  bytes.writeBigUInt64LE(88_489_553n, 120);
  bytes.writeUInt32LE(688_624, 144);
  bytes.writeUInt32LE(6, 148);
  bytes.writeBigUInt64LE(88_684_544n, 200);
  bytes.writeUInt32LE(64_512, 232);
  bytes.writeUInt16LE(5, 240);
  return bytes;
}

test('a sender in recovery', () => {
  expect(decodeTcpInfo(recordedTcpInfo())).toMatchObject({
    state: 'established',
    congestionState: 'recovery',
    consecutiveTimeouts: 2,
    backoffExponent: 4,
    deliveryRateIsAppLimited: true,
    retransmissionTimeoutUs: 204_000,
    rttUs: 2787,
    rttVarianceUs: 450,
    slowStartThresholdSegments: 137,
    congestionWindowSegments: 230,
    retransmittedSegments: 17,
    pacingBytesPerSecond: 143_393_270,
    maxPacingBytesPerSecond: 'unlimited',
    bytesAcked: 88_489_553,
    unsentBytes: 688_624,
    minRttUs: 6,
    bytesSent: 88_684_544,
    receiveWindowBytes: 64_512,
    timeouts: 5,
  });
});

test('what the kernel does not know yet is undefined, not a huge number', () => {
  const bytes = recordedTcpInfo();
  bytes.writeUInt32LE(0x7fff_ffff, 76);
  bytes.writeUInt32LE(0xffff_ffff, 148);
  expect(decodeTcpInfo(bytes)).toMatchObject({ slowStartThresholdSegments: undefined, minRttUs: undefined });
});

test('an older kernel returns less', () => {
  const bytes = recordedTcpInfo().subarray(0, 240);
  expect(decodeTcpInfo(bytes)).toMatchObject({ receiveWindowBytes: 64_512, rehashes: 0, timeouts: undefined });
});

test('a struct shorter than that of any supported kernel is refused', () => {
  expect(decodeTcpInfo(recordedTcpInfo().subarray(0, 231))).toBeUndefined();
});

test('an unknown state is undefined', () => {
  const bytes = recordedTcpInfo();
  bytes.set([99, 99]);
  expect(decodeTcpInfo(bytes)).toMatchObject({ state: undefined, congestionState: undefined });
});
