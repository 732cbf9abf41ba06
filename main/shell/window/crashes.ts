import type { Milliseconds } from '#contract/units.ts';

const mostCrashes = 3;
const withinMs = 60_000;

/**
 * Whether a window that has crashed is simply loaded again. The window holds nothing that is not also in main, so that
 * costs the operator nothing; one that crashes again and again would only flicker.
 */
export class Crashes {
  #atMonoMs: readonly Milliseconds[] = [];

  mayReload(nowMonoMs: Milliseconds): boolean {
    this.#atMonoMs = [...this.#atMonoMs.filter((at) => nowMonoMs - at < withinMs), nowMonoMs];
    return this.#atMonoMs.length <= mostCrashes;
  }

  forget(): void {
    this.#atMonoMs = [];
  }
}
