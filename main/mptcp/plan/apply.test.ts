import { describe, expect, test } from 'vitest';
import { NetlinkError } from '#native/netlink/netlink-error.ts';
import { applyPathChanges, InterfaceGoneError, type PathManagerPort } from './apply.ts';
import type { PathChange } from './change.ts';

const add: PathChange = {
  kind: 'add-endpoint',
  endpoint: { address: '10.77.2.2', interface: 'b2', flags: ['signal'], port: 4444 },
};
const remove: PathChange = { kind: 'remove-endpoint', endpoint: { id: 3, address: '10.77.2.2', flags: ['signal'] } };
const limits: PathChange = {
  kind: 'set-limits',
  limits: { subflows: 3, addAddrAccepted: 2 },
  before: { subflows: 2, addAddrAccepted: 0 },
};

/** Does the changes to a path manager that refuses everything with this errno, or nothing; returns what it was asked. */
function applied(changes: readonly PathChange[], refusedWith?: number): unknown[] {
  const asked: unknown[] = [];
  const ask = (...request: unknown[]): void => {
    asked.push(request);
    if (refusedWith !== undefined)
      throw new NetlinkError({ kind: 'refused', errno: refusedWith, explanation: undefined });
  };
  const manager: PathManagerPort = {
    addEndpoint: (endpoint) => ask('add', endpoint),
    removeEndpoint: (id) => ask('remove', id),
    setLimits: (wanted) => ask('limits', wanted),
  };
  applyPathChanges(manager, changes, (name) => (name === 'b2' ? 9 : undefined));
  return asked;
}

describe('applying a plan', () => {
  test('does everything in order, interfaces by their number', () => {
    expect(applied([limits, add, remove])).toEqual([
      ['limits', { subflows: 3, addAddrAccepted: 2 }],
      ['add', { address: '10.77.2.2', flags: ['signal'], port: 4444, interfaceIndex: 9 }],
      ['remove', 3],
    ]);
  });

  test('takes an endpoint that is there already as added', () => {
    expect(applied([add], 17).length).toBe(1);
  });

  test('takes an endpoint that is not there as removed', () => {
    expect(applied([remove], 22).length).toBe(1);
  });

  test.each([
    ['add', add, 34],
    ['remove', remove, 1],
    ['set limits', limits, 22],
  ])('tells any other refusal to %s', (_, change, errno) => {
    expect(() => applied([change], errno)).toThrow(NetlinkError);
  });

  test('does not bind to an interface that has gone', () => {
    const gone: PathChange = { kind: 'add-endpoint', endpoint: { ...add.endpoint, interface: 'b9' } };
    expect(() => applied([gone])).toThrow(InterfaceGoneError);
  });
});
