import type { ConnectionFinding, JournalEvent } from '#contract/migration.ts';
import type { Clock, Ports } from '#main/engine/ports.ts';
import { MigrationRun } from '#main/engine/run.ts';
import type { MigrationUnderTest } from './migration-under-test.ts';
import { ManagerLife } from './manager-life.ts';
import { SimulatedHost } from './simulated-host.ts';
import { SimulatedJournal } from './simulated-journal.ts';
import type { SimulatedWorld } from './simulated-world.ts';

/** Of all its loops: twice what a busy one needs. */
const mostSleepsPerSecond = 200;

/** One process that manages a migration: it may be killed at any moment. */
export class SimulatedManager {
  readonly ports: Ports;
  readonly #world: SimulatedWorld;
  readonly #life = new ManagerLife();
  readonly #hosts: readonly SimulatedHost[];

  constructor(world: SimulatedWorld, { plan, disk }: MigrationUnderTest) {
    this.#world = world;
    const source = new SimulatedHost(world, this.#life, world.machine(plan.source.id), 'source');
    const destination = new SimulatedHost(world, this.#life, world.machine(plan.destination.id), 'destination');
    this.#hosts = [source, destination];
    this.ports = {
      source,
      destination,
      journal: new SimulatedJournal(world, this.#life, disk),
      clock: this.#clock(),
      plan,
      report: (thrown) => `i-${world.incidents.push(String(thrown))}`,
      diagnose: () => this.#diagnose(),
    };
  }

  begin(): Promise<MigrationRun> {
    return MigrationRun.begin(this.ports);
  }

  attach(history: readonly JournalEvent[]): Promise<MigrationRun> {
    return MigrationRun.attach(this.ports, history, { user: 'operator', pid: 4711 });
  }

  /** `kill -9`. */
  kill(): void {
    this.#life.kill();
  }

  get alive(): boolean {
    return this.#life.alive;
  }

  /** Resolves when it has been killed. */
  get death(): Promise<void> {
    return this.#life.death;
  }

  /** Monitors, samplers, watches and sockets that are still open: none may be, once the run has ended. */
  get leftOpen(): number {
    return this.#hosts.reduce(
      (sum, { monitors, samplers, linkListeners, sockets }) =>
        sum + monitors.size + samplers.size + linkListeners.size + sockets.size,
      0,
    );
  }

  #clock(): Clock {
    const { clock } = this.#world;
    return {
      monoMs: () => clock.monoMs(),
      epochMs: () => clock.epochMs(),
      sleep: (ms, signal) => {
        this.#world.pace.count('sleep', mostSleepsPerSecond);
        return this.#life.bound(() => clock.sleep(ms, signal));
      },
    };
  }

  #diagnose(): Promise<readonly ConnectionFinding[]> {
    const finding = {
      side: 'destination',
      text: 'beta answered without MPTCP',
      command: 'sysctl -w net.mptcp.enabled=1',
    } as const;
    const call = {
      name: 'diagnose',
      of: 'host',
      timeoutMs: 10_000,
      perform: () => Promise.resolve([finding]),
      hangUp: () => undefined,
    } as const;
    return this.#life.bound(() => this.#world.calls.pass(call));
  }
}
