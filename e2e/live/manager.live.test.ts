import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JournalEvent, Side } from '#contract/migration.ts';
import { whyNoLabs } from '#lab/testing/requirements.ts';
import { tell } from '#e2e/support/stage/back-door.ts';
import { doneOnDestination, safeOnSource } from '#e2e/support/stage/expectations.ts';
import { cutMonitor } from '#e2e/support/stage/monitor-holder.ts';
import { copying } from '#e2e/support/stage/moments.ts';
import { sevenChecks } from '#e2e/support/stage/seven-checks.ts';
import { Stage } from '#e2e/support/stage/stage.ts';
import type { Story } from '#e2e/support/stage/story.ts';

const reason = await whyNoLabs();
const slowly = { bandwidthBitsPerSecond: 80e6 };

describe.skipIf(reason !== '')(`the manager${reason}`, () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.make();
  });
  afterAll(() => stage[Symbol.asyncDispose]());

  /** As `switchyard watch` does, or the app when it is opened again. */
  async function takeUp(story: Story): Promise<void> {
    story.goOn(await stage.application.open(story.id));
    await story.end();
  }

  test.each(['intended start-destination', 'done start-destination', 'done negotiate-capabilities', 'done listen'])(
    'case 35: dies before anything has moved (%s)',
    async (diesAt) => {
      const story = await stage.beginMortally({ diesAt });
      await takeUp(story);
      expect(await sevenChecks(story)).toEqual(
        safeOnSource({ cause: /manager ended .* before anything had moved/, next: /Migrate again/ }),
      );
    },
  );

  test.each(['intended migrate', 'done migrate', 'iteration'])(
    'case 36: dies while the memory is copied (%s)',
    async (diesAt) => {
      const story = await stage.beginMortally({ diesAt }, { settings: slowly });
      await takeUp(story);
      const done = diesAt !== 'intended migrate';
      expect(await sevenChecks(story)).toEqual(done ? doneOnDestination() : safeOnSource({}));
    },
  );

  test('case 36: dies, and the guest has arrived before a successor looks', async () => {
    const story = await stage.beginMortally({ diesAt: 'iteration' });
    await sleep(2500);
    await takeUp(story);
    expect(await sevenChecks(story)).toEqual(doneOnDestination());
  });

  test.each(['done start-destination', 'done migrate', 'iteration'])(
    'case 44: a second migration is refused by the id of the open one (%s)',
    async (diesAt) => {
      const again = stage.request();
      const story = await stage.beginMortally({ diesAt }, { settings: slowly });
      const second = await stage.application.start(again);
      const [check] = second.kind === 'refused' ? second.refusals.filter(({ id }) => id === 'open-migration') : [];
      expect(check?.text).toContain(`Migration ${story.id} of`);
      expect(check?.remedy).toContain(`switchyard watch ${story.id}`);
      await takeUp(story);
      const done = diesAt !== 'done start-destination';
      expect(await sevenChecks(story)).toEqual(done ? doneOnDestination() : safeOnSource({}));
    },
  );

  test('case 37: dies while the source waits before the switchover', async () => {
    const story = await stage.beginMortally({ diesAt: 'peer-proven' });
    const status = (): unknown => tell(story.sourcePid, 'query-migrate');
    await expect.poll(status, { timeout: 20_000, interval: 100 }).toMatchObject({ status: 'pre-switchover' });
    await takeUp(story);
    expect(await sevenChecks(story)).toEqual(doneOnDestination());
  });

  test.each(['committed', 'intended resume-destination', 'done resume-destination', 'intended quit-source'])(
    'case 38: dies after the switchover (%s)',
    async (diesAt) => {
      const story = await stage.beginMortally({ diesAt });
      await takeUp(story);
      expect(await sevenChecks(story)).toEqual(doneOnDestination());
    },
  );

  test('case 39: dies in post-copy, and cancelling stays refused', async () => {
    const story = await stage.beginMortally(
      { diesAt: 'post-copy-entered', postCopyAt: 'source active' },
      { settings: { ...slowly, postCopy: 'allow' } },
    );
    story.goOn(await stage.application.open(story.id));
    const answer = await story.migration.ask({ command: 'cancel', by: 'anna' });
    await story.end();
    expect(answer).toMatchObject({ ok: false, error: { kind: 'rejected' } });
    expect(await sevenChecks(story)).toEqual(doneOnDestination());
  });

  describe('case 40', () => {
    const touching = ['cancel', 'yank', 'quit-source', 'quit-destination', 'resume-source', 'resume-destination'];

    /** Takes these monitors away at this moment, for so long. Answers with what was done meanwhile. */
    async function cut(story: Story, sides: readonly Side[], forMs: number): Promise<readonly string[]> {
      const pids = { source: story.sourcePid, destination: story.destinationPid };
      const holders = sides.map((side) => cutMonitor(stage.copyWith(pids[side])));
      await sleep(forMs);
      for (const holder of holders) holder[Symbol.dispose]();
      return story.entries.flatMap(({ event }) =>
        event.kind === 'intended' && touching.includes(event.step) ? event.step : [],
      );
    }

    test.each([
      ['the source', ['source']],
      ['the destination', ['destination']],
      ['both', ['source', 'destination']],
    ] as const)('case 40: loses the monitor of %s while the memory is copied', async (_whose, sides) => {
      const story = await stage.begin({ settings: slowly });
      let touched: readonly string[] = ['nothing was cut'];
      story.at(copying, async () => {
        touched = await cut(story, sides, 1000);
      });
      await story.end();
      const silent = sides.map((side) => story.entries.some(({ event }) => fallsSilent(event, side)));
      expect([touched, silent]).toEqual([[], sides.map(() => true)]);
      expect(await sevenChecks(story)).toEqual(doneOnDestination());
    });

    test('case 40: finds its monitors again when the guest has arrived already', async () => {
      const story = await stage.begin();
      story.at(copying, () => cut(story, ['source', 'destination'], 4000));
      await story.end();
      expect(await sevenChecks(story)).toEqual(doneOnDestination());
    });
  });
});

function fallsSilent(event: JournalEvent, side: Side): boolean {
  return event.kind === 'observed' && event.side === side && event.observation.kind === 'silent';
}
