import type { Sample } from '#contract/telemetry.ts';
import { TelemetryLane } from '#main/telemetry/lane.ts';
import type { AppWindow } from './face.ts';

interface Subscription {
  readonly id: string;
  readonly lane: TelemetryLane;
}

/** Who gets the samples of which migration: one migration a window, in frames that it acknowledges. */
export class TelemetryDesk {
  readonly #subscriptions = new Map<AppWindow, Subscription>();

  /** Numbers continue from the window's earlier lane, so that an acknowledgement under way is not taken for one of this. */
  subscribe(window: AppWindow, id: string): void {
    const after = this.#subscriptions.get(window)?.lane.lastSequence ?? 0;
    const lane = new TelemetryLane((frame) => window.emit('telemetry.frame', { id, ...frame }), after);
    this.#subscriptions.set(window, { id, lane });
  }

  unsubscribe(window: AppWindow): void {
    this.#subscriptions.delete(window);
  }

  acknowledge(window: AppWindow, sequence: number): void {
    this.#subscriptions.get(window)?.lane.acknowledge(sequence);
  }

  offer(id: string, sample: Sample): void {
    for (const subscription of this.#subscriptions.values()) {
      if (subscription.id === id) subscription.lane.offer(sample);
    }
  }
}
