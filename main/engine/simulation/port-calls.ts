import type { Milliseconds } from '#contract/units.ts';
import { refused, systemError, timedOut, unreachable, type FaultKind } from './faults.ts';
import type { VirtualClock } from './virtual-clock.ts';

export interface PortCall<Value> {
  /** Whose and which: `source.migrate`. */
  readonly name: string;
  /** A monitor speaks QMP; everything else is asked of a host. */
  readonly of: 'monitor' | 'host';
  readonly timeoutMs: Milliseconds;
  readonly perform: () => Promise<Value>;
  /** Breaks the line on which the call was made. */
  readonly hangUp: () => void;
}

/**
 * Every call that the engine makes of the world comes through here: it is counted and named (`source.status 3`), and the
 * one that a test has chosen fails in the way that it has chosen.
 */
export class PortCalls {
  readonly made: string[] = [];
  readonly #clock: VirtualClock;
  readonly #count = new Map<string, number>();
  readonly #watchers = new Set<(name: string) => void>();
  #chosen: { readonly call: string; readonly kind: FaultKind } | undefined;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  /** Lets one call fail, once. */
  fail(call: string, kind: FaultKind): void {
    this.#chosen = { call, kind };
  }

  /** Called with the name of each call (`source.migrate`) as it is made. */
  watch(watcher: (name: string) => void): void {
    this.#watchers.add(watcher);
  }

  async pass<Value>(call: PortCall<Value>): Promise<Value> {
    const fault = this.#next(call.name);
    switch (fault) {
      case undefined:
        return call.perform();
      case 'error':
        await this.#clock.sleep(1);
        throw call.of === 'monitor' ? refused(call.name, 'injected') : systemError(call.name);
      case 'time-out without effect':
        await this.#clock.sleep(call.timeoutMs);
        throw timedOut(call.name, call.timeoutMs);
      case 'time-out after the effect':
        await Promise.all([this.#takeEffect(call), this.#clock.sleep(call.timeoutMs)]);
        throw timedOut(call.name, call.timeoutMs);
      case 'disconnect before the effect':
        await this.#clock.sleep(1);
        call.hangUp();
        throw unreachable(call.name);
      case 'disconnect after the effect':
        await this.#takeEffect(call);
        call.hangUp();
        throw unreachable(call.name);
    }
  }

  #next(name: string): FaultKind | undefined {
    const count = (this.#count.get(name) ?? 0) + 1;
    this.#count.set(name, count);
    const call = `${name} ${count}`;
    this.made.push(call);
    for (const watcher of this.#watchers) watcher(name);
    return this.#chosen?.call === call ? this.#chosen.kind : undefined;
  }

  /** The answer is lost, whatever it is. */
  async #takeEffect<Value>(call: PortCall<Value>): Promise<void> {
    const answer: unknown = await call.perform().catch(() => undefined);
    if (isDisposable(answer)) answer[Symbol.dispose]();
    else if (answer !== null && typeof answer === 'object' && 'close' in answer && typeof answer.close === 'function') {
      answer.close();
    }
  }
}

function isDisposable(value: unknown): value is Disposable {
  return typeof value === 'object' && value !== null && Symbol.dispose in value;
}
