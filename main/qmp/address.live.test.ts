import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { isMptcp } from '#native/is-mptcp.ts';
import { connect as connectSocket, openSocket } from '#native/socket.ts';
import { fromSocketAddress, migrationTarget, nbdServerAddress, type Address, type AddressRole } from './address.ts';
import { QmpClient } from './client.ts';
import { probeQemuFeatures } from './features.ts';
import { faultOf } from './testing/fault-of.ts';
import { RealQemu, whyNoQemu } from './testing/real-qemu.ts';

const obstacle = whyNoQemu();
if (obstacle) process.stderr.write(`skipped: tests of addresses in a real QEMU, because ${obstacle}\n`);

const loopback = { type: 'inet', host: '127.0.0.1', port: 0, mptcp: true } as const;

describe.skipIf(obstacle !== undefined)('a real QEMU', () => {
  test.each<[string, Address]>([
    ['one address, MPTCP', loopback],
    ['any IPv4 address by a zero', { ...loopback, host: '0' }],
    ['a wildcard of IPv6, MPTCP off', { ...loopback, host: '::', mptcp: false }],
    ['a range of ports, one family', { ...loopback, port: 47_000, to: 47_100, ipv4: true }],
  ])('listens on %s', async (_what, address) => {
    await using destination = await RealQemu.start('-incoming', 'defer');
    await using client = await connect(destination);
    await listen(client, address);
    const listener = await listenerOf(client);
    expect(listener).toMatchObject({ type: 'inet', port: expect.any(Number) });
  });

  test('listens on a unix socket with a comma in its name', async () => {
    await using destination = await RealQemu.start('-incoming', 'defer');
    await using client = await connect(destination);
    const address: Address = { type: 'unix', path: `${destination.directory}/a,b.sock` };
    await listen(client, address);
    expect(await listenerOf(client)).toEqual(address);
  });

  test('opens an NBD server with MPTCP', async () => {
    await using qemu = await RealQemu.start();
    await using client = await connect(qemu);
    const features = await probeQemuFeatures(client);
    await client.execute('nbd-server-start', { addr: nbdServerAddress(loopback, features) });
    await expect(client.execute('nbd-server-stop')).resolves.toBeUndefined();
  });

  test('migrates over an MPTCP socket of our own, handed to it', async () => {
    await using source = await RealQemu.start();
    await using destination = await RealQemu.start('-incoming', 'defer');
    await using sourceClient = await connect(source);
    await using destinationClient = await connect(destination);
    await listen(destinationClient, loopback);
    const listener = await listenerOf(destinationClient);
    const port = listener.type === 'inet' ? listener.port : 0;

    using socket = openSocket('ipv4', 'mptcp');
    await connectSocket(socket, { family: 'ipv4', address: '127.0.0.1', port }, { timeoutMs: 1000 });
    await sourceClient.passDescriptor('own-socket', socket);
    await sourceClient.execute('migrate', await target(sourceClient, { type: 'fd', name: 'own-socket' }, 'connect'));
    expect([isMptcp(socket), await endOf(sourceClient)]).toEqual([true, 'completed']);
  });

  test('before 10.1 accepts a typo silently, which is why our parser does not', async () => {
    await using destination = await RealQemu.start('-incoming', 'defer');
    await using client = await connect(destination);
    const { keepAliveTuning } = await probeQemuFeatures(client);
    const fault = await faultOf(client.execute('migrate-incoming', { uri: 'tcp:127.0.0.1:0,mptpc' }));
    expect(fault?.kind).toBe(keepAliveTuning ? 'refused' : undefined);
  });
});

async function connect(qemu: RealQemu): Promise<QmpClient> {
  return QmpClient.connect({ path: qemu.monitorPath });
}

async function target(
  client: QmpClient,
  address: Address,
  role: AddressRole,
): Promise<ReturnType<typeof migrationTarget>> {
  return migrationTarget(address, role, await probeQemuFeatures(client));
}

async function listen(client: QmpClient, address: Address): Promise<void> {
  await client.execute('migrate-incoming', await target(client, address, 'listen'));
}

async function listenerOf(client: QmpClient): Promise<Address> {
  const { 'socket-address': [address] = [] } = await client.execute('query-migrate');
  return fromSocketAddress(address ?? {}, { unknownMembers: 'ignore' });
}

async function endOf(client: QmpClient): Promise<string | undefined> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const { status } = await client.execute('query-migrate');
    if (status === 'completed' || status === 'failed') return status;
    await sleep(10);
  }
  return undefined;
}
