import type { QemuIdentity } from '#contract/host.ts';
import type { Milliseconds } from '#contract/units.ts';
import type {
  Capabilities,
  Hardware,
  MigrationAddress,
  MigrationParameters,
  OwnedSocket,
  Qemu,
  QemuEvent,
  QemuStatus,
  SocketName,
} from '#main/engine/ports.ts';
import type { OpenImage } from '#main/likeness/open-image.ts';
import type { Portrait } from '#main/likeness/portrait.ts';
import { timedOut, unreachable } from './faults.ts';
import type { ManagerLife } from './manager-life.ts';
import type { SimulatedQemu } from './simulated-qemu.ts';
import { SimulatedSocket } from './simulated-sockets.ts';
import type { SimulatedWorld } from './simulated-world.ts';

/** One way over the monitor's line. */
const latencyMs = 0.25;
const queryTimeoutMs = 1500;
const commandTimeoutMs = 10_000;

interface Lane {
  readonly outOfBand: boolean;
  readonly timeoutMs: Milliseconds;
}

const overtaking: Lane = { outOfBand: true, timeoutMs: commandTimeoutMs };

/** One session with a monitor, as an adapter would hold it: with latency, time-outs, and a line that can break. */
export class SimulatedMonitor implements Qemu {
  readonly identity: QemuIdentity;
  readonly disconnected: Promise<string>;
  readonly #world: SimulatedWorld;
  readonly #life: ManagerLife;
  readonly #side: string;
  readonly #qemu: SimulatedQemu;
  readonly #listeners = new Set<(event: QemuEvent) => void>();
  readonly #unanswered = new Set<(reason: unknown) => void>();
  readonly #ended = Promise.withResolvers<string>();
  #open = true;

  constructor(world: SimulatedWorld, life: ManagerLife, qemu: SimulatedQemu, side: string) {
    this.#world = world;
    this.#life = life;
    this.#side = side;
    this.#qemu = qemu;
    this.identity = qemu.identity;
    this.disconnected = life.bound(() => this.#ended.promise);
    qemu.monitor = this;
  }

  status(): Promise<QemuStatus> {
    return this.#inBand('status', () => this.#qemu.status(), queryTimeoutMs);
  }

  capabilities(): Promise<Capabilities> {
    return this.#inBand('capabilities', () => this.#qemu.capabilities);
  }

  setCapabilities(wanted: Capabilities): Promise<void> {
    return this.#inBand('setCapabilities', () => this.#qemu.setCapabilities(wanted));
  }

  setParameters(wanted: MigrationParameters): Promise<void> {
    return this.#inBand('setParameters', () => this.#qemu.setParameters(wanted));
  }

  parameters(): Promise<Required<MigrationParameters>> {
    return this.#inBand('parameters', () => this.#qemu.parameters);
  }

  listen(address: MigrationAddress): Promise<number> {
    return this.#inBand('listen', () => this.#qemu.listen(address));
  }

  migrate(address: MigrationAddress): Promise<void> {
    return this.#inBand('migrate', () => this.#qemu.migrate(address));
  }

  receiveOver(socket: OwnedSocket): Promise<void> {
    return this.#inBand('receiveOver', () => this.#qemu.receiveOver(simulated(socket)));
  }

  migrateOver(socket: OwnedSocket): Promise<void> {
    return this.#inBand('migrateOver', () => this.#qemu.migrateOver(simulated(socket)));
  }

  listeningOn(): Promise<readonly SocketName[]> {
    return this.#inBand('listeningOn', () => {
      const { listener } = this.#qemu;
      return listener ? [{ address: listener.host, port: listener.port }] : [];
    });
  }

  keepPaused(): Promise<void> {
    return this.#inBand('keepPaused', () => this.#qemu.keepPaused());
  }

  hardware(): Promise<Hardware> {
    return this.#inBand('hardware', () => ({ machine: 'pc-i440fx-7.2', memoryBytes: 64 * 2 ** 20 - 8192 }));
  }

  setPassword(display: string): Promise<void> {
    return this.#inBand('setPassword', () => void this.#qemu.passwords.add(display));
  }

  portrait(): Promise<Portrait> {
    return this.#inBand('portrait', () => this.#qemu.portrait);
  }

  images(): Promise<readonly OpenImage[]> {
    return this.#inBand('images', () => this.#qemu.images, queryTimeoutMs);
  }

  switchOver(): Promise<void> {
    return this.#inBand('switchOver', () => this.#qemu.switchOver());
  }

  cancel(): Promise<void> {
    return this.#inBand('cancel', () => this.#qemu.cancel());
  }

  yank(): Promise<void> {
    return this.#call('yank', () => this.#qemu.yank(), overtaking);
  }

  startPostCopy(): Promise<void> {
    return this.#inBand('startPostCopy', () => this.#qemu.startPostCopy());
  }

  pausePostCopy(): Promise<void> {
    return this.#call('pausePostCopy', () => this.#qemu.pausePostCopy(), overtaking);
  }

  recover(): Promise<number> {
    return this.#call('recover', () => this.#qemu.recover(), overtaking);
  }

  resumeOver(socket: OwnedSocket): Promise<void> {
    return this.#inBand('resumeOver', () => this.#qemu.resumeOver(simulated(socket)));
  }

  cont(): Promise<void> {
    return this.#inBand('cont', () => this.#world.judgeCont(this.#qemu));
  }

  quit(): Promise<void> {
    return this.#inBand('quit', () => {
      this.#world.judgeKill(this.#qemu);
      this.#qemu.quit();
    });
  }

  onEvent(listener: (event: QemuEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.breakLine();
  }

  /** However the line ends: QEMU drops commands that it has not begun, and the answers of the others are lost. */
  breakLine(): void {
    if (!this.#open) return;
    this.#open = false;
    if (this.#qemu.monitor === this) this.#qemu.monitor = undefined;
    for (const reject of this.#unanswered) reject(unreachable(`the monitor of the ${this.#side}`));
    this.#ended.resolve('the line is gone');
  }

  tell(event: QemuEvent): void {
    this.#world.clock.after(latencyMs, () => {
      if (this.#open) for (const listener of this.#listeners) listener(event);
    });
  }

  #inBand<Value>(command: string, effect: () => Value, timeoutMs = commandTimeoutMs): Promise<Value> {
    return this.#call(command, effect, { outOfBand: false, timeoutMs });
  }

  #call<Value>(command: string, effect: () => Value, lane: Lane): Promise<Value> {
    const name = `${this.#side}.${command}`;
    const perform = (): Promise<Value> => this.#answer(name, effect, lane);
    const hangUp = (): void => this.breakLine();
    const call = { name, of: 'monitor', timeoutMs: lane.timeoutMs, perform, hangUp } as const;
    return this.#life.bound(() => this.#world.calls.pass(call));
  }

  #answer<Value>(name: string, effect: () => Value, { outOfBand, timeoutMs }: Lane): Promise<Value> {
    const { clock } = this.#world;
    return new Promise((resolve, reject) => {
      if (!this.#open) return reject(unreachable(`the monitor of the ${this.#side}`));
      this.#unanswered.add(reject);
      const giveUp = clock.after(timeoutMs, () => reject(timedOut(name, timeoutMs)));
      clock.after(latencyMs, () => {
        void this.#qemu.turn(outOfBand).then(() => {
          if (!this.#open) return;
          const outcome = settle(effect);
          clock.after(latencyMs, () => {
            giveUp();
            this.#unanswered.delete(reject);
            if ('value' in outcome) resolve(outcome.value);
            else reject(outcome.thrown);
          });
        });
      });
    });
  }
}

function simulated(socket: OwnedSocket): SimulatedSocket {
  if (socket instanceof SimulatedSocket) return socket;
  throw new TypeError('not a socket of this world');
}

function settle<Value>(effect: () => Value): { readonly value: Value } | { readonly thrown: unknown } {
  try {
    return { value: effect() };
  } catch (thrown) {
    return { thrown };
  }
}
