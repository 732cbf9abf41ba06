import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TcpSocketRow } from '#native/netlink/socket-table.ts';
import { groupConnections } from './connections.ts';
import { TransportSampler, type TransportReading, type TransportSample } from './sampler.ts';
import { join, mptcpRow, tcpRow } from './socket-rows.ts';

const interfaces: Readonly<Record<string, string>> = { '10.77.1.1': 'eth1', '10.77.2.1': 'eth2' };

function reading(
  atMonoMs: number,
  tcp: readonly TcpSocketRow[],
  changes: Partial<TransportReading> & { mptcp?: Parameters<typeof mptcpRow>[0] } = {},
): TransportReading {
  const { mptcp, ...rest } = changes;
  const sockets = tcp.some(({ subflow }) => subflow) ? [mptcpRow(mptcp)] : [];
  return {
    atMonoMs,
    connections: groupConnections({ tcp, mptcp: sockets }, () => true),
    destroyed: [],
    interfaceOf: ({ localAddress }) => interfaces[localAddress],
    staleCount: 0,
    ...rest,
  };
}

/** `bytes` of payload; the kernel counts one more for the SYN. */
const first = (bytes: number, info: object = {}): TcpSocketRow => tcpRow({ info: { bytesAcked: bytes + 1, ...info } });
const second = (bytes: number, info: object = {}): TcpSocketRow =>
  tcpRow({ ...join, info: { bytesAcked: bytes + 1, ...info } });

function samplesOf(...readings: readonly TransportReading[]): TransportSample[] {
  const sampler = new TransportSampler();
  return readings.map((each) => sampler.sample(each));
}

const last = (...readings: readonly TransportReading[]): TransportSample | undefined => samplesOf(...readings).at(-1);

type Member = keyof TransportSample['subflows'][number];

const pick = (sample: TransportSample | undefined, ...members: readonly Member[]): unknown[] =>
  (sample?.subflows ?? []).map((subflow) => members.map((member) => subflow[member]));

describe('a sample', () => {
  test('reports everything about a subflow', () => {
    const busy = { retransmittedSegments: 3, bytesRetransmitted: 3000, unsentBytes: 700, rttUs: 2500 };
    const sample = last(
      reading(0, [first(0)]),
      reading(100, [first(5000, busy)], { mptcp: { info: { bytesAcked: 4900 } } }),
    );
    expect(sample).toEqual({
      throughputBitsPerSecond: 400_000,
      connections: [{ id: 'd27c32f1', protocol: 'mptcp', fallback: false, bytesSent: 4900, bytesReinjected: 0 }],
      subflows: [
        {
          id: 'd27c32f1/1',
          interface: 'eth1',
          localAddress: '10.77.1.1',
          localPort: 59_500,
          remoteAddress: '10.77.1.2',
          remotePort: 4444,
          state: 'active',
          bytesSent: 5000,
          bytesRetransmitted: 3000,
          throughputBitsPerSecond: 400_000,
          shareFraction: 1,
          rttUs: 2500,
          rttVarianceUs: 300,
          congestionWindowBytes: 50_000,
          retransmits: 3,
          unsentBytes: 700,
        },
      ],
    });
  });

  test('splits the throughput of an interval into shares', () => {
    const sample = last(reading(0, [first(0), second(0)]), reading(200, [first(3000), second(1000)]));
    expect([sample?.throughputBitsPerSecond, pick(sample, 'throughputBitsPerSecond', 'shareFraction')]).toEqual([
      160_000,
      [
        [120_000, 0.75],
        [40_000, 0.25],
      ],
    ]);
  });

  test('has no rate when it is the first: it is not known since when its bytes came', () => {
    const sample = last(reading(0, [first(9000)]));
    expect([sample?.throughputBitsPerSecond, pick(sample, 'bytesSent', 'shareFraction')]).toEqual([0, [[9000, 0]]]);
  });

  test('counts all that a new subflow has carried into the interval in which it appeared', () => {
    const sample = last(reading(0, [first(0)]), reading(100, [first(0), second(1000)]));
    expect(pick(sample, 'id', 'throughputBitsPerSecond')).toEqual([
      ['d27c32f1/1', 0],
      ['d27c32f1/2', 80_000],
    ]);
  });

  test('leaves out a join without an answer', () => {
    const asking = tcpRow({ ...join, state: 'syn-sent' });
    expect(pick(last(reading(0, [first(0), asking])), 'id')).toEqual([['d27c32f1/1']]);
  });

  test.each(['syn-sent', 'syn-received'] as const)(
    'has no connection that is %s: nothing is negotiated yet',
    (state) => {
      const asked = { ...first(0), state };
      const plain = { ...asked, subflow: undefined };
      const made = reading(200, [first(0)]);
      expect(
        samplesOf(reading(0, [asked], { mptcp: { state } }), reading(100, [plain]), made).map(
          ({ connections }) => connections.length,
        ),
      ).toEqual([0, 0, 1]);
    },
  );

  test('keeps the last totals of a subflow that closed', () => {
    const sample = last(
      reading(0, [first(0), second(0)]),
      reading(100, [first(1), second(700)]),
      reading(200, [first(1)]),
    );
    expect(pick(sample, 'id', 'state', 'bytesSent', 'throughputBitsPerSecond', 'interface')).toEqual([
      ['d27c32f1/1', 'active', 1, 0, 'eth1'],
      ['d27c32f1/2', 'closed', 700, 0, 'eth2'],
    ]);
  });

  test('completes those totals with what the kernel says in farewell', () => {
    const farewell = { ...second(1500), subflow: undefined, state: 'closed' as const, inode: 0 };
    const sample = last(reading(0, [first(0), second(700)]), reading(100, [first(0)], { destroyed: [farewell] }));
    expect(pick(sample, 'bytesSent', 'throughputBitsPerSecond').at(1)).toEqual([1500, 64_000]);
  });

  test('does not believe a farewell that says less', () => {
    const sample = last(reading(0, [first(0), second(700)]), reading(100, [first(0)], { destroyed: [second(0)] }));
    expect(pick(sample, 'bytesSent')).toEqual([[0], [700]]);
  });

  test('gives a path that comes back a new number', () => {
    const again = tcpRow({ ...join, cookie: 3n });
    const sample = last(reading(0, [first(0), second(0)]), reading(100, [first(0)]), reading(200, [first(0), again]));
    expect(pick(sample, 'id', 'state')).toEqual([
      ['d27c32f1/1', 'active'],
      ['d27c32f1/2', 'closed'],
      ['d27c32f1/3', 'active'],
    ]);
  });

  test('numbers the initial subflow first, whatever the order of the table', () => {
    expect(pick(last(reading(0, [second(0), first(0)])), 'id', 'interface')).toEqual([
      ['d27c32f1/1', 'eth1'],
      ['d27c32f1/2', 'eth2'],
    ]);
  });

  test('remembers the interface of an address that has gone', () => {
    const sample = last(reading(0, [first(0)]), reading(100, [first(0)], { interfaceOf: () => undefined }));
    expect(pick(sample, 'interface')).toEqual([['eth1']]);
  });

  test('shows a TCP run in the same shape', () => {
    const row = (bytes: number): TcpSocketRow => tcpRow({ subflow: undefined, info: { bytesAcked: bytes + 1 } });
    const sample = last(reading(0, [row(0)]), reading(100, [row(1000)]));
    expect([sample?.connections, pick(sample, 'id', 'throughputBitsPerSecond')]).toEqual([
      [{ id: 'tcp-59500', protocol: 'tcp', fallback: false, bytesSent: 1000, bytesReinjected: 0 }],
      [['tcp-59500/0', 80_000]],
    ]);
  });

  test('adds up the subflows where the kernel does not count by connection', () => {
    const old = { bytesAcked: undefined, bytesReinjected: undefined };
    const sample = last(reading(0, [first(300), second(200)], { mptcp: { info: old } }));
    expect(sample?.connections).toEqual([
      { id: 'd27c32f1', protocol: 'mptcp', fallback: false, bytesSent: 500, bytesReinjected: 0 },
    ]);
  });

  test('completes the count of a connection that has ended by its subflows, less what was sent twice', () => {
    const farewell = tcpRow({ info: { bytesAcked: 1001 } });
    const sample = last(
      reading(0, [first(900)], { mptcp: { info: { bytesAcked: 800, bytesReinjected: 50 } } }),
      reading(100, [], { destroyed: [farewell] }),
    );
    expect([sample?.connections, pick(sample, 'state', 'bytesSent')]).toEqual([
      [{ id: 'd27c32f1', protocol: 'mptcp', fallback: false, bytesSent: 950, bytesReinjected: 50 }],
      [['closed', 1000]],
    ]);
  });

  test('calls a silent subflow failing, and stale once the kernel has counted it', () => {
    const timedOut = second(700, { consecutiveTimeouts: 2 });
    const samples = samplesOf(
      reading(0, [first(0), second(700)]),
      reading(300, [first(10), timedOut]),
      reading(400, [first(20), timedOut], { staleCount: 1 }),
      reading(500, [first(30), second(701)], { staleCount: 1 }),
    );
    expect(samples.map((sample) => pick(sample, 'state').flat())).toEqual([
      ['active', 'active'],
      ['active', 'failing'],
      ['active', 'stale'],
      ['active', 'active'],
    ]);
  });

  test('remembers a count that rose before any subflow was seen to fail', () => {
    const timedOut = second(700, { consecutiveTimeouts: 2 });
    const sample = last(
      reading(0, [first(0), second(700)]),
      reading(200, [first(10), timedOut], { staleCount: 1 }),
      reading(300, [first(20), timedOut], { staleCount: 1 }),
    );
    expect(pick(sample, 'state')).toEqual([['active'], ['stale']]);
  });

  test('does not count one that closed while stale against the others', () => {
    const silent = { consecutiveTimeouts: 2 };
    const sample = last(
      reading(0, [first(0), second(700)]),
      reading(300, [first(10), second(700, silent)], { staleCount: 1 }),
      reading(400, [first(10)], { staleCount: 1 }),
      reading(900, [first(10, silent)], { staleCount: 1 }),
    );
    expect(pick(sample, 'state')).toEqual([['failing'], ['closed']]);
  });

  test('lets the counter of before its first reading be', () => {
    const timedOut = second(700, { consecutiveTimeouts: 2 });
    const sample = last(
      reading(0, [first(0), second(700)], { staleCount: 7 }),
      reading(300, [first(0), timedOut], { staleCount: 7 }),
    );
    expect(pick(sample, 'state')).toEqual([['active'], ['failing']]);
  });
});

test('over any run the intervals add up to the totals, shares to one, and no total ever shrinks', () => {
  const step = fc.record({ one: fc.nat(1e9), two: fc.option(fc.nat(1e9)), ms: fc.integer({ min: 1, max: 1000 }) });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 20 }), (steps) => {
      const sampler = new TransportSampler();
      sampler.sample(reading(0, [first(0), second(0)]));
      let [atMonoMs, one, two, carriedBits, before] = [0, 0, 0, 0, 0];
      for (const { one: more, two: also, ms } of steps) {
        atMonoMs += ms;
        one += more;
        two += also ?? 0;
        // `null` stands for a reading in which the second subflow is missing.
        const rows = also === null ? [first(one)] : [first(one), second(two)];
        const sample = sampler.sample(reading(atMonoMs, rows));
        carriedBits += (sample.throughputBitsPerSecond * ms) / 1000;
        const total = sample.subflows.reduce((sum, { bytesSent }) => sum + bytesSent, 0);
        const shares = sample.subflows.reduce((sum, { shareFraction }) => sum + shareFraction, 0);
        expect(total).toBeGreaterThanOrEqual(before);
        expect(carriedBits / 8).toBeCloseTo(total, 0);
        expect(shares).toBeCloseTo(sample.throughputBitsPerSecond > 0 ? 1 : 0, 6);
        before = total;
      }
    }),
  );
});
