import { describe, expect, test, vi } from 'vitest';
import { ENOPROTOOPT } from './constants.ts';
import type { Fd } from './fd.ts';
import { connectPair, listenOnLoopback } from './fixtures/connected-pair.ts';
import { canMakeNamespaces, makeNamespace } from './fixtures/namespace.ts';
import { decideIsMptcp, isMptcp, questionsAbout } from './is-mptcp.ts';
import { readMptcpFullInfo } from './mptcp-full-info.ts';
import { readMptcpInfo } from './mptcp-info.ts';
import { readSubflowAddresses, readSubflowTcpInfos } from './mptcp-subflow-arrays.ts';
import { withNetworkNamespace } from './network-namespace.ts';
import { waitUntilReady } from './readiness.ts';
import { bind, connect, listen, localAddress, openSocket, peerAddress, receive, send } from './socket.ts';
import { getSocketOption } from './socket-options.ts';
import { readTcpInfo } from './tcp-info.ts';

const kernelHasMptcp = ((): boolean => {
  try {
    openSocket('ipv4', 'mptcp')[Symbol.dispose]();
    return true;
  } catch {
    return false;
  }
})();

describe.skipIf(!kernelHasMptcp).each(['ipv4', 'ipv6'] as const)('over %s (needs a kernel with MPTCP on)', (family) => {
  test('both ends ask for MPTCP: both get it', async () => {
    using pair = await connectPair(family, 'mptcp', 'mptcp');
    expect([isMptcp(pair.client), isMptcp(pair.server), isMptcp(pair.listener)]).toEqual([true, true, true]);
  });

  test.each([
    ['mptcp', 'tcp'],
    ['tcp', 'mptcp'],
  ] as const)('a client for %s and a server for %s fall back', async (clientProtocol, serverProtocol) => {
    using pair = await connectPair(family, clientProtocol, serverProtocol);
    expect({
      negotiated: [isMptcp(pair.client), isMptcp(pair.server)],
      info: [readMptcpInfo(pair.client), readMptcpFullInfo(pair.client), readSubflowAddresses(pair.client)],
      tcpStillTold: readTcpInfo(pair.client)?.state,
      askedFor: getSocketOption(pair.client, 'protocol'),
    }).toEqual({
      negotiated: [false, false],
      info: [undefined, undefined, undefined],
      tcpStillTold: 'established',
      askedFor: clientProtocol === 'mptcp' ? 262 : 6,
    });
  });

  test('a kernel without TCP_IS_MPTCP is asked in the older way, with the same answers', async () => {
    using both = await connectPair(family, 'mptcp', 'mptcp');
    using fallback = await connectPair(family, 'mptcp', 'tcp');
    const olderAnswer = (fd: Fd): boolean =>
      decideIsMptcp({ ...questionsAbout(fd), isMptcpOption: () => -ENOPROTOOPT });
    expect([both.client, both.server, fallback.client, fallback.server].map(olderAnswer)).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  test('what was sent is counted on the connection and on its only subflow', async () => {
    using pair = await connectPair(family, 'mptcp', 'mptcp');
    const sentBytes = send(pair.client, Buffer.alloc(10_000, 'x'));
    await waitUntilReady(pair.server, 'readable', { timeoutMs: 5000 });
    const receivedBytes = receive(pair.server, 20_000)?.length;
    const info = readMptcpFullInfo(pair.server);
    const client = readMptcpFullInfo(pair.client);
    expect({
      received: receivedBytes,
      mptcp: info?.mptcp.bytesReceived,
      subflows: info?.subflows.map(({ id, tcp }) => [id, tcp.state, tcp.bytesReceived]),
      client: [client?.mptcp.bytesSent, client?.subflows.map(({ tcp }) => tcp.bytesSent)],
    }).toEqual({
      received: sentBytes,
      mptcp: sentBytes,
      subflows: [[1, 'established', sentBytes]],
      client: [sentBytes, [sentBytes]],
    });
  });

  test('every way to read the subflows returns the same addresses', async () => {
    using pair = await connectPair(family, 'mptcp', 'mptcp');
    const addresses = { local: localAddress(pair.client), remote: peerAddress(pair.client) };
    const full = readMptcpFullInfo(pair.client)?.subflows.map(({ local, remote }) => ({ local, remote }));
    expect([readSubflowAddresses(pair.client), full]).toEqual([[addresses], [addresses]]);
  });

  test('MPTCP_TCPINFO and MPTCP_FULL_INFO agree', async () => {
    using pair = await connectPair(family, 'mptcp', 'mptcp');
    const stable = (info: ReturnType<typeof readTcpInfo>): unknown => [
      info?.state,
      info?.bytesSent,
      info?.pathMtuBytes,
    ];
    const full = readMptcpFullInfo(pair.client)?.subflows.map(({ tcp }) => stable(tcp));
    expect(readSubflowTcpInfos(pair.client)?.map(stable)).toEqual(full);
  });

  test('the two ends name the connection differently', async () => {
    using pair = await connectPair(family, 'mptcp', 'mptcp');
    const [client, server] = [readMptcpInfo(pair.client), readMptcpInfo(pair.server)];
    expect(client?.token).not.toBe(server?.token);
  });
});

describe.skipIf(!kernelHasMptcp || !canMakeNamespaces)('several paths (needs root and a kernel with MPTCP on)', () => {
  test('each subflow is reported with its own addresses and counters', async () => {
    using namespace = makeNamespace();
    namespace.run('ip', 'link', 'set', 'lo', 'mtu', '9000');
    for (const host of [1, 2, 3]) namespace.run('ip', 'address', 'add', `10.99.0.${host}/32`, 'dev', 'lo');
    namespace.run('ip', 'mptcp', 'limits', 'set', 'subflows', '4', 'add_addr_accepted', '4');
    for (const host of [2, 3]) namespace.run('ip', 'mptcp', 'endpoint', 'add', `10.99.0.${host}`, 'signal');
    const openThere = (): Fd => withNetworkNamespace({ name: namespace.name }, () => openSocket('ipv4', 'mptcp'));
    using listener = openThere();
    using client = openThere();
    bind(listener, { family: 'ipv4', address: '0.0.0.0', port: 4444 });
    listen(listener, 1);
    await connect(client, { family: 'ipv4', address: '10.99.0.1', port: 4444 }, { timeoutMs: 5000 });
    send(client, Buffer.from('x')); // joins begin with the first data

    const established = (): number | undefined =>
      readMptcpFullInfo(client)?.subflows.filter(({ tcp }) => tcp.state === 'established').length;
    await vi.waitFor(() => expect(established()).toBe(3));
    const info = readMptcpFullInfo(client);
    const addresses = info?.subflows.map(({ local, remote }) => ({ local, remote }));
    expect({
      remotes: info?.subflows.map(({ remote }) => remote),
      ids: new Set(info?.subflows.map(({ id }) => id)),
      total: info?.mptcp.subflows,
      sameOtherwise: readSubflowAddresses(client),
      pathMtuBytes: info?.subflows.map(({ tcp }) => tcp.pathMtuBytes),
      pathMtuBytesOtherwise: readSubflowTcpInfos(client)?.map((tcp) => tcp.pathMtuBytes),
    }).toEqual({
      remotes: [1, 2, 3].map((host) => ({ family: 'ipv4', address: `10.99.0.${host}`, port: 4444 })),
      ids: new Set([1, 2, 3]),
      total: 3,
      sameOtherwise: addresses,
      pathMtuBytes: [9000, 9000, 9000],
      pathMtuBytesOtherwise: [9000, 9000, 9000],
    });
  });
});

test.skipIf(!kernelHasMptcp)('a listener has no subflows (needs a kernel with MPTCP on)', () => {
  const { fd: listener } = listenOnLoopback('ipv4', 'mptcp');
  using _ = listener;
  expect(readMptcpFullInfo(listener)?.mptcp.token).toBe(0);
});
