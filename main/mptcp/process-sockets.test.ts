import { expect, test } from 'vitest';
import { ProcessSockets } from './process-sockets.ts';

/** A process whose descriptors change: each listing shows the next set, the last one for good. */
function processWith(...listings: (readonly number[] | undefined)[]): {
  sockets: ProcessSockets;
  listed: () => number;
} {
  let count = 0;
  const sockets = new ProcessSockets(1, () => {
    const listing = listings[Math.min(count++, listings.length - 1)];
    return listing && new Set(listing);
  });
  return { sockets, listed: () => count };
}

const socket = (inode: number, cookie = BigInt(inode)) => ({ inode, cookie });

test('distinguishes its own sockets from those of others', async () => {
  const { sockets } = processWith([10]);
  await sockets.refresh([socket(10), socket(11)], 0);
  expect([sockets.has(socket(10)), sockets.has(socket(11))]).toEqual([true, false]);
});

test('a socket that it has closed stays its own', async () => {
  const { sockets } = processWith([10], []);
  await sockets.refresh([socket(10, 77n)], 0);
  await sockets.refresh([socket(0, 77n)], 2000);
  expect(sockets.has(socket(0, 77n))).toBe(true);
});

test('lists again for a socket it has not seen, but not for the same stranger each time', async () => {
  const { sockets, listed } = processWith([10], [10, 12]);
  await sockets.refresh([socket(10), socket(11)], 0);
  await sockets.refresh([socket(10), socket(11)], 100);
  const whileNothingIsNew = listed();
  await sockets.refresh([socket(10), socket(11), socket(12)], 200);
  expect([whileNothingIsNew, listed(), sockets.has(socket(12))]).toEqual([1, 2, true]);
});

test('lists again after a second: an accepted socket may have been a stranger before', async () => {
  const { sockets } = processWith([], [11]);
  await sockets.refresh([socket(11)], 0);
  await sockets.refresh([socket(11)], 1000);
  expect(sockets.has(socket(11))).toBe(true);
});

test('a process that has gone owns nothing new', async () => {
  const { sockets } = processWith(undefined);
  await sockets.refresh([socket(11)], 0);
  expect(sockets.has(socket(11))).toBe(false);
});
