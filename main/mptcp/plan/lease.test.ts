import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { MptcpEndpoint, MptcpLimits } from '#contract/host.ts';
import type { Path, PathManagerChange } from '#contract/migration.ts';
import type { HeldLease } from '#contract/path-lease.ts';
import type { PathManagerState } from './change.ts';
import { lastingState, planEndChange, planLoan, planRelease } from './lease.ts';
import { planPaths } from './plan-paths.ts';
import { applied } from './testing/path-manager.ts';

/** The destination of all of them: a host that announces its addresses to every migration that comes. */
class Host {
  now: PathManagerState;
  leases: readonly HeldLease[] = [];

  constructor(before: PathManagerState) {
    this.now = before;
  }

  get lasting(): PathManagerState {
    return lastingState(this.leases, this.now);
  }

  announces(address: string): boolean {
    return this.now.endpoints.some((each) => each.address === address && each.flags.includes('signal'));
  }
}

interface Prepared {
  readonly changes: readonly PathManagerChange[];
  readonly before: PathManagerState;
}

/** One migration to that host, whose manager may die after any step. */
class Migration {
  readonly paths: readonly Path[];
  readonly #id: string;
  readonly #lost = new Set<string>();
  readonly #touched = new Set<string>();
  #prepared: Prepared | undefined;
  phase: 'new' | 'planned' | 'dead before it began' | 'open' | 'ended' = 'new';

  constructor(number: number, paths: readonly Path[]) {
    this.#id = `20260101T000000Z-000${number}`;
    this.paths = paths;
  }

  plan({ lasting: { endpoints, limits } }: Host): void {
    if (this.phase !== 'new') return;
    const mptcp = { usable: true, sysctls: {}, counters: {}, endpoints: [...endpoints], limits };
    const host = { id: 'host', kernel: '6.1.0', mptcp };
    const { destination } = planPaths({
      source: host,
      destination: host,
      paths: this.paths,
      listener: { address: '0.0.0.0', port: 0 },
    });
    this.#prepared = { changes: destination.changes, before: { endpoints, limits } };
    this.phase = 'planned';
  }

  /** Its manager may die in the midst of it. */
  begin(host: Host, steps = Infinity): void {
    if (this.phase !== 'planned') return;
    const loan = planLoan(host.leases, this.#lease, host.now);
    host.leases = loan.left;
    host.now = applied(host.now, loan.steps.slice(0, steps));
    this.phase = steps < loan.steps.length ? 'dead before it began' : 'open';
  }

  /** Also of a dead one, which has been taken up again; a manager that dies in the midst of it leaves the lease. */
  end(host: Host, steps = Infinity): void {
    if (this.phase !== 'open' && this.phase !== 'dead before it began') return;
    const release = planRelease(host.leases, this.#lease, { now: host.now, inUse: new Set() });
    host.now = applied(host.now, release.steps.slice(0, steps));
    if (steps < release.steps.length) {
      this.phase = 'dead before it began';
      return;
    }
    host.leases = release.left;
    this.phase = 'ended';
  }

  change(host: Host, kind: 'announce' | 'withdraw', index: number): void {
    const address = this.paths[index % this.paths.length]?.destinationAddress;
    if (this.phase !== 'open' || address === undefined) return;
    this.#touched.add(address);
    const plan = planEndChange(host.leases, this.#lease, { change: kind, address });
    if (plan.act === 'refuse') throw new Error('only a pause is refused');
    host.leases = plan.left;
    if (kind === 'withdraw') this.#lost.add(address);
    else this.#lost.delete(address);
    if (plan.act === 'nothing') return;
    const present = host.now.endpoints.find((each) => each.address === address);
    if (kind === 'announce')
      host.now = applied(host.now, [{ kind: 'add-endpoint', endpoint: { address, flags: ['signal'] } }]);
    else if (present) host.now = applied(host.now, [{ kind: 'remove-endpoint', endpoint: present }]);
  }

  /** What it still needs of the host and does not have. */
  missing(host: Host): readonly string[] {
    if (this.phase !== 'open') return [];
    const further = this.paths.slice(1).map((path) => path.destinationAddress);
    return [
      ...further.filter((address) => !this.#lost.has(address) && !host.announces(address)),
      ...(host.now.limits.subflows < further.length ? ['limit of subflows'] : []),
    ];
  }

  get #lease(): Omit<HeldLease, 'withdrawn' | 'released'> {
    const { changes, before } = this.#prepared ?? { changes: [], before: { endpoints: [], limits: noLimits } };
    const made = [...this.#touched].filter((address) => !before.endpoints.some((each) => each.address === address));
    return {
      migrationId: this.#id,
      planned: [
        ...changes,
        ...made.map((address) => ({ kind: 'add-endpoint', endpoint: announced(address) }) as const),
      ],
      before,
      addresses: this.paths.map((path) => path.destinationAddress),
      touched: [...this.#touched],
    };
  }
}

const noLimits: MptcpLimits = { subflows: 0, addAddrAccepted: 0 };

function announced(address: string): Omit<MptcpEndpoint, 'id'> {
  return { address, flags: ['signal'] };
}

/** Without interfaces, so that what a migration makes is written in one way only. */
function pathTo(from: number, to: number): Path {
  return {
    sourceInterface: `a${from}`,
    sourceAddress: `10.77.${from}.1`,
    destinationInterface: `b${to}`,
    destinationAddress: `10.77.${to}.2`,
    mtu: 1500,
  };
}

const ports = [1, 2, 3, 4];
const pathsOfOne = fc
  .tuple(fc.shuffledSubarray(ports, { minLength: 2 }), fc.shuffledSubarray(ports, { minLength: 2 }))
  .map(([from, to]) =>
    from.slice(0, to.length).map((port, index): Path => {
      const { destinationInterface: _, ...path } = pathTo(port, to[index] ?? port);
      return { ...path, destinationInterface: '' };
    }),
  );

type Happening = (host: Host, migration: Migration) => void;
/** As seldom as it should be, for all of them to get somewhere. */
const happening: fc.Arbitrary<readonly [number, Happening]> = fc.tuple(
  fc.nat(11),
  fc.oneof(
    { weight: 4, arbitrary: fc.constant<Happening>((host, migration) => migration.plan(host)) },
    { weight: 4, arbitrary: fc.constant<Happening>((host, migration) => migration.begin(host)) },
    { weight: 2, arbitrary: fc.constant<Happening>((host, migration) => migration.end(host)) },
    {
      weight: 1,
      arbitrary: fc.nat(3).map(
        (steps): Happening =>
          (host, migration) =>
            migration.begin(host, steps),
      ),
    },
    {
      weight: 1,
      arbitrary: fc.nat(3).map(
        (steps): Happening =>
          (host, migration) =>
            migration.end(host, steps),
      ),
    },
    {
      weight: 2,
      arbitrary: fc.nat(3).map(
        (path): Happening =>
          (host, migration) =>
            migration.change(host, 'withdraw', path),
      ),
    },
    {
      weight: 2,
      arbitrary: fc.nat(3).map(
        (path): Happening =>
          (host, migration) =>
            migration.change(host, 'announce', path),
      ),
    },
  ),
);

const initialState: fc.Arbitrary<PathManagerState> = fc.record({
  endpoints: fc
    .subarray([1, 2, 3, 4, 9])
    .map((list) => list.map((n, index): MptcpEndpoint => ({ id: index + 1, ...announced(`10.77.${n}.2`) }))),
  limits: fc.record({ subflows: fc.nat(2), addAddrAccepted: fc.nat(2) }),
});

const migrations = fc.array(pathsOfOne, { minLength: 1, maxLength: 4 });
const happenings = fc.array(happening, { size: 'max', maxLength: 40 });
const often = { numRuns: 500 };
const sorted = ({ endpoints, limits }: PathManagerState): PathManagerState => ({
  endpoints: endpoints.toSorted((one, other) => one.id - other.id),
  limits,
});

describe('of migrations to one host, in whatever order they begin, die, lose paths and end,', () => {
  test('none loses a path that it still needs', () => {
    fc.assert(
      fc.property(initialState, migrations, happenings, (before, all, events) => {
        const host = new Host(before);
        const made = all.map((paths, number) => new Migration(number, paths));
        for (const [number, happens] of events) {
          const migration = made[number % made.length];
          if (migration) happens(host, migration);
          expect(made.flatMap((each) => each.missing(host))).toEqual([]);
        }
      }),
      often,
    );
  });

  test('the last one leaves the host as it was before the first', () => {
    fc.assert(
      fc.property(initialState, migrations, happenings, (before, all, events) => {
        const host = new Host(before);
        const made = all.map((paths, number) => new Migration(number, paths));
        for (const [number, happens] of events) {
          const migration = made[number % made.length];
          if (migration) happens(host, migration);
        }
        for (const migration of made) migration.end(host);
        expect([sorted(host.now), host.leases]).toEqual([before, []]);
      }),
      often,
    );
  });

  test('a limit that the operator sets meanwhile is there after the last one', () => {
    // Apart from what migrations set: from the value alone no one could see whose it is.
    const operators = fc.record({ subflows: fc.integer({ min: 5, max: 7 }), addAddrAccepted: fc.constant(5) });
    fc.assert(
      fc.property(initialState, migrations, happenings, operators, happenings, (before, all, first, limits, then) => {
        const host = new Host(before);
        const made = all.map((paths, number) => new Migration(number, paths));
        const happen = (events: readonly (readonly [number, Happening])[]): void => {
          for (const [number, happens] of events) {
            const migration = made[number % made.length];
            if (migration) happens(host, migration);
          }
        };
        happen(first);
        host.now = { ...host.now, limits };
        happen(then);
        for (const migration of made) migration.end(host);
        expect(host.now.limits).toEqual(limits);
      }),
      often,
    );
  });
});

describe('two migrations over the same two paths', () => {
  const paths = [pathTo(1, 1), pathTo(2, 2)];
  const empty: PathManagerState = { endpoints: [], limits: { subflows: 0, addAddrAccepted: 0 } };
  const twoOpen = () => {
    const host = new Host(empty);
    const [one, other] = [new Migration(1, paths), new Migration(2, paths)];
    for (const migration of [one, other]) {
      migration.plan(host);
      migration.begin(host);
    }
    return { host, one, other };
  };

  test('the second plans as if it were alone', () => {
    const { host } = twoOpen();
    expect(host.leases.map(({ planned, before }) => ({ planned, before }))).toEqual([
      { planned: host.leases[0]?.planned, before: empty },
      { planned: host.leases[0]?.planned, before: empty },
    ]);
  });

  test('the first to end leaves everything to the other, which puts it back', () => {
    const { host, one, other } = twoOpen();
    const during = host.now;
    one.end(host);
    const between = host.now;
    other.end(host);
    expect([between, host.now]).toEqual([during, empty]);
  });

  test('a path is withdrawn from all when both have lost it', () => {
    const { host, one, other } = twoOpen();
    const seen = [one, other].map((migration) => {
      migration.change(host, 'withdraw', 1);
      return host.announces('10.77.2.2');
    });
    expect(seen).toEqual([true, false]);
  });

  const mine = {
    migrationId: '20260101T000000Z-0001',
    planned: [],
    before: empty,
    addresses: ['10.77.2.2'],
    touched: [],
  };
  const change = (
    what: 'announce' | 'withdraw' | 'pause' | 'resume',
    leases: readonly HeldLease[],
  ): ReturnType<typeof planEndChange> => planEndChange(leases, mine, { change: what, address: '10.77.2.2' });

  test('a path that only one has lost is announced to it again with its link', () => {
    const { host } = twoOpen();
    const withdrawn = change('withdraw', host.leases);
    const back = withdrawn.act === 'refuse' ? undefined : change('announce', withdrawn.left);
    expect([withdrawn.act, back?.act]).toEqual(['nothing', 'renew']);
  });

  test('a path is paused by neither while both use it', () => {
    const { host } = twoOpen();
    expect([change('pause', host.leases), change('resume', host.leases).act, change('pause', []).act]).toEqual([
      { act: 'refuse', other: '20260101T000000Z-0002' },
      'change',
      'change',
    ]);
  });
});
