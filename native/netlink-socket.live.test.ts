import { describe, expect, test } from 'vitest';
import type { Fd } from './fd.ts';
import { canMakeNamespaces, makeNamespace } from './fixtures/namespace.ts';
import { nativeAvailability } from './libc.ts';
import {
  joinMulticastGroup,
  leaveMulticastGroup,
  openNetlinkSocket,
  receiveFromKernel,
  sendToKernel,
} from './netlink-socket.ts';
import { withNetworkNamespace } from './network-namespace.ts';
import { waitUntilReady } from './readiness.ts';

const RTM_NEWLINK = 16;
const RTM_GETLINK = 18;
const NLMSG_ERROR = 2;
const RTNLGRP_LINK = 1;

/** Asks for the interface with this index. */
function linkRequest(index: number): Buffer {
  const request = Buffer.alloc(32);
  request.writeUInt32LE(request.length, 0);
  request.writeUInt16LE(RTM_GETLINK, 4);
  request.writeUInt16LE(1, 6); // NLM_F_REQUEST
  request.writeInt32LE(index, 20);
  return request;
}

async function receiveSoon(fd: Fd): Promise<Buffer | undefined> {
  await waitUntilReady(fd, 'readable', { timeoutMs: 5000 });
  return receiveFromKernel(fd);
}

describe.skipIf(!nativeAvailability().available)('netlink (needs Linux)', () => {
  test('a request is answered', async () => {
    using socket = openNetlinkSocket('route');
    sendToKernel(socket, linkRequest(1));
    const answer = await receiveSoon(socket);
    expect([answer?.readUInt16LE(4), answer?.readInt32LE(20)]).toEqual([RTM_NEWLINK, 1]);
  });

  test('an error carries the kernel text', async () => {
    using socket = openNetlinkSocket('route');
    const request = linkRequest(1);
    request.writeUInt32LE(17, 0); // shorter than its own ifinfomsg
    sendToKernel(socket, request);
    const answer = await receiveSoon(socket);
    expect([answer?.readUInt16LE(4), answer?.toString('latin1').includes('Invalid header')]).toEqual([
      NLMSG_ERROR,
      true,
    ]);
  });

  test('nothing waiting is undefined', () => {
    using socket = openNetlinkSocket('generic');
    expect(receiveFromKernel(socket)).toBeUndefined();
  });

  test.skipIf(!canMakeNamespaces)(
    'a group reports what happens in its namespace, until it is left (needs root)',
    async () => {
      using namespace = makeNamespace();
      using socket = withNetworkNamespace({ name: namespace.name }, () => openNetlinkSocket('route'));
      joinMulticastGroup(socket, RTNLGRP_LINK);
      namespace.run('ip', 'link', 'set', 'lo', 'mtu', '9000');
      const told = (await receiveSoon(socket))?.readUInt16LE(4);
      while (receiveFromKernel(socket) !== undefined);
      leaveMulticastGroup(socket, RTNLGRP_LINK);
      namespace.run('ip', 'link', 'set', 'lo', 'mtu', '1500');
      expect([told, await waitUntilReady(socket, 'readable', { timeoutMs: 30 })]).toEqual([RTM_NEWLINK, false]);
    },
  );
});
