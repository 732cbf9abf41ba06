import { spawnSync } from 'node:child_process';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { whyNoLabs } from '#lab/testing/requirements.ts';
import { namespacePlace } from '#main/hosts/network-place.ts';
import { filterCommands, onLink, whyNoPacketFilter } from '#main/mptcp/fixtures/packet-filter.ts';
import { makeNamespace, type TestNamespace } from '#native/fixtures/namespace.ts';
import { bind, listen, openSocket } from '#native/socket.ts';
import { doneOnDestination, safeOnSource } from '#e2e/support/stage/expectations.ts';
import { done } from '#e2e/support/stage/moments.ts';
import { sevenChecks } from '#e2e/support/stage/seven-checks.ts';
import { Stage } from '#e2e/support/stage/stage.ts';
import type { Story } from '#e2e/support/stage/story.ts';

const reason = await whyNoLabs();
const filter = whyNoPacketFilter();
if (filter !== undefined) process.stderr.write(`skipped: a first path that is filtered: ${filter}\n`);

/** The first of two links, and what the guest goes over instead. */
const firstLink = 'eth1';

describe.skipIf(reason !== '')(`a first path that leads nowhere${reason}`, () => {
  let stage: Stage;
  const undo: (() => void)[] = [];
  beforeAll(async () => {
    stage = await Stage.make();
  });
  afterEach(() => {
    for (const each of undo.splice(0).toReversed()) each();
  });
  afterAll(() => stage[Symbol.asyncDispose]());

  /** What befalls the first link, each undone after the test. */
  const faults = {
    'has no route': (story) => {
      stage.network.refuse(story.source, story.address);
      undo.push(() => stage.network.allow(story.source, story.address));
    },
    'is rejected by a firewall': (story) => {
      filterAt(story.destination, 'tcp dport != 22 reject with icmpx admin-prohibited');
    },
    'is dropped by a firewall': (story) => filterAt(story.destination, 'drop'),
    'has no such neighbour': (story) => {
      inside(story.destination, 'ip', 'link', 'set', firstLink, 'arp', 'off');
      undo.push(() => inside(story.destination, 'ip', 'link', 'set', firstLink, 'arp', 'on'));
      inside(story.source, 'ip', 'neigh', 'flush', 'dev', firstLink);
    },
    'leads to a stranger that listens': (story) => void undo.push(strangerInstead(story)),
    'loses full-size packets': (story) => filterAt(story.destination, 'meta length > 600 drop'),
  } satisfies Record<string, (story: Story) => void>;

  function filterAt(host: string, rule: string): void {
    nft(host, filterCommands([onLink(firstLink, rule)]));
    undo.push(() => nft(host, 'delete table inet middlebox\n'));
  }

  test.each(Object.entries(faults).filter(([name]) => filter === undefined || !/firewall|loses/.test(name)))(
    'case 48: it %s, and the guest goes over the next one',
    async (_what, befall) => {
      const story = await stage.begin({ request: { incoming: 'tcp:0:4444' } });
      story.at(done('negotiate-capabilities'), () => befall(story));
      const begunAtMs = performance.now();
      await story.end();
      const tookMs = performance.now() - begunAtMs;
      for (const each of undo.splice(0).toReversed()) each();
      expect({ failed: failedPaths(story), inTime: tookMs < 20_000, ...(await sevenChecks(story)) }).toEqual({
        failed: ['eth1 trial'],
        inTime: true,
        ...doneOnDestination(),
      });
    },
  );

  test.each(['qemu', 'app'] as const)(
    'case 48: it is lost after it was tried, and the guest goes over the next one (sockets of %s)',
    async (socket) => {
      const story = await stage.begin({ settings: { socket } });
      story.at(done('listen'), () => faults['has no route'](story));
      await story.end();
      for (const each of undo.splice(0).toReversed()) each();
      expect({ failed: failedPaths(story), ...(await sevenChecks(story)) }).toEqual({
        failed: [`eth1 ${socket === 'qemu' ? 'connection' : 'trial'}`],
        ...doneOnDestination(),
      });
    },
  );

  test('case 48: it falls silent after it was tried, and the guest goes over the next one', async () => {
    const story = await stage.begin();
    story.at(done('listen'), () => stage.network.cut('silent', 1));
    await story.end();
    stage.network.restore(1);
    expect({ failed: failedPaths(story), ...(await sevenChecks(story)) }).toEqual({
      failed: ['eth1 connection'],
      ...doneOnDestination(),
    });
  });

  test('a cancel while QEMU waits for a connection that is not answered ends at once', async () => {
    const story = await stage.begin();
    story.at(done('listen'), () => stage.network.cut('silent'));
    story.at(done('migrate'), () => void story.migration.ask({ command: 'cancel', by: 'test' }));
    await story.end();
    stage.network.restore();
    expect(await sevenChecks(story)).toEqual(safeOnSource({ cause: /^Cancelled by test\./ }));
  });
});

function failedPaths({ entries }: Story): string[] {
  return entries.flatMap(({ event }) =>
    event.kind === 'path-failed' ? [`${event.path.sourceInterface} ${event.seen}`] : [],
  );
}

/** Another machine that has the destination's address on the first link, and a listener on its port. */
function strangerInstead({ source, address }: Story): () => void {
  const another: TestNamespace = makeNamespace();
  const wire = 'stranger';
  run('ip', 'link', 'add', wire, 'netns', source, 'type', 'veth', 'peer', 'name', wire, 'netns', another.name);
  another.run('ip', 'addr', 'add', `${address}/24`, 'dev', wire);
  another.run('ip', 'link', 'set', wire, 'up');
  inside(source, 'ip', 'link', 'set', wire, 'up');
  inside(source, 'ip', 'route', 'replace', `${address}/32`, 'dev', wire);
  const listener = namespacePlace(another.name).run(() => openSocket('ipv4', 'mptcp'));
  bind(listener, { family: 'ipv4', address: '0.0.0.0', port: 4444 });
  listen(listener, 16);
  return () => {
    listener[Symbol.dispose]();
    inside(source, 'ip', 'link', 'delete', wire);
    another[Symbol.dispose]();
  };
}

function inside(namespace: string, ...command: readonly string[]): void {
  run('ip', 'netns', 'exec', namespace, ...command);
}

function run(command: string, ...args: readonly string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`);
}

function nft(namespace: string, input: string): void {
  const { status, stderr } = spawnSync('ip', ['netns', 'exec', namespace, 'nft', '-f', '-'], {
    input,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
}
