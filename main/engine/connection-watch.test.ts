import { expect, test } from 'vitest';
import { ConnectionWatch } from './connection-watch.ts';
import { LivePaths } from './live-paths.ts';
import { planned } from './simulation/scenes.ts';

const statistics = {
  status: 'active',
  totalBytes: 1,
  transferredBytes: 1,
  remainingBytes: 0,
  iteration: 1,
  dirtyPagesPerSecond: 0,
  pageSizeBytes: 4096,
};

test('what was sampled last is no news any more once the host has been silent for some seconds', async () => {
  const migration = planned();
  const run = await migration.begin();
  const { ports } = migration.manager;
  const { clock, nature } = migration.world;
  const common = { ports, state: () => run.state, record: () => Promise.resolve(), onFault: () => undefined };
  const paths = new LivePaths({ ...common, isSending: () => false, lastSample: () => watch.current });
  let copying = true;
  const watch: ConnectionWatch = new ConnectionWatch({
    ...common,
    paths,
    isCopying: () => copying,
    statistics: () => statistics,
    onSample: () => undefined,
  });
  const isNews = [watch.current !== undefined];
  watch.open(4444);
  watch.start();
  for (const [sampling, passedMs] of [
    [Promise.resolve(), 1000],
    [new Promise(() => undefined), 3000],
    [undefined, 3000],
  ] as const) {
    if (sampling) nature.sampling = sampling;
    await clock.pass(passedMs);
    isNews.push(watch.current !== undefined);
  }
  copying = false;
  await clock.until(watch.end());
  expect(isNews).toEqual([false, true, true, false]);
});
