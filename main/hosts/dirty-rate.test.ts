import { expect, test } from 'vitest';
import { QmpClient } from '#main/qmp/client.ts';
import type { JsonObject } from '#main/qmp/json.ts';
import { FakeMonitor } from '#main/qmp/testing/fake-monitor.ts';
import { measureDirtyRate } from './dirty-rate.ts';

const gibibyte = 2 ** 30;

/** A QEMU that answers `query-dirty-rate` with one after the other. */
async function measure(answers: readonly JsonObject[], memoryBytes: number) {
  const left = [...answers];
  const handlers = {
    'calc-dirty-rate': () => ({}),
    'query-dirty-rate': () => ({ 'start-time': 5, 'calc-time': 1, ...left.shift() }),
  };
  const fake = new FakeMonitor({ handlers });
  await using client = await QmpClient.connect({ transport: fake.connect() });
  return { rate: await measureDirtyRate(client, memoryBytes), asked: fake.requests[1]?.args };
}

test('waits for the measurement, which never is by dirty bitmap', async () => {
  expect(await measure([{ status: 'measuring' }, { status: 'measured', 'dirty-rate': 6 }], gibibyte)).toEqual({
    rate: 7 * 2 ** 20 * 8,
    asked: { 'calc-time': 1, 'sample-pages': 8192 },
  });
});

test.each([
  ['could not measure', { status: 'measured', 'dirty-rate': -1 }],
  ['has dropped the measurement', { status: 'unstarted' }],
])('has no figure where QEMU %s', async (_, answer) => {
  expect((await measure([answer], gibibyte)).rate).toBeUndefined();
});

test.each([
  [gibibyte / 4, 16_384],
  [16 * gibibyte, 512],
  [1024 * gibibyte, 128],
])('of %d bytes samples %d pages per GiB', async (memoryBytes, expected) => {
  const { asked } = await measure([{ status: 'measured', 'dirty-rate': 0 }], memoryBytes);
  expect(asked?.['sample-pages']).toBe(expected);
});
