import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { defaultSettings, type Path } from '#contract/migration.ts';
import type { PathProbe } from '#contract/probe.ts';
import { carriedBitsPerSecond, forecast, type ForecastFacts } from './forecast.ts';

const mebibyte = 2 ** 20;

function path(speedBitsPerSecond: number | undefined, mtu = 1500): Path {
  return {
    sourceInterface: 'eth1',
    sourceAddress: '10.0.1.1',
    destinationInterface: 'eth1',
    destinationAddress: '10.0.1.2',
    mtu,
    ...(speedBitsPerSecond === undefined ? {} : { speedBitsPerSecond }),
  };
}

function facts(changes: Partial<ForecastFacts> = {}): ForecastFacts {
  return {
    memoryBytes: 512 * mebibyte,
    dirtyBitsPerSecond: 50e6,
    paths: [path(500e6), path(500e6)],
    protocol: 'mptcp',
    settings: defaultSettings,
    ...changes,
  };
}

describe('what paths carry', () => {
  test.each([
    ['TCP over full Ethernet frames: 1448 of 1514 bytes', [path(500e6)], 'tcp', 478.2e6],
    ['MPTCP over two: 1.6 % less than twice that', [path(500e6), path(500e6)], 'mptcp', 941.1e6],
    ['jumbo frames carry more', [path(500e6, 9000)], 'tcp', 496.3e6],
    ['unequal ones are added', [path(500e6), path(200e6)], 'mptcp', 658.8e6],
  ] as const)('%s', (_, paths, protocol, expected) => {
    expect(Math.round((carriedBitsPerSecond(paths, protocol) ?? 0) / 1e5) * 1e5).toBe(expected);
  });

  test('is unknown as long as the speed of one of them is', () => {
    expect(carriedBitsPerSecond([path(500e6), path(undefined)], 'mptcp')).toBeUndefined();
  });
});

describe('what was measured', () => {
  const nowEpochMs = 1_795_000_000_000;
  const measured = (known: Partial<PathProbe> = {}, speed: number | 'unknown' = 1e9): Path => ({
    ...path(speed === 'unknown' ? undefined : speed),
    probe: {
      atEpochMs: nowEpochMs - 180_000,
      reach: 'answered',
      joined: true,
      capacityBitsPerSecond: 300e6,
      problems: [],
      ...known,
    },
  });

  test.each<[string, Path[], number | undefined]>([
    ['counts as it is, before the speed of the link', [measured(), measured()], 600e6],
    ['makes a link of unknown speed count', [measured({}, 'unknown')], 300e6],
    ['is a bound that a known link goes before', [measured({ capacityIsLeast: true }, 500e6)], 470.6e6],
    ['is a bound that counts where nothing else is known', [measured({ capacityIsLeast: true }, 'unknown')], 300e6],
    ['is not used when it is stale', [measured({ stale: 'old' }, 500e6)], 470.6e6],
    ['leaves out a path that did not join', [measured(), measured({ protocol: 'mptcp', joined: false })], 300e6],
    ['of plain TCP leaves none out', [measured(), measured({ joined: false })], 600e6],
    ['leaves in the only path', [measured({ joined: false })], 300e6],
  ])('%s', (_name, paths, expected) => {
    const rate = carriedBitsPerSecond(paths, 'mptcp');
    expect(rate === undefined ? rate : Math.round(rate / 1e5) * 1e5).toBe(expected);
  });

  test.each<[string, Path[], number, string]>([
    ['with its age', [measured()], 0, 'at 300 Mbit/s (measured 3 min ago),'],
    ['without it, where one path was computed', [measured(), path(1e9)], 0, 'at 1.24 Gbit/s,'],
    ['without it, where the bandwidth limit decides', [measured()], 200e6, 'at 200 Mbit/s,'],
  ])('is shown %s', (_name, paths, bandwidthBitsPerSecond, text) => {
    const settings = { ...defaultSettings, bandwidthBitsPerSecond };
    expect(forecast(facts({ paths, nowEpochMs, settings })).text).toContain(text);
  });
});

describe('the forecast', () => {
  test('copies until the rest fits into the downtime limit, and uses that', () => {
    expect(forecast(facts())).toEqual({
      durationMs: expect.closeTo(4803, -1),
      downtimeMs: 300,
      converges: true,
      text: 'At most about 4.8 s at 941 Mbit/s, of which the guest stands still for about 300 ms.',
    });
  });

  test('is one copy and an open end where the dirty rate is not known', () => {
    expect(forecast(facts({ dirtyBitsPerSecond: undefined }))).toEqual({
      durationMs: expect.closeTo(4564, -1),
      text: expect.stringContaining('depends on how fast the guest writes, which was not measured'),
    });
  });

  test('one path may not converge where two do', () => {
    const busy = facts({ dirtyBitsPerSecond: 600e6 });
    expect([forecast({ ...busy, paths: [path(500e6)], protocol: 'tcp' }).converges, forecast(busy).converges]).toEqual([
      false,
      true,
    ]);
  });

  test.each([
    ['nothing', {}, 'Allow auto-converge or post-copy'],
    ['auto-converge', { autoConverge: true }, 'Auto-converge will slow the guest'],
    ['post-copy', { postCopy: 'allow' }, 'Post-copy, which is allowed'],
  ] as const)('what does not converge names the way out where %s is allowed', (_, changes, words) => {
    const { text, ...rest } = forecast(
      facts({ dirtyBitsPerSecond: 2e9, settings: { ...defaultSettings, ...changes } }),
    );
    expect([rest, text]).toEqual([{ converges: false }, expect.stringContaining(words)]);
  });

  test('is careful where the guest writes nearly as fast as can be sent', () => {
    expect(forecast(facts({ dirtyBitsPerSecond: 800e6 })).text).toMatch(
      /^Borderline, about .* the guest writes 800 Mbit/,
    );
  });

  test('takes the bandwidth limit for what it is', () => {
    const limited = facts({ settings: { ...defaultSettings, bandwidthBitsPerSecond: 100e6 }, dirtyBitsPerSecond: 0 });
    expect(forecast(limited).durationMs).toBeCloseTo((512 * mebibyte * 8) / 100e6 / 1e-3, 0);
  });

  test.each([
    ['no path', { paths: [] }],
    ['an unknown speed', { paths: [path(undefined)] }],
    ['an unknown size', { memoryBytes: undefined }],
  ] as const)('says only that no forecast is possible with %s', (_, changes) => {
    expect(Object.keys(forecast(facts(changes)))).toEqual(['text']);
  });

  test('of any facts holds only finite figures, and a downtime within its limit', () => {
    const figure = fc.double({ min: 1, max: 1e12, noNaN: true });
    fc.assert(
      fc.property(figure, figure, figure, fc.integer({ min: 1, max: 2_000_000 }), (memory, dirty, speed, limit) => {
        const told = forecast(
          facts({
            memoryBytes: memory,
            dirtyBitsPerSecond: dirty,
            paths: [path(speed)],
            settings: { ...defaultSettings, downtimeLimitMs: limit },
          }),
        );
        const { durationMs = 0, downtimeMs = 0 } = told;
        const finite = Number.isFinite(durationMs) && durationMs >= downtimeMs;
        expect([finite, downtimeMs <= limit * 1.000001]).toEqual([true, true]);
      }),
    );
  });
});
