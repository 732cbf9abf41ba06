import { describe, expect, test } from 'vitest';
import { SwitchyardError } from '#contract/errors.ts';
import { defaultSettings, type Plan } from '#contract/migration.ts';
import { examplePlan } from '#main/export/testing/example-migration.ts';
import { rehearse } from '#main/hosts/rehearsal.ts';
import { readQemuFeatures, type QemuFeatures } from '#main/qmp/features.ts';
import { forecastsFor, Foreteller, type StageHost } from './foretell.ts';

const features: QemuFeatures = {
  ...readQemuFeatures({ major: 7, minor: 2, micro: 22, package: '' }, []),
  mptcp: true,
  migrationCapabilities: [
    'auto-converge',
    'events',
    'multifd',
    'pause-before-switchover',
    'postcopy-ram',
    'return-path',
  ],
};

/** A host on which nothing happens; `measured` counts how often it was asked to measure. */
function stageHost(overrides: Partial<StageHost> = {}): StageHost & { measured: number } {
  const host = {
    measured: 0,
    dirtyRate: () => {
      host.measured += 1;
      return Promise.resolve(50e6);
    },
    rehearse: () => rehearse(features),
    ...overrides,
  };
  return host;
}

const foretell = (plan: Plan, host: StageHost = stageHost()) =>
  new Foreteller(() => host).foretell({ plan, refusals: [] });

describe('the review', () => {
  test('is what the engine sends, to whom, in its order', async () => {
    const { review } = await foretell(examplePlan());
    expect(review.map(({ side, command }) => `${side} ${command}`)).toEqual([
      expect.stringMatching(/^destination .*migrate-set-capabilities.*"return-path","state":true/),
      expect.stringMatching(/^source .*migrate-set-capabilities.*"return-path","state":true/),
      'source {"execute":"migrate-set-parameters","arguments":{"downtime-limit":300,"max-bandwidth":0}}',
      'destination {"execute":"migrate-incoming","arguments":{"uri":"tcp:0.0.0.0:0,mptcp=on"}}',
      'source {"execute":"migrate","arguments":{"uri":"tcp:10.0.1.2:PORT,mptcp=on"}}',
      'source {"execute":"migrate-continue","arguments":{"state":"pre-switchover"}}',
      'destination {"execute":"cont","arguments":{}}',
      'source {"execute":"quit","arguments":{}}',
    ]);
  });

  test('of a paused guest has no word that would start it', async () => {
    const { review } = await foretell(examplePlan({ guestWasRunning: false }));
    expect(review.some(({ command }) => command.includes('"cont"'))).toBe(false);
  });

  test('of a connection that Switchyard makes hands descriptors over', async () => {
    const { review } = await foretell(examplePlan({ settings: { ...defaultSettings, socket: 'app' } }));
    expect(review.filter(({ command }) => /getfd|migrate-incoming|"migrate"/.test(command))).toEqual(
      (['destination', 'source'] as const).flatMap((side) => [
        { side, command: '{"execute":"getfd","arguments":{"fdname":"switchyard-migration"}}' },
        {
          side,
          command: `{"execute":"${side === 'source' ? 'migrate' : 'migrate-incoming'}","arguments":{"uri":"fd:switchyard-migration"}}`,
        },
      ]),
    );
  });

  test('of a QEMU that waits begins with what keeps it paused, and asks it for no port where it listens already', async () => {
    const guest = { ...examplePlan().guest, hostId: 'lab-destination', waiting: true };
    const review = async (listens: boolean): Promise<string[]> =>
      (await foretell(examplePlan({ waiting: { guest, listens } }))).review
        .filter(({ side }) => side === 'destination')
        .map(({ command }) => /"execute":"([^"]*)"/.exec(command)?.[1] ?? command);
    expect([await review(false), await review(true)]).toEqual([
      ['stop', 'migrate-set-capabilities', 'migrate-incoming', 'cont'],
      ['stop', 'migrate-set-capabilities', 'cont'],
    ]);
  });

  test('of prepared paths is the same: they are not QEMU’s', async () => {
    const preparation = {
      source: [],
      destination: [{ kind: 'add-endpoint', endpoint: { address: '10.0.2.2', flags: ['signal'] } }],
    } as const satisfies Plan['preparation'];
    expect((await foretell(examplePlan({ preparation }))).review).toEqual((await foretell(examplePlan())).review);
  });

  test('follows the settings', async () => {
    const settings = { ...defaultSettings, mptcp: 'off', parallelConnections: 4, bandwidthBitsPerSecond: 8e6 } as const;
    const { review } = await foretell(examplePlan({ settings }));
    const text = review.map(({ command }) => command).join('\n');
    expect([text.includes('mptcp'), text.includes('"max-bandwidth":1000000,"multifd-channels":4')]).toEqual([
      false,
      true,
    ]);
  });

  test.each([
    ['no QEMU is installed', () => Promise.resolve(undefined)],
    ['a monitor is held', () => Promise.reject(unreachable)],
  ])('is empty where %s, and the checks say why', async (_, rehearsing) => {
    const { review, checks } = await foretell(examplePlan(), stageHost({ rehearse: rehearsing }));
    expect([review, checks]).toEqual([[], examplePlan().checks]);
  });
});

describe('the dirty rate', () => {
  test('is measured once a minute for each guest, for all windows', async () => {
    const host = stageHost();
    let nowMs = 0;
    const foreteller = new Foreteller(
      () => host,
      () => nowMs,
    );
    const ask = () => foreteller.foretell({ plan: examplePlan(), refusals: [] });
    await Promise.all([ask(), ask()]);
    nowMs = 59_000;
    await ask();
    const before = host.measured;
    nowMs = 61_000;
    await ask();
    expect([before, host.measured]).toEqual([1, 2]);
  });

  test('of a guest that stands still is not measured', async () => {
    const host = stageHost();
    await foretell(examplePlan({ guestWasRunning: false }), host);
    expect(host.measured).toBe(0);
  });

  test('that cannot be measured leaves a forecast that says so', async () => {
    const { forecast } = await foretell(examplePlan(), stageHost({ dirtyRate: () => Promise.reject(unreachable) }));
    expect([forecast.chosen.converges, forecast.chosen.text]).toEqual([
      undefined,
      expect.stringContaining('which was not measured'),
    ]);
  });
});

describe('the two forecasts', () => {
  const durations = (plan: Plan) => {
    const { chosen, onePath } = forecastsFor(plan, 0);
    return Math.round(((chosen.durationMs ?? 0) / (onePath.durationMs ?? 1)) * 100) / 100;
  };

  test('show what MPTCP is worth here', () => {
    expect(durations(examplePlan())).toBe(0.51);
  });

  const plan = examplePlan();
  const withoutMptcp = { ...plan.destination, mptcp: { ...plan.destination.mptcp, usable: false } };
  const olderQemu = { binary: '/usr/bin/qemu', version: '5.2.0', mptcp: false };
  test.each([
    ['it is switched off', examplePlan({ settings: { ...defaultSettings, mptcp: 'off' } }), 1],
    ['a kernel does not speak it', examplePlan({ destination: withoutMptcp }), 1],
    ['a QEMU does not know it', examplePlan({ source: { ...plan.source, qemu: olderQemu } }), 1],
    [
      'it is switched off and the slower path is first',
      examplePlan({
        settings: { ...defaultSettings, mptcp: 'off' },
        paths: plan.paths.map((path, index) => ({ ...path, speedBitsPerSecond: index === 0 ? 2.5e8 : 5e8 })),
      }),
      2,
    ],
    [
      'a QEMU need not know it',
      examplePlan({ source: { ...plan.source, qemu: olderQemu }, settings: { ...defaultSettings, socket: 'app' } }),
      0.51,
    ],
  ])('where %s', (_, changed, ratio) => {
    expect(durations(changed)).toBe(ratio);
  });
});

const unreachable = new SwitchyardError({ kind: 'unreachable', host: 'a', text: 'Held.', remedy: 'Wait.' });
