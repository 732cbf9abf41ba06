import { expect, test } from 'vitest';
import { exampleRecord } from '#main/cli/testing/fakes.ts';
import { compare, type Move } from './comparison.ts';
import { comparisonLines } from './comparison-view.ts';

const record = exampleRecord();
const mptcp: Move = { record, silenceMs: 41, memory: { proven: true, steps: 4242 } };
const [eth1] = record.subflows;
const tcp: Move = {
  record: {
    ...record,
    id: '20261122T120200Z-0001',
    transport: { requested: 'off', negotiated: 'tcp', fallback: false },
    subflows: eth1 ? [{ ...eth1, shareFraction: 1 }] : [],
    totals: { ...record.totals, goodputBitsPerSecond: record.totals.goodputBitsPerSecond / 2, durationMs: 3600 },
  },
  silenceMs: undefined,
  memory: { proven: false, reason: 'page 7 is stale' },
};

test('each transport is measured against the links that it can use, after its own headers', () => {
  const compared = compare(tcp, mptcp);
  const goodput = record.totals.goodputBitsPerSecond;
  expect([compared.tcp.payloadEfficiencyFraction, compared.mptcp.payloadEfficiencyFraction, compared.speedUp]).toEqual([
    expect.closeTo(goodput / 2 / ((500e6 * 1448) / 1514), 9),
    expect.closeTo(goodput / ((1e9 * 1428) / 1514), 9),
    2,
  ]);
});

test('a connection that never was has no capacity', () => {
  const never = { ...record, transport: { requested: 'require', fallback: false } as const };
  expect(compare({ ...tcp, record: never }, mptcp).tcp.payloadCapacityBitsPerSecond).toBeUndefined();
});

test('both moves stand side by side', () => {
  expect(comparisonLines(compare(tcp, mptcp)).split('\n')).toEqual([
    '                         one link, TCP                both links, MPTCP',
    'Negotiated               TCP                          Multipath TCP',
    'Duration                 3.6 s                        1.8 s',
    'Transferred              200 MiB                      200 MiB',
    'Goodput                  419 Mbit/s                   839 Mbit/s',
    'Of what the links carry  87.7 %                       88.9 %',
    'Downtime of the guest    not measured                 not measured',
    'Silence of the guest     not measured                 41 ms',
    'Downtime, by QEMU        38 ms                        38 ms',
    'Share of eth1            100 %                        60 %',
    'Share of eth2            -                            40 %',
    'Memory                   NOT proven: page 7 is stale  proven',
    'Speed-up                                              2.00 times',
  ]);
});
