import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Fd } from '#native/fd.ts';
import { withNetworkNamespace } from '#native/network-namespace.ts';
import { accept, bind, connectBlocking, listen, openSocket, send } from '#native/socket.ts';
import { DestroyedSockets } from './destroyed-sockets.ts';
import type { MptcpEvent } from './mptcp-event.ts';
import { readNeighbours, removeNeighbour } from './neighbours.ts';
import { type LinkEvent, readAddresses, readLinks } from './network-links.ts';
import { openNetlinkSession, openPathManager } from './open-session.ts';
import { lookUpRoute } from './route-lookup.ts';
import { readSockets } from './socket-table.ts';
import { subscribeToLinkEvents, subscribeToMptcpEvents } from './subscription.ts';
import { connectedStates } from './tcp-state.ts';

const here = { name: `sy-${process.pid}-netlink` };
const peer = { name: `sy-${process.pid}-netlink-peer` };
const reason = await whyNot();
if (reason !== undefined) process.stdout.write(`skipped: ${reason}\n`);

async function whyNot(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return 'network namespaces are made as root';
  try {
    execFileSync('ip', ['-V'], { stdio: 'ignore' });
    (await openPathManager())[Symbol.dispose]();
    return undefined;
  } catch (error) {
    return String(error);
  }
}

function ip(...words: string[]): void {
  execFileSync('ip', words, { stdio: ['ignore', 'ignore', 'inherit'] });
}

async function until<Value>(read: () => Value | undefined): Promise<Value> {
  const deadline = performance.now() + 3000;
  for (;;) {
    const value = read();
    if (value !== undefined) return value;
    if (performance.now() > deadline) throw new Error('this did not happen within three seconds');
    await sleep(5);
  }
}

describe.skipIf(reason !== undefined)('the kernel', () => {
  beforeAll(() => {
    ip('netns', 'add', here.name);
    ip('netns', 'add', peer.name);
    for (const [link, subnet] of [
      ['eth1', '10.78.1'],
      ['eth2', '10.78.2'],
    ] as const) {
      ip('link', 'add', link, 'netns', here.name, 'type', 'veth', 'peer', 'name', link, 'netns', peer.name);
      ip('-n', here.name, 'address', 'add', `${subnet}.1/24`, 'dev', link);
      ip('-n', peer.name, 'address', 'add', `${subnet}.2/24`, 'dev', link);
      ip('-n', here.name, 'link', 'set', link, 'up');
      ip('-n', peer.name, 'link', 'set', link, 'up');
    }
  });

  afterAll(() => {
    ip('netns', 'delete', here.name);
    ip('netns', 'delete', peer.name);
  });

  test('forgets a neighbour that did not answer, and only that one', async () => {
    ip(
      '-n',
      here.name,
      'neighbour',
      'add',
      '10.78.1.8',
      'dev',
      'eth1',
      'lladdr',
      '02:00:00:00:00:08',
      'nud',
      'permanent',
    );
    ip('-n', here.name, 'neighbour', 'add', '10.78.1.9', 'dev', 'eth1', 'nud', 'failed');
    using session = openNetlinkSession('route', here);
    const known = async () => (await readNeighbours(session)).filter(({ address }) => address.startsWith('10.78.1.'));
    const before = (await known()).map(
      ({ address, unanswered }) => `${address} ${unanswered ? 'unanswered' : 'known'}`,
    );
    for (const neighbour of await known()) if (neighbour.unanswered) await removeNeighbour(session, neighbour);
    const left = (await known()).map(({ address }) => address);
    ip('-n', here.name, 'neighbour', 'delete', '10.78.1.8', 'dev', 'eth1');
    expect([before.toSorted(), left]).toEqual([['10.78.1.8 known', '10.78.1.9 unanswered'], ['10.78.1.8']]);
  });

  test('keeps limits and endpoints as they were set', async () => {
    using manager = await openPathManager(here);
    await manager.setLimits({ subflows: 3, addAddrAccepted: 2 });
    await manager.addEndpoint({ address: '10.78.2.1', id: 7, flags: ['subflow', 'fullmesh'] });
    await manager.setEndpointFlags({ address: '10.78.2.1' }, ['backup']);
    const paused = await manager.endpoints();
    await manager.removeEndpoint(7);
    expect([await manager.limits(), paused, await manager.endpoints()]).toEqual([
      { subflows: 3, addAddrAccepted: 2 },
      [
        {
          id: 7,
          address: '10.78.2.1',
          port: undefined,
          interfaceIndex: undefined,
          flags: ['subflow', 'backup'],
          unnamedFlagBits: 0,
        },
      ],
      [],
    ]);
  });

  test.each([
    ['a limit above eight', 'limit greater than maximum', () => ({ limits: { subflows: 9, addAddrAccepted: 0 } })],
    ['flags that exclude each other', 'both signal and fullmesh', () => ({ flags: ['signal', 'fullmesh'] as const })],
  ])('says why it refuses %s', async (_, words, change) => {
    using manager = await openPathManager(here);
    const wanted = change();
    const refused =
      'limits' in wanted
        ? manager.setLimits(wanted.limits)
        : manager.addEndpoint({ address: '10.78.1.1', flags: wanted.flags });
    await expect(refused).rejects.toThrow(words);
  });

  test('names interfaces and their addresses in another namespace', async () => {
    using session = openNetlinkSession('route', here);
    const names = new Map((await readLinks(session)).map(({ index, name }) => [index, name]));
    const ipv4 = (await readAddresses(session)).filter(({ address }) => address.startsWith('10.78.'));
    expect(
      ipv4.map(({ address, prefixLength, interfaceIndex }) => [address, prefixLength, names.get(interfaceIndex)]),
    ).toEqual([
      ['10.78.1.1', 24, 'eth1'],
      ['10.78.2.1', 24, 'eth2'],
    ]);
  });

  test('reports by which interface a packet would leave', async () => {
    using session = openNetlinkSession('route', here);
    const eth2 = (await readLinks(session)).find(({ name }) => name === 'eth2')?.index;
    expect([
      (await lookUpRoute(session, '10.78.2.2', '10.78.2.1'))?.interfaceIndex,
      (await lookUpRoute(session, '10.78.2.1'))?.local,
      await lookUpRoute(session, '203.0.113.1'),
      await lookUpRoute(session, '10.78.2.2', '192.0.2.99'),
    ]).toEqual([eth2, true, undefined, undefined]);
  });

  test('announces a lost carrier without being asked', async () => {
    const events: LinkEvent[] = [];
    using scope = new DisposableStack();
    scope.use(subscribeToLinkEvents(here, { onEvent: (event) => events.push(event), onGap: () => {} }));
    ip('-n', peer.name, 'link', 'set', 'eth2', 'down');
    const lost = await until(() => events.find((event) => event.kind === 'link-changed' && !event.link.carrier));
    ip('-n', peer.name, 'link', 'set', 'eth2', 'up');
    await until(() => events.find((event) => event.kind === 'link-changed' && event.link.carrier));
    expect(lost.kind === 'link-changed' && lost.link.name).toBe('eth2');
  });

  test('shows an MPTCP connection with both its subflows, reports them and their end', async () => {
    using remote = await openPathManager(peer);
    using local = await openPathManager(here);
    await remote.setLimits({ subflows: 4, addAddrAccepted: 4 });
    await local.setLimits({ subflows: 4, addAddrAccepted: 4 });
    await remote.addEndpoint({ address: '10.78.2.2', flags: ['signal'] });
    const events: MptcpEvent[] = [];
    using scope = new DisposableStack();
    scope.use(await subscribeToMptcpEvents(here, { onEvent: (event) => events.push(event), onGap: () => {} }));
    using destroyed = DestroyedSockets.open(here);
    using session = openNetlinkSession('sock-diag', here);
    const query = { family: 'ipv4', states: connectedStates, remotePorts: [4460] } as const;

    using listener = open(peer);
    bind(listener, { family: 'ipv4', address: '0.0.0.0', port: 4460 });
    listen(listener, 1);
    const connection = open(here);
    connectBlocking(connection, { family: 'ipv4', address: '10.78.1.2', port: 4460 }, 1000);
    using accepted = await until(() => accept(listener)?.connection);
    send(connection, Buffer.alloc(1000));
    send(accepted, Buffer.alloc(10));
    const joined = await until(() => events.find(({ kind }) => kind === 'subflow-established'));
    const [socket] = await readSockets(session, { ...query, protocol: 'mptcp' });
    const subflows = await readSockets(session, { ...query, protocol: 'tcp' });
    const unrelated = await readSockets(session, { ...query, remotePorts: [4461], protocol: 'tcp' });
    connection[Symbol.dispose]();
    accepted[Symbol.dispose]();
    const last = await until(() => destroyed?.drain().find(({ info }) => (info?.bytesAcked ?? 0) >= 1000));

    expect({
      announced: [joined.token, joined.localAddress, joined.remoteAddress, joined.remotePort],
      socket: [socket?.info?.subflows, socket?.info?.hasFallenBack, socket?.remotePort],
      tokens: subflows.map(({ subflow }) => subflow?.token),
      inodes: subflows.map(({ inode }) => inode),
      addresses: subflows.map(({ remoteAddress }) => remoteAddress).toSorted(),
      unrelated,
      last: [last.remotePort, last.state],
    }).toEqual({
      announced: [socket?.info?.token, '10.78.2.1', '10.78.2.2', 4460],
      socket: [2, false, 4460],
      tokens: [socket?.info?.token, socket?.info?.token],
      inodes: [socket?.inode, socket?.inode],
      addresses: ['10.78.1.2', '10.78.2.2'],
      unrelated: [],
      last: [4460, 'closed'],
    });
  });
});

function open(namespace: { name: string }): Fd {
  return withNetworkNamespace(namespace, () => openSocket('ipv4', 'mptcp'));
}
