import { expect, test } from 'vitest';
import { SwitchyardError } from '#contract/errors.ts';
import { requireMptcpIsFree } from './host-mptcp.ts';

const id = '20261122T120250Z-7f3a';
const summary = { guest: 'web', source: 'hv-03', destination: 'hv-07' };

function refusalOf(hostId: string, row: { open?: boolean; managed?: boolean; summary?: typeof summary | undefined }) {
  try {
    requireMptcpIsFree(hostId, [{ id, open: true, managed: true, summary, ...row }]);
    return undefined;
  } catch (thrown) {
    if (thrown instanceof SwitchyardError) return thrown.failure;
    throw thrown;
  }
}

test.each(['hv-03', 'hv-07'])('both hosts of a migration are left alone: %s', (hostId) => {
  expect(refusalOf(hostId, {})).toEqual({
    kind: 'rejected',
    phase: 'migrating',
    event: 'change-mptcp',
    text: `The migration of web (${id}) uses ${hostId}, and puts its MPTCP settings back when it ends.`,
    remedy: 'Wait until it has ended, or cancel it.',
  });
});

test('one that has just begun may be on any host', () => {
  expect(refusalOf('hv-01', { summary: undefined })?.text).toContain(`The migration of ${id} uses hv-01`);
});

test.each([
  ['of other hosts', 'hv-01', {}],
  ['that has ended', 'hv-03', { open: false, managed: false }],
  ['that no process manages', 'hv-03', { managed: false }],
] as const)('a migration %s is no reason', (_, hostId, row) => {
  expect(refusalOf(hostId, row)).toBeUndefined();
});
