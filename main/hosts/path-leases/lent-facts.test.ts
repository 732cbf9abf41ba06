import { expect, test } from 'vitest';
import type { HostFacts, MptcpEndpoint } from '#contract/host.ts';
import type { HeldLease } from '#contract/path-lease.ts';
import { readLentFacts } from './lent-facts.ts';

const own: MptcpEndpoint = { id: 1, address: '10.77.9.2', flags: ['signal'] };
const lent: MptcpEndpoint = { id: 2, address: '10.77.2.2', flags: ['signal'] };
const before = { subflows: 2, addAddrAccepted: 0 };
const raised = { subflows: 3, addAddrAccepted: 8 };
const lease: HeldLease = {
  migrationId: '20260101T000000Z-0001',
  planned: [
    { kind: 'set-limits', limits: raised, before },
    { kind: 'add-endpoint', endpoint: { address: lent.address, flags: lent.flags } },
  ],
  before: { endpoints: [own], limits: before },
  addresses: ['10.77.1.2', lent.address],
  touched: [],
  withdrawn: {},
  released: false,
};

function factsWith(endpoints: readonly MptcpEndpoint[], limits: HostFacts['mptcp']['limits']): HostFacts {
  return {
    id: 'beta',
    kind: 'local',
    hostname: 'beta',
    kernel: '6.18.0',
    bootId: 'b',
    memoryAvailableBytes: 0,
    interfaces: [],
    mptcp: { usable: true, sysctls: {}, counters: {}, endpoints: [...endpoints], ...(limits ? { limits } : {}) },
  };
}

/** Each look finds the next of these. */
function looks(...found: readonly (readonly HeldLease[])[]): { read: () => readonly HeldLease[] } {
  const left = [...found];
  return { read: () => (left.length > 1 ? left.shift() : left[0]) ?? [] };
}

test('what a migration has leased is not part of the lasting settings of a host', async () => {
  const facts = await readLentFacts(looks([lease]), () => Promise.resolve(factsWith([own, lent], raised)));
  expect(facts.mptcp).toMatchObject({
    endpoints: [own, lent],
    limits: raised,
    lasting: { endpoints: [own], limits: before },
  });
});

test.each<[string, readonly HeldLease[], HostFacts['mptcp']['limits']]>([
  ['nothing is lent', [], raised],
  ['the settings cannot be read', [lease], undefined],
])('no difference is reported where %s', async (_, leases, limits) => {
  const facts = factsWith([own], limits);
  expect(await readLentFacts(looks(leases), () => Promise.resolve(facts))).toBe(facts);
});

test('facts are read again where a lease was taken meanwhile', async () => {
  const states = [factsWith([own], before), factsWith([own, lent], raised)];
  const facts = await readLentFacts(looks([], [lease]), () =>
    Promise.resolve((states.length > 1 ? states.shift() : states[0]) ?? factsWith([], before)),
  );
  expect(facts.mptcp.lasting).toEqual({ endpoints: [own], limits: before });
});

test('a host whose leases never stand still is reported as it was seen last', async () => {
  let number = 0;
  const restless = { read: () => [{ ...lease, touched: [String((number += 1))] }] };
  const facts = await readLentFacts(restless, () => Promise.resolve(factsWith([own, lent], raised)));
  expect(facts.mptcp.lasting?.limits).toEqual(before);
});
