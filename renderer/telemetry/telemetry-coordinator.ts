import type { EventPayload } from '#contract/channels.ts';
import type { Milliseconds } from '#contract/units.ts';
import type { Connection } from '#renderer/host/connection.ts';
import { RunBuffer } from './run-buffer.ts';
import { readingsAt, type Readings } from './readings.ts';

type Frame = EventPayload<'telemetry.frame'>;

/** What the coordinator needs of its surroundings: a window's, or a test's. */
export interface Surroundings {
  /** Calls once before the next paint; never while the window is hidden. */
  readonly beforeNextPaint: (paint: () => void) => void;
  readonly nowMs: () => Milliseconds;
}

/** A hole in the samples longer than this is filled from main's history before anything younger is drawn. */
const holeMs = 2_500;
const samplesPerPage = 2_000;
/** Tables are committed at most this often; charts follow every frame. */
const readingsEveryMs = 500;

/**
 * Brings the samples of one migration from main to what draws them, outside React. Frames come on the lossy lane and
 * are acknowledged once they are drawn, which is what keeps main from sending more than can be shown: a hidden window
 * draws nothing, so it gets nothing. What is missing (the window was opened late, reloaded, hidden, cut off) is seen
 * as a hole and fetched from main's history.
 */
export class TelemetryCoordinator {
  readonly buffer = new RunBuffer();
  readonly #connection: Connection;
  readonly #id: string;
  readonly #surroundings: Surroundings;
  readonly #painters = new Set<() => void>();
  readonly #readers = new Set<() => void>();
  readonly #waiting: Frame[] = [];
  #readings: Readings | undefined;
  #readingsAtMs = -Infinity;
  #readingsTimer: ReturnType<typeof setTimeout> | undefined;
  #filling = false;
  #paintAsked = false;
  #newest = 0;
  #acknowledged = 0;
  #stopped = false;

  constructor(connection: Connection, id: string, surroundings: Surroundings = ofThisWindow) {
    this.#connection = connection;
    this.#id = id;
    this.#surroundings = surroundings;
  }

  /**
   * `live`: frames are wanted; an ended run has its history only. Returns what stops it; then it may be started again,
   * when a run has ended or was taken up.
   */
  start({ live }: { live: boolean }): () => void {
    const { host } = this.#connection;
    this.#stopped = false;
    const stops = [
      host.on('telemetry.frame', (frame) => {
        if (frame.id === this.#id) this.#receive(frame);
      }),
      this.#connection.onOpen(() => {
        // Main counts the frames of each subscription from the beginning.
        [this.#newest, this.#acknowledged] = [0, 0];
        if (live) void host.call('telemetry.subscribe', { id: this.#id });
        void this.#fill();
      }),
    ];
    return () => {
      this.#stopped = true;
      clearTimeout(this.#readingsTimer);
      for (const stop of stops) stop();
      if (live) void host.call('telemetry.unsubscribe', {});
    };
  }

  /** Called whenever there is something new to draw; drawing there and then is what is acknowledged. */
  readonly onPaint = (painter: () => void): (() => void) => {
    this.#painters.add(painter);
    return () => void this.#painters.delete(painter);
  };

  /** With `readings`, a store as React subscribes to: at most two changes a second. */
  readonly onReadings = (reader: () => void): (() => void) => {
    this.#readers.add(reader);
    return () => void this.#readers.delete(reader);
  };
  readonly readings = (): Readings | undefined => this.#readings;

  #receive(frame: Frame): void {
    this.#waiting.push(frame);
    if (this.#filling) return;
    if (frame.dropped > 0 || this.#leavesHole(frame)) void this.#fill();
    else this.#takeWaiting();
  }

  #leavesHole({ samples: [first] }: Frame): boolean {
    const { lastEpochMs } = this.buffer;
    return first !== undefined && (lastEpochMs === undefined || first.atEpochMs - lastEpochMs > holeMs);
  }

  #takeWaiting(): void {
    for (const { sequence, samples } of this.#waiting.splice(0)) {
      for (const sample of samples) this.buffer.push(sample);
      this.#newest = sequence;
    }
    this.#askForPaint();
  }

  /** One at a time; what arrives meanwhile waits, so that rows stay in order. */
  async #fill(): Promise<void> {
    if (this.#filling) return;
    this.#filling = true;
    try {
      for (let more = true; more && !this.#stopped;) {
        const after = this.buffer.lastEpochMs;
        const page = await this.#connection.host.call('migration.samples', {
          id: this.#id,
          limit: samplesPerPage,
          ...(after === undefined ? {} : { afterEpochMs: after }),
        });
        if (!page.ok) break;
        for (const sample of page.value.samples) this.buffer.push(sample);
        more = page.value.more && page.value.samples.length > 0;
        this.#askForPaint();
      }
    } finally {
      this.#filling = false;
      this.#takeWaiting();
    }
  }

  #askForPaint(): void {
    if (this.#paintAsked || this.#stopped) return;
    this.#paintAsked = true;
    this.#surroundings.beforeNextPaint(() => {
      this.#paintAsked = false;
      if (!this.#stopped) this.#paint();
    });
  }

  #paint(): void {
    for (const painter of this.#painters) painter();
    if (this.#newest > this.#acknowledged) {
      this.#acknowledged = this.#newest;
      void this.#connection.host.call('telemetry.acknowledge', { sequence: this.#newest });
    }
    const waitMs = this.#readingsAtMs + readingsEveryMs - this.#surroundings.nowMs();
    if (waitMs <= 0) this.#publishReadings();
    else this.#readingsTimer ??= setTimeout(() => this.#publishReadings(), waitMs);
  }

  #publishReadings(): void {
    clearTimeout(this.#readingsTimer);
    this.#readingsTimer = undefined;
    this.#readingsAtMs = this.#surroundings.nowMs();
    const { recent, bands } = this.buffer;
    if (recent.length > 0) this.#readings = readingsAt(recent, recent.length - 1, bands);
    for (const reader of this.#readers) reader();
  }
}

const ofThisWindow: Surroundings = {
  beforeNextPaint: (paint) => void requestAnimationFrame(paint),
  nowMs: () => performance.now(),
};
