import { describe, expect, test } from 'vitest';
import type { PathManagerChange, Plan } from '#contract/migration.ts';
import { plan } from '#main/engine/simulation/states.ts';
import { borrowersOf, openMigrationsOf, withElsewhere } from './planning.ts';

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

describe('an open migration concerns a guest', () => {
  const { identity } = guest;
  const twin = { ...identity, pid: 77 };
  const open = { plan, managed: false, destination: twin };
  const restarted = { ...identity, pid: 99 };
  const nameless = { ...restarted, uuid: '00000000-0000-0000-0000-000000000000' };

  test.each([
    ['that it moves', identity, 'process'],
    ['that it has moved', twin, 'process'],
    ['of the same uuid, started again since', restarted, 'uuid'],
  ] as const)('%s', (_, now, same) => {
    expect(openMigrationsOf(now, [open])).toEqual([{ migrationId, managed: false, same }]);
  });

  test('and no other, least of all by the uuid of a guest that was given none', () => {
    const moved = { ...plan, guest: { ...guest, identity: { ...nameless, pid: 5 } } };
    expect(openMigrationsOf(nameless, [{ ...open, plan: moved, destination: undefined }])).toEqual([]);
    expect(openMigrationsOf({ ...restarted, uuid: 'another' }, [open])).toEqual([]);
  });
});

test('a migration that only its manager knows of is added to those whose journals are here', () => {
  const known = { migrationId, managed: true, same: 'process' } as const;
  const managers = { migrationIds: [migrationId, 'other'], monitors: 'held' } as const;
  expect(withElsewhere([known], managers)).toEqual([
    known,
    { migrationId: 'other', managed: true, elsewhere: true, same: 'process' },
  ]);
});
