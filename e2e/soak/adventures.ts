import { setTimeout as sleep } from 'node:timers/promises';
import type { MigrationSettings } from '#contract/migration.ts';
import type { Chance } from '#e2e/support/stage/chance.ts';
import { inPostCopy, seen, told } from '#e2e/support/stage/moments.ts';
import type { Stage } from '#e2e/support/stage/stage.ts';
import type { Story } from '#e2e/support/stage/story.ts';

/** What may go wrong in a soak; resolves when the migration has ended, and no process works on it any more. */
export type Adventure = (stage: Stage, chance: Chance) => Promise<Story>;

/** A second of copying. */
const settings: Partial<MigrationSettings> = { bandwidthBitsPerSecond: 200e6, stallLimitMs: 1500 };
const lastEntry = 33;
const copyMs = 1200;

const postCopySettings: Partial<MigrationSettings> = { ...settings, bandwidthBitsPerSecond: 30e6, postCopy: 'allow' };

async function beginPostCopy(stage: Stage): Promise<Story> {
  const story = await stage.begin({ settings: postCopySettings });
  story.at(seen('source', { migration: 'active' }), () => story.migration.ask({ command: 'post-copy', by: 'soak' }));
  return story;
}

/** A migration that no process manages is taken up when it is found; nothing may be left to do. */
async function takeUp(stage: Stage, story: Story): Promise<void> {
  const successor = await stage.application.open(story.id);
  if (!successor) return;
  story.goOn(successor);
  await story.end();
}

export const adventures: Readonly<Record<string, Adventure>> = {
  'nothing befalls it': async (stage) => {
    const story = await stage.begin();
    await story.end();
    return story;
  },

  'its manager is killed': async (stage, chance) => {
    const story = await stage.beginMortally({ diesAt: chance.between(1, lastEntry) }, { settings });
    await takeUp(stage, story);
    return story;
  },

  'its manager is killed, and no successor comes for a while': async (stage, chance) => {
    const story = await stage.beginMortally({ diesAt: chance.between(1, lastEntry) }, { settings });
    await sleep(chance.between(500, 2500));
    await takeUp(stage, story);
    return story;
  },

  'a link is cut and restored': async (stage, chance) => {
    const story = await stage.begin({ settings });
    await story.reached(told('negotiated'));
    await sleep(chance.between(0, copyMs));
    stage.network.cut(chance.oneOf(['down', 'silent']), chance.oneOf([1, 2]));
    await sleep(chance.between(0, copyMs));
    stage.network.restore();
    await story.end();
    return story;
  },

  'all links are cut': async (stage, chance) => {
    const story = await stage.begin({ settings });
    await story.reached(told('negotiated'));
    await sleep(chance.between(0, copyMs));
    stage.network.cut(chance.oneOf(['down', 'silent']));
    await story.end();
    stage.network.restore();
    return story;
  },

  'its destination is killed': async (stage, chance) => {
    const story = await stage.begin({ settings });
    await story.reached(told('negotiated'));
    await sleep(chance.between(0, copyMs));
    // Later it would be a guest that has arrived.
    if (!story.entries.some(({ event }) => event.kind === 'committed')) process.kill(story.destinationPid, 'SIGKILL');
    await story.end();
    return story;
  },

  'its operator cancels': async (stage, chance) => {
    const story = await stage.begin({ settings });
    await sleep(chance.between(0, copyMs));
    await story.migration.ask({ command: 'cancel', by: 'soak' });
    await story.end();
    return story;
  },

  'it goes over in post-copy': async (stage) => {
    const story = await beginPostCopy(stage);
    await story.end();
    return story;
  },

  'its post-copy is interrupted, and recovered': async (stage, chance) => {
    const story = await beginPostCopy(stage);
    story.at(inPostCopy, () => stage.network.cut(chance.oneOf(['down', 'silent'])));
    const { outcome } = await story.end();
    stage.network.restore();
    if (outcome !== 'paused-recoverable') return story;
    story.goOn(await stage.application.takeUpTo(story.id, 'recover'));
    await story.end();
    return story;
  },
};
