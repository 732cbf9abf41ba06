import { expect, test } from 'vitest';
import type { MigrationHost, Qemu } from '#main/engine/ports.ts';
import { MigrationRun } from '#main/engine/run.ts';
import type { MigrationUnderTest } from '#main/engine/simulation/migration-under-test.ts';
import { at, peace, planned } from '#main/engine/simulation/scenes.ts';
import { PersistentRun } from './persistent-run.ts';

// Faults of our own, in each part of a migration's code, over a simulated world: the guest arrives all the same.

const fault = new TypeError('a fault of ours');

/** Begun, with what is to go wrong in it; driven to its end as the application does. */
async function driven(
  prepare: (migration: MigrationUnderTest, run: PersistentRun, first: MigrationRun) => void,
): Promise<object> {
  const migration = planned();
  const first = await migration.begin();
  const { ports } = migration.manager;
  const lives: string[] = [];
  const run = new PersistentRun({
    id: migration.plan.id,
    first,
    report: ports.report,
    clock: ports.clock,
    attachAgain: () => {
      lives.push('again');
      return MigrationRun.attach(ports, migration.events, { user: 'operator', pid: 1 });
    },
  });
  prepare(migration, run, first);
  const ending = await migration.world.clock.until(run.drive());
  const { whereabouts: truth, incidents } = migration.world;
  const kept = [...incidents];
  incidents.length = 0;
  return { outcome: 'outcome' in ending && ending.outcome, truth, lives: lives.length, kept, ...peace(migration) };
}

const arrived = { outcome: 'done-on-destination', truth: 'runs on beta', violations: [], leftOvers: [] };
const once = [String(fault)];

/** The call rejects once, at that moment of the migration; before and after it does what it does. */
function failOnce<Port extends object>(port: Port, name: keyof Port & string, armed: () => boolean): void {
  const original: unknown = Reflect.get(port, name);
  let failed = false;
  Object.assign(port, {
    [name]: (...args: unknown[]): unknown => {
      if (!failed && armed()) {
        failed = true;
        return Promise.reject(fault);
      }
      return typeof original === 'function' ? Reflect.apply(original, port, args) : undefined;
    },
  });
}

/** From the moment on, the question or command fails once in each line to this host's QEMU. */
function failInMonitor(host: MigrationHost, name: keyof Qemu, armed: () => boolean): void {
  const attach = host.attach.bind(host);
  let failed = false;
  Object.assign(host, {
    attach: async (...args: Parameters<MigrationHost['attach']>) => {
      const monitor = await attach(...args);
      failOnce(monitor, name, () => {
        const now = !failed && armed();
        failed ||= now;
        return now;
      });
      return monitor;
    },
  });
}

function armedAt(moment: Parameters<typeof at>[0], migration: MigrationUnderTest): () => boolean {
  let armed = false;
  at(moment, migration, () => (armed = true));
  return () => armed;
}

test('in what listens: nothing else notices', async () => {
  const seen = await driven((_, run) => {
    run.subscribe({
      onEntry: ({ event }) => {
        if (event.kind === 'committed') throw fault;
      },
    });
  });
  expect(seen).toEqual({ ...arrived, lives: 0, kept: once });
});

test('in what listens to the run itself: nothing else notices', async () => {
  const seen = await driven((migration, _, first) => {
    const armed = armedAt('copying', migration);
    let thrown = false;
    first.subscribe({
      onSample: () => {
        if (thrown || !armed()) return;
        thrown = true;
        throw fault;
      },
    });
  });
  expect(seen).toEqual({ ...arrived, lives: 0, kept: once });
});

test.each(['copying', 'switchingOver', 'arrived', 'handedOver', 'committed'] as const)(
  'in an observer, at %s: the migration is taken up again',
  async (moment) => {
    const seen = await driven((migration) => {
      failInMonitor(migration.manager.ports.source, 'status', armedAt(moment, migration));
    });
    expect(seen).toMatchObject(arrived);
  },
);

test('in an observer, before anything is done: the guest stays where it is', async () => {
  const seen = await driven((migration) => failOnce(migration.manager.ports.source, 'attach', () => true));
  expect(seen).toEqual({ ...arrived, outcome: 'safe-on-source', truth: 'runs on alpha', lives: 1, kept: once });
});

test('in the sampler: the migration continues without its figures', async () => {
  const seen = await driven((migration) => failOnce(migration.manager.ports.source, 'sampler', () => true));
  expect(seen).toEqual({ ...arrived, lives: 0, kept: once });
});

test('in the step that resumes the guest: it is done again', async () => {
  const seen = await driven((migration) => {
    failInMonitor(migration.manager.ports.destination, 'cont', () => true);
  });
  expect(seen).toEqual({ ...arrived, lives: 0, kept: once });
});

test('one that has escaped every promise: the migration is taken up again', async () => {
  const seen = await driven((migration, _, first) => at('copying', migration, () => first.fail(fault)));
  expect(seen).toEqual({ ...arrived, lives: 1, kept: once });
});
