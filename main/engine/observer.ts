import { SwitchyardError } from '#contract/errors.ts';
import type { QemuIdentity } from '#contract/host.ts';
import type { Observation } from '#contract/migration.ts';
import type { Milliseconds } from '#contract/units.ts';
import type { Clock, MigrationHost, Qemu, QemuEvent, QemuStatus } from './ports.ts';

export interface ObserverOptions {
  readonly host: MigrationHost;
  readonly identity: QemuIdentity;
  readonly monitorPath: string;
  readonly clock: Clock;
  /** How long to rest after an answer; asked each time. */
  readonly everyMs: () => Milliseconds;
  /** Called with each answer and each change; `status` is there when the QEMU answered. */
  readonly onObservation: (observation: Observation, status: QemuStatus | undefined) => Promise<void>;
  readonly onEvent: (event: QemuEvent) => void;
}

/** Between attempts to open a monitor that does not answer: twice as long each time, up to the longest. */
const shortestPauseMs = 100;
const longestPauseMs = 3200;
/** So often in a row it asks at once, however many events and acts there are; then it rests in any case. */
const mostInHurry = 20;
const restMs = 100;

/**
 * Keeps one QEMU in sight: connects, asks at a steady pace and at once after each of its events, reconnects when the line
 * breaks, and asks the host whether the process is still there when the monitor says nothing. It only looks; it never acts.
 */
export class Observer {
  readonly #options: ObserverOptions;
  readonly #stop = new AbortController();
  #monitor: Qemu | undefined;
  /** Of one turn: what stirs in it cuts its own pause short, and no later one. */
  #wake = new AbortController();
  /** Counts acts upon this QEMU: an answer that was asked for before the last one is about the past. */
  #acts = 0;

  constructor(options: ObserverOptions) {
    this.#options = options;
  }

  get monitor(): Qemu | undefined {
    return this.#monitor;
  }

  /** Says that something was done to this QEMU: answers under way are dropped, and it is asked again at once. */
  acted(): void {
    this.#acts += 1;
    this.askNow();
  }

  askNow(): void {
    this.#wake.abort();
  }

  stop(): void {
    this.#stop.abort();
    this.#wake.abort();
    this.#monitor?.close();
  }

  /** Runs until `stop`, or until the process is proven gone. */
  async run(): Promise<void> {
    for (let failures = 0; !this.#stop.signal.aborted;) {
      this.#wake = new AbortController();
      const monitor = await this.#connect();
      if (monitor) {
        failures = 0;
        await this.#watch(monitor);
        this.#monitor = undefined;
        // That the line has ended is no reason to hurry.
        this.#wake = new AbortController();
      }
      if (this.#stop.signal.aborted) return;
      const absence = await this.#presence();
      await this.#options.onObservation(absence, undefined);
      if (absence.kind === 'gone') return;
      if (!monitor) failures += 1;
      await this.#pause(Math.min(longestPauseMs, shortestPauseMs * 2 ** failures));
    }
  }

  async #connect(): Promise<Qemu | undefined> {
    const { host, identity, monitorPath } = this.#options;
    try {
      const monitor = await host.attach(identity, monitorPath);
      if (this.#stop.signal.aborted) {
        monitor.close();
        return undefined;
      }
      this.#monitor = monitor;
      return monitor;
    } catch (thrown) {
      if (thrown instanceof SwitchyardError) return undefined;
      throw thrown;
    }
  }

  async #watch(monitor: Qemu): Promise<void> {
    const line = new AbortController();
    let events = 0;
    void monitor.disconnected.then(() => {
      line.abort();
      this.askNow();
    });
    const unsubscribe = monitor.onEvent((event) => {
      events += 1;
      this.#options.onEvent(event);
      this.askNow();
    });
    try {
      for (let hurried = 0; !line.signal.aborted && !this.#stop.signal.aborted;) {
        this.#wake = new AbortController();
        const [eventsBefore, actsBefore] = [events, this.#acts];
        const status = await this.#ask(monitor);
        // An answer that straddles an event or an act mixes two moments: ask again. Where events never end, it is the best
        // that can be had.
        const mixed = actsBefore !== this.#acts || (eventsBefore !== events && hurried < mostInHurry);
        if (status && !mixed) {
          const { run, migration, errorText } = status;
          const answer = { kind: 'answering', run, migration } as const;
          await this.#options.onObservation(errorText === undefined ? answer : { ...answer, errorText }, status);
        } else if (!mixed && !line.signal.aborted) {
          await this.#options.onObservation(await this.#presence(), undefined);
        }
        if (line.signal.aborted) return;
        if (hurried === mostInHurry) {
          await this.#options.clock.sleep(restMs, this.#stop.signal);
          hurried = 0;
        } else {
          hurried = mixed || (await this.#pause(this.#options.everyMs())) ? hurried + 1 : 0;
        }
      }
    } finally {
      unsubscribe();
      monitor.close();
    }
  }

  async #ask(monitor: Qemu): Promise<QemuStatus | undefined> {
    try {
      return await monitor.status();
    } catch (thrown) {
      if (thrown instanceof SwitchyardError) return undefined;
      throw thrown;
    }
  }

  /** Without an answer from the monitor: is the process still there? */
  async #presence(): Promise<Observation> {
    try {
      const presence = await this.#options.host.presence(this.#options.identity);
      return presence === 'gone' ? { kind: 'gone' } : { kind: 'silent' };
    } catch (thrown) {
      if (thrown instanceof SwitchyardError) return { kind: 'unreachable', why: thrown.failure.text };
      throw thrown;
    }
  }

  /** Resolves after so long, or with `true` as soon as something stirs. */
  async #pause(ms: Milliseconds): Promise<boolean> {
    const { signal } = this.#wake;
    // `stop` wakes it as well.
    await this.#options.clock.sleep(ms, signal);
    return signal.aborted;
  }
}
