import { expect, test } from 'vitest';
import { SwitchyardError } from '#contract/errors.ts';
import type { JournalEventOf } from '#contract/migration.ts';
import { PortCounts } from './port-counts.ts';
import type { PortCounter } from './ports.ts';
import { planned } from './simulation/scenes.ts';
import { VirtualClock } from './simulation/virtual-clock.ts';

function counter(name: string, sentBytes: number, receivedBytes: number): PortCounter {
  return { interface: name, sentBytes, receivedBytes };
}

/** A host that answers with one list after the other. */
function host(...answers: (readonly PortCounter[] | Error | 'silence')[]) {
  return {
    portCounters: (): Promise<readonly PortCounter[]> => {
      const answer = answers.shift();
      if (answer === undefined || answer === 'silence') return Promise.withResolvers<never>().promise;
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
  };
}

function subflow(id: string, index: number, bytesSent: number) {
  const { plan } = planned();
  const [path] = plan.paths;
  return {
    id,
    localAddress: path?.sourceAddress ?? '',
    remoteAddress: index === 0 ? (path?.destinationAddress ?? '') : '192.0.2.9',
    bytesSent,
  };
}

async function counted(
  source: ReturnType<typeof host>,
  destination: ReturnType<typeof host>,
  subflows: readonly ReturnType<typeof subflow>[] = [subflow('1', 0, 500), subflow('2', 0, 300), subflow('3', 1, 107)],
): Promise<JournalEventOf<'ports-counted'> | undefined> {
  const { plan } = planned();
  const clock = new VirtualClock();
  const counts = new PortCounts({ plan, clock, source, destination, report: () => 'unreported' });
  counts.begin();
  counts.saw({ subflows: subflows.map((each) => ({ ...each, bytesSent: each.bytesSent - 100 })) });
  counts.saw({ subflows: [...subflows] });
  return clock.until(counts.end());
}

test('what the interfaces counted stands beside what the subflows of the path carried since they were first seen', async () => {
  const event = await counted(
    host([counter('eth1', 1000, 0), counter('eth9', 5, 5)], [counter('eth1', 1900, 40), counter('eth9', 6, 6)]),
    host([counter('eth1', 0, 10)], [counter('eth1', 3, 870)]),
  );
  expect(event).toEqual({
    kind: 'ports-counted',
    paths: [{ interface: 'eth1', destinationInterface: 'eth1', carriedBytes: 200, sentBytes: 900, receivedBytes: 860 }],
  });
});

test('an interface that is not there at both times, or was made again meanwhile, is not counted', async () => {
  const event = await counted(
    host([counter('eth1', 1000, 0)], [counter('eth1', 900, 0)]),
    host([], [counter('eth1', 3, 870)]),
  );
  expect(event?.paths).toEqual([{ interface: 'eth1', destinationInterface: 'eth1', carriedBytes: 200 }]);
});

const refusal = new SwitchyardError({ kind: 'unreachable', host: 'beta', text: 'beta is gone.', remedy: 'Look.' });

test.each<[string, ReturnType<typeof host>, ReturnType<typeof host>]>([
  ['refuses before', host(refusal, []), host([], [])],
  ['refuses after', host([], []), host([], refusal)],
  ['does not answer', host([], []), host([], 'silence')],
])('nothing is reported where a host %s', async (_, source, destination) => {
  expect(await counted(source, destination)).toBeUndefined();
});

test('nothing is reported where no subflow was seen', async () => {
  expect(await counted(host([], []), host([], []), [])).toBeUndefined();
});

test('a fault of ours is not taken for an answer', async () => {
  await expect(counted(host(new TypeError('ours'), []), host([], []))).rejects.toThrow('ours');
});
