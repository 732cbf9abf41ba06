import type { QemuIdentity } from '#contract/host.ts';
import type { Sample } from '#contract/telemetry.ts';
import type { SubflowSampler, SubflowTroubles } from '#main/engine/ports.ts';
import type { SimulatedWorld } from './simulated-world.ts';

/** What the source's kernel would say of the migration's connection. */
export class SimulatedSampler implements SubflowSampler {
  readonly #world: SimulatedWorld;
  readonly #identity: QemuIdentity;
  readonly #port: number;
  readonly #onDispose: () => void;

  constructor(world: SimulatedWorld, identity: QemuIdentity, port: number, onDispose: () => void) {
    this.#world = world;
    this.#identity = identity;
    this.#port = port;
    this.#onDispose = onDispose;
  }

  sample(): Sample {
    return this.#world.calls.passNow('source.sample', () => {
      const { clock } = this.#world;
      const stream = this.#world.find(this.#identity)?.stream;
      const at = { atMonoMs: clock.monoMs(), atEpochMs: clock.epochMs() };
      if (!stream?.connected) return { ...at, connections: [], subflows: [], throughputBitsPerSecond: 0 };
      const protocol = stream.multipath ? 'mptcp' : 'tcp';
      return {
        ...at,
        connections: [{ id: 'd27c32f1', protocol, fallback: false, bytesSent: stream.bytesSent, bytesReinjected: 0 }],
        subflows: [
          {
            id: 'd27c32f1/0',
            interface: 'eth1',
            localAddress: '10.0.1.1',
            localPort: 50_000,
            remoteAddress: '10.0.1.2',
            remotePort: this.#port,
            state: 'active',
            bytesSent: stream.bytesSent,
            bytesRetransmitted: 0,
            throughputBitsPerSecond: 0,
            shareFraction: 1,
            rttUs: 200,
            rttVarianceUs: 20,
            congestionWindowBytes: 14_480,
            retransmits: 0,
            unsentBytes: 0,
          },
        ],
        throughputBitsPerSecond: 0,
      };
    });
  }

  troubles(): SubflowTroubles {
    return { unanswered: [], closed: [] };
  }

  [Symbol.dispose](): void {
    this.#onDispose();
  }
}
