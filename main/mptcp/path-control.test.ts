import { expect, test } from 'vitest';
import type { Endpoint } from '#native/netlink/mptcp-endpoint.ts';
import {
  NoEndpointError,
  type PathControlPort,
  pausePath,
  rejoinPath,
  removePath,
  resumePath,
} from './path-control.ts';

const endpoint: Endpoint = {
  id: 7,
  address: '10.77.2.2',
  port: undefined,
  interfaceIndex: 3,
  flags: ['signal'],
  unnamedFlagBits: 64,
};

/** A path manager that writes down what it was asked to do. */
function managerWith(...endpoints: Endpoint[]): { manager: PathControlPort; asked: unknown[] } {
  const asked: unknown[] = [];
  const manager: PathControlPort = {
    endpoints: () => endpoints,
    addEndpoint: (added) => asked.push(['add', added]),
    removeEndpoint: (id) => asked.push(['remove', id]),
    setEndpointFlags: (reference, flags) => asked.push(['flags', reference, flags]),
  };
  return { manager, asked };
}

test('a paused path becomes a backup and is resumed from it', () => {
  const { manager, asked } = managerWith(endpoint);
  pausePath(manager, endpoint.address);
  resumePath(manager, endpoint.address);
  expect(asked).toEqual([
    ['flags', { id: 7 }, ['backup']],
    ['flags', { id: 7 }, []],
  ]);
});

test('pausing keeps a full mesh, which the same request would clear', () => {
  const { manager, asked } = managerWith({ ...endpoint, flags: ['subflow', 'fullmesh'] });
  pausePath(manager, endpoint.address);
  expect(asked).toEqual([['flags', { id: 7 }, ['fullmesh', 'backup']]]);
});

test('a path joins anew with all it had', async () => {
  const { manager, asked } = managerWith(endpoint);
  await rejoinPath(manager, endpoint.address);
  expect(asked).toEqual([
    ['remove', 7],
    ['add', endpoint],
  ]);
});

test('a removed path can be kept to be added again', () => {
  const { manager } = managerWith(endpoint);
  expect(removePath(manager, endpoint.address)).toEqual(endpoint);
});

test('a path without an endpoint cannot be told from others', () => {
  const { manager } = managerWith(endpoint);
  expect(() => pausePath(manager, '10.77.1.2')).toThrow(NoEndpointError);
});
