import { agoOf } from '#contract/ago.ts';
import type { Forecast } from '#contract/channels.ts';
import { carryingPaths } from '#contract/path-speed.ts';
import type { MigrationSettings, Path } from '#contract/migration.ts';
import { freshProbe, type PathProbe } from '#contract/probe.ts';
import {
  formatBitsPerSecond,
  formatBytes,
  formatDurationMs,
  type BitsPerSecond,
  type Bytes,
  type Milliseconds,
} from '#contract/units.ts';

/** What a forecast is made from. */
export interface ForecastFacts {
  /** Of the guest's RAM, all of which may have to be sent; pages that hold nothing cost nothing, so it is the most. */
  readonly memoryBytes: Bytes | undefined;
  /** How fast the guest writes to its memory, as far as that was measured. */
  readonly dirtyBitsPerSecond: BitsPerSecond | undefined;
  /** Those that will be used. */
  readonly paths: readonly Path[];
  readonly protocol: 'tcp' | 'mptcp';
  /** Against which the age of a measurement counts; it is not shown without. */
  readonly nowEpochMs?: Milliseconds;
  readonly settings: Pick<
    MigrationSettings,
    'bandwidthBitsPerSecond' | 'downtimeLimitMs' | 'autoConverge' | 'postCopy'
  >;
}

/** IPv4 or IPv6 is not distinguished: 20 bytes more or less. TCP with time stamps (RFC 7323) takes 32. */
const headerBytes = 20 + 32;
/** Of a frame beside the packet, as a shaper counts it (Ethernet II without its check sequence). */
const frameBytes = 14;
/** What MPTCP's own option takes from the payload (Data Sequence Signal, RFC 8684 section 3.3), as measured on two links. */
const mptcpShare = 0.016;

/** Dirtying three quarters of what is sent, or more, is too near to promise an end. */
const comfortableRatio = 0.75;

/**
 * What the paths can carry of a migration's own bytes, measured or computed from their links; unknown as long as it is of one
 * of them. A path that a probe's connection did not join adds nothing to others.
 */
export function carriedBitsPerSecond(paths: readonly Path[], protocol: 'tcp' | 'mptcp'): BitsPerSecond | undefined {
  const carrying = carryingPaths(paths);
  const used = carrying.length < 2 ? carrying : carrying.filter((path) => !didNotJoin(freshProbe(path)));
  const rates = used.flatMap((path) => measuredRate(path) ?? rateOfLink(path, protocol) ?? []);
  if (used.length === 0 || rates.length < used.length) return undefined;
  return rates.reduce((total, rate) => total + rate, 0);
}

/** A probe without MPTCP joins nothing, and shows nothing of it. */
function didNotJoin(probe: PathProbe | undefined): boolean {
  return probe?.protocol !== undefined && !probe.joined;
}

/** A measurement that this machine limited shows no more than a link that is known. */
function measuredRate(path: Path): BitsPerSecond | undefined {
  const probe = freshProbe(path);
  const isMeasured = probe?.capacityIsLeast !== true || path.speedBitsPerSecond === undefined;
  return isMeasured ? probe?.capacityBitsPerSecond : undefined;
}

function rateOfLink({ speedBitsPerSecond, mtu }: Path, protocol: 'tcp' | 'mptcp'): BitsPerSecond | undefined {
  if (speedBitsPerSecond === undefined) return undefined;
  const rate = (speedBitsPerSecond * (mtu - headerBytes)) / (mtu + frameBytes);
  return protocol === 'mptcp' ? rate * (1 - mptcpShare) : rate;
}

/** ` (measured 3 min ago)` where every path is; nothing where one is computed. */
function howKnown({ paths, nowEpochMs }: ForecastFacts): string {
  const measured = paths.flatMap((path) => (measuredRate(path) === undefined ? [] : (freshProbe(path) ?? [])));
  if (nowEpochMs === undefined || measured.length === 0 || measured.length < paths.length) return '';
  const oldest = Math.min(...measured.map(({ atEpochMs }) => atEpochMs));
  return ` (measured ${agoOf(nowEpochMs - oldest)})`;
}

/**
 * Pre-copy as QEMU does it: all of the memory, then again and again what was dirtied meanwhile, until the rest fits into
 * the downtime limit; what the devices cost beside that is not foretold. Absent members are not known; nothing is made up for them.
 */
export function forecast(facts: ForecastFacts): Forecast {
  const { memoryBytes, dirtyBitsPerSecond, settings } = facts;
  const carried = carriedBitsPerSecond(facts.paths, facts.protocol);
  if (facts.paths.length === 0) return { text: 'There is no path to send it over.' };
  if (carried === undefined) return { text: 'The speed of the paths is not known, so no forecast is possible.' };
  if (memoryBytes === undefined) return { text: 'The size of the guest is not known, so no forecast is possible.' };

  const limit = settings.bandwidthBitsPerSecond;
  const sendBitsPerSecond = limit > 0 ? Math.min(limit, carried) : carried;
  const once = (memoryBytes * 8 * 1000) / sendBitsPerSecond;
  const isLimited = limit > 0 && limit <= carried;
  const rate = `${formatBitsPerSecond(sendBitsPerSecond)}${isLimited ? '' : howKnown(facts)}`;
  if (dirtyBitsPerSecond === undefined) {
    return {
      durationMs: once,
      text: `Sending ${formatBytes(memoryBytes)} once takes ${formatDurationMs(once)} at ${rate}; how much is sent again depends on how fast the guest writes, which was not measured.`,
    };
  }
  const ratio = dirtyBitsPerSecond / sendBitsPerSecond;
  const writes = `the guest writes ${formatBitsPerSecond(dirtyBitsPerSecond)} and ${rate} can be sent`;
  if (ratio >= 1) return { converges: false, text: `Does not converge: ${writes}. ${wayOut(settings)}` };

  const { totalMs, lastMs } = preCopy(once, ratio, settings.downtimeLimitMs);
  return {
    durationMs: totalMs,
    downtimeMs: lastMs,
    converges: true,
    text:
      ratio >= comfortableRatio
        ? `Borderline, about ${formatDurationMs(totalMs)} if nothing gets in its way: ${writes}.`
        : `At most about ${formatDurationMs(totalMs)} at ${rate}, of which the guest stands still for about ${formatDurationMs(lastMs)}.`,
  };
}

/**
 * What is left shrinks by what is sent less what the guest writes. As soon as it would fit into the downtime limit QEMU
 * stops the guest, so of that limit about all is used (migration_iteration_run, migration/migration.c).
 */
function preCopy(
  onceMs: Milliseconds,
  ratio: number,
  downtimeLimitMs: Milliseconds,
): { readonly totalMs: Milliseconds; readonly lastMs: Milliseconds } {
  const lastMs = Math.min(onceMs, downtimeLimitMs);
  return { totalMs: (onceMs - lastMs) / (1 - ratio) + lastMs, lastMs };
}

function wayOut({ autoConverge, postCopy }: ForecastFacts['settings']): string {
  if (postCopy === 'allow') return 'Post-copy, which is allowed, can end it.';
  return autoConverge
    ? 'Auto-converge will slow the guest step by step until it does.'
    : 'Allow auto-converge or post-copy, add a path, or migrate when the guest is quieter.';
}
