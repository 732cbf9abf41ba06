import { expect, test } from 'vitest';
import type { LabGuest, LabStatus } from '#lab/lab.ts';
import { labLines, nextMoveLine, proofLine } from './lab.ts';

const guest: LabGuest = {
  name: 'lab-guest',
  uuid: undefined,
  host: 'lab-source',
  pid: 4242,
  startTimeTicks: 1,
  state: 'running',
  memoryBytes: 512 * 2 ** 20,
  walk: undefined,
  monitorPath: undefined,
  serialPath: undefined,
};

const host = (id: string) => ({
  id,
  namespace: id,
  addresses: [],
  mptcpEnabled: true,
});

const status: LabStatus = {
  name: 'lab',
  directory: '/run/switchyard/labs/lab',
  hosts: [host('lab-source'), host('lab-destination')],
  links: [
    {
      index: 1,
      rateBitsPerSecond: 500e6,
      state: 'silent',
      source: { interface: 'eth1', address: '10.77.1.1' },
      destination: { interface: 'eth1', address: '10.77.1.2' },
    },
  ],
  guest,
  otherCopies: [],
};

test('links with both ends, and where the guest is', () => {
  expect(labLines(status).split('\n')).toEqual([
    'Link  Rate        State   lab-source      lab-destination',
    '1     500 Mbit/s  silent  eth1 10.77.1.1  eth1 10.77.1.2',
    'lab-guest is running on lab-source (process 4242, 512 MiB).',
  ]);
});

test('another copy is reported, and why one does not answer', () => {
  const { guest: _guest, ...without } = status;
  const copy: LabGuest = { ...guest, state: 'unreachable', stateReason: 'its monitor is held' };
  expect(
    labLines({ ...without, otherCopies: [copy] })
      .split('\n')
      .slice(2),
  ).toEqual([
    'No QEMU carries the guest.',
    'Another copy is unreachable (its monitor is held) on lab-source (process 4242, 512 MiB).',
  ]);
});

test.each([
  ['lab-source', '--from lab-source --to lab-destination'],
  ['lab-destination', '--from lab-destination --to lab-source'],
])('from %s the next move is %s', (where, options) => {
  expect(nextMoveLine({ ...status, guest: { ...guest, host: where } })).toBe(
    `Now type: switchyard migrate lab-guest ${options}`,
  );
});

test('a proof says how much was proven, or what contradicts', () => {
  const about = { guest: 'lab-guest', host: 'lab-source', atEpochMs: 0 };
  expect([
    proofLine({ proven: true, value: 1, position: 2, steps: 3000, ...about }),
    proofLine({ proven: false, reason: 'page 7 is stale', ...about }),
  ]).toEqual([
    'The memory of lab-guest on lab-source is proven: 3000 writes, none lost.',
    'The memory of lab-guest on lab-source is NOT proven: page 7 is stale.',
  ]);
});
