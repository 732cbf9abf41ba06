import { describe, expect, test } from 'vitest';
import type { MptcpEndpoint } from '#contract/host.ts';
import type { JournalEvent, PathManagerChange, Plan } from '#contract/migration.ts';
import { pathLeaseOf, pathLoanOf } from './path-lease.ts';
import type { PathLease } from './ports.ts';
import { begun, plan, stateAfter, twoPaths } from './simulation/states.ts';

/** Two paths between hosts that differ in everything, so that neither side can pass for the other. */

const paths = [1, 2].map((link) => ({
  sourceInterface: `eth${link}`,
  sourceAddress: `10.0.${link}.1`,
  destinationInterface: `ens${link}`,
  destinationAddress: `10.0.${link}.2`,
  mtu: 1500,
}));
const limitsOf = (subflows: number): { readonly subflows: number; readonly addAddrAccepted: number } => ({
  subflows,
  addAddrAccepted: subflows,
});
const changeOf = (subflows: number): PathManagerChange => ({
  kind: 'set-limits',
  limits: limitsOf(8),
  before: limitsOf(subflows),
});
const preparation: Plan['preparation'] = { source: [changeOf(1)], destination: [changeOf(2)] };
const ofSource: MptcpEndpoint = { id: 1, address: '10.0.9.1', flags: ['subflow'] };
const ofDestination: MptcpEndpoint = { id: 2, address: '10.0.9.2', flags: ['signal'] };

function changed(link: 1 | 2): JournalEvent[] {
  return paths.slice(link - 1, link).map((path) => ({ kind: 'path-changed', by: 'ann', action: 'backup', path }));
}

function restorations(
  journal: readonly JournalEvent[],
  more: readonly MptcpEndpoint[] = [],
): Readonly<Record<'source' | 'destination', PathLease>> {
  const state = stateAfter([...begun, ...journal], {
    paths,
    preparation,
    source: { ...plan.source, mptcp: { ...plan.source.mptcp, endpoints: [ofSource, ...more], limits: limitsOf(1) } },
    destination: {
      ...plan.destination,
      mptcp: { ...plan.destination.mptcp, endpoints: [ofDestination, ...more], limits: limitsOf(2) },
    },
  });
  return { source: pathLeaseOf(state, 'source'), destination: pathLeaseOf(state, 'destination') };
}

const source: PathLease = {
  migrationId: plan.id,
  planned: preparation.source,
  before: { endpoints: [ofSource], limits: limitsOf(1) },
  addresses: ['10.0.1.1', '10.0.2.1'],
  touched: [],
};
const destination: PathLease = {
  migrationId: plan.id,
  planned: preparation.destination,
  before: { endpoints: [ofDestination], limits: limitsOf(2) },
  addresses: ['10.0.1.2', '10.0.2.2'],
  touched: [],
};
const announcement = (link: 1 | 2): PathManagerChange => ({
  kind: 'add-endpoint',
  endpoint: { address: `10.0.${link}.2`, interface: `ens${link}`, flags: ['signal'] },
});

test('each side gets back what was planned on it, and has what was there and its own addresses named', () => {
  expect(restorations([])).toEqual({ source, destination });
});

describe('a path that was changed while it ran', () => {
  test('was announced for it by the destination, and only there', () => {
    expect(restorations(changed(2))).toEqual({
      source,
      destination: {
        ...destination,
        planned: [...preparation.destination, announcement(2)],
        touched: ['10.0.2.2'],
      },
    });
  });

  test.each<[string, MptcpEndpoint, readonly PathManagerChange[]]>([
    ['was announced before: that stays', { id: 7, address: '10.0.2.2', flags: ['signal'] }, []],
    ['had a note of the kernel in its place', { id: 7, address: '10.0.2.2', flags: ['implicit'] }, [announcement(2)]],
    ['is beside another that was announced', { id: 7, address: '10.0.1.2', flags: ['signal'] }, [announcement(2)]],
  ])('%s', (_what, endpoint, made) => {
    const { planned, touched, before } = restorations(changed(2), [endpoint]).destination;
    expect({ planned, touched, before }).toEqual({
      planned: [...preparation.destination, ...made],
      touched: ['10.0.2.2'],
      before: { endpoints: [ofDestination, endpoint], limits: limitsOf(2) },
    });
  });

  test('was there for others and not announced: nothing was made', () => {
    const endpoint: MptcpEndpoint = { id: 7, address: '10.0.2.2', flags: ['subflow'] };
    expect(restorations(changed(2), [endpoint]).destination.planned).toEqual(preparation.destination);
  });
});

test('the address to which no path leads is not announced, and is put back as if it had been', () => {
  const announced = (link: 1 | 2): PathManagerChange => ({
    kind: 'add-endpoint',
    endpoint: { address: `10.0.${link}.2`, flags: ['signal'] },
  });
  const both = [changeOf(2), announced(1), announced(2)];
  const wanted: Plan['preparation'] = { source: [changeOf(1), announced(1)], destination: both };
  const [first] = twoPaths;
  const state = stateAfter([{ kind: 'path-failed', path: first, seen: 'trial', why: 'no answer' }], {
    paths,
    preparation: wanted,
  });
  expect([
    pathLoanOf(state, 'source').planned,
    pathLoanOf(state, 'destination').planned,
    pathLeaseOf(state, 'destination').planned,
  ]).toEqual([[changeOf(1), announced(1)], [changeOf(2), announced(2)], both]);
});
