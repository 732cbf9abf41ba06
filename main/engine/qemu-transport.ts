import type { HostFacts } from '#contract/host.ts';
import {
  destinationOf,
  listeningPort,
  nothingToReport,
  reachablePath,
  rejected,
  sourceOf,
  wildcardFor,
  type Report,
  type StepContext,
  type Transport,
} from './step-context.ts';

/** Each QEMU makes its own end of the connection; MPTCP is an option of its address. */
export class QemuTransport implements Transport {
  async listen(context: StepContext): Promise<Report> {
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

  /** It connects when it is told to migrate. */
  connect(): Promise<Report> {
    return Promise.resolve(nothingToReport);
  }

  async migrate(context: StepContext): Promise<Report> {
    const { plan } = context.state;
    await sourceOf(context).migrate({
      host: reachablePath(context).destinationAddress,
      port: listeningPort(context),
      mptcp: plan.settings.mptcp !== 'off' && speaksMptcp(plan.source),
    });
    return nothingToReport;
  }

  [Symbol.dispose](): void {
    // Nothing of ours is open.
  }
}

/** Asked of QEMU, never tried: a connection that carries no guest ends a QEMU that waits for one. */
async function listensAlready(context: StepContext): Promise<Report> {
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
