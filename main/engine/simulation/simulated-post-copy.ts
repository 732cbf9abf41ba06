import { refused } from './faults.ts';
import type { SimulatedQemu } from './simulated-qemu.ts';
import type { SimulatedWorld } from './simulated-world.ts';

const grainMs = 10;
const noticeMs = 2;

/**
 * The half of a migration in which the guest belongs to the destination and its memory is still on both sides. A dead
 * network is not noticed; a connection that is known to have ended leaves both sides paused, to be joined again.
 */
export class SimulatedPostCopy {
  connected = true;
  readonly #world: SimulatedWorld;
  readonly #source: SimulatedQemu;
  readonly #destination: SimulatedQemu;
  readonly #onSent: (ms: number) => void;

  constructor(world: SimulatedWorld, source: SimulatedQemu, destination: SimulatedQemu, onSent: (ms: number) => void) {
    this.#world = world;
    this.#source = source;
    this.#destination = destination;
    this.#onSent = onSent;
  }

  /** Resolves when the guest is whole on the destination, or never will be. */
  async run(guestWasRunning: boolean): Promise<'completed' | 'lost'> {
    const [source, destination] = [this.#source, this.#destination];
    source.setOutgoing('postcopy-active');
    source.setRun('finish-migrate');
    destination.takeOver(source, guestWasRunning);
    for (let leftMs = this.#world.nature.postCopyMs; leftMs > 0;) {
      await this.#world.clock.sleep(grainMs);
      if (!source.alive || !destination.alive) return this.#lost();
      if (source.outgoing === 'cancelling') return this.#cancelled();
      if (!this.#flows()) {
        await this.#world.nextChange();
        continue;
      }
      leftMs -= grainMs;
      this.#onSent(grainMs);
    }
    destination.becomeWhole();
    while (!this.#world.networkUp) await this.#world.nextChange();
    return 'completed';
  }

  /** migrate-pause, on either side: the other one sees the connection end, if the network carries that. */
  pause(by: SimulatedQemu): void {
    const status = by === this.#source ? by.outgoing : by.incoming;
    if (status !== 'postcopy-active') {
      throw refused('migrate-pause', 'migrate-pause is currently only supported during postcopy-active state');
    }
    this.connected = false;
    this.#pauseOne(by);
    const other = by === this.#source ? this.#destination : this.#source;
    if (this.#world.networkUp) this.#world.clock.after(noticeMs, () => this.#pauseOne(other));
  }

  recover(): number {
    if (this.#destination.incoming !== 'postcopy-paused') {
      throw refused('migrate-recover', 'Migrate recover can only be run when postcopy is paused.');
    }
    const port = 43_000 + this.#destination.identity.pid;
    this.#destination.recoveryPort = port;
    return port;
  }

  /** The connection on which the destination has waited. */
  taken(): void {
    this.#destination.recoveryPort = undefined;
    this.#destination.setIncoming('postcopy-recover');
  }

  /** Neither side uses it any more. */
  hungUp(): void {
    if (this.#source.outgoing !== 'postcopy-recover') this.#pauseOne(this.#destination);
  }

  resume(): void {
    if (this.#source.outgoing !== 'postcopy-paused') {
      throw refused('migrate', 'Cannot resume if there is no paused migration');
    }
    this.#source.setOutgoing('postcopy-recover');
    void this.#meet();
  }

  /** What is lost on the way is sent again; a source whose data is not read waits for ever, as QEMU 7.2 does. */
  async #meet(): Promise<void> {
    const [source, destination] = [this.#source, this.#destination];
    await this.#world.clock.sleep(this.#world.nature.connectMs);
    while (!this.#world.networkUp) await this.#world.nextChange();
    if (!source.alive || destination.incoming !== 'postcopy-recover') return;
    this.connected = true;
    destination.setIncoming('postcopy-active');
    source.setOutgoing('postcopy-active');
  }

  #pauseOne(qemu: SimulatedQemu): void {
    if (!qemu.alive) return;
    const flowed = ['postcopy-active', 'postcopy-recover'];
    if (qemu === this.#source && flowed.includes(qemu.outgoing)) qemu.setOutgoing('postcopy-paused');
    if (qemu === this.#destination && flowed.includes(qemu.incoming)) qemu.setIncoming('postcopy-paused');
  }

  async #lost(): Promise<'lost'> {
    while (!this.#world.networkUp) await this.#world.nextChange();
    await this.#world.clock.sleep(noticeMs);
    this.#pauseOne(this.#source);
    this.#pauseOne(this.#destination);
    return 'lost';
  }

  /** QEMU 7.2 takes the command and loses the guest. */
  #cancelled(): 'lost' {
    this.#world.violations.push('migrate_cancel during post-copy');
    this.#source.setOutgoing('cancelled');
    this.#source.setRun('postmigrate');
    this.#pauseOne(this.#destination);
    return 'lost';
  }

  #flows(): boolean {
    return this.connected && this.#world.networkUp && !this.#source.frozen && !this.#destination.frozen;
  }
}
