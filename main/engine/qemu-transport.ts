import { SwitchyardError } from '#contract/errors.ts';
import type { HostFacts } from '#contract/host.ts';
import type { JournalEventOf } from '#contract/migration.ts';
import type { CallerWatch } from './ports.ts';
import { isOfSource, Strangers } from './strangers.ts';
import {
  destinationOf,
  listeningPort,
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

/** Once the source has connected, its QEMU's parallel connections follow within this; then the port is closed to all. */
const allConnectedWithinMs = 2000;

/**
 * Each QEMU makes its own end of the connection; MPTCP is an option of its address. QEMU takes the first connection for the
 * source's, from any host: so connections are watched for as long as the port is open.
 */
export class QemuTransport implements Transport {
  #callers: CallerWatch | undefined;
  #stranger: JournalEventOf<'stranger-connected'> | undefined;
  readonly #over = new AbortController();
  #sourceMayCall = false;

  async listen(context: StepContext): Promise<Report> {
    const report = await this.#listen(context);
    await this.#watchCallers(context, report.port).catch(ignoreRefusal);
    await makeRoom(context, report.port).catch(ignoreRefusal);
    return report;
  }

  async #listen(context: StepContext): Promise<{ readonly port: number; readonly mptcp: boolean }> {
    const { plan } = context.state;
    if (plan.waiting?.listens) return listensAlready(context);
    const wish = plan.listener;
    const mptcp = plan.settings.mptcp !== 'off' && wish?.mptcp !== false && speaksMptcp(plan.destination);
    const port = await destinationOf(context).listen({
      host: wish?.host ?? wildcardFor(reachablePath(context)),
      port: wish?.port ?? 0,
      ...(wish?.lastPort === undefined ? {} : { lastPort: wish.lastPort }),
      mptcp,
    });
    return { port, mptcp };
  }

  /** It connects when it is sent `migrate`. */
  connect(): Promise<Report> {
    return Promise.resolve(nothingToReport);
  }

  async migrate(context: StepContext): Promise<Report> {
    const { plan } = context.state;
    const source = sourceOf(context);
    await refuseOwnAddress(context, reachablePath(context));
    // A connection so far is not the source's, from any address.
    await this.#callers?.look();
    if (this.#stranger) throw takenBy(this.#stranger, plan.destination.id);
    this.#sourceMayCall = true;
    await source.migrate({
      host: reachablePath(context).destinationAddress,
      port: listeningPort(context),
      mptcp: plan.settings.mptcp !== 'off' && speaksMptcp(plan.source),
    });
    return nothingToReport;
  }

  [Symbol.dispose](): void {
    this.#callers?.[Symbol.dispose]();
    this.#callers = undefined;
    this.#over.abort();
  }

  async #watchCallers({ ports, state: { plan }, note }: StepContext, port: number): Promise<void> {
    const strangers = new Strangers(plan, { turnedAway: false });
    this.#callers = await ports.destination.watchCallers(port, (caller) => {
      if (this.#sourceMayCall && isOfSource(plan, caller.address)) {
        void ports.clock.sleep(allConnectedWithinMs, this.#over.signal).then(() => this[Symbol.dispose]());
        return;
      }
      const event = strangers.seen(caller, port);
      if (!event) return;
      this.#stranger = event;
      note(event);
    });
  }
}

/** QEMU reads its first byte late, and its sockets begin with little room; without the right to trace it, they stay so. */
async function makeRoom({ ports, state }: StepContext, port: number): Promise<void> {
  const identity = state.destination?.identity;
  if (identity) await ports.destination.makeRoomAtListener(identity, port);
}

/** The port is open all the same: not watched it is at worst a reason less, and with little room a start that waits. */
function ignoreRefusal(thrown: unknown): void {
  if (!(thrown instanceof SwitchyardError)) throw thrown;
}

/** The destination is lost to a stranger; the source need not even try. */
function takenBy({ address, port }: JournalEventOf<'stranger-connected'>, destination: string): SwitchyardError {
  return rejected(
    'connecting',
    `${address} has connected to the migration port ${port} of ${destination}, where its QEMU waits for one connection`,
    'Keep other hosts away from that port, or migrate with --socket app.',
  );
}

/** Asked of QEMU, never tried: a connection that carries no guest ends a QEMU that waits for one. */
async function listensAlready(context: StepContext): Promise<{ readonly port: number; readonly mptcp: boolean }> {
  const ports = new Set((await destinationOf(context).listeningOn()).map(({ port }) => port));
  const [port, ...others] = ports;
  if (port === undefined || others.length > 0) {
    throw rejected(
      'preparing',
      `the waiting QEMU listens on ${ports.size === 0 ? 'no port' : `the ports ${[...ports].join(' and ')}`}`,
      'Start it again with `-incoming defer`, or with one address: `-incoming tcp:0:4444,mptcp=on`.',
    );
  }
  return { port, mptcp: context.state.plan.listener?.mptcp === true };
}

/** Both its kernel and its QEMU must. */
export function speaksMptcp({ mptcp, qemu }: HostFacts): boolean {
  return mptcp.usable && qemu?.mptcp === true;
}
