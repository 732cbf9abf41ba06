import { defaultSettings, type MigrationRecord, type MigrationSettings } from '#contract/migration.ts';
import type { BitsPerSecond, Fraction, Milliseconds } from '#contract/units.ts';
import { bareMove, labStatus, type BareMove } from '#lab/lab.ts';
import type { Application } from '#main/app/application.ts';

/** One move of a lab's guest to its other host, by any driver. Times are QEMU's own except `durationMs`. */
export interface Move {
  readonly copyMs: Milliseconds;
  readonly goodputBitsPerSecond: BitsPerSecond;
  readonly downtimeMs: Milliseconds;
  /** From the first command to the guest running alone on the destination. */
  readonly durationMs: Milliseconds;
  /** Processor time of this process from the start of the copy to the end, of that time: 1 is one core. */
  readonly cpuFraction: Fraction;
  readonly record?: MigrationRecord;
}

export async function bare(lab: string, mptcp: boolean): Promise<Move> {
  const [move, cpuFraction] = await costOf(() => bareMove(lab, { mptcp }));
  return { ...timesOf(move), durationMs: move.durationMs, cpuFraction };
}

export async function ours(
  application: Application,
  lab: string,
  wanted: Partial<MigrationSettings>,
  meanwhile: () => Promise<void> = () => Promise.resolve(),
): Promise<Move> {
  const { guest, hosts } = await labStatus(lab);
  const to = hosts.find(({ id }) => id !== guest?.host);
  if (!guest?.host || !to) throw new Error(`the guest of ${lab} is nowhere`);
  const settings = { ...defaultSettings, ...wanted };
  // A bare move does not measure its paths either.
  const request = { guest: guest.name, from: guest.host, to: to.id, settings, probe: 'never' as const };
  const started = await application.start(request);
  if (started.kind === 'refused') throw new Error(started.refusals.map(({ text }) => text).join(' '));
  const { migration } = started;
  const [, cpuFraction] = await costOf(() => Promise.all([migration.ended, meanwhile()]));
  const record = await application.record(migration.id);
  if (record.outcome !== 'done-on-destination') throw new Error(`${record.id} ended ${record.outcome ?? 'open'}`);
  const { totals } = record;
  const times = timesOf({
    totalTimeMs: totals.totalTimeMs ?? NaN,
    setupTimeMs: totals.setupTimeMs ?? NaN,
    downtimeMs: totals.downtimeMs ?? NaN,
    transferredBytes: totals.transferredBytes,
  });
  return { ...times, durationMs: totals.durationMs, cpuFraction, record };
}

type Figures = Pick<BareMove, 'totalTimeMs' | 'setupTimeMs' | 'downtimeMs' | 'transferredBytes'>;

function timesOf({
  totalTimeMs,
  setupTimeMs,
  downtimeMs,
  transferredBytes,
}: Figures): Omit<Move, 'durationMs' | 'cpuFraction'> {
  const copyMs = totalTimeMs - setupTimeMs;
  return { copyMs, goodputBitsPerSecond: (transferredBytes * 8 * 1000) / copyMs, downtimeMs };
}

/** What this process used of one core meanwhile. */
export async function costOf<Value>(work: () => Promise<Value>): Promise<[Value, Fraction]> {
  const [cpu, begun] = [process.cpuUsage(), performance.now()];
  const value = await work();
  const { user, system } = process.cpuUsage(cpu);
  return [value, (user + system) / 1000 / (performance.now() - begun)];
}
