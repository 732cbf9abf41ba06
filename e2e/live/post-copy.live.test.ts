import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { whyNoLabs } from '#lab/testing/requirements.ts';
import { doneOnDestination, lost, told } from '#e2e/support/stage/expectations.ts';
import { done, inPostCopy, seen } from '#e2e/support/stage/moments.ts';
import { sevenChecks } from '#e2e/support/stage/seven-checks.ts';
import { Stage } from '#e2e/support/stage/stage.ts';
import type { Story } from '#e2e/support/stage/story.ts';

const reason = await whyNoLabs();

describe.skipIf(reason !== '')(`post-copy${reason}`, () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.make({ linkRatesBitsPerSecond: [100e6, 100e6] });
  });
  afterAll(() => stage[Symbol.asyncDispose]());

  /** Post-copy with most of the memory still to come. */
  async function begin(): Promise<Story> {
    const story = await stage.begin({
      settings: { postCopy: 'allow', bandwidthBitsPerSecond: 30e6, stallLimitMs: 1500 },
    });
    story.at(seen('source', { migration: 'active' }), async () => {
      expect(await story.migration.ask({ command: 'post-copy', by: 'anna' })).toEqual({ ok: true });
    });
    return story;
  }

  /** What the operator does when the network works again. */
  async function recover(story: Story): Promise<void> {
    stage.network.restore();
    story.goOn(await stage.application.takeUpTo(story.id, 'recover'));
  }

  async function recovered(story: Story): Promise<void> {
    await recover(story);
    await story.end();
  }

  /** Both QEMUs wait for each other, and the destination for a connection. */
  const paused = {
    ...doneOnDestination(),
    copies: ['destination: running', 'source: finish-migrate'],
    leftOver: [expect.stringMatching(/^\+ port \d+ on/)],
    told: told('paused-recoverable', 'destination', { phase: 'post-copy-paused', next: /switchyard recover/ }),
  };

  test('goes over at once and finishes', async () => {
    const story = await begin();
    await story.end();
    expect(await sevenChecks(story)).toEqual(doneOnDestination());
  });

  test.each(['down', 'silent'] as const)('case 30: all links go %s', async (how) => {
    const story = await begin();
    story.at(inPostCopy, () => stage.network.cut(how));
    await story.end();
    expect(await sevenChecks(story, () => recovered(story))).toEqual(paused);
  });

  test.each(['down', 'silent'] as const)('case 31: all links go %s again during the recovery', async (how) => {
    const story = await begin();
    story.at(inPostCopy, () => stage.network.cut(how));
    await story.end();
    await recover(story);
    story.at(done('recover'), () => stage.network.cut(how));
    await story.end();
    expect(await sevenChecks(story, () => recovered(story))).toEqual(paused);
  });

  test('case 32: the source is killed', async () => {
    const story = await begin();
    const runs = seen('destination', { run: 'running', migration: 'postcopy-active' });
    story.at(runs, () => void process.kill(story.sourcePid, 'SIGKILL'));
    await story.end();
    expect(await sevenChecks(story, () => stage.remove(story.destinationPid), 'the guest is lost')).toEqual({
      ...lost({ side: 'source', cause: /ended during post-copy, and the memory/ }),
      copies: ['destination: running'],
      leftOver: [expect.stringMatching(/^\+ port \d+ on/)],
      told: told('lost', 'stopped', { side: 'source', cause: /ended during post-copy/, next: /from its disks/ }),
    });
  });

  test('case 33: the destination is killed', async () => {
    const story = await begin();
    story.at(inPostCopy, () => void process.kill(story.destinationPid, 'SIGKILL'));
    await story.end();
    expect(await sevenChecks(story, undefined, 'the guest is lost')).toEqual(
      lost({ side: 'destination', cause: /ended during post-copy/ }),
    );
  });

  test('case 34: the operator asks to cancel', async () => {
    const story = await begin();
    let answer: unknown;
    story.at(inPostCopy, async () => {
      answer = await story.migration.ask({ command: 'cancel', by: 'anna' });
    });
    await story.end();
    expect(answer).toMatchObject({ ok: false, error: { kind: 'rejected', text: /handed over/ } });
    expect(await sevenChecks(story)).toEqual(doneOnDestination());
  });
});
