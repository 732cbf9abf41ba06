import type { Milliseconds } from '#contract/units.ts';

/** Notices what is done more often within a second than there can be a reason for. */
export class Pace {
  readonly #monoMs: () => Milliseconds;
  readonly #onHaste: (what: string) => void;
  /** When each was done, within the last second. */
  readonly #done = new Map<string, Milliseconds[]>();

  constructor(monoMs: () => Milliseconds, onHaste: (what: string) => void) {
    this.#monoMs = monoMs;
    this.#onHaste = onHaste;
  }

  /** Called each time that it is done. */
  count(name: string, mostPerSecond: number): void {
    const nowMs = this.#monoMs();
    const recent = (this.#done.get(name) ?? []).filter((atMs) => atMs > nowMs - 1000);
    recent.push(nowMs);
    this.#done.set(name, recent);
    if (recent.length === mostPerSecond + 1) this.#onHaste(`${name} more than ${mostPerSecond} times within a second`);
  }
}
