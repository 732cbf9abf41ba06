import type { Path } from '#contract/migration.ts';
import type { SubflowSample, SubflowState } from '#contract/telemetry.ts';
import type { BitsPerSecond, Milliseconds } from '#contract/units.ts';

/** What remains of a link for payload, after headers and acknowledgements. */
const payloadFraction = 0.962;
const fullRateAfterMs = 600;

/** One connection's subflow on one path of a fake migration: carries what its link does, ramps up when it is new, and loses its subflow with its link. */
export class FakePath {
  readonly path: Path;
  readonly #roundTripUs: number;
  readonly #index: number;
  readonly #token: string;
  /** Of the link's rate: parallel connections share it. */
  readonly #part: number;
  #subflowNumber: number;
  #sinceMonoMs: Milliseconds;
  #state: SubflowState = 'active';
  #bytesSent = 0;
  #retransmits = 0;
  #throughput: BitsPerSecond = 0;
  /** A subflow that has ended keeps its last totals in every later sample. */
  readonly #closed: SubflowSample[] = [];

  constructor(path: Path, index: number, bornMonoMs: Milliseconds, { connection = 0, of = 1 } = {}) {
    this.path = path;
    this.#token = (0xd27c32f1 + connection).toString(16);
    this.#part = 1 / of;
    this.#index = index;
    this.#subflowNumber = index;
    this.#sinceMonoMs = bornMonoMs;
    this.#roundTripUs = [210, 240, 1_900][index % 3] ?? 500;
  }

  get subflowId(): string {
    return `${this.#token}/${this.#subflowNumber}`;
  }

  get state(): SubflowState {
    return this.#state;
  }

  get bytesSent(): number {
    return this.#bytesSent + this.#closed.reduce((sum, { bytesSent }) => sum + bytesSent, 0);
  }

  /** What it could carry now, before any limit. */
  rateAt(monoMs: Milliseconds): BitsPerSecond {
    if (this.#state !== 'active') return 0;
    const ramp = Math.min(1, (monoMs - this.#sinceMonoMs) / fullRateAfterMs);
    return (
      (this.path.speedBitsPerSecond ?? 1e9) *
      payloadFraction *
      this.#part *
      ramp *
      (1 + 0.012 * wave(monoMs, this.#index))
    );
  }

  carry(rate: BitsPerSecond, overMs: Milliseconds): void {
    this.#throughput = rate;
    this.#bytesSent += (rate * overMs) / 8000;
  }

  setState(state: 'active' | 'backup' | 'stale'): void {
    if (state === 'stale') this.#retransmits += 118;
    this.#state = state;
  }

  /** Ends the subflow; the path may be joined again. */
  close(): void {
    this.#state = 'closed';
    this.#throughput = 0;
    this.#closed.push(this.#sample(0, 0));
  }

  join(monoMs: Milliseconds): void {
    this.#subflowNumber += 8;
    this.#sinceMonoMs = monoMs;
    this.#state = 'active';
    this.#bytesSent = 0;
    this.#retransmits = 0;
  }

  samples(monoMs: Milliseconds, allThroughput: BitsPerSecond): SubflowSample[] {
    return this.#state === 'closed' ? [...this.#closed] : [...this.#closed, this.#sample(monoMs, allThroughput)];
  }

  #sample(monoMs: Milliseconds, allThroughput: BitsPerSecond): SubflowSample {
    const { sourceInterface, sourceAddress, destinationAddress } = this.path;
    const queueing = this.#state === 'stale' ? 9 : 1;
    return {
      id: this.subflowId,
      interface: sourceInterface,
      localAddress: sourceAddress,
      localPort: 40_000 + this.#subflowNumber,
      remoteAddress: destinationAddress,
      remotePort: 49_152,
      state: this.#state,
      bytesSent: Math.round(this.#bytesSent),
      bytesRetransmitted: this.#retransmits * 1448,
      throughputBitsPerSecond: Math.round(this.#throughput),
      shareFraction: allThroughput > 0 ? this.#throughput / allThroughput : 0,
      rttUs: Math.round(this.#roundTripUs * queueing * (1 + 0.06 * wave(monoMs * 1.7, this.#index))),
      rttVarianceUs: Math.round(this.#roundTripUs / 12),
      congestionWindowBytes: Math.round((this.#throughput / 8) * (this.#roundTripUs / 1e6) * 1.2) + 14_480,
      retransmits: this.#retransmits,
      unsentBytes: 0,
    };
  }
}

/** Between -1 and 1; looks like noise and is the same in every run. */
export function wave(atMs: Milliseconds, seed: number): number {
  const seconds = atMs / 1000;
  return (
    (Math.sin(seconds * 3.1 + seed) + Math.sin(seconds * 7.7 + seed * 2) + Math.sin(seconds * 17.3 + seed * 5)) / 3
  );
}
