import { describe, expect, test } from 'vitest';
import { SwitchyardError } from '#contract/errors.ts';
import type { LeftOutPair, Path } from '#contract/migration.ts';
import type { SubflowSample } from '#contract/telemetry.ts';
import { ExcludedSubflows, excludedSubflows } from './excluded-subflows.ts';
import type { MigrationHost, SubflowName } from './ports.ts';
import { plan } from './simulation/states.ts';

const path = (link: number, to = link): Path => ({
  sourceInterface: `eth${link}`,
  sourceAddress: `10.0.${link}.1`,
  destinationInterface: `eth${to}`,
  destinationAddress: `10.0.${to}.2`,
  mtu: 1500,
});
const leftOut = (pair: Path, reason: LeftOutPair['reason'] = 'excluded-by-operator'): LeftOutPair => ({
  ...pair,
  reason,
  text: 'Left out.',
});
const subflow = (id: string, from: number, to = from, state: SubflowSample['state'] = 'active'): SubflowSample => ({
  id,
  localAddress: `10.0.${from}.1`,
  localPort: 40_000,
  remoteAddress: `10.0.${to}.2`,
  remotePort: 4444,
  state,
  bytesSent: 0,
  bytesRetransmitted: 0,
  throughputBitsPerSecond: 0,
  shareFraction: 0,
  rttUs: 1,
  rttVarianceUs: 1,
  congestionWindowBytes: 1,
  retransmits: 0,
  unsentBytes: 0,
});
const chosen = { paths: [path(1)], leftOut: [leftOut(path(2))] };

describe('a subflow is not wanted', () => {
  test.each<[string, Parameters<typeof excludedSubflows>[0], SubflowSample[], string[]]>([
    ['on an excluded path', chosen, [subflow('a/0', 1), subflow('a/1', 2)], ['a/1']],
    ['to an excluded address from another one', chosen, [subflow('a/0', 1), subflow('a/1', 1, 2)], ['a/1']],
    ['from an excluded address to another one', chosen, [subflow('a/0', 1), subflow('a/1', 2, 1)], ['a/1']],
  ])('%s', (_, of, subflows, unwanted) => {
    expect(excludedSubflows(of, { subflows }).map(({ id }) => id)).toEqual(unwanted);
  });

  test.each<[string, Parameters<typeof excludedSubflows>[0], SubflowSample[]]>([
    ['nothing is excluded', { paths: [path(1)] }, [subflow('a/0', 1), subflow('a/1', 2)]],
    [
      'its path is left out for another reason',
      { paths: [path(1)], leftOut: [leftOut(path(2), 'no-route')] },
      [subflow('a/0', 1), subflow('a/1', 2)],
    ],
    [
      'one end of it is that of a path that is used',
      { paths: [path(1), path(2, 3)], leftOut: [leftOut(path(2))] },
      [subflow('a/0', 1), subflow('a/1', 2, 3)],
    ],
    ['it has ended', chosen, [subflow('a/0', 1), subflow('a/1', 2, 2, 'closed')]],
    ['it is the last that carries anything', chosen, [subflow('a/0', 1, 1, 'stale'), subflow('a/1', 2)]],
    ['what else carries is another connection', chosen, [subflow('b/0', 1), subflow('a/1', 2)]],
  ])('unless %s', (_, of, subflows) => {
    expect(excludedSubflows(of, { subflows })).toEqual([]);
  });
});

describe('an unwanted subflow', () => {
  const closing = (answer: () => Promise<void>) => {
    const asked: SubflowName[] = [];
    const faults: unknown[] = [];
    const source: Pick<MigrationHost, 'closeSubflows'> = {
      closeSubflows: (name) => {
        asked.push(name);
        return answer();
      },
    };
    const host: MigrationHost = Object.assign(Object.create(null), source);
    const subflows = new ExcludedSubflows({
      ports: { source: host, plan: { ...plan, ...chosen } },
      onFault: (thrown) => void faults.push(thrown),
    });
    return { subflows, asked, faults };
  };
  const sample = { subflows: [subflow('a/0', 1), subflow('a/1', 2)] };

  test('is closed once, by its ends and the port of the destination', () => {
    const { subflows, asked } = closing(() => Promise.resolve());
    subflows.sampled(sample);
    subflows.sampled(sample);
    expect(asked).toEqual([{ localAddress: '10.0.2.1', remoteAddress: '10.0.2.2', port: 4444 }]);
  });

  test('stays where its host refuses, and a fault of ours is reported', async () => {
    const refused = new SwitchyardError({ kind: 'unreachable', host: 'alpha', text: 'No.', remedy: 'Wait.' });
    const fault = new TypeError('ours');
    const reported = await Promise.all(
      [refused, fault].map(async (thrown) => {
        const { subflows, faults } = closing(() => Promise.reject(thrown));
        subflows.sampled(sample);
        await Promise.resolve();
        return faults;
      }),
    );
    expect(reported).toEqual([[], [fault]]);
  });
});
