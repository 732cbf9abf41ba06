import { judge } from './peer-verdict.ts';
import type { OwnedSocket } from './ports.ts';
import { speaksMptcp } from './qemu-transport.ts';
import {
  connectOver,
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
} from './step-context.ts';

const takenWithinMs = 3000;
const takenEveryMs = 20;

/** The destination listens for the rest of the memory, as it has listened for the guest. */
export async function listenForRecovery(context: StepContext): Promise<Report> {
  const { plan } = context.state;
  const mptcp = plan.settings.mptcp !== 'off' && speaksMptcp(plan.destination);
  const host = wildcardFor(reachablePath(context));
  return { port: await destinationOf(context).recover({ host, port: 0, mptcp }), mptcp };
}

/** The source continues over a connection of ours, once the destination has taken it. */
export async function recover(context: StepContext): Promise<Report> {
  const source = sourceOf(context);
  using socket = await connectAnew(context);
  await untilTaken(context);
  await untilProven(context, socket);
  await source.resumeOver(socket);
  return nothingToReport;
}

/** Over the first path that works: the one that broke may be broken still. */
async function connectAnew(context: StepContext): Promise<OwnedSocket> {
  const failures: unknown[] = [];
  for (const path of context.state.plan.paths) {
    try {
      await refuseOwnAddress(context, path);
      return await connectOver(context, path);
    } catch (thrown) {
      failures.push(thrown);
    }
  }
  throw failures[0] ?? rejected('post-copy-paused', 'there is no path between the two hosts', 'Fix the network.');
}

/**
 * A source that continues over a connection which was not accepted waits for an answer that cannot come, and before QEMU 8.2
 * nothing can be said to it then: the guest would never be whole. Once both ends are held the kernel sends until it arrives.
 */
async function untilTaken(context: StepContext): Promise<void> {
  const { clock } = context.ports;
  const destination = destinationOf(context);
  const deadline = clock.monoMs() + takenWithinMs;
  while ((await destination.status()).migration === 'postcopy-paused') {
    if (clock.monoMs() > deadline) {
      throw rejected('post-copy-paused', 'the destination does not take the connection', 'Fix the network.');
    }
    await clock.sleep(takenEveryMs);
  }
}

/** That it has taken a connection does not say whose: what listens at that address may be another QEMU, and another may have called. */
async function untilProven(context: StepContext, socket: OwnedSocket): Promise<void> {
  const { clock, destination } = context.ports;
  const { identity } = destinationOf(context);
  const port = { localPort: listeningPort(context) };
  const deadline = clock.monoMs() + takenWithinMs;
  for (;;) {
    const near = await socket.end();
    const far = await destination.connectionEnds(identity, port);
    const ends = { source: [near], destination: far, sourceAfter: [await socket.end()] };
    if (judge(ends, 1, undefined).proof !== undefined) return;
    if (clock.monoMs() > deadline) {
      const { address } = socket.local;
      throw rejected(
        'post-copy-paused',
        `the QEMU on ${destination.id} has not accepted the connection from ${address}, but something else has`,
        'Find out which other machine has the address of the destination, then recover again.',
      );
    }
    await clock.sleep(takenEveryMs);
  }
}
