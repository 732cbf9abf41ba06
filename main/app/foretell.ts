import type { PreflightAnswer } from '#contract/channels.ts';
import { SwitchyardError } from '#contract/errors.ts';
import type { Path, Plan } from '#contract/migration.ts';
import { freshProbe } from '#contract/probe.ts';
import type { BitsPerSecond, Milliseconds } from '#contract/units.ts';
import { forecast, type ForecastFacts } from '#main/engine/forecast.ts';
import { isManagedElsewhere } from '#main/engine/preflight-paths.ts';
import { systemClock } from '#main/hosts/clock.ts';
import type { Host } from '#main/hosts/host.ts';
import type { Preparation } from './planning.ts';
import { reviewPlan } from './review.ts';

/** What is needed of a host beyond the engine's wishes: to measure its guests, and to rehearse with its QEMUs. */
export type StageHost = Pick<Host, 'dirtyRate' | 'rehearse'>;

/** A guest's habits change slowly, and a measurement holds its monitor for a second. */
const rememberForMs: Milliseconds = 60_000;

/** Forecasts a migration, and shows what it would send. Changes nothing. */
export class Foreteller {
  readonly #hostOf: (id: string) => StageHost;
  readonly #monoMs: () => Milliseconds;
  readonly #dirtyRates = new Map<
    string,
    { readonly atMonoMs: Milliseconds; readonly rate: Promise<BitsPerSecond | undefined> }
  >();

  constructor(hostOf: (id: string) => StageHost, monoMs: () => Milliseconds = () => systemClock.monoMs()) {
    this.#hostOf = hostOf;
    this.#monoMs = monoMs;
  }

  async foretell({ plan, refusals }: Pick<Preparation, 'plan' | 'refusals'>): Promise<PreflightAnswer> {
    const review = await unlessRefused(() => this.#review(plan));
    return {
      ready: refusals.length === 0,
      checks: plan.checks,
      paths: plan.paths,
      ...(plan.leftOut === undefined ? {} : { leftOut: plan.leftOut }),
      forecast: forecastsFor(plan, await this.#dirtyRate(plan)),
      review: review ?? [],
    };
  }

  async #review(plan: Plan): Promise<PreflightAnswer['review']> {
    const { identity, monitorPath } = plan.guest;
    if (monitorPath === undefined) return [];
    await using source = await this.#hostOf(plan.source.id).rehearse({ identity, monitorPath });
    await using destination = await this.#hostOf(plan.destination.id).rehearse();
    return source && destination ? await reviewPlan(plan, { source, destination }) : [];
  }

  /** One measurement at a time for each guest: its monitor serves one client. */
  #dirtyRate({ guest, guestWasRunning, source }: Plan): Promise<BitsPerSecond | undefined> {
    const { identity, monitorPath, memoryBytes } = guest;
    if (!guestWasRunning || monitorPath === undefined || memoryBytes === undefined) return Promise.resolve(undefined);
    const key = `${identity.bootId} ${identity.pid} ${identity.startTimeTicks}`;
    const known = this.#dirtyRates.get(key);
    const now = this.#monoMs();
    if (known && now - known.atMonoMs < rememberForMs) return known.rate;
    const rate = unlessRefused(() => this.#hostOf(source.id).dirtyRate(identity, monitorPath, memoryBytes));
    this.#dirtyRates.set(key, { atMonoMs: now, rate });
    return rate;
  }
}

/** Beside the one asked for, what it would be like over the fastest path alone: that is what MPTCP is worth here. */
export function forecastsFor(
  { settings, source, destination, guest, paths }: Plan,
  dirtyBitsPerSecond: BitsPerSecond | undefined,
  nowEpochMs: Milliseconds = systemClock.epochMs(),
): PreflightAnswer['forecast'] {
  const fastestFirst = paths.toSorted((a, b) => rateOf(b) - rateOf(a));
  // What a program decides about further paths cannot be foretold.
  const kernels = [source, destination].every((host) => host.mptcp.usable && !isManagedElsewhere(host));
  const sockets = settings.socket === 'app' || [source, destination].every(({ qemu }) => qemu?.mptcp !== false);
  const facts = { memoryBytes: guest.memoryBytes, dirtyBitsPerSecond, settings, nowEpochMs };
  const overOne: ForecastFacts = { ...facts, paths: fastestFirst.slice(0, 1), protocol: 'tcp' };
  // Plain TCP goes over the first, which need not be the fastest.
  const overFirst: ForecastFacts = { ...facts, paths: paths.slice(0, 1), protocol: 'tcp' };
  const overAll: ForecastFacts = { ...facts, paths: fastestFirst, protocol: 'mptcp' };
  return {
    chosen: forecast(settings.mptcp !== 'off' && kernels && sockets ? overAll : overFirst),
    onePath: forecast(overOne),
  };
}

function rateOf(path: Path): BitsPerSecond {
  return freshProbe(path)?.capacityBitsPerSecond ?? path.speedBitsPerSecond ?? 0;
}

/** A forecast that cannot be made is left out: the checks say why, and a start finds out for itself. */
async function unlessRefused<Value>(work: () => Promise<Value>): Promise<Value | undefined> {
  try {
    return await work();
  } catch (thrown) {
    if (thrown instanceof SwitchyardError) return undefined;
    throw thrown;
  }
}
