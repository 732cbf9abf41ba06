import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { oddMemory, parseLabOptions, planLab } from './options.ts';

const mebibyte = 2 ** 20;

test('a lab of which nothing is said', () => {
  expect(planLab({})).toEqual({
    names: expect.objectContaining({ lab: 'lab' }),
    linkRatesBitsPerSecond: [500e6, 500e6],
    guestMemoryBytes: 512 * mebibyte - 8192,
    // A tenth of 500 Mbit/s is 1526 pages per second.
    walk: { startAddress: mebibyte, endAddress: 401 * mebibyte, pagesPerTick: 15, heartbeatInterval: 1 },
    pathManager: 'configured',
    mptcpOff: [],
    guestArguments: [],
  });
});

test('the texts of a command line', () => {
  const texts = { name: 'n', links: '1gbit,200mbit', guestMemory: '1GiB', guestWalk: '64MiB', guestPace: '50mbit' };
  expect(parseLabOptions(texts)).toEqual({
    name: 'n',
    linkRatesBitsPerSecond: [1e9, 200e6],
    guestMemoryBytes: 1024 * mebibyte,
    guestWalkBytes: 64 * mebibyte,
    guestPace: 50e6 / 8 / 4096,
  });
});

test('what is not said on a command line is left to the defaults', () => {
  expect(parseLabOptions({})).toEqual({});
});

test.each([
  [{ links: '500' }, /"500" is not a rate/],
  [{ links: '500mbit,' }, /"" is not a rate/],
  [{ links: '0' }, /"0" is not a rate/],
  [{ guestMemory: 'much' }, /"much" is not a size/],
  [{ guestPace: 'fast' }, /"fast" is not a pace/],
  [{ guestPace: '0' }, /"0" is not a pace/],
])('%o is refused', (texts, sentence) => {
  expect(() => parseLabOptions(texts)).toThrow(sentence);
});

test('the default pace is a tenth of the slowest link', () => {
  expect(planLab({ linkRatesBitsPerSecond: [1e9, 100e6] }).walk.pagesPerTick).toBe(3);
});

test('the slowest pace is one page per tick', () => {
  expect(planLab({ linkRatesBitsPerSecond: [1e6] }).walk.pagesPerTick).toBe(1);
});

test('a guest that never sleeps counts its heartbeats in pages', () => {
  expect(planLab({ guestPace: 'max' }).walk).toMatchObject({ pagesPerTick: 0, heartbeatInterval: 2 ** 14 });
});

test('the default walk of any guest fits into it', () => {
  fc.assert(
    fc.property(fc.integer({ min: 16, max: 100_000 }), (mebibytes) => {
      const { walk, guestMemoryBytes } = planLab({ guestMemoryBytes: mebibytes * mebibyte });
      expect(walk.endAddress).toBeLessThanOrEqual(guestMemoryBytes - mebibyte);
    }),
  );
});

test('a walk that does not fit is refused with both sizes', () => {
  expect(() => planLab({ guestMemoryBytes: 64 * mebibyte, guestWalkBytes: 63 * mebibyte })).toThrow(
    /guest of 64(\.0)? MiB cannot walk 63(\.0)? MiB/,
  );
});

test('a guest too small to boot is refused', () => {
  expect(() => planLab({ guestMemoryBytes: 8 * mebibyte })).toThrow(/too small for its BIOS/);
});

test('a lab without links is refused', () => {
  expect(() => planLab({ linkRatesBitsPerSecond: [] })).toThrow(/1 to 8 links/);
});

test('no guest has a size that loses writes under TCG', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2 ** 20, max: 2 ** 40 }), (bytes) => {
      const odd = oddMemory(bytes);
      expect([odd % 8192, odd % (256 * 1024) > 0, bytes - odd < 16 * 1024]).toEqual([0, true, true]);
    }),
  );
});
