import type { CommandName } from '#contract/channels.ts';
import type { Milliseconds } from '#contract/units.ts';

/** So many at once, and so many a second in the long run. */
export interface RateLimit {
  readonly burst: number;
  readonly perSecond: number;
}

const usual: RateLimit = { burst: 20, perSecond: 10 };

/** What costs more than an answer from memory, or comes with every frame that is drawn. */
const limits: Readonly<Partial<Record<CommandName, RateLimit>>> = {
  'telemetry.acknowledge': { burst: 60, perSecond: 120 },
  'migration.samples': { burst: 50, perSecond: 25 },
  'migration.preflight': { burst: 8, perSecond: 3 },
  'migration.start': { burst: 4, perSecond: 1 },
  'migration.export': { burst: 8, perSecond: 2 },
  'lab.up': { burst: 2, perSecond: 0.5 },
  'lab.down': { burst: 2, perSecond: 0.5 },
  'lab.verify': { burst: 2, perSecond: 0.5 },
};

export function limitOf(command: CommandName): RateLimit {
  return limits[command] ?? usual;
}

/** A token bucket: what one window may still ask of one command. */
export class Allowance {
  readonly #limit: RateLimit;
  #tokens: number;
  #atMonoMs: Milliseconds;

  constructor(limit: RateLimit, nowMonoMs: Milliseconds) {
    this.#limit = limit;
    this.#tokens = limit.burst;
    this.#atMonoMs = nowMonoMs;
  }

  take(nowMonoMs: Milliseconds): boolean {
    const { burst, perSecond } = this.#limit;
    this.#tokens = Math.min(burst, this.#tokens + ((nowMonoMs - this.#atMonoMs) * perSecond) / 1000);
    this.#atMonoMs = nowMonoMs;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
