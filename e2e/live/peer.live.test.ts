import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { whyNoLabs } from '#lab/testing/requirements.ts';
import { tell } from '#e2e/support/stage/back-door.ts';
import { doneOnDestination, safeOnSource, told } from '#e2e/support/stage/expectations.ts';
import { Impostor } from '#e2e/support/stage/impostor.ts';
import { done, seen } from '#e2e/support/stage/moments.ts';
import { examine, sevenChecks } from '#e2e/support/stage/seven-checks.ts';
import { Stage } from '#e2e/support/stage/stage.ts';
import type { Story } from '#e2e/support/stage/story.ts';
import { LocalHost } from '#main/hosts/local-host.ts';

const reason = await whyNoLabs();

const proofs = ({ entries }: Story): unknown[] =>
  entries.flatMap(({ event }) => (event.kind === 'peer-proven' ? [[event.by, event.connections]] : []));

const failedPaths = ({ entries }: Story): string[] =>
  entries.flatMap(({ event }) => (event.kind === 'path-failed' ? [`${event.path.sourceInterface}: ${event.why}`] : []));

describe.skipIf(reason !== '')(`the peer of the source${reason}`, () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.make({ linkRatesBitsPerSecond: [100e6, 100e6] });
  });
  afterAll(() => stage[Symbol.asyncDispose]());

  function own(story: Story, addresses: readonly string[]): void {
    for (const address of addresses) stage.network.own(story.source, address);
  }

  function disown(story: Story, addresses: readonly string[]): void {
    for (const address of addresses) stage.network.disown(story.source, address);
  }

  test.each([
    ['the numbers of Multipath TCP', {}, [['sequence', 1]]],
    ['the numbers of every parallel connection', { parallelConnections: 2 }, [['sequence', 3]]],
    ['the four-tuple of plain TCP', { mptcp: 'off' }, [['addresses', 1]]],
    ['both ends being ours', { socket: 'app' }, [['own-sockets', 1]]],
  ] as const)('is proven by %s', async (_what, settings, by) => {
    const story = await stage.begin({ settings });
    await story.end();
    expect(proofs(story)).toEqual(by);
    expect(await sevenChecks(story)).toEqual(doneOnDestination());
  });

  test.each(['prefer', 'off'] as const)(
    'case 41: a third machine has the address of the destination, with MPTCP %s',
    async (mptcp) => {
      await stage.settle();
      using impostor = await Impostor.waiting(stage, 4444);
      const story = await stage.begin({ settings: { mptcp }, request: { incoming: 'tcp:0:4444' } });
      story.at(done('listen'), () => impostor.takeAddress());
      await story.end();
      // It has read the end of a stream that was broken off, and nothing else has ended it.
      const { run } = impostor;
      impostor[Symbol.dispose]();
      expect(['inmigrate', 'gone']).toContain(run);
      const verdict = await sevenChecks(story);
      // It was there before the story began, and is not any more.
      expect({ ...verdict, leftOver: verdict.leftOver.filter((each) => !each.startsWith('- ')) }).toEqual(
        safeOnSource({
          side: 'destination',
          cause: new RegExp(`The peer is not ${story.destination}: .*${story.address}`),
        }),
      );
    },
  );

  describe.each(['qemu', 'app'] as const)('sockets of %s', (socket) => {
    test('case 41: the source itself has every address of the destination', async () => {
      const story = await stage.begin({ settings: { socket } });
      story.at(done('start-destination'), () => own(story, story.addresses));
      await story.end();
      disown(story, story.addresses);
      expect(await sevenChecks(story)).toEqual(
        safeOnSource({ cause: new RegExp(`itself has the address ${story.address} of ${story.destination}`) }),
      );
    });

    test('case 48: the source itself has the address of the first path, and the guest goes over the next one', async () => {
      const story = await stage.begin({ settings: { socket } });
      story.at(done('start-destination'), () => own(story, [story.address]));
      await story.end();
      disown(story, [story.address]);
      expect({ failed: failedPaths(story), ...(await sevenChecks(story)) }).toEqual({
        failed: [expect.stringMatching(`^eth1: .*itself has the address ${story.address} of ${story.destination}`)],
        ...doneOnDestination(),
      });
    });
  });

  test('case 42: the source completes towards a machine that is not the destination', async () => {
    const hidden = vi.spyOn(LocalHost.prototype, 'connectionEnds').mockResolvedValue([]);
    await stage.settle();
    using impostor = await Impostor.waiting(stage, 4444);
    const story = await stage.begin({ request: { incoming: 'tcp:0:4444' } });
    // As a version did that held nothing, and looked at nothing.
    story.at(done('negotiate-capabilities'), () => {
      const capabilities = [{ capability: 'pause-before-switchover', state: false }];
      tell(story.sourcePid, 'migrate-set-capabilities', { capabilities });
    });
    story.at(done('listen'), () => impostor.takeAddress());
    const gone = (): void => void process.kill(story.destinationPid, 'SIGKILL');
    story.at(seen('source', { run: 'postmigrate', migration: 'completed' }), gone);
    await story.end();
    hidden.mockRestore();
    const findings = await examine(story);
    const goBack = stage.application.takeUpTo(story.id, 'go-back');
    await expect(goBack).rejects.toThrow(/cannot be returned/);
    impostor[Symbol.dispose]();
    expect(findings).toMatchObject({
      copies: ['source: postmigrate'],
      told: told('unknown', 'unknown', { cause: /never seen to receive/, next: /before anything is resumed/ }),
    });
    stage.distrust();
    await stage.remove(story.sourcePid);
  });
});
