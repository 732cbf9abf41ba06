import type { Milliseconds } from '#contract/units.ts';
import { Opening } from './opening.ts';
import type { Clock, SubflowReading, SubflowSampler } from './ports.ts';

/**
 * Asks one sampler, one question at a time. A host that does not answer holds up nothing: how long it has owed its answer can
 * be seen at any time, and disposing of the reader ends the wait.
 */
export class SampleReader implements Disposable {
  readonly #sampler: Opening<SubflowSampler>;
  readonly #clock: Pick<Clock, 'monoMs'>;
  #askedAtMonoMs: Milliseconds | undefined;
  #endWait: () => void = () => undefined;
  #disposed = false;

  constructor(sampler: Promise<SubflowSampler>, clock: Pick<Clock, 'monoMs'>) {
    this.#sampler = new Opening(sampler);
    this.#clock = clock;
    // Nothing has been asked yet, so a refusal is not reported yet: `next` does.
    this.#sampler.opened.catch(() => undefined);
  }

  /** For how long the host has owed an answer; 0 while it owes none. */
  get overdueMs(): Milliseconds {
    return this.#askedAtMonoMs === undefined ? 0 : this.#clock.monoMs() - this.#askedAtMonoMs;
  }

  /** `undefined` once the reader has been disposed of. Rejects when the kernel cannot be asked. Call it again when it has settled. */
  next(): Promise<SubflowReading | undefined> {
    if (this.#disposed) return Promise.resolve(undefined);
    this.#askedAtMonoMs = this.#clock.monoMs();
    const { promise, resolve, reject } = Promise.withResolvers<SubflowReading | undefined>();
    this.#endWait = () => resolve(undefined);
    this.#ask().then(resolve, reject);
    return promise.finally(() => {
      this.#askedAtMonoMs = undefined;
    });
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#sampler[Symbol.dispose]();
    this.#endWait();
  }

  async #ask(): Promise<SubflowReading> {
    const sampler = await this.#sampler.opened;
    return sampler.sample();
  }
}
