import { SwitchyardError } from '#contract/errors.ts';
import type { JournalEvent } from '#contract/migration.ts';
import type { Milliseconds } from '#contract/units.ts';
import { says } from './observation.ts';
import { judge, type BothEnds } from './peer-verdict.ts';
import type { Ports } from './ports.ts';
import { hasArrived, isPeerProven, type MigrationState } from './state.ts';
import { within } from './within.ts';

/** While the source may wait for it: of every look that is late by so much, its guest may stand still. */
const soonMs: Milliseconds = 30;
const laterMs: Milliseconds = 100;
const soonForMs: Milliseconds = 1000;
/** A destination that has accepted nothing of what the source has connected to, after so long, is another one. */
const foreignAfterMs: Milliseconds = 1000;
/** It has a connection, which may be the same with rewritten addresses: counts prove that once enough has arrived. */
const strangeAfterMs: Milliseconds = 5000;
/** Kernels that have shown nothing for so long will not: then the word of the destination's QEMU must do. */
const unaskableAfterMs: Milliseconds = 1000;

export interface PeerWatchOptions {
  readonly ports: Pick<Ports, 'source' | 'destination' | 'clock' | 'plan' | 'report'>;
  readonly state: () => MigrationState;
  /** While the source may still send. */
  readonly isCopying: () => boolean;
  readonly record: (event: JournalEvent) => Promise<unknown>;
  /** A fault of ours, while no caller waits for an answer. */
  readonly onFault: (thrown: unknown) => void;
}

/**
 * Finds out whether what the source has connected to is the destination of this migration, from the socket tables of both
 * hosts: an address proves nothing, since any machine can have it, the source included. Only looks; `decide` draws the
 * conclusions.
 */
export class PeerWatch {
  readonly #options: PeerWatchOptions;
  #running: Promise<void> | undefined;
  readonly #over = Promise.withResolvers<void>();
  #connectedAtMonoMs: Milliseconds | undefined;
  #answeredAtMonoMs: Milliseconds = 0;
  #arrived: number | undefined;

  constructor(options: PeerWatchOptions) {
    this.#options = options;
  }

  /** Looks until both ends are known, or the source has nothing more to send; once more for each connection that it makes. */
  start(): void {
    if (this.#isSettled()) return;
    this.#running ??= this.#run()
      .catch(this.#options.onFault)
      .finally(() => {
        this.#running = undefined;
      });
  }

  /** Waits for what is under way, but not for a host that does not answer. */
  async end(): Promise<void> {
    this.#over.resolve();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { clock } = this.#options.ports;
    const begunAtMonoMs = clock.monoMs();
    this.#answeredAtMonoMs = begunAtMonoMs;
    this.#connectedAtMonoMs = undefined;
    this.#arrived = undefined;
    while (this.#options.isCopying() && !this.#isSettled()) {
      await this.#look();
      const sinceMs = clock.monoMs() - (this.#connectedAtMonoMs ?? begunAtMonoMs);
      await clock.sleep(sinceMs < soonForMs ? soonMs : laterMs);
    }
  }

  #isSettled(): boolean {
    const state = this.#options.state();
    return state.peer?.kind === 'peer-foreign' || (isPeerProven(state) && hasArrived(state));
  }

  async #look(): Promise<void> {
    const { clock, report } = this.#options.ports;
    const reading = this.#read().catch(unanswered);
    const answer = await within(clock, unaskableAfterMs, reading, report);
    if (answer === 'late') {
      await this.#takeItsWord();
      // One question at a time: a host that is far away is not asked again before it has answered.
      await Promise.race([reading, this.#over.promise]);
    } else if (answer.value === undefined) await this.#takeItsWord();
    else {
      this.#answeredAtMonoMs = clock.monoMs();
      await this.#weigh(answer.value);
    }
  }

  async #read(): Promise<BothEnds | undefined> {
    const { source, destination, plan } = this.#options.ports;
    const { listener, destination: started } = this.#options.state();
    if (!listener || !started) return undefined;
    const { port } = listener;
    const ends = await source.connectionEnds(plan.guest.identity, { remotePort: port });
    // Before there is a connection, the destination need not be asked for it.
    if (ends.length === 0) return { source: [], destination: [], sourceAfter: [] };
    return {
      source: ends,
      destination: await destination.connectionEnds(started.identity, { localPort: port }),
      sourceAfter: await source.connectionEnds(plan.guest.identity, { remotePort: port }),
    };
  }

  async #weigh(ends: BothEnds): Promise<void> {
    const { ports, record, isCopying } = this.#options;
    const { parallelConnections } = ports.plan.settings;
    const { proof, unmatched, candidateBytes } = judge(ends, 1 + parallelConnections, this.#arrived);
    this.#arrived ??= candidateBytes;
    if (!isCopying()) return;
    if (proof !== undefined) {
      await record({ kind: 'peer-proven', by: proof, connections: ends.source.length });
      return;
    }
    const [stray] = unmatched;
    // A connection that has ended is another matter: QEMU reports it.
    if (!stray) {
      this.#connectedAtMonoMs = undefined;
      return;
    }
    const now = ports.clock.monoMs();
    this.#connectedAtMonoMs ??= now;
    const isStrange = ends.destination.length > 0;
    if (now - this.#connectedAtMonoMs < (isStrange ? strangeAfterMs : foreignAfterMs)) return;
    const isOfSource = await ports.source.hasAddress(stray.address).catch(unanswered);
    await record({ kind: 'peer-foreign', ...stray, isOfSource: isOfSource === true });
  }

  /**
   * Where a kernel cannot be asked: the destination's QEMU receives a guest on the port that was opened for this one, and
   * no stranger is known to have connected to it.
   */
  async #takeItsWord(): Promise<void> {
    const { ports, state, record, isCopying } = this.#options;
    const { observed, stranger } = state();
    const isLong = ports.clock.monoMs() - this.#answeredAtMonoMs >= unaskableAfterMs;
    if (!isLong || !isCopying() || isPeerProven(state()) || stranger || !says(observed.destination, 'active')) return;
    await record({ kind: 'peer-proven', by: 'status', connections: 0 });
  }
}

function unanswered(thrown: unknown): undefined {
  if (!(thrown instanceof SwitchyardError)) throw thrown;
}
