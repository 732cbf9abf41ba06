import type { Sample } from '#contract/telemetry.ts';

/** Frames under way to a window at one time: one being drawn and one behind it, so that drawing never waits for the road. */
const mostUnacknowledged = 2;

/** What one frame holds at most: two seconds at the usual ten a second. A window that was away for longer asks the record. */
const mostSamplesAFrame = 20;

/** Samples for one window, under a number that grows by one from frame to frame. */
export interface Frame {
  readonly sequence: number;
  readonly samples: Sample[];
  /** Samples between the last frame's and this one's that it could not hold. */
  readonly dropped: number;
}

/**
 * The way of one migration's samples to one window. The window acknowledges what it has drawn; while two frames are
 * under way, samples gather in the next, and the oldest of them give way to the newest. Holds a bounded amount whatever
 * the window does, and a hidden one, which draws nothing, soon gets nothing.
 */
export class TelemetryLane {
  readonly #send: (frame: Frame) => void;
  #gathered: Sample[] = [];
  #dropped = 0;
  #sent: number;
  #acknowledged: number;

  /** The first frame's number is the one after `after`. */
  constructor(send: (frame: Frame) => void, after = 0) {
    this.#send = send;
    this.#sent = after;
    this.#acknowledged = after;
  }

  get lastSequence(): number {
    return this.#sent;
  }

  offer(sample: Sample): void {
    this.#gathered.push(sample);
    if (this.#gathered.length > mostSamplesAFrame) {
      this.#gathered.shift();
      this.#dropped += 1;
    }
    this.#sendWhatMayGo();
  }

  /** Everything up to this frame has been drawn. Cumulative: a lost one is made good by the next; others mean nothing. */
  acknowledge(sequence: number): void {
    if (!(sequence > this.#acknowledged && sequence <= this.#sent)) return;
    this.#acknowledged = sequence;
    this.#sendWhatMayGo();
  }

  #sendWhatMayGo(): void {
    if (this.#gathered.length === 0 || this.#sent - this.#acknowledged >= mostUnacknowledged) return;
    const frame = { sequence: (this.#sent += 1), samples: this.#gathered, dropped: this.#dropped };
    this.#gathered = [];
    this.#dropped = 0;
    this.#send(frame);
  }
}
