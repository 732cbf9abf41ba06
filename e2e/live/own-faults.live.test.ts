import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { whyNoLabs } from '#lab/testing/requirements.ts';
import { doneOnDestination } from '#e2e/support/stage/expectations.ts';
import { copying } from '#e2e/support/stage/moments.ts';
import { sevenChecks } from '#e2e/support/stage/seven-checks.ts';
import { Stage } from '#e2e/support/stage/stage.ts';
import { MigrationRun } from '#main/engine/run.ts';

const reason = await whyNoLabs();

describe.skipIf(reason !== '')(`a fault of our own${reason}`, () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.make();
  });
  afterEach(() => void vi.restoreAllMocks());
  afterAll(() => stage[Symbol.asyncDispose]());

  test('ends a run, and the same process takes the migration up again', async () => {
    const lives = vi.spyOn(MigrationRun.prototype, 'run');
    const story = await stage.begin({ settings: { bandwidthBitsPerSecond: 80e6 } });
    const incidents: string[] = [];
    story.migration.subscribe({ onFault: ({ incidentId }) => incidents.push(incidentId) });
    story.at(copying, () => {
      const [life] = lives.mock.contexts;
      if (life instanceof MigrationRun) life.fail(new Error('a fault of ours'));
    });
    await story.end();
    expect([lives.mock.calls.length, incidents]).toEqual([2, [expect.stringMatching(/^i-[0-9a-f]{8}$/)]]);
    expect(await sevenChecks(story)).toEqual(doneOnDestination());
  });
});
