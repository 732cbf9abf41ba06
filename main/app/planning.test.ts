import { expect, test } from 'vitest';
import type { PathManagerChange, Plan } from '#contract/migration.ts';
import { plan } from '#main/engine/simulation/states.ts';
import { borrowersOf } from './planning.ts';

const change: PathManagerChange = {
  kind: 'set-limits',
  limits: { subflows: 8, addAddrAccepted: 8 },
  before: { subflows: 2, addAddrAccepted: 0 },
};

function changing(changes: Partial<Plan['preparation']>): Plan {
  return { ...plan, preparation: { source: [], destination: [], ...changes } };
}

const { id: migrationId, guest } = plan;

test.each([
  ['the source', changing({ source: [change] }), ['alpha', 'gamma'], ['alpha']],
  ['the destination', changing({ destination: [change] }), ['gamma', 'beta'], ['beta']],
  ['both', changing({ source: [change], destination: [change] }), ['beta', 'alpha'], ['alpha', 'beta']],
] as const)('a migration that has changed %s will put it back', (_name, other, hosts, changed) => {
  expect(borrowersOf(hosts, [other])).toEqual([{ migrationId, guest: guest.name, hosts: changed }]);
});

test('one that found everything there, or works on other hosts, puts nothing back here', () => {
  const elsewhere = changing({ source: [change], destination: [change] });
  expect(borrowersOf(['alpha', 'beta'], [changing({})])).toEqual([]);
  expect(borrowersOf(['gamma', 'delta'], [elsewhere])).toEqual([]);
});
