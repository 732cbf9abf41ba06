import type { QemuIdentity } from '#contract/host.ts';
import type { Sample } from '#contract/telemetry.ts';
import type { Milliseconds } from '#contract/units.ts';
import type { SubflowReading, SubflowSampler } from '#main/engine/ports.ts';
import type { ManagerLife } from './manager-life.ts';
import type { SimulatedWorld } from './simulated-world.ts';

const answerTimeoutMs: Milliseconds = 10_000;

/** What the source's kernel would say of the migration's connection. */
export class SimulatedSampler implements SubflowSampler {
  readonly #world: SimulatedWorld;
  readonly #life: ManagerLife;
  readonly #identity: QemuIdentity;
  readonly #port: number;
  readonly #onDispose: () => void;
  #asked = false;

  constructor(
    world: SimulatedWorld,
    life: ManagerLife,
    { identity, port }: { readonly identity: QemuIdentity; readonly port: number },
    onDispose: () => void,
  ) {
    this.#world = world;
    this.#life = life;
    this.#identity = identity;
    this.#port = port;
    this.#onDispose = onDispose;
  }

  sample(): Promise<SubflowReading> {
    const call = {
      name: 'source.sample',
      of: 'host',
      timeoutMs: answerTimeoutMs,
      perform: () => this.#answer(),
      hangUp: () => undefined,
    } as const;
    if (this.#asked) this.#world.violations.push('a sample was asked for before the one before it was answered');
    this.#asked = true;
    return this.#life.bound(() =>
      this.#world.calls.pass(call).finally(() => {
        this.#asked = false;
      }),
    );
  }

  [Symbol.dispose](): void {
    this.#onDispose();
  }

  async #answer(): Promise<SubflowReading> {
    await this.#world.nature.sampling;
    return { sample: this.#look(), troubles: { unanswered: [], closed: [] } };
  }

  #look(): Sample {
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
  }
}
