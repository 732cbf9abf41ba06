import { expect, test } from 'vitest';
import { acknowledgement, ScriptedTransport, type ScriptedMessage } from './scripted-transport.ts';
import { NetlinkSession } from './session.ts';
import { socketOwner } from './socket-owner.ts';

const local = { address: '127.0.0.1', port: 40_000 };
const remote = { address: '127.0.0.1', port: 8080 };

function row({ localPort = 40_000, remotePort = 8080, uid = 1000, inode = 7 } = {}): ScriptedMessage {
  const payload = Buffer.alloc(72);
  payload.writeUInt16BE(localPort, 4);
  payload.writeUInt16BE(remotePort, 6);
  payload.writeUInt32LE(uid, 64);
  payload.writeUInt32LE(inode, 68);
  return { type: 20, flags: 0, payload };
}

const ask = (...messages: readonly ScriptedMessage[]): Promise<number | undefined> =>
  socketOwner(new NetlinkSession(new ScriptedTransport([[messages]])), local, remote);

test('the owner is the user of the socket with exactly these ends', async () => {
  expect(await ask(row(), acknowledgement(0))).toBe(1000);
});

test.each([
  ['there is none', [acknowledgement(2)]],
  ['its process has closed it: the kernel says user 0 then', [row({ uid: 0, inode: 0 }), acknowledgement(0)]],
  ['a listener was found in its place', [row({ remotePort: 0, uid: 0 }), acknowledgement(0)]],
  ['another socket was found', [row({ localPort: 1 }), acknowledgement(0)]],
  ['nothing was said', [acknowledgement(0)]],
])('it has no owner when %s', async (_, messages) => {
  expect(await ask(...messages)).toBeUndefined();
});

test('a kernel that refuses the question is a failure, not a missing owner', async () => {
  await expect(ask(acknowledgement(1))).rejects.toThrow('look up a TCP socket');
});

test('an answer that is cut off is a failure', async () => {
  await expect(ask({ ...row(), payload: Buffer.alloc(20) }, acknowledgement(0))).rejects.toThrow('20 bytes');
});

test('the question names both ends, on loopback, with any cookie', async () => {
  const transport = new ScriptedTransport([[[acknowledgement(2)]]]);
  await socketOwner(new NetlinkSession(transport), local, remote);
  const [request] = transport.requests;
  expect(request?.payload.toString('hex')).toBe(
    [
      '02060000', // AF_INET, TCP, no extensions
      'ffffffff', // in any state
      '9c401f90', // both ports
      '7f000001'.padEnd(32, '0'),
      '7f000001'.padEnd(32, '0'),
      '01000000', // loopback
      'ffffffffffffffff',
    ].join(''),
  );
});
