import { invalidRequest, SwitchyardError, toFailure } from '#contract/errors.ts';
import type { JournalEvent, Path, PathAction, Side } from '#contract/migration.ts';
import type { Sample } from '#contract/telemetry.ts';
import type { Milliseconds } from '#contract/units.ts';
import { carries, openSubflowsOn } from './missing-paths.ts';
import { announcementOf, asWanted } from './path-announcement.ts';
import { interfaceOf, PathLinks } from './path-links.ts';
import { pathLeaseOf } from './path-lease.ts';
import type { PathEnd, PathEndChange, Ports } from './ports.ts';
import { phaseOf, type ChangedPath, type MigrationState } from './state.ts';
import { SlowPaths } from './slow-paths.ts';
import { listeningPort } from './step-context.ts';

/** Closer to each other than this, the peer may take the end of the old announcement for one of the new. */
const beforeNewAnnouncementMs = 150;
/** A withdrawal takes one round trip. What still stands then has not heard of it. */
const untilHeardMs = 50;

const unchanged: ChangedPath = { wanted: undefined, withdrawn: false };

export interface LivePathsOptions {
  readonly ports: Pick<Ports, 'source' | 'destination' | 'clock' | 'plan' | 'report'>;
  readonly state: () => MigrationState;
  /** While there is a connection that still sends. */
  readonly isSending: () => boolean;
  readonly lastSample: () => Sample | undefined;
  readonly record: (event: JournalEvent) => Promise<unknown>;
  /** A fault of ours, while no caller waits for an answer. */
  readonly onFault: (thrown: unknown) => void;
}

/**
 * The paths of a connection that lives: what the operator does to them, and what is done when a link is lost and comes
 * back. The kernel alone notices a dead link after a retransmission or two, and one that is back at the next one, which
 * may be ten seconds away. So a path is withdrawn with its link, which gives what was on its way to the others at once,
 * and announced again with the carrier, which has it joined at once.
 *
 * The last path that carries anything is never withdrawn: a connection without any takes no new one.
 */
export class LivePaths {
  readonly #options: LivePathsOptions;
  readonly #links = new PathLinks();
  /** What is being done to each path, by the source's interface: one thing after the other. */
  readonly #turns = new Map<string, Promise<void>>();
  readonly #withdrawnAtMonoMs = new Map<string, Milliseconds>();
  /** Paths whose link was away and that have not been seen to carry anything since. */
  readonly #shaken = new Set<Path>();
  readonly #slow = new SlowPaths();
  #watching = false;

  constructor(options: LivePathsOptions) {
    this.#options = options;
  }

  /** The connection exists: from now on losses are reported, and those that are known already are reported now. */
  async begin(): Promise<void> {
    if (this.#watching) return;
    this.#watching = true;
    const { record, ports } = this.#options;
    for (const { side, interface: name } of this.#links.lost)
      await record({ kind: 'link-lost', side, interface: name });
    for (const path of ports.plan.paths) {
      if (this.#links.isUp(path)) this.#shaken.delete(path);
      this.#settle(path);
      // Another program announces it as an ordinary path.
      if (path.backup && announcementOf(ports.plan, path)?.flags.includes('backup') === false) this.#pause(path);
    }
  }

  /** With every sample: what could not be brought back while no other path carried anything is tried now. */
  sampled(sample: Sample): void {
    for (const path of this.#shaken) {
      if (!this.#links.isUp(path)) continue;
      if (openSubflowsOn(path, sample).some(carries)) this.#shaken.delete(path);
      else this.#settle(path);
    }
    const { paths } = this.#options.ports.plan;
    for (const path of this.#slow.saw(sample, paths)) this.#pause(path);
  }

  isUp(path: Path): boolean {
    return this.#links.isUp(path);
  }

  linkChanged(side: Side, name: string, carrier: boolean): void {
    const { ports, record, isSending } = this.#options;
    const path = ports.plan.paths.find((each) => interfaceOf(each, side) === name);
    if (!path) return;
    const nowMonoMs = ports.clock.monoMs();
    const lostAtMonoMs = this.#links.change(side, name, carrier, nowMonoMs);
    if (!carrier) this.#shaken.add(path);
    if (!this.#watching || !isSending()) return;
    const afterMs = Math.round(nowMonoMs - (lostAtMonoMs ?? nowMonoMs));
    void record(
      carrier ? { kind: 'link-back', side, interface: name, afterMs } : { kind: 'link-lost', side, interface: name },
    );
    this.#settle(path);
  }

  /** What the operator wants done to a path, named by the source's interface. Rejects where it cannot be done. */
  async change(by: string, action: Exclude<PathAction, 'withdraw' | 'rejoin'>, sourceInterface: string): Promise<void> {
    const path = this.#pathOver(sourceInterface);
    await this.#inTurn(path, async () => {
      this.#refuseWithoutConnection();
      const { wanted, withdrawn } = this.#changed(path);
      if (action === 'remove') this.#refuseWithoutOthers(path);
      await this.#perform(by, action, path, async () => {
        // The link is lost: the path comes back as it is wanted then.
        if (withdrawn) return;
        if (action === 'remove') return this.#withdraw(path, 'in good order');
        if (action === 'add' || wanted === 'removed') return this.#announceAnew(path);
        const end = this.#endOf(path);
        await this.#changeEnd(action === 'backup' ? 'pause' : 'resume', end);
      });
    });
  }

  /** Resolves once nothing is being done to any path. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.#turns.values());
  }

  /** Brings a path to where its links and the operator's wish want it. A failure is reported, and the kernel continues by itself. */
  #settle(path: Path): void {
    const turn = this.#inTurn(path, async () => {
      const { isSending } = this.#options;
      const { wanted, withdrawn } = this.#changed(path);
      if (!isSending() || wanted === 'removed' || !announcementOf(this.#options.ports.plan, path)) return;
      if (!this.#links.isUp(path)) {
        if (withdrawn || !this.#othersCarry(path)) return;
        await this.#perform('switchyard', 'withdraw', path, () => this.#withdraw(path, 'dead'));
        return;
      }
      const othersCarry = this.#othersCarry(path);
      const shaken = othersCarry && this.#shaken.delete(path);
      if (withdrawn) await this.#perform('switchyard', 'rejoin', path, () => this.#announce(path));
      else if (shaken) await this.#perform('switchyard', 'rejoin', path, () => this.#announceAnew(path));
    });
    this.#reportFaults(turn);
  }

  /** A path that makes the migration slower waits as a backup, unless the operator has decided otherwise. */
  #pause(path: Path): void {
    const turn = this.#inTurn(path, async () => {
      const { wanted, withdrawn } = this.#changed(path);
      if (!this.#options.isSending() || wanted !== undefined || withdrawn || !this.#othersCarry(path)) return;
      if (!announcementOf(this.#options.ports.plan, path)) return;
      await this.#perform('switchyard', 'backup', path, () => this.#changeEnd('pause', this.#endOf(path)));
    });
    this.#reportFaults(turn);
  }

  #reportFaults(turn: Promise<void>): void {
    turn.catch((thrown: unknown) => {
      if (!(thrown instanceof SwitchyardError)) this.#options.onFault(thrown);
    });
  }

  /** Written down before it is done, so that a successor can put it back. */
  async #perform(by: string, action: PathAction, path: Path, work: () => Promise<void>): Promise<void> {
    const { record, ports } = this.#options;
    await record({ kind: 'path-changed', by, action, path });
    try {
      await work();
    } catch (thrown) {
      const failure = toFailure(thrown, ports.report);
      await record({ kind: 'path-change-failed', action, path, failure });
      throw new SwitchyardError(failure);
    }
  }

  /**
   * The withdrawal itself goes over any living subflow of the destination, to which a dead one still seems alive: that one
   * is closed before. On the source only what has not heard of it is closed by force: such a subflow keeps its place among
   * the announcements that its connection accepts, a withdrawn one gives it back.
   */
  async #withdraw(path: Path, how: 'dead' | 'in good order'): Promise<void> {
    const { source, destination, clock } = this.#options.ports;
    const port = listeningPort({ state: this.#options.state() });
    const ends = { localAddress: path.sourceAddress, remoteAddress: path.destinationAddress };
    if (how === 'dead') {
      const { localAddress: remoteAddress, remoteAddress: localAddress } = ends;
      await destination.closeSubflows({ localAddress, remoteAddress, port });
    }
    await this.#changeEnd('withdraw', this.#endOf(path));
    this.#withdrawnAtMonoMs.set(path.sourceInterface, clock.monoMs());
    await clock.sleep(untilHeardMs);
    await source.closeSubflows({ ...ends, port });
  }

  /** After the connection has sent its last, nothing is announced any more: it would outlive the migration. */
  async #announce(path: Path): Promise<void> {
    const { ports, isSending } = this.#options;
    const { clock, source } = ports;
    await source.askNeighboursAnew(path.sourceInterface);
    const withdrawnAtMonoMs = this.#withdrawnAtMonoMs.get(path.sourceInterface) ?? Number.NEGATIVE_INFINITY;
    await clock.sleep(Math.max(0, withdrawnAtMonoMs + beforeNewAnnouncementMs - clock.monoMs()));
    if (isSending()) await this.#changeEnd('announce', this.#endOf(path));
  }

  /** A peer that has heard of an address once does not listen again. */
  async #announceAnew(path: Path): Promise<void> {
    if (this.#othersCarry(path)) await this.#withdraw(path, 'in good order');
    await this.#announce(path);
  }

  async #changeEnd(change: PathEndChange, end: PathEnd): Promise<void> {
    const lease = pathLeaseOf(this.#options.state(), 'destination');
    await this.#options.ports.destination.changePath(lease, change, end);
  }

  #endOf(path: Path): PathEnd {
    const { plan } = this.#options.ports;
    const end = announcementOf(plan, path);
    if (end) return asWanted(end, this.#changed(path).wanted);
    const { destination } = plan;
    throw new SwitchyardError({
      kind: 'rejected',
      phase: phaseOf(this.#options.state()).name,
      event: 'path',
      text: `${path.destinationAddress} on ${destination.id} is an MPTCP endpoint of another program, which does not announce it.`,
      remedy: 'See `ip mptcp endpoint` there; NetworkManager and mptcpd make such endpoints.',
    });
  }

  #changed(path: Path): ChangedPath {
    return this.#options.state().changedPaths[path.sourceInterface] ?? unchanged;
  }

  /** By what the kernel last reported: a path that never was joined carries nothing, whatever its link. */
  #othersCarry(path: Path): boolean {
    const sample = this.#options.lastSample();
    return this.#options.ports.plan.paths.some(
      (other) =>
        other !== path &&
        this.#links.isUp(other) &&
        !this.#changed(other).withdrawn &&
        openSubflowsOn(other, sample).some(carries),
    );
  }

  async #inTurn(path: Path, work: () => Promise<void>): Promise<void> {
    const before = this.#turns.get(path.sourceInterface) ?? Promise.resolve();
    const turn = before.then(work, work);
    this.#turns.set(path.sourceInterface, turn);
    return turn;
  }

  #pathOver(sourceInterface: string): Path {
    const { paths } = this.#options.ports.plan;
    const path = paths.find((each) => each.sourceInterface === sourceInterface);
    if (path) return path;
    const known = paths.map((each) => each.sourceInterface).join(', ');
    throw invalidRequest(
      `There is no path over ${sourceInterface}.`,
      `The paths of this migration are: ${known}.`,
      'interface',
    );
  }

  #refuseWithoutConnection(): void {
    if (this.#options.isSending()) return;
    throw new SwitchyardError({
      kind: 'rejected',
      phase: phaseOf(this.#options.state()).name,
      event: 'path',
      text: 'There is no Multipath TCP connection whose paths could be changed now.',
      remedy: 'Paths can be changed while the memory is being copied over MPTCP.',
    });
  }

  #refuseWithoutOthers(path: Path): void {
    if (this.#othersCarry(path)) return;
    throw new SwitchyardError({
      kind: 'rejected',
      phase: phaseOf(this.#options.state()).name,
      event: 'path',
      text: `The path over ${path.sourceInterface} is the only one that carries this migration now.`,
      remedy: 'Add another one first, or cancel the migration.',
    });
  }
}
