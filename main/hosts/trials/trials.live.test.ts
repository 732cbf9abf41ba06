import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SwitchyardError } from '#contract/errors.ts';
import type { TrialDoor, TrialSecret } from '#main/engine/ports.ts';
import { namespacePlace } from '#main/hosts/network-place.ts';
import { filterCommands, onLink, whyNoPacketFilter } from '#main/mptcp/fixtures/packet-filter.ts';
import { canMakeNamespaces, makeNamespace, type TestNamespace } from '#native/fixtures/namespace.ts';
import { accept, bind, connect, listen, openSocket, reset, send } from '#native/socket.ts';
import { hangUp } from '#main/hosts/path-control.ts';
import { answerTrials, type Trials } from './trial-listener.ts';
import { tryPath } from './try-path.ts';

const reason = canMakeNamespaces ? whyNoPacketFilter() : 'takes root and ip';
if (reason !== undefined) process.stderr.write(`skipped: trials of paths between namespaces: ${reason}\n`);

/** A good path has 1.2 s, since the machine may be busy; what never answers takes that long. */
const withinMs = 1200;
const namedPort = 45_444;

/** By the third number of its addresses: how each link of the two hosts behaves. */
const links = {
  good: 1,
  unreachable: 2,
  rejected: 3,
  dropped: 4,
  withoutNeighbour: 5,
  stranger: 6,
  foreignListener: 7,
  smallPacketsOnly: 8,
  namedPortOnly: 9,
} as const;
type Link = keyof typeof links;

interface Given {
  readonly signal?: AbortSignal;
  readonly secret?: TrialSecret;
  readonly port?: number;
  readonly door?: TrialDoor;
}

const rules = [
  onLink('eth3', 'tcp dport 1-65535 reject with icmpx admin-prohibited'),
  onLink('eth4', 'drop'),
  // Frames with headers: what TCP has cut to the MTU is longer, the handshake and the call are shorter.
  onLink('eth8', 'meta length > 600 drop'),
  onLink('eth9', `tcp dport != ${namedPort} drop`),
];

describe.skipIf(reason !== undefined)('a path is tried', () => {
  let source: TestNamespace;
  let destination: TestNamespace;
  let another: TestNamespace;
  let trials: Trials;

  beforeAll(async () => {
    [source, destination, another] = [makeNamespace(), makeNamespace(), makeNamespace()];
    for (const link of Object.values(links)) {
      const far = link === links.stranger || link === links.foreignListener ? another : destination;
      const name = `eth${link}`;
      ip('link', 'add', name, 'netns', source.name, 'type', 'veth', 'peer', 'name', name, 'netns', far.name);
      for (const [host, end] of [
        [source, 1],
        [far, 2],
      ] as const) {
        // Where no neighbour answers, the address is on no machine.
        const address = link === links.withoutNeighbour && end === 2 ? 3 : end;
        host.run('ip', 'addr', 'add', `10.98.${link}.${address}/24`, 'dev', name);
        host.run('ip', 'link', 'set', name, 'up');
      }
    }
    source.run('ip', 'route', 'add', 'unreachable', '10.98.2.2/32');
    nft(destination, filterCommands(rules));
    trials = await answerTrials(namespacePlace(destination.name), { host: '0.0.0.0', port: 0 });
  });
  afterAll(() => {
    trials[Symbol.dispose]();
    for (const namespace of [source, destination, another]) namespace[Symbol.dispose]();
  });

  async function outcomeOf(
    link: Link,
    { signal = new AbortController().signal, port = trials.port, secret = trials.secret, door }: Given = {},
  ): Promise<string> {
    const number = links[link];
    try {
      await tryPath(
        namespacePlace(source.name),
        {
          from: `10.98.${number}.1`,
          to: { address: `10.98.${number}.2`, port },
          secret,
          withinMs,
          ...(door ? { door } : {}),
        },
        signal,
      );
      return 'works';
    } catch (thrown) {
      return thrown instanceof SwitchyardError || thrown instanceof Error ? thrown.message : 'no error';
    }
  }

  test('which leads to the destination', async () => {
    expect(await outcomeOf('good')).toBe('works');
  });

  test.each<[Link, RegExp]>([
    ['unreachable', /^Could not connect to 10\.98\.2\.2:\d+: no route to host|EHOSTUNREACH/],
    ['rejected', /^Could not connect to 10\.98\.3\.2:\d+: /],
    ['dropped', /^10\.98\.4\.2 did not answer the first packet within 1\.2 s\.$/],
    ['withoutNeighbour', /^10\.98\.5\.2 did not answer the first packet within 1\.2 s\.$/],
    ['stranger', /^Could not connect to 10\.98\.6\.2:\d+: connection refused/],
    ['smallPacketsOnly', /^Small packets reach 10\.98\.8\.2 and full-size ones do not, or too slowly\.$/],
  ])('and is not taken for one that works: %s', async (link, why) => {
    expect(await outcomeOf(link)).toMatch(why);
  });

  test.each<[string, Uint8Array | undefined, RegExp]>([
    ['hangs up', undefined, /^What answers at 10\.98\.7\.2 is not the destination\.$/],
    ['answers something else', Buffer.from('HTTP/1.0 400 Bad Request\r\n'), /^What answers at 10\.98\.7\.2 is not/],
    ['sends back what it gets', Buffer.alloc(0), /^What answers at 10\.98\.7\.2 is not the destination\.$/],
    ['says nothing', Buffer.alloc(1), /^10\.98\.7\.2 did not answer what was sent after it within 1\.2 s\.$/],
  ])('to a stranger on the same port that %s', async (_how, answer, why) => {
    using listener = namespacePlace(another.name).run(() => openSocket('ipv4', 'tcp'));
    bind(listener, { family: 'ipv4', address: '0.0.0.0', port: trials.port });
    listen(listener, 4);
    const trial = outcomeOf('foreignListener');
    const { receive } = await import('#native/socket.ts');
    const { waitUntilReady } = await import('#native/readiness.ts');
    await waitUntilReady(listener, 'readable', { timeoutMs: withinMs });
    const caller = accept(listener)?.connection;
    if (!caller) throw new Error('it was not called');
    await waitUntilReady(caller, 'readable', { timeoutMs: withinMs });
    const heard = receive(caller, 1024);
    if (answer === undefined) reset(caller);
    else if (answer.length === 0) send(caller, heard ?? Buffer.alloc(0));
    else if (answer.length > 1) send(caller, answer);
    const outcome = await trial;
    caller[Symbol.dispose]();
    expect(outcome).toMatch(why);
  });

  test('with a wrong secret, and is not answered', async () => {
    const secret = { ...trials.secret, call: '00'.repeat(16) };
    expect(await outcomeOf('good', { secret })).toBe('What answers at 10.98.1.2 is not the destination.');
  });

  /** With a port that was named; and whether a program that waits at the same port of another machine was called. */
  async function outcomeAtNamedPort(link: Link): Promise<readonly [outcome: string, called: boolean]> {
    const order = { host: '0.0.0.0', port: namedPort };
    using named = await answerTrials(namespacePlace(destination.name), order);
    using waiting = namespacePlace(another.name).run(() => openSocket('ipv4', 'tcp'));
    bind(waiting, { family: 'ipv4', address: order.host, port: order.port });
    listen(waiting, 4);
    const outcome = await outcomeOf(link, named);
    return [outcome, accept(waiting) !== undefined];
  }

  test('at a named port, where it leads to the destination', async () => {
    expect(await outcomeAtNamedPort('good')).toEqual(['works', false]);
  });

  test('at a named port, where a firewall lets nothing else through', async () => {
    expect(await outcomeAtNamedPort('namedPortOnly')).toEqual(['works', false]);
  });

  test('at a named port, and a program that waits there on another machine is not called', async () => {
    expect(await outcomeAtNamedPort('foreignListener')).toEqual([
      expect.stringMatching(/^Another machine, with the hardware address (..:){5}.., answers for 10\.98\.7\.2\.$/),
      false,
    ]);
  });

  test('at a named port, and a machine that answers for several addresses is not taken for another one', async () => {
    another.run('ip', 'addr', 'add', '10.98.7.3/24', 'dev', 'eth7');
    using asking = namespacePlace(source.name).run(() => openSocket('ipv4', 'tcp'));
    const refused = connect(asking, { family: 'ipv4', address: '10.98.7.3', port: 1 }, { timeoutMs: withinMs });
    await expect(refused).rejects.toThrow(/ECONNREFUSED/);
    const [outcome] = await outcomeAtNamedPort('foreignListener');
    another.run('ip', 'addr', 'del', '10.98.7.3/24', 'dev', 'eth7');
    expect(outcome).toBe('10.98.7.2 did not answer what was sent after it within 1.2 s.');
  });

  test('and given up at once when another one works', async () => {
    const over = new AbortController();
    const outcome = outcomeOf('dropped', { signal: over.signal });
    over.abort();
    expect(await outcome).toMatch(/abort/i);
  });

  test('on the next of several ports when the first is taken', async () => {
    const { port } = trials;
    using other = await answerTrials(namespacePlace(destination.name), { host: '0.0.0.0', port, lastPort: port + 5 });
    expect(other.port).toBeGreaterThan(port);
  });

  test.each(['tcp', 'mptcp'] as const)(
    'a %s connection that is still being made is ended by the kernel',
    async (protocol) => {
      using socket = namespacePlace(source.name).run(() => openSocket('ipv4', protocol));
      const to = { address: '10.98.4.2', port: trials.port };
      const connecting = connect(socket, { family: 'ipv4', ...to }, { timeoutMs: 10_000 }).then(
        () => 'connected',
        (thrown: unknown) => String(thrown),
      );
      await hangUp(namespacePlace(source.name), to);
      // Left to itself it would end with ETIMEDOUT.
      expect(await connecting).toMatch(/ECONNABORTED/);
    },
  );
});

function ip(...args: readonly string[]): void {
  const { status, stderr } = spawnSync('ip', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
}

function nft(host: TestNamespace, input: string): void {
  const { status, stderr } = spawnSync('ip', ['netns', 'exec', host.name, 'nft', '-f', '-'], {
    input,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
}
