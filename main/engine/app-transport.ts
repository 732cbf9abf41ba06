import { SwitchyardError } from '#contract/errors.ts';
import type { Path } from '#contract/migration.ts';
import type { ConnectionSample } from '#contract/telemetry.ts';
import { listenerOf, negotiatedText, whyTcp, type Negotiated } from './negotiation.ts';
import type { ConnectionReport, OwnedListener, OwnedSocket } from './ports.ts';
import { hasFailed, type MigrationState } from './state.ts';
import { Strangers } from './strangers.ts';
import {
  connectOver,
  destinationOf,
  nothingToReport,
  reachablePath,
  refuseOwnAddress,
  rejected,
  sourceOf,
  wildcardFor,
  type Report,
  type StepContext,
  type Transport,
} from './step-context.ts';

/**
 * A first burst that meets joins under way costs MPTCP's own retransmission timer, 200 ms, on most connections of two
 * subflows (docs/performance.md). A join takes three round trips, or a second more when its first packet is lost; the
 * guest runs meanwhile.
 */
const joinsWithinMs = 1500;
/** The pauses between two looks grow to this. */
const joinPauseMs = 50;

/**
 * Switchyard makes the connection itself and hands one end to each QEMU. So the source address is ours to choose, what was
 * negotiated is known before a byte has moved, and the QEMUs need to know nothing of MPTCP.
 *
 * The listener stays open to the end: the kernel needs it for every subflow that joins later. If this manager dies, it goes
 * with it; the subflows that exist then live on, because both QEMUs hold their ends.
 */
export class AppTransport implements Transport {
  #listener: OwnedListener | undefined;
  #ends: Ends | undefined;

  async listen({ ports, state, note }: StepContext): Promise<Report> {
    const { settings, listener: wish } = state.plan;
    const order = {
      host: wish?.host ?? wildcardFor(reachablePath({ state })),
      port: wish?.port ?? 0,
      ...(wish?.lastPort === undefined ? {} : { lastPort: wish.lastPort }),
      mptcp: settings.mptcp !== 'off' && wish?.mptcp !== false,
      tuning: settings.socketTuning,
    };
    const strangers = new Strangers(state.plan, { turnedAway: true });
    this.#listener = await ports.destination.listenOwned(order, (stranger) => {
      const event = strangers.seen(stranger, this.#listener?.port ?? order.port);
      if (event) note(event);
    });
    return { port: this.#listener.port, mptcp: this.#listener.mptcp };
  }

  async connect(context: StepContext): Promise<Report> {
    const listener = this.#listener;
    if (!listener) throw lostWithItsManager();
    const ends = await this.#connectOverAny(context, listener);
    this.#ends = ends;
    await context.record({ kind: 'peer-proven', by: 'own-sockets', connections: 1 });
    const [near, far] = await Promise.all([ends.source.connection(), ends.destination.connection()]);
    const isMptcp = near.protocol === 'mptcp' && far.protocol === 'mptcp';
    const subflows = isMptcp ? await joined(context, ends.source) : 1;
    await ends.destination.makeRoom();
    await this.#tellWhatBecameOfIt(context, near, far, subflows);
    return nothingToReport;
  }

  /** Over the first path that works; one that was tried a moment ago may have been lost since. */
  async #connectOverAny(context: StepContext, listener: OwnedListener): Promise<Ends> {
    const untried = context.state.plan.paths.filter((path) => !hasFailed(context.state, path));
    const last = untried.at(-1);
    for (const path of untried) {
      try {
        return await connectAndAccept(context, listener, path);
      } catch (thrown) {
        if (!(thrown instanceof SwitchyardError) || path === last) throw thrown;
        await context.record({ kind: 'path-failed', path, seen: 'trial', why: thrown.failure.text });
      }
    }
    throw lostWithItsManager();
  }

  /** The destination first: what the source sends must find a reader. Our copies are closed as soon as QEMU has its own. */
  async migrate(context: StepContext): Promise<Report> {
    if (!this.#ends) throw lostWithItsManager();
    const { source, destination } = this.#ends;
    await destinationOf(context).receiveOver(destination);
    destination[Symbol.dispose]();
    await sourceOf(context).migrateOver(source);
    source[Symbol.dispose]();
    return nothingToReport;
  }

  [Symbol.dispose](): void {
    this.#ends?.source[Symbol.dispose]();
    this.#ends?.destination[Symbol.dispose]();
    this.#listener?.[Symbol.dispose]();
  }

  /** Either end may be the one that knows: where only answers lose their MPTCP options, the source still believes in it. */
  async #tellWhatBecameOfIt(
    { ports, state, record }: StepContext,
    source: ConnectionSample,
    destination: ConnectionSample,
    subflows: number,
  ): Promise<void> {
    const isMptcp = source.protocol === 'mptcp' && destination.protocol === 'mptcp';
    const seen: Negotiated = isMptcp
      ? { protocol: 'mptcp', connections: [source] }
      : { protocol: 'tcp', connections: [{ ...source, protocol: 'tcp' }] };
    const why = isMptcp || state.plan.settings.mptcp === 'off' ? undefined : await whyTcp(ports, reportOf(state, seen));
    await record({
      kind: 'negotiated',
      when: 'connected',
      protocol: seen.protocol,
      connections: [...seen.connections],
      ...(why ?? { text: negotiatedText(seen, subflows) }),
    });
  }
}

interface Ends {
  readonly source: OwnedSocket;
  readonly destination: OwnedSocket;
}

async function connectAndAccept(context: StepContext, listener: OwnedListener, path: Path): Promise<Ends> {
  // Before the first packet: a connection that ends at another program may end that program.
  await refuseOwnAddress(context, path);
  const source = await connectOver(context, path, (local) => listener.expect(local));
  try {
    return { source, destination: await listener.accept(source.local) };
  } catch (thrown) {
    source[Symbol.dispose]();
    throw thrown;
  }
}

/** How many subflows there are, once every planned path has joined or has had the time to. */
async function joined({ ports: { clock }, state }: StepContext, source: OwnedSocket): Promise<number> {
  const byMonoMs = clock.monoMs() + joinsWithinMs;
  const expected = state.plan.paths.length - state.failedPaths.length;
  for (let pauseMs = 2; ; pauseMs = Math.min(2 * pauseMs, joinPauseMs)) {
    const subflows = await source.subflows();
    if (subflows >= expected || clock.monoMs() >= byMonoMs) return subflows;
    await clock.sleep(pauseMs);
  }
}

/** Nothing has been sent over it, so there is nothing to report of its subflows. */
function reportOf(state: MigrationState, { connections }: Negotiated): ConnectionReport {
  return {
    sample: { connections: [...connections], subflows: [] },
    troubles: { unanswered: [], closed: [] },
    wasMptcp: false,
    stalledMs: 0,
    listener: listenerOf(state),
  };
}

function lostWithItsManager(): Error {
  return rejected('preparing', 'the connection was lost with the manager that had made it', 'Migrate again.');
}
