import { expect, test } from 'vitest';
import { decodeNeighbour } from './neighbours.ts';

/** struct ndmsg with NDA_DST, as Linux 6.18 has sent it for `10.77.2.1 dev eth2`. */
function message(state: number, family = 2): Buffer {
  const bytes = Buffer.from('020000000300000000000001080001000a4d0201', 'hex');
  bytes.writeUInt8(family, 0);
  bytes.writeUInt16LE(state, 8);
  return bytes;
}

test.each([
  ['INCOMPLETE', 0x01, true],
  ['REACHABLE', 0x02, false],
  ['STALE', 0x04, false],
  ['FAILED', 0x20, true],
  ['PERMANENT', 0x80, false],
])('%s', (_, state, unanswered) => {
  expect(decodeNeighbour({ payload: message(state) })).toEqual({ interfaceIndex: 3, address: '10.77.2.1', unanswered });
});

test('the hardware address that has answered', () => {
  const attribute = Buffer.from('0a0002006e57d2bccf880000', 'hex');
  const payload = Buffer.concat([message(0x02), attribute]);
  expect(decodeNeighbour({ payload })?.linkAddress).toBe('6e57d2bccf88');
});

test('what a bridge knows is no IP neighbour', () => {
  expect(decodeNeighbour({ payload: message(0x02, 7) })).toBeUndefined();
});

test('a message that is cut short is malformed', () => {
  expect(() => decodeNeighbour({ payload: message(0x02).subarray(0, 11) })).toThrow('a neighbour of 11 bytes');
});
