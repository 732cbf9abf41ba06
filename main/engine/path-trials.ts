import { SwitchyardError } from '#contract/errors.ts';
import type { Path } from '#contract/migration.ts';
import type { Milliseconds } from '#contract/units.ts';
import { describePaths } from './path-names.ts';
import type { Clock, TrialListener } from './ports.ts';
import {
  nothingToReport,
  reachablePath,
  refuseOwnAddress,
  wildcardFor,
  type Report,
  type StepContext,
} from './step-context.ts';

/** A path that answers later than this is not waited for while another one is left to try. */
const headStartMs = 1500;
/** So long a path is tried where no other works: a neighbour that does not answer is given up by the kernel after three seconds. */
const longestMs = 6000;

/**
 * Finds the path that the connection begins with: the first, in the plan's order, that leads to the destination. It is
 * tried with sockets of our own at both ends, before either QEMU is asked to connect, because a destination QEMU that has
 * had a connection cannot take another one. What fails is written down with its reason and becomes the last.
 */
export async function tryPaths(context: StepContext): Promise<Report> {
  const { ports, state, record } = context;
  const { paths, destination } = state.plan;
  const listener = await listenForTrials(context).catch(ignoreRefusal);
  // The step that opens the migration port reports what stands in the way.
  if (!listener) return nothingToReport;
  try {
    const failed = await untilOneWorks(ports.clock, paths, async (path, signal) => {
      await refuseOwnAddress(context, path);
      const to = { address: path.destinationAddress, port: listener.port };
      const { secret, door } = listener;
      const order = { from: path.sourceAddress, to, secret, withinMs: longestMs, ...(door ? { door } : {}) };
      await ports.source.tryPath(order, signal);
    });
    for (const { path, why } of failed) await record({ kind: 'path-failed', path, seen: 'trial', why });
    if (failed.length === paths.length) throw noneWorks(failed, destination.id);
    return nothingToReport;
  } finally {
    listener[Symbol.dispose]();
  }
}

/** On the port on which the guest will be received, where that is known: a firewall may let nothing else through. */
function listenForTrials(context: StepContext): Promise<TrialListener> {
  const { plan } = context.state;
  const wish = plan.listener;
  const other = plan.paths.find(({ destinationAddress }) => destinationAddress.includes(':'));
  return context.ports.destination.answerTrials({
    host: wish?.host ?? wildcardFor(other ?? reachablePath(context)),
    port: wish?.port ?? 0,
    ...(wish?.lastPort === undefined ? {} : { lastPort: wish.lastPort }),
  });
}

export interface FailedPath {
  readonly path: Path;
  readonly why: string;
}

type Verdict = { readonly path: Path; readonly why: string | undefined };

/**
 * Tries paths in order, each with a head start, until one works; resolves with those that come before it in the order and
 * did not, or with all of them.
 */
export async function untilOneWorks(
  clock: Clock,
  paths: readonly Path[],
  attempt: (path: Path, signal: AbortSignal) => Promise<void>,
): Promise<readonly FailedPath[]> {
  const over = new AbortController();
  const open = new Map<Path, Promise<Verdict>>();
  const failed: FailedPath[] = [];
  const left = [...paths];
  try {
    for (;;) {
      const next = left.shift();
      if (next) open.set(next, verdictOn(next, attempt(next, over.signal)));
      if (open.size === 0) return failed;
      const verdict = await firstOf(clock, open.values(), left.length > 0 ? headStartMs : undefined);
      if (!verdict) continue;
      const { path, why } = verdict;
      open.delete(path);
      if (why === undefined) return [...failed, ...[...open.keys()].filter(isBefore(path, paths)).map(unanswered)];
      failed.push({ path, why });
    }
  } finally {
    over.abort();
  }
}

/** The next verdict, or `undefined` once the head start is over. */
async function firstOf(
  clock: Clock,
  open: Iterable<Promise<Verdict>>,
  ms: Milliseconds | undefined,
): Promise<Verdict | undefined> {
  if (ms === undefined) return Promise.race(open);
  const over = new AbortController();
  try {
    return await Promise.race([...open, clock.sleep(ms, over.signal).then(() => undefined)]);
  } finally {
    over.abort();
  }
}

async function verdictOn(path: Path, attempt: Promise<void>): Promise<Verdict> {
  try {
    await attempt;
    return { path, why: undefined };
  } catch (thrown) {
    if (!(thrown instanceof SwitchyardError)) throw thrown;
    return { path, why: thrown.failure.text };
  }
}

function isBefore(path: Path, order: readonly Path[]): (other: Path) => boolean {
  return (other) => order.indexOf(other) < order.indexOf(path);
}

function unanswered(path: Path): FailedPath {
  return { path, why: `There was no answer within ${headStartMs / 1000} s, and a later path answered.` };
}

function noneWorks(failed: readonly FailedPath[], destination: string): SwitchyardError {
  return new SwitchyardError({
    kind: 'unreachable',
    host: destination,
    text: `No path leads to ${destination}. ${describePaths(failed)}`,
    remedy: 'Fix the network between the two hosts, then migrate again.',
  });
}

function ignoreRefusal(thrown: unknown): undefined {
  if (!(thrown instanceof SwitchyardError)) throw thrown;
}
