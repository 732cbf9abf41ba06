import { randomBytes } from 'node:crypto';
import { SwitchyardError } from '#contract/errors.ts';
import type { HostFacts } from '#contract/host.ts';
import type { ListenerAddress, Path, Plan, Side } from '#contract/migration.ts';
import type { KeptProbes, ProbeWish } from '#contract/probe.ts';
import type { Clock } from '#main/engine/ports.ts';
import { areNew, keeping, withProbes } from '#main/probe/kept.ts';
import { probe } from '#main/probe/probe.ts';
import type { ProbeHost } from '#main/probe/ports.ts';
import type { RoutesBetween } from '#main/mptcp/routes.ts';
import { migrationId } from './planning.ts';
import { lockProbe, type LockOwner } from '#main/storage/lock.ts';
import {
  forgetProbe,
  keepProbes,
  notedProbes,
  noteProbe,
  probeKey,
  readKeptProbes,
  readProbeNote,
  type NotedHost,
} from '#main/storage/probe-files.ts';

export interface ProberOptions {
  readonly state: string;
  /** Throws a `SwitchyardError` for a host that is not there. */
  readonly hostOf: (id: string) => ProbeHost;
  readonly clock: Clock;
  readonly owner: () => Omit<LockOwner, 'migrationId'>;
}

export interface ProbeRequest {
  readonly wish: ProbeWish;
  readonly plan: Plan;
  /** Those of the plan, and those that an earlier probe has taken out of it. */
  readonly candidates: readonly Path[];
  readonly routes: RoutesBetween | undefined;
  /** Nothing stands in the way of the migration: only then it is worth a probe that was not asked for. */
  readonly isReady: boolean;
  /** The migrations that have not ended; is asked only before a probe. */
  readonly open: () => Promise<readonly Pick<Plan, 'id' | 'source' | 'destination'>[]>;
}

/** `skipped` without a reason: nothing was to be learnt. */
export type Probed = { readonly kind: 'probed' } | { readonly kind: 'skipped'; readonly why?: string };

/** Probes the paths between hosts where that is wanted, and keeps what it finds out. */
export class Prober {
  readonly #options: ProberOptions;

  constructor(options: ProberOptions) {
    this.#options = options;
  }

  /** These paths, with what is known of each from earlier probes. */
  known(paths: readonly Path[], source: HostFacts, destination: HostFacts): Path[] {
    const kept = this.#kept(source.id, destination.id);
    return withProbes(paths, kept, { source, destination }, this.#options.clock.epochMs());
  }

  /**
   * Unasked it measures once between two hosts, and again after a day: what a migration is worth is a guess before. It sends
   * for a second at most. Rejects only where the operator has asked for it.
   */
  async probe(request: ProbeRequest): Promise<Probed> {
    const { wish, plan, candidates, isReady } = request;
    if (wish === 'never' || candidates.length === 0) return { kind: 'skipped' };
    if (wish === 'auto' && (!isReady || !areNew(candidates, wantsMptcp(plan)))) return { kind: 'skipped' };
    const running = migrationOn(plan, await request.open());
    if (running !== undefined) {
      const why = `Not probed: migration ${running} has not ended on one of these hosts, and a probe would take bandwidth and paths from it.`;
      return { kind: 'skipped', why };
    }
    try {
      return await this.#run(request);
    } catch (thrown) {
      if (wish === 'always' || !(thrown instanceof SwitchyardError)) throw thrown;
      return { kind: 'skipped', why: `Not probed: ${thrown.failure.text}` };
    }
  }

  /** What probes of processes that have ended in the middle have left set on their hosts. Never rejects for one of them. */
  async putBackLeftBehind(): Promise<void> {
    const { state } = this.#options;
    for (const id of notedProbes(state)) await this.#putBackIfEnded(id);
  }

  async #run({ wish, plan, candidates: paths, routes }: ProbeRequest): Promise<Probed> {
    const { state, hostOf, clock } = this.#options;
    const key = probeKey(plan.source.id, plan.destination.id);
    using lock = this.#lock(key);
    if (!lock) {
      return { kind: 'skipped', why: 'Not probed: another process is probing the paths between these hosts now.' };
    }
    const id = migrationId(new Date(clock.epochMs()), randomBytes(2).toString('hex'));
    const { settings, listener } = plan;
    const result = await probe({
      id,
      source: hostOf(plan.source.id),
      destination: hostOf(plan.destination.id),
      facts: { source: plan.source, destination: plan.destination },
      routes,
      paths,
      port: listener?.port ?? 0,
      lastPort: listener?.lastPort ?? listener?.port ?? 0,
      wantsMptcp: wantsMptcp(plan),
      mayPrepare: settings.preparePaths,
      isThorough: wish === 'always',
      clock,
      random: () => randomBytes(32).toString('hex'),
      beforeChanging: async (leases) => {
        const noted = (side: Side): NotedHost => {
          return { hostId: plan[side].id, bootId: plan[side].bootId, lease: leases[side] };
        };
        noteProbe(state, id, { version: 1, source: noted('source'), destination: noted('destination') });
      },
      afterRestoring: () => forgetProbe(state, id),
    });
    const facts = { source: plan.source, destination: plan.destination };
    // A firewall may let the port of the migration through alone: of another one only an answer counts.
    const counts = isWanted(result.port, listener);
    const probes = result.paths.map((each) => (counts || each.reach === 'answered' ? each : undefined));
    keepProbes(state, keeping(this.#kept(plan.source.id, plan.destination.id), facts, paths, probes));
    if (!probes.includes(undefined)) return { kind: 'probed' };
    return {
      kind: 'skipped',
      why: `Port ${listener?.port ?? 0} is taken on ${plan.destination.id}, so another port was probed, and it does not answer on every path: a firewall may admit only the former.`,
    };
  }

  async #putBackIfEnded(id: string): Promise<void> {
    const { state } = this.#options;
    try {
      const noted = readProbeNote(state, id);
      if (!noted) return;
      using lock = this.#lock(probeKey(noted.source.hostId, noted.destination.hostId));
      // Its own process may have put everything back meanwhile.
      const note = lock && readProbeNote(state, id);
      if (!note) return;
      for (const host of [note.source, note.destination]) await this.#putBackOn(host);
      forgetProbe(state, id);
    } catch (thrown) {
      // What cannot be put back now is tried again by the next command; the operator's own is not held up for it.
      if (!(thrown instanceof SwitchyardError)) throw thrown;
    }
  }

  /** A host that has gone, or has been booted since, has nothing of it left. */
  async #putBackOn({ hostId, bootId, lease }: NotedHost): Promise<void> {
    const host = this.#hostIfThere(hostId);
    if (!host || (await host.facts()).bootId !== bootId) return;
    await host.restorePathManager(lease);
  }

  #hostIfThere(id: string): ProbeHost | undefined {
    try {
      return this.#options.hostOf(id);
    } catch (thrown) {
      if (thrown instanceof SwitchyardError) return undefined;
      throw thrown;
    }
  }

  /** A file that is not ours counts for nothing: what it would say is measured again. */
  #kept(source: string, destination: string): KeptProbes | undefined {
    try {
      return readKeptProbes(this.#options.state, source, destination);
    } catch (thrown) {
      if (thrown instanceof SwitchyardError) return undefined;
      throw thrown;
    }
  }

  #lock(key: string): Disposable | undefined {
    return lockProbe(this.#options.state, key, { ...this.#options.owner(), migrationId: `probe-${key}` });
  }
}

function wantsMptcp({ settings, source, destination }: Plan): boolean {
  return settings.mptcp !== 'off' && source.mptcp.usable && destination.mptcp.usable;
}

/** Where the port is left to the kernel, any is. */
function isWanted(port: number, listener: ListenerAddress | undefined): boolean {
  if (!listener || listener.port === 0) return true;
  return port >= listener.port && port <= (listener.lastPort ?? listener.port);
}

/** One that has its source or destination on one of these hosts: it shares links, endpoints and limits with a probe. */
function migrationOn(plan: Plan, open: Awaited<ReturnType<ProbeRequest['open']>>): string | undefined {
  const hosts = [plan.source.id, plan.destination.id];
  return open.find(({ source, destination }) => hosts.includes(source.id) || hosts.includes(destination.id))?.id;
}
