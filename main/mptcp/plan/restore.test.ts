import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { MptcpEndpoint, MptcpLimits } from '#contract/host.ts';
import type { Path, PathManagerChange } from '#contract/migration.ts';
import type { PathManagerState } from './change.ts';
import { planPaths } from './plan-paths.ts';
import { notesInUse, planRestore, type RestoreInput } from './restore.ts';
import { applied as apply } from './testing/path-manager.ts';

const announced: PathManagerChange = {
  kind: 'add-endpoint',
  endpoint: { address: '10.77.2.2', interface: 'b2', flags: ['signal'] },
};
const limits = (subflows: number, addAddrAccepted: number): MptcpLimits => ({ subflows, addAddrAccepted });
const raisedTo = (now: MptcpLimits, before: MptcpLimits): PathManagerChange => ({
  kind: 'set-limits',
  limits: now,
  before,
});
const empty: PathManagerState = { endpoints: [], limits: limits(2, 0) };
const planned = [raisedTo(limits(3, 3), limits(2, 0)), announced];
const nothing: RestoreInput = {
  planned: [],
  needed: [],
  addresses: [],
  touched: [],
  before: empty,
  now: empty,
  inUse: new Set(),
};

/** The restore of `planned`, done to what came of it. */
function restored(now: PathManagerState, more: Partial<RestoreInput> = {}): PathManagerState {
  return apply(now, planRestore({ ...nothing, planned, now, ...more }));
}

describe('a restore', () => {
  const done = apply(empty, planned);

  test('removes what was added and puts limits back', () => {
    expect(restored(done)).toEqual(empty);
  });

  test('removes a path that was paused', () => {
    const paused = done.endpoints.map((each): MptcpEndpoint => ({ ...each, flags: [...each.flags, 'backup'] }));
    expect(restored({ ...done, endpoints: paused })).toEqual(empty);
  });

  test('leaves an endpoint that another program has taken over', () => {
    const changed = done.endpoints.map((each): MptcpEndpoint => ({ ...each, flags: ['signal', 'subflow'] }));
    expect(restored({ ...done, endpoints: changed }).endpoints).toEqual(changed);
  });

  test('leaves a limit that another program has changed since, and restores the other', () => {
    expect(restored({ ...done, limits: limits(6, 3) }).limits).toEqual(limits(6, 0));
  });

  test('does nothing the second time', () => {
    expect(planRestore({ ...nothing, planned })).toEqual([]);
  });

  describe('of the note that the kernel keeps of an address', () => {
    const note: MptcpEndpoint = { id: 1, address: '10.77.2.1', flags: ['implicit'] };
    const noted = { ...empty, endpoints: [note] };
    const addresses = [note.address];

    test('removes it', () => {
      expect(restored(noted, { addresses })).toEqual(empty);
    });

    test.each<[string, Partial<RestoreInput>]>([
      ['another connection uses the address', { addresses, inUse: new Set(addresses) }],
      ['it was there before', { addresses, before: noted }],
      ['the migration did not use the address', { addresses: ['10.77.9.9'] }],
    ])('leaves it when %s', (_, circumstances) => {
      expect(restored(noted, circumstances)).toEqual(noted);
    });

    test('knows that it has to wait while a connection uses the address', () => {
      const inUse = new Set(addresses);
      expect([
        notesInUse({ ...nothing, now: noted, addresses, inUse }),
        notesInUse({ ...nothing, now: noted, addresses }),
        notesInUse({ ...nothing, now: noted, addresses, inUse, before: noted }),
      ]).toEqual([[note], [], []]);
    });
  });
});

describe('of endpoints that were there before, taken away with their links and announced again, a restore', () => {
  const theirs: readonly MptcpEndpoint[] = [
    { id: 1, address: '10.77.2.2', interface: 'b2', flags: ['signal'] },
    { id: 7, address: '10.77.3.2', interface: 'b3', flags: ['signal', 'backup'] },
  ];
  const before = { ...empty, endpoints: theirs };
  const touched = theirs.map(({ address }) => address);
  const sorted = ({ endpoints }: PathManagerState) => endpoints.toSorted((one, other) => one.id - other.id);

  test.each<[string, readonly MptcpEndpoint[]]>([
    ['that are gone', []],
    ['that were given each other’s ids', theirs.map((each) => ({ ...each, id: 8 - each.id }))],
    ['that are paused, or not any more', theirs.map((each) => ({ ...each, flags: ['signal'] }))],
    ['of which one is as it was', theirs.slice(0, 1)],
  ])('puts back those %s', (_, endpoints) => {
    expect(sorted(restored({ ...empty, endpoints }, { planned: [], before, touched }))).toEqual(theirs);
  });

  test('leaves those that it did not touch', () => {
    const changed = { ...empty, endpoints: theirs.slice(0, 1) };
    expect(restored(changed, { planned: [], before })).toEqual(changed);
  });

  test('does nothing where they are as they were', () => {
    expect(planRestore({ ...nothing, before, now: before, touched })).toEqual([]);
  });
});

test('the restore brings back what a host had before, wherever the plan was cut off', () => {
  const paths = [1, 2, 3, 4].map((n): Path => {
    return {
      sourceInterface: `a${n}`,
      sourceAddress: `10.77.${n}.1`,
      destinationInterface: `b${n}`,
      destinationAddress: `10.77.${n}.2`,
      mtu: 1500,
    };
  });
  const endpoint: fc.Arbitrary<Omit<MptcpEndpoint, 'id'>> = fc.record(
    {
      address: fc
        .tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 2 }))
        .map(([n, end]) => `10.77.${n}.${end}`),
      port: fc.constant(4444),
      flags: fc.subarray<MptcpEndpoint['flags'][number]>(['signal', 'subflow', 'backup'], { minLength: 1 }),
    },
    { requiredKeys: ['address', 'flags'] },
  );
  const states: fc.Arbitrary<PathManagerState> = fc.record({
    endpoints: fc
      .uniqueArray(endpoint, { maxLength: 8, selector: ({ address, port }) => `${address} ${port}` })
      .map((list) => list.map((each, index) => ({ id: index + 1, ...each }))),
    limits: fc.record({ subflows: fc.integer({ min: 0, max: 8 }), addAddrAccepted: fc.integer({ min: 0, max: 8 }) }),
  });
  const side = (before: PathManagerState) => ({
    id: 'host',
    kernel: '6.18.0',
    mptcp: { usable: true, sysctls: {}, counters: {}, endpoints: [...before.endpoints], limits: before.limits },
  });
  const pathCount = fc.integer({ min: 1, max: 4 });
  fc.assert(
    fc.property(states, states, pathCount, fc.boolean(), fc.nat(8), (source, destination, count, astray, cut) => {
      const used = paths.slice(0, count);
      const strayed = used.map(({ destinationAddress: to }) => ({
        from: undefined,
        to,
        interface: 'a1',
        gateway: undefined,
      }));
      const plan = planPaths({
        source: side(source),
        destination: side(destination),
        paths: used,
        routes: astray ? { source: strayed, destination: [] } : undefined,
        listener: { address: '0.0.0.0', port: 4444 },
      });
      for (const [before, { changes }] of [
        [source, plan.source],
        [destination, plan.destination],
      ] as const) {
        const now = apply(before, changes.slice(0, cut));
        const restore = planRestore({ ...nothing, planned: changes, before, now });
        expect(apply(now, restore)).toEqual(before);
      }
    }),
  );
});
