import { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { descriptorOf, encodeRights, sendFileDescriptors } from './send-file-descriptors.ts';

test('the control message is as long as CMSG_LEN says and padded to CMSG_SPACE', () => {
  expect(encodeRights([7]).toString('hex')).toBe(
    '1400000000000000' + // cmsg_len 20
      '01000000' + // SOL_SOCKET
      '01000000' + // SCM_RIGHTS
      '07000000' +
      '00000000', // padding
  );
});

test.each<[string, Uint8Array, number[], string]>([
  ['no data', new Uint8Array(0), [0], 'at least one byte'],
  ['no descriptors', new Uint8Array(1), [], 'Between 1 and 253'],
  ['more descriptors than the kernel takes', new Uint8Array(1), Array.from({ length: 254 }, () => 0), 'not 254'],
])('%s is refused before anything is sent', (_, bytes, descriptors, reason) => {
  expect(() => sendFileDescriptors(-1, bytes, descriptors)).toThrow(reason);
});

test('a socket that is not connected has no descriptor', () => {
  expect(() => descriptorOf(new Socket())).toThrow('no file descriptor');
});
