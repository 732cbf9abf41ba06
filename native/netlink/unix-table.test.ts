import { expect, test } from 'vitest';
import { encode } from './attributes.ts';
import { done, ScriptedTransport, type ScriptedMessage } from './scripted-transport.ts';
import { NetlinkSession } from './session.ts';
import { decodeUnixRow, readUnixSockets } from './unix-table.ts';

function row(inode: number, ...attributes: readonly Buffer[]): ScriptedMessage {
  const header = Buffer.alloc(16);
  header.writeUInt32LE(inode, 4);
  return { type: 20, flags: 2, payload: Buffer.concat([header, ...attributes]) };
}

test('a listener has its path, with a line feed in it as well, and an abstract one its name', async () => {
  const rows = [
    row(7, encode.bytes(0, Buffer.from('/run/a.sock\0'))),
    row(8, encode.bytes(0, Buffer.from('/run/b\nFFFF: 1 2 3\0'))),
    row(9, encode.bytes(0, Buffer.from('\0lock'))),
    row(10, encode.bytes(0, Buffer.alloc(0))),
  ];
  const transport = new ScriptedTransport([[[...rows, done()]]]);
  const found = await readUnixSockets(new NetlinkSession(transport), ['listen']);
  expect(found).toEqual([
    { inode: 7, name: '/run/a.sock' },
    { inode: 8, name: '/run/b\nFFFF: 1 2 3' },
    { inode: 9, name: '@lock' },
    { inode: 10 },
  ]);
});

test('a connection has its user, and the socket at its other end while there is one', () => {
  const [open, closed] = [row(7, encode.u32(2, 8), encode.u32(7, 1000)), row(7, encode.u32(2, 0))];
  expect([decodeUnixRow(open.payload), decodeUnixRow(closed.payload)]).toEqual([
    { inode: 7, uid: 1000, peerInode: 8 },
    { inode: 7 },
  ]);
});

test('the question names the states, and asks for names and peers with any cookie', async () => {
  const transport = new ScriptedTransport([[[done()]]]);
  await readUnixSockets(new NetlinkSession(transport), ['listen']);
  expect(transport.requests[0]?.payload.toString('hex')).toBe(
    ['01000000', '00040000', '00000000', '45000000', 'ffffffffffffffff'].join(''),
  );
});

test('an answer that is cut off is a failure', () => {
  expect(() => decodeUnixRow(Buffer.alloc(8))).toThrow('8 bytes');
});
