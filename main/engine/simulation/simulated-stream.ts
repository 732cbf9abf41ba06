import type { Milliseconds } from '#contract/units.ts';
import type { ConnectionEnd, MigrationAddress } from '#main/engine/ports.ts';
import { SimulatedPostCopy } from './simulated-post-copy.ts';
import type { SimulatedQemu } from './simulated-qemu.ts';
import type { SimulatedWorld } from './simulated-world.ts';

/** The grain in which the migration threads notice what has happened. */
const grainMs = 10;

/** Data is counted from a random beginning in each direction. */
function dataOf(sender: 'source' | 'destination', bytes: number): bigint {
  return (sender === 'source' ? 0x7d69_bc3b_f651_1ba4n : 0xa721_afaf_c500_eeedn) + BigInt(Math.round(bytes));
}

function otherThan(side: 'source' | 'destination'): 'source' | 'destination' {
  return side === 'source' ? 'destination' : 'source';
}

/** Why the source's migration thread stops before it is done. */
class StreamEnd extends Error {
  readonly reason: 'source-died' | 'cancelled' | 'broken';

  constructor(reason: StreamEnd['reason'], text = '') {
    super(text);
    this.reason = reason;
  }
}

/**
 * One attempt to migrate: the source's migration thread and, once connected, the destination's loading of what arrives. The
 * order of statuses and events is QEMU 7.2's: setup, active, STOP, completed; cancelling, RESUME, cancelled; failed, RESUME.
 */
export class SimulatedStream {
  readonly source: SimulatedQemu;
  destination: SimulatedQemu | undefined;
  readonly multipath: boolean;
  /** Shut down out of band: what the source's thread does next on it fails. */
  yanked = false;
  bytesSent = 0;
  remainingBytes = 0;
  iteration = 0;
  downtimeMs: Milliseconds = 0;
  totalTimeMs: Milliseconds = 0;
  #hungUp = false;
  /** The connection exists. */
  connected = false;
  /** Where it waits before the switchover: it need not any more. */
  mayLeave = false;
  /** The guest has stopped for good, and the rest is being sent. */
  isLeaving = false;
  inProgress = true;
  /** The destination needs nothing more of the source. */
  everythingSent = false;
  /** To begin at the next opportunity. */
  postCopyAsked = false;
  postCopy: SimulatedPostCopy | undefined;
  readonly #world: SimulatedWorld;
  readonly #address: MigrationAddress;
  readonly #guestWasRunning: boolean;
  readonly #startedAtMs: Milliseconds;
  #stoppedAtMs: Milliseconds | undefined;

  constructor(world: SimulatedWorld, source: SimulatedQemu, address: MigrationAddress) {
    this.#world = world;
    this.source = source;
    this.#address = address;
    this.#guestWasRunning = source.run === 'running';
    this.#startedAtMs = world.clock.monoMs();
    this.multipath = world.nature.multipath && address.mptcp && world.answererAt(address)?.listener?.mptcp === true;
    source.setOutgoing('setup');
  }

  /** The connection as the kernel of one side shows it. */
  ends(side: 'source' | 'destination'): readonly ConnectionEnd[] {
    const near = { address: '10.0.1.1', port: 50_000 };
    const far = { address: this.#address.host, port: this.#address.port };
    const [local, remote] = side === 'source' ? [near, far] : [far, near];
    const [sent, received] = side === 'source' ? [this.bytesSent, 0] : [0, this.bytesSent];
    const counts = this.multipath
      ? {
          sequence: {
            sent: dataOf(side, sent),
            acked: dataOf(side, sent),
            received: dataOf(otherThan(side), received),
          },
        }
      : { bytes: { sent, acked: sent, received } };
    const connections =
      1 + (this.source.capabilities['multifd'] === true ? this.source.parameters.parallelConnections : 0);
    return Array.from({ length: connections }, () => ({
      subflows: [{ local, remote }],
      held: true,
      established: true,
      ...counts,
    }));
  }

  async run(): Promise<void> {
    const { source } = this;
    try {
      const destination = await this.#connect();
      if (source.capabilities['multifd'] !== destination.capabilities['multifd']) {
        throw new StreamEnd('broken', 'Unable to write to socket: Connection reset by peer');
      }
      await this.#copy();
      if (this.postCopyAsked) await this.#switchToPostCopy(destination);
      else await this.#switchOver(destination);
    } catch (end) {
      if (!(end instanceof StreamEnd)) throw end;
      await this.#unwind(end);
    }
  }

  async #connect(): Promise<SimulatedQemu> {
    await this.#send(this.#world.nature.connectMs);
    await this.#whileSilent();
    const destination = this.#world.answererAt(this.#address);
    if (!destination || this.#world.nature.dead.has(this.#address.host)) {
      throw new StreamEnd('broken', `Failed to connect to '${this.#address.host}': Connection refused`);
    }
    this.destination = destination;
    this.connected = true;
    destination.setIncoming('active');
    return destination;
  }

  /** The connection to that address is given up by the kernel, if it is still being made. */
  hangUp(address: string): void {
    if (!this.connected && address === this.#address.host) this.#hungUp = true;
    this.#world.changed();
  }

  /** QEMU waits for the kernel, which asks for two minutes; a cancel is taken and not carried out meanwhile. */
  async #whileSilent(): Promise<void> {
    const givenUpAtMs = this.#world.clock.monoMs() + 127_000;
    while (this.#world.nature.dead.get(this.#address.host) === 'silent') {
      await this.#world.clock.sleep(grainMs);
      if (!this.source.alive) throw new StreamEnd('source-died');
      if (this.#hungUp || this.#world.clock.monoMs() > givenUpAtMs) {
        throw new StreamEnd(
          this.source.outgoing === 'cancelling' ? 'cancelled' : 'broken',
          `Failed to connect to '${this.#address.host}': Connection timed out`,
        );
      }
    }
  }

  async #copy(): Promise<void> {
    const { nature } = this.#world;
    this.source.setOutgoing('active');
    for (const [index, ms] of nature.iterationsMs.entries()) {
      do {
        this.iteration += 1;
        this.source.tell({ kind: 'iteration', iteration: this.iteration });
        this.remainingBytes = ms * nature.bytesPerMs;
        this.#world.changed();
        await this.#send(ms);
        if (this.postCopyAsked) return;
      } while (nature.neverConverges && index === nature.iterationsMs.length - 1);
    }
  }

  async #switchToPostCopy(destination: SimulatedQemu): Promise<void> {
    this.#stoppedAtMs = this.#world.clock.monoMs();
    await this.#gate();
    this.everythingSent = true;
    this.postCopy = new SimulatedPostCopy(this.#world, this.source, destination, (ms) => this.#sent(ms));
    if ((await this.postCopy.run(this.#guestWasRunning)) === 'completed') this.#complete(1);
    else this.#end();
  }

  async #switchOver(destination: SimulatedQemu): Promise<void> {
    const { source } = this;
    this.#stoppedAtMs = this.#world.clock.monoMs();
    await this.#gate();
    source.hold();
    this.isLeaving = true;
    try {
      source.setRun('finish-migrate');
      this.#world.changed();
      await this.#send(this.#world.nature.deviceStateMs);
    } finally {
      source.release();
    }
    this.everythingSent = true;
    this.#world.changed();
    void this.#load(destination);
    // Without a return path the source does not learn whether the destination could use what was sent.
    if (source.capabilities['return-path']) await this.#hearOfCompletion(destination);
    this.#complete(this.#world.clock.monoMs() - this.#stoppedAtMs);
  }

  /** With `pause-before-switchover`: the guest stops, and nothing more is sent until the manager allows it. */
  async #gate(): Promise<void> {
    const { source } = this;
    if (source.capabilities['pause-before-switchover'] !== true) return;
    const status = source.outgoing;
    source.setRun('finish-migrate');
    source.setOutgoing('pre-switchover');
    while (!this.mayLeave) {
      await this.#world.nextChange();
      if (!source.alive) throw new StreamEnd('source-died');
      if (source.outgoing === 'cancelling') throw new StreamEnd('cancelled');
    }
    source.setOutgoing(this.postCopyAsked ? status : 'device');
  }

  #complete(downtimeMs: Milliseconds): void {
    this.downtimeMs = downtimeMs;
    this.totalTimeMs = this.#world.clock.monoMs() - this.#startedAtMs;
    this.remainingBytes = 0;
    this.#end();
    this.source.setOutgoing('completed');
    this.source.setRun('postmigrate');
  }

  async #hearOfCompletion(destination: SimulatedQemu): Promise<void> {
    while (destination.incoming !== 'completed' || !this.#flows()) {
      await this.#world.nextChange();
      this.#check();
    }
    await this.#grain(this.#world.nature.acknowledgeMs);
    if (!this.#flows()) await this.#hearOfCompletion(destination);
  }

  /** The destination needs nothing more of the source to finish, or to fail. */
  async #load(destination: SimulatedQemu): Promise<void> {
    const { clock, nature } = this.#world;
    const { guestEpoch } = this.source;
    await clock.sleep(nature.loadMs);
    await destination.turn(true);
    if (!destination.alive) return;
    if (nature.destinationRejects === undefined) destination.arrive(guestEpoch, this.#guestWasRunning);
    else destination.giveUp(nature.destinationRejects);
  }

  async #unwind(end: StreamEnd): Promise<void> {
    const { source } = this;
    this.#end();
    void this.#destinationLosesSource();
    if (end.reason === 'source-died') return;
    const cancelled = end.reason === 'cancelled';
    if (!cancelled) {
      source.errorText = end.message;
      source.setOutgoing('failed');
    }
    // The clean-up runs in the main loop: for a moment the status has changed and the guest has not.
    await this.#world.clock.sleep(3);
    if (!source.alive) return;
    if (source.run === 'finish-migrate') {
      source.setRun(this.#guestWasRunning && this.#world.nature.resumesItself ? 'running' : 'postmigrate');
    }
    if (cancelled) source.setOutgoing('cancelled');
  }

  #end(): void {
    this.connected = false;
    this.inProgress = false;
  }

  /** The end of the connection reaches the destination only over a network that works. */
  async #destinationLosesSource(): Promise<void> {
    const { destination } = this;
    if (!destination || this.everythingSent) return;
    if (this.source.capabilities['multifd'] !== destination.capabilities['multifd']) return;
    await new Promise<void>((resolve) => this.#world.when(() => this.#world.networkUp, resolve));
    await this.#world.clock.sleep(2);
    await destination.turn(true);
    if (destination.alive) destination.giveUp('load of migration failed: Input/output error');
  }

  /** Keeps the network busy for so long, plus the time in which it does not carry anything. */
  async #send(ms: Milliseconds): Promise<void> {
    for (let leftMs = ms; leftMs > 0 && !this.postCopyAsked;) {
      const sliceMs = Math.min(grainMs, leftMs);
      await this.#grain(sliceMs);
      if (!this.#flows()) {
        await this.#world.nextChange();
        continue;
      }
      leftMs -= sliceMs;
      this.#sent(sliceMs);
    }
  }

  #sent(ms: Milliseconds): void {
    const bytes = ms * this.#world.nature.bytesPerMs;
    this.bytesSent += bytes;
    this.remainingBytes = Math.max(0, this.remainingBytes - bytes);
  }

  async #grain(ms: Milliseconds): Promise<void> {
    await this.#world.clock.sleep(ms);
    this.#check();
  }

  #check(): void {
    const { source, destination } = this;
    if (!source.alive) throw new StreamEnd('source-died');
    if (this.yanked) throw new StreamEnd('broken', 'Unable to write to socket: Broken pipe');
    if (source.outgoing === 'cancelling') throw new StreamEnd('cancelled');
    if (destination && !destination.alive && this.#world.networkUp) {
      throw new StreamEnd('broken', 'Unable to write to socket: Connection reset by peer');
    }
  }

  #flows(): boolean {
    return this.#world.networkUp && !this.source.frozen && !this.destination?.frozen;
  }
}
