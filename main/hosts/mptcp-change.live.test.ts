import { execFileSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SwitchyardError } from '#contract/errors.ts';
import type { MptcpEndpoint } from '#contract/host.ts';
import { mptcpCommand, typedOn } from '#contract/mptcp-commands.ts';
import { whyNotEndpoint, type EndpointWish } from '#contract/mptcp-endpoint-rules.ts';
import type { HostMptcpChange, OperatorEndpointFlag } from '#contract/requests.ts';
import { TwoHosts, whyNoHosts } from './testing/two-hosts.ts';

const obstacle = whyNoHosts();
if (obstacle) process.stderr.write(`skipped: tests of changed MPTCP settings, because ${obstacle}\n`);

const limits: HostMptcpChange = { kind: 'set-limits', limits: { subflows: 8, addAddrAccepted: 5 } };
const announced: HostMptcpChange = {
  kind: 'add-endpoint',
  endpoint: { address: '10.99.2.1', interface: 'eth2', flags: ['signal'], port: 4444 },
};
const joining: HostMptcpChange = {
  kind: 'add-endpoint',
  endpoint: { address: '10.99.1.1', interface: 'eth1', flags: ['subflow', 'fullmesh'] },
};

describe.skipIf(obstacle !== undefined)('MPTCP settings of a host', () => {
  let hosts: TwoHosts;
  beforeEach(async () => {
    hosts = await TwoHosts.make();
  });
  afterEach(async () => {
    await hosts[Symbol.asyncDispose]();
  });

  const settings = async () => {
    const { endpoints, limits: now } = (await hosts.source.facts()).mptcp;
    return { endpoints, limits: now };
  };
  const endpoint = async (): Promise<MptcpEndpoint> => {
    const [first] = (await settings()).endpoints;
    if (!first) throw new Error('there is no endpoint');
    return first;
  };
  const refusalOf = async (change: HostMptcpChange) => {
    const thrown: unknown = await hosts.source.changeMptcp(change).catch((reason: unknown) => reason);
    return thrown instanceof SwitchyardError ? thrown.failure : thrown;
  };

  test('limits are set', async () => {
    await hosts.source.changeMptcp(limits);
    expect(await settings()).toEqual({ endpoints: [], limits: { subflows: 8, addAddrAccepted: 5 } });
  });

  test('endpoints are added, with interface, flags and port', async () => {
    await hosts.source.changeMptcp(announced);
    await hosts.source.changeMptcp(joining);
    expect((await settings()).endpoints).toEqual([
      { id: 1, address: '10.99.2.1', interface: 'eth2', flags: ['signal'], port: 4444 },
      { id: 2, address: '10.99.1.1', interface: 'eth1', flags: ['subflow', 'fullmesh'] },
    ]);
  });

  test('one becomes a backup and an ordinary one again; what else it is stays', async () => {
    await hosts.source.changeMptcp(joining);
    const before = await endpoint();
    await hosts.source.changeMptcp({
      kind: 'set-endpoint-flags',
      endpoint: before,
      flags: ['backup', 'fullmesh'],
    });
    const paused = await endpoint();
    await hosts.source.changeMptcp({ kind: 'set-endpoint-flags', endpoint: paused, flags: ['fullmesh'] });
    expect([paused.flags, await endpoint()]).toEqual([['subflow', 'backup', 'fullmesh'], before]);
  });

  test('one is removed', async () => {
    await hosts.source.changeMptcp(announced);
    await hosts.source.changeMptcp({ kind: 'remove-endpoint', endpoint: await endpoint() });
    expect((await settings()).endpoints).toEqual([]);
  });

  test('every command that is shown does the very same', async () => {
    const [byUs, byHand] = [[] as unknown[], [] as unknown[]];
    const { id } = hosts.source;
    const run = async (change: HostMptcpChange) => {
      await hosts.source.changeMptcp(change);
      byUs.push(await settings());
    };
    const type = async (change: HostMptcpChange) => {
      execFileSync('sh', ['-c', typedOn({ kind: 'namespace', id }, mptcpCommand(change))]);
      byHand.push(await settings());
    };
    for (const perform of [run, type]) {
      await perform({ kind: 'set-limits', limits: { subflows: 6, addAddrAccepted: 3 } });
      await perform({ kind: 'set-limits', limits: { subflows: 2, addAddrAccepted: 0 } });
      await perform(announced);
      await perform({ kind: 'remove-endpoint', endpoint: await endpoint() });
      await perform(joining);
      await perform({ kind: 'set-endpoint-flags', endpoint: await endpoint(), flags: ['backup', 'fullmesh'] });
      await perform({ kind: 'set-endpoint-flags', endpoint: await endpoint(), flags: ['fullmesh'] });
      await perform({ kind: 'set-endpoint-flags', endpoint: await endpoint(), flags: [] });
      await perform({ kind: 'remove-endpoint', endpoint: await endpoint() });
    }
    expect(byHand).toEqual(byUs);
  });

  test('what a form shows about flags and ports is what the kernel does', async () => {
    const flags: readonly OperatorEndpointFlag[] = ['signal', 'subflow', 'backup', 'fullmesh'];
    const wishes = Array.from({ length: 32 }, (_, bits): EndpointWish => ({
      flags: flags.filter((_flag, bit) => (bits & (1 << bit)) !== 0),
      ...(bits >= 16 ? { port: 4444 } : {}),
    }));
    const found = [];
    for (const { port, flags: wished } of wishes) {
      const refusal = await refusalOf({
        kind: 'add-endpoint',
        endpoint: { address: '10.99.1.1', flags: [...wished], ...(port === undefined ? {} : { port }) },
      });
      if (refusal === undefined)
        await hosts.source.changeMptcp({ kind: 'remove-endpoint', endpoint: await endpoint() });
      found.push([wished, port, refusal === undefined]);
    }
    expect(found).toEqual(wishes.map((wish) => [wish.flags, wish.port, whyNotEndpoint(wish) === undefined]));
  });

  test('a second endpoint at one address is refused, in the words of the kernel', async () => {
    await hosts.source.changeMptcp(joining);
    expect(await refusalOf(joining)).toEqual({
      kind: 'native',
      syscall: 'netlink',
      errno: 17,
      code: 'EEXIST',
      text: expect.stringMatching(
        /^Could not add the MPTCP endpoint 10\.99\.1\.1: .* The kernel says: too many addresses/,
      ),
      remedy: 'The address is an endpoint already: change or remove that one.',
    });
  });

  test('a ninth endpoint is refused', async () => {
    const addresses = Array.from({ length: 9 }, (_, index) => `10.99.1.${index + 101}`);
    for (const address of addresses) hosts.run('ip', 'addr', 'add', `${address}/24`, 'dev', 'eth1');
    const answers = [];
    for (const address of addresses) {
      answers.push(await refusalOf({ kind: 'add-endpoint', endpoint: { address, flags: ['subflow'] } }));
    }
    expect([answers.slice(0, 8).every((answer) => answer === undefined), answers[8]]).toMatchObject([
      true,
      { code: 'ERANGE', remedy: 'A host keeps eight MPTCP endpoints: remove one first.' },
    ]);
  });

  test.each([
    ['on no interface', { address: '10.99.7.7' }],
    ['on another interface', { address: '10.99.1.1', interface: 'eth2' }],
    ['that is none', { address: 'nonsense; reboot' }],
  ])('an address %s is refused', async (_, where) => {
    expect(await refusalOf({ kind: 'add-endpoint', endpoint: { ...where, flags: ['signal'] } })).toMatchObject({
      kind: 'invalid-request',
      text: expect.stringContaining(`does not have the address ${where.address}`),
    });
  });

  test('an id that has gone to another endpoint meanwhile is left alone', async () => {
    await hosts.source.changeMptcp(joining);
    const seen = await endpoint();
    await hosts.source.changeMptcp({ kind: 'remove-endpoint', endpoint: seen });
    const gone = await refusalOf({ kind: 'remove-endpoint', endpoint: seen });
    hosts.run('ip', 'mptcp', 'endpoint', 'add', '10.99.2.1', 'id', String(seen.id), 'signal');
    const other = await refusalOf({ kind: 'set-endpoint-flags', endpoint: seen, flags: ['backup'] });
    expect([gone, other, (await endpoint()).flags]).toMatchObject([
      { text: expect.stringMatching(/has no MPTCP endpoint with id \d+ any more\.$/) },
      { text: expect.stringContaining('is 10.99.2.1 by now, not 10.99.1.1.') },
      ['signal'],
    ]);
  });
});
