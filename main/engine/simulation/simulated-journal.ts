import type { JournalEntry, JournalEvent } from '#contract/migration.ts';
import type { Sample } from '#contract/telemetry.ts';
import type { Journal } from '#main/engine/ports.ts';
import type { ManagerLife } from './manager-life.ts';
import type { SimulatedDisk } from './simulated-disk.ts';
import type { SimulatedWorld } from './simulated-world.ts';

const syncMs = 0.2;

/** One manager's door to the journal on disk. */
export class SimulatedJournal implements Journal {
  readonly #world: SimulatedWorld;
  readonly #life: ManagerLife;
  readonly #disk: SimulatedDisk;

  constructor(world: SimulatedWorld, life: ManagerLife, disk: SimulatedDisk) {
    this.#world = world;
    this.#life = life;
    this.#disk = disk;
  }

  append(event: JournalEvent): Promise<JournalEntry> {
    return this.#life.bound(async () => {
      try {
        return await this.#world.calls.pass({
          name: 'journal.append',
          of: 'host',
          timeoutMs: 10_000,
          perform: async () => {
            await this.#world.clock.sleep(syncMs);
            return this.#write(event);
          },
          hangUp: () => undefined,
        });
      } catch (thrown) {
        this.#disk.refuse(event);
        throw thrown;
      }
    });
  }

  sample(sample: Sample): void {
    this.#disk.samples.push(sample);
  }

  #write(event: JournalEvent): Promise<JournalEntry> {
    // A process that was killed while the disk was busy has written nothing.
    return this.#life.bound(() => Promise.resolve(this.#disk.write(event)));
  }
}
