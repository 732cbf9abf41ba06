import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { whyNoLabs } from '#lab/testing/requirements.ts';
import { Chance } from '#e2e/support/stage/chance.ts';
import { finished, switchyard } from '#e2e/support/stage/command.ts';
import { doneOnDestination, oneTry, safeOnSource, untouched } from '#e2e/support/stage/expectations.ts';
import { told } from '#e2e/support/stage/moments.ts';
import { nothingHappened, sevenChecks, type Verdict } from '#e2e/support/stage/seven-checks.ts';
import { Stage, type Before } from '#e2e/support/stage/stage.ts';

/**
 * Random moments. How many is in the environment: the defaults are for every day, a hundred and fifty for a
 * release. SWITCHYARD_SEED repeats a run.
 */
const kills = Number(process.env['SWITCHYARD_KILLS'] ?? 6);
const cuts = Number(process.env['SWITCHYARD_CUTS'] ?? 6);
const chance = Chance.fromEnvironment();
const reason = await whyNoLabs();

/** A second and a half of copying, and half a second around it. */
const settings = { bandwidthBitsPerSecond: 130e6, stallLimitMs: 5000 };

function moments(count: number, mostMs: number): number[] {
  return Array.from({ length: count }, () => chance.between(0, mostMs));
}

/** Which way it ended is chance too; that it is reported truly is not. */
function eitherWay({ told: { outcome } }: Verdict): object {
  return outcome === 'done-on-destination' ? doneOnDestination() : safeOnSource({});
}

describe.skipIf(reason !== '')(`at random moments (seed ${chance.seed})${reason}`, oneTry, () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.make();
    // All of it must be there afterwards, to the letter: `leftOver` of the seven checks.
    for (const host of stage.premises.hosts) stage.network.furnish(host);
  });
  afterAll(() => stage[Symbol.asyncDispose]());

  test.each(moments(kills, 3000))(
    '`switchyard migrate` is killed after %i ms, and `watch` finishes',
    async (afterMs) => {
      const { process: manager, before, id } = await stage.beginByCommand({ settings });
      const died = once(manager, 'close');
      await sleep(afterMs);
      manager.kill('SIGKILL');
      await died;
      const begun = id();
      const [found, expected] = begun === undefined ? await nothing(before) : await watched(begun, before);
      expect(found).toEqual(expected);
    },
  );

  /** It had not begun: what was found, and what must be. */
  async function nothing(before: Before): Promise<readonly [object, object]> {
    return [await nothingHappened(stage, before), untouched];
  }

  async function watched(id: string, before: Before): Promise<readonly [object, object]> {
    const { code } = await finished(switchyard(['watch', id, '--json'], stage.environment));
    const verdict = await sevenChecks({ stage, id, before });
    const exitCode = verdict.told.outcome === 'done-on-destination' ? 0 : 1;
    return [
      { ...verdict, code },
      { ...eitherWay(verdict), code: exitCode },
    ];
  }

  test.each(Array.from({ length: kills }, () => chance.between(1, 34)))(
    'a manager kills itself with %i entries in its journal',
    async (diesAt) => {
      const story = await stage.beginMortally({ diesAt }, { settings });
      const successor = await stage.application.open(story.id);
      // Nothing is left to be done when it died of its last entry.
      await successor?.ended;
      const verdict = await sevenChecks(story);
      expect(verdict).toEqual(eitherWay(verdict));
    },
  );

  test.each(moments(cuts, 1600))(
    'one of two links is cut %i ms after they were joined, and the guest arrives',
    async (afterMs) => {
      const story = await stage.begin({ settings });
      await story.reached(told('negotiated'));
      await sleep(afterMs);
      stage.network.cut(chance.oneOf(['down', 'silent']), chance.oneOf([1, 2]));
      await story.end();
      stage.network.restore();
      expect(await sevenChecks(story)).toEqual(doneOnDestination());
    },
  );

  test.each(moments(Math.ceil(cuts / 2), 2000))(
    'all links are cut after %i ms, and the guest is where the record says',
    async (afterMs) => {
      const story = await stage.begin({ settings: { ...settings, stallLimitMs: 1500 } });
      await sleep(afterMs);
      stage.network.cut(chance.oneOf(['down', 'silent']));
      await story.end();
      stage.network.restore();
      const verdict = await sevenChecks(story);
      expect(verdict).toEqual(eitherWay(verdict));
    },
  );
});
