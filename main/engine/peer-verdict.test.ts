import { assert, bigInt, nat, property } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judge, type BothEnds } from './peer-verdict.ts';
import type { ConnectionEnd } from './ports.ts';

const near = { address: '10.0.1.1', port: 50_000 };
const far = { address: '10.0.1.2', port: 42_001 };
const rewritten = { address: '192.0.2.1', port: 6000 };

/** Half a connection: `ours` to `theirs`. */
function end(ours = near, theirs = far, more: Partial<ConnectionEnd> = {}): ConnectionEnd {
  return { subflows: [{ local: ours, remote: theirs }], held: true, established: true, ...more };
}

const start = 2n ** 64n - 500n;
const word = (value: bigint): bigint => BigInt.asUintN(64, value);

/** Data counted from a beginning near the end of the numbers, so that they start again from 0 on the way. */
function counted(sent: bigint, acked: bigint, received: bigint): Pick<ConnectionEnd, 'sequence'> {
  return { sequence: { sent: word(start + sent), acked: word(start + acked), received: word(start + received) } };
}

function both(source: ConnectionEnd, destination: ConnectionEnd, sourceAfter = source): BothEnds {
  return { source: [source], destination: [destination], sourceAfter: [sourceAfter] };
}

const proofOf = (ends: BothEnds, expected = 1, before?: number): string | undefined =>
  judge(ends, expected, before).proof;

describe('Multipath TCP', () => {
  test('is proven by what has arrived, also through addresses that are rewritten', () => {
    const source = end(near, far, counted(2000n, 900n, 0n));
    const after = end(near, far, counted(3000n, 1000n, 0n));
    expect(proofOf(both(source, end(far, rewritten, counted(0n, 0n, 2500n)), after))).toBe('sequence');
  });

  test('of another connection is never taken for it, whatever the addresses are', () => {
    assert(
      property(bigInt({ min: 1001n, max: 2n ** 64n - 1n }), (received) => {
        const source = end(near, far, counted(1000n, 0n, 0n));
        return proofOf(both(source, end(far, near, counted(0n, 0n, received)))) === undefined;
      }),
    );
  });

  test('is proven at any moment of its life', () => {
    assert(
      property(nat(), nat(), nat(), nat(), (acked, arrived, queued, more) => {
        const received = acked + arrived;
        const source = end(near, far, counted(BigInt(received + queued), BigInt(acked), 0n));
        const after = end(near, far, counted(BigInt(received + queued + more), BigInt(received), 0n));
        return proofOf(both(source, end(far, near, counted(0n, 0n, BigInt(received))), after)) === 'sequence';
      }),
    );
  });
});

describe('plain TCP', () => {
  const bytes = (sent: number, acked: number, received: number): Pick<ConnectionEnd, 'bytes'> => ({
    bytes: { sent, acked, received },
  });

  test('is proven by the same four-tuple at both ends', () => {
    expect(proofOf(both(end(), end(far, near)))).toBe('addresses');
  });

  test('of which one kernel shows no counts is proven by the four-tuple', () => {
    expect(proofOf(both(end(near, far, counted(9n, 0n, 0n)), end(far, near, bytes(0, 0, 7))))).toBe('addresses');
  });

  test('with the same four-tuple and other counts is another connection', () => {
    expect(proofOf(both(end(near, far, bytes(5000, 4000, 0)), end(far, near, bytes(0, 0, 100))))).toBeUndefined();
  });

  test('with rewritten addresses is proven by two counts that agree', () => {
    const ends = both(end(near, far, bytes(50_000, 40_000, 0)), end(far, rewritten, bytes(0, 0, 45_000)));
    expect([proofOf(ends), proofOf(ends, 1, 44_000), proofOf(ends, 1, 10_000)]).toEqual([
      undefined,
      undefined,
      'bytes',
    ]);
  });

  test('with rewritten addresses is not proven by counts that do not agree', () => {
    const ends = both(end(near, far, bytes(50_000, 40_000, 0)), end(far, rewritten, bytes(0, 0, 60_000)));
    expect(judge(ends, 1, 10_000)).toEqual({ proof: undefined, unmatched: [far], candidateBytes: undefined });
  });
});

describe('nothing is proven', () => {
  test('while the destination has no such connection: the address is named', () => {
    expect(judge({ source: [end()], destination: [], sourceAfter: [end()] }, 1, undefined)).toEqual({
      proof: undefined,
      unmatched: [far],
      candidateBytes: undefined,
    });
  });

  test('while it waits to be accepted, which is no sign of another peer either', () => {
    const { proof, unmatched } = judge(both(end(), end(far, near, { held: false })), 1, undefined);
    expect({ proof, unmatched }).toEqual({ proof: undefined, unmatched: [] });
  });

  test('before the source has connected', () => {
    const connecting = end(near, far, { established: false });
    expect([
      judge({ source: [], destination: [], sourceAfter: [] }, 1, undefined),
      judge({ source: [connecting], destination: [], sourceAfter: [connecting] }, 1, undefined),
    ]).toEqual([
      { proof: undefined, unmatched: [], candidateBytes: undefined },
      { proof: undefined, unmatched: [], candidateBytes: undefined },
    ]);
  });

  test('before all parallel connections are there, or where one of them leads elsewhere', () => {
    const second = { address: '10.0.1.1', port: 50_001 };
    const [one, two] = [end(), end(second, far)];
    const elsewhere = { source: [one, two], destination: [end(far, near)], sourceAfter: [one, two] };
    const all = { source: [one, two], destination: [end(far, near), end(far, second)], sourceAfter: [one, two] };
    expect([proofOf(both(one, end(far, near)), 2), proofOf(elsewhere, 2), proofOf(all, 2)]).toEqual([
      undefined,
      undefined,
      'addresses',
    ]);
  });
});
