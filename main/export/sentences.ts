import type {
  CancelReason,
  GuestPlace,
  JournalEvent,
  JournalEventOf,
  MptcpPolicy,
  Observation,
  Outcome,
  Path,
  PathAction,
  PeerProof,
  Side,
  StepName,
} from '#contract/migration.ts';
import { assertNever } from '#contract/result.ts';
import { formatBitsPerSecond, formatBytes, formatDurationMs, type Bytes, type Fraction } from '#contract/units.ts';
import { plainText } from '#contract/plain-text.ts';
import type { Verdict } from './iterations.ts';

/** What a sentence needs besides its event: names, and what else is under way. `narrator` keeps it. */
export interface Scene {
  readonly guest: string;
  readonly source: string;
  readonly destination: string;
  /** How this event's path is called; empty for events that have none. */
  readonly path: string;
  /** The other paths that carry traffic now. */
  readonly otherPaths: readonly string[];
  /** QEMU was asked to migrate: what it reported until then was about an earlier migration. */
  readonly hasBegun: boolean;
  /** Of an iteration, against the least that any before it had to send. */
  readonly verdict?: Verdict | undefined;
}

/** Any event of the journal in the operator's words: one line, closed by a full stop. */
export function sentence(event: JournalEvent, scene: Scene): string {
  return plainText(wording(event, scene));
}

function wording(event: JournalEvent, scene: Scene): string {
  switch (event.kind) {
    case 'planned':
      return planned(event);
    case 'attached':
      return `${event.user} took the migration up again (process ${event.pid}).`;
    case 'intended':
      return `${steps[event.step].intended(scene)}${event.detail === undefined ? '' : ` (${event.detail})`}.`;
    case 'done':
      return `${steps[event.step].done(scene, event)}.`;
    case 'failed':
      return `${steps[event.step].failed(scene)}: ${closed(event.failure.text)}`;
    case 'observed':
      return observed(event.observation, event.side, scene);
    case 'output-kept':
      return outputKept(event.raw, event.side, scene);
    case 'negotiated':
      return `${event.when === 'connected' ? 'Connected' : 'After data has flowed'}: ${closed(event.text)}`;
    case 'path-missing':
      return pathMissing(event, scene);
    case 'path-failed':
      return `${pathOf(event.path)} leads nowhere: ${closed(event.why)}`;
    case 'iteration':
      return iteration(event, scene);
    case 'subflow-established':
      return `${scene.path} carries a subflow from ${event.localAddress} to ${event.remoteAddress}.`;
    case 'subflow-lost':
      return `${scene.path} lost (${event.why}); ${whereTrafficGoes(scene)}.`;
    case 'subflow-back':
      return `${scene.path} is back after ${formatDurationMs(event.afterMs)}.`;
    case 'subflow-closed':
      return `The subflow on ${scene.path} closed.`;
    case 'ports-counted':
      return portsCounted(event, scene);
    case 'sampling-failed':
      return `The paths cannot be measured (${event.why}); the migration continues.`;
    case 'guest-shut-down':
      return `${scene.guest} shut down by itself on ${scene[event.side]} (${event.reason}).`;
    case 'run-changed':
      return event.run === 'stopped'
        ? `${scene.guest} stopped on ${scene[event.side]}.`
        : `${scene.guest} runs on ${scene[event.side]}.`;
    case 'stalled':
      return `Nothing has moved for ${formatDurationMs(event.forMs)}; ${places[event.guest](scene)}.`;
    case 'cancel-requested':
      return `${cancelReasons[event.reason](event.by)}.`;
    case 'cancel-refused':
      return `${event.by} asked to cancel; refused, because ${closed(event.why)}`;
    case 'settings-changed':
      return settingsChanged(event);
    case 'post-copy-requested':
      return `${event.by} asked for post-copy.`;
    case 'post-copy-entered':
      return `Post-copy: ${scene.guest} has left ${scene.source} for good; the rest of its memory follows on demand.`;
    case 'recovery-requested':
      return `${event.by} asked to recover the paused post-copy.`;
    case 'links-unwatched':
      return `The links of ${scene[event.side]} cannot be watched (${event.why}); the kernel alone notices a lost path, which takes longer.`;
    case 'go-back-requested':
      return `${event.by} asked to return ${scene.guest} to ${scene.source}.`;
    case 'link-lost':
      return `${event.interface} on ${scene[event.side]} lost its link.`;
    case 'link-back':
      return `${event.interface} on ${scene[event.side]} has its link back after ${formatDurationMs(event.afterMs)}.`;
    case 'path-changed':
      return pathChanged(event);
    case 'path-change-failed':
      return `${pathActions[event.action]} ${event.path.sourceInterface} failed: ${closed(event.failure.text)}`;
    case 'stranger-connected':
      return strangerConnected(event, scene);
    case 'peer-proven':
      return peerProven(event, scene);
    case 'peer-foreign':
      return peerForeign(event, scene);
    case 'committed':
      return `The source has handed everything over: from here on ${scene.guest} belongs to ${scene.destination}.`;
    case 'final-statistics':
      return finalStatistics(event);
    case 'ended':
      return `${ending(event, scene)}.${event.explanation ? ` ${closed(event.explanation.cause)}` : ''}`;
    default:
      return assertNever(event);
  }
}

/** Below this there is nothing to compare: a path that carried little. */
const worthComparing: Bytes = 16 * 2 ** 20;
/** Headers and other traffic only add to what an interface counts. */
const leastFraction: Fraction = 0.9;

function portsCounted({ paths }: JournalEventOf<'ports-counted'>, { source, destination }: Scene): string {
  const [differing, uncounted]: [string[], string[]] = [[], []];
  for (const path of paths) {
    if (path.carriedBytes < worthComparing) continue;
    const ends = [
      { bytes: path.sentBytes, where: `${path.interface} of ${source}`, did: 'sent' },
      { bytes: path.receivedBytes, where: `${path.destinationInterface} of ${destination}`, did: 'received' },
    ];
    for (const { bytes, where, did } of ends) {
      if (bytes === undefined) uncounted.push(where);
      else if (bytes < leastFraction * path.carriedBytes) {
        differing.push(`${where} ${did} ${formatBytes(bytes)} of the ${formatBytes(path.carriedBytes)} of its path`);
      }
    }
  }
  if (differing.length > 0) {
    return `${differing.join('; ')}: the rest went through another interface, so the shares of the paths are not those of the ports.`;
  }
  return uncounted.length > 0
    ? `${uncounted.join(', ')}: not counted. The counters of the other interfaces agree with what their subflows report.`
    : 'The counters of the interfaces at both ends agree with what the subflows report.';
}

/** `3 harmless differences`. */
function harmlessDifferences(count: number): string {
  return count === 1 ? '1 harmless difference' : `${count} harmless differences`;
}

const policies: Readonly<Record<MptcpPolicy, string>> = {
  off: 'plain TCP',
  prefer: 'MPTCP where both ends speak it',
  require: 'MPTCP required',
};

function planned({ plan }: JournalEventOf<'planned'>): string {
  const paths = plan.paths.length === 1 ? '1 path' : `${plan.paths.length} paths`;
  return `${plan.user} asked to migrate ${plan.guest.name} from ${plan.source.id} to ${plan.destination.id}: ${paths}, ${policies[plan.settings.mptcp]}.`;
}

/** With nothing left to send it is QEMU's last look at the dirty memory, made while the guest is stopped. */
function iteration(event: JournalEventOf<'iteration'>, { verdict }: Scene): string {
  const amount = formatBytes(event.remainingBytes);
  const judged = verdict === 'not-converging' ? ': not converging' : verdict === 'borderline' ? ': borderline' : '';
  if (event.iteration <= 1) return `Iteration 1 begins: ${amount} to send.`;
  return event.remainingBytes === 0
    ? `Iteration ${event.iteration}, the last: nothing remains to be sent.`
    : `Iteration ${event.iteration} begins: ${amount} were dirtied meanwhile${judged}.`;
}

interface StepWords {
  readonly intended: (scene: Scene) => string;
  readonly done: (scene: Scene, event: JournalEventOf<'done'>) => string;
  readonly failed: (scene: Scene) => string;
}

const steps: Readonly<Record<StepName, StepWords>> = {
  'start-destination': {
    intended: ({ guest, destination }) => `Starting ${guest} on ${destination}, paused and waiting`,
    done: ({ guest, destination }, { started }) =>
      `${guest} waits on ${destination}${started ? ` (process ${started.identity.pid})` : ''}`,
    failed: ({ guest, destination }) => `${guest} could not be started on ${destination}`,
  },
  'compare-twin': {
    intended: ({ guest, destination }) => `Comparing ${guest}, as it is now, with the waiting QEMU on ${destination}`,
    done: ({ guest, destination }, { harmless = [] }) =>
      `The waiting QEMU on ${destination} has the disks, devices and memory of ${guest}${harmless.length === 0 ? '' : `; ${harmlessDifferences(harmless.length)}`}`,
    failed: ({ guest, destination }) => `The waiting QEMU on ${destination} differs from ${guest} as it is now`,
  },
  'check-disks': {
    intended: ({ destination }) => `Checking that ${destination} can take over the disks`,
    done: ({ destination }) => `${destination} can open every disk, and no other process has locked one`,
    failed: ({ destination }) => `${destination} cannot take over every disk`,
  },
  'negotiate-capabilities': {
    intended: () => 'Setting the same capabilities and limits on both QEMUs',
    done: () => 'Both QEMUs have the same capabilities',
    failed: () => 'The two QEMUs could not be set up alike',
  },
  'try-paths': {
    intended: ({ source, destination }) => `Trying the paths from ${source} to ${destination}, before QEMU connects`,
    done: ({ destination }) => `A path leads to ${destination}`,
    failed: ({ destination }) => `No path leads to ${destination}`,
  },
  'prepare-paths': {
    intended: () => 'Preparing the paths',
    done: () => 'The paths are prepared',
    failed: () => 'The paths could not be prepared',
  },
  listen: {
    intended: () => 'Asked the destination to listen',
    done: (_scene, { port, mptcp }) =>
      `Destination is listening${port === undefined ? '' : ` on port ${port}`}${mptcp === undefined ? '' : mptcp ? ' with MPTCP' : ' with plain TCP'}`,
    failed: () => 'The destination could not listen',
  },
  connect: {
    intended: ({ source, destination }) => `Connecting ${source} to ${destination}`,
    done: () => 'The connection is made, and no byte of the guest has moved yet',
    failed: ({ source, destination }) => `${source} could not connect to ${destination}`,
  },
  migrate: {
    intended: () => 'Asked the source QEMU to migrate',
    done: () => 'The source QEMU has begun to migrate',
    failed: () => 'The source QEMU refused to migrate',
  },
  'switch-over': {
    intended: () => 'Allowing the source QEMU to switch over',
    done: () => 'The source QEMU may switch over',
    failed: () => 'The source QEMU could not be allowed to switch over',
  },
  'hang-up': {
    intended: () => 'The connection is not established: asking the kernel of the source to give it up',
    done: () => 'The kernel of the source has given up the connection',
    failed: () => 'The kernel of the source could not give up the connection',
  },
  cancel: {
    intended: () => 'Asked the source QEMU to cancel',
    done: () => 'The source QEMU has taken the cancel',
    failed: () => 'The source QEMU could not be asked to cancel',
  },
  yank: {
    intended: () => "Cutting the migration's connections out of band",
    done: () => "The migration's connections are cut",
    failed: () => "The migration's connections could not be cut",
  },
  'resume-destination': {
    intended: ({ guest, destination }) => `Asked ${destination} to resume ${guest}`,
    done: ({ guest, destination }) => `${destination} has resumed ${guest}`,
    failed: ({ guest, destination }) => `${destination} could not resume ${guest}`,
  },
  'start-post-copy': {
    intended: () => 'Asked the source QEMU to switch to post-copy',
    done: () => 'The source QEMU switches to post-copy',
    failed: () => 'The source QEMU could not switch to post-copy',
  },
  'pause-post-copy': {
    intended: () => 'Nothing moves: pausing the post-copy, so that it can be recovered',
    done: () => 'The post-copy is paused',
    failed: () => 'The post-copy could not be paused',
  },
  'listen-for-recovery': {
    intended: () => 'Asked the destination to listen for a new connection',
    done: (_scene, { port }) => `Destination is listening again${port === undefined ? '' : ` on port ${port}`}`,
    failed: () => 'The destination could not listen again',
  },
  recover: {
    intended: () => 'Asked the source QEMU to continue over a new connection',
    done: () => 'The post-copy has a new connection',
    failed: () => 'The post-copy could not be recovered',
  },
  'quit-source': {
    intended: ({ source }) => `Ending the stopped copy on ${source}`,
    done: ({ source }) => `The stopped copy on ${source} has ended`,
    failed: ({ source }) => `The stopped copy on ${source} could not be ended`,
  },
  'quit-destination': {
    intended: ({ destination }) => `Removing the prepared QEMU on ${destination}`,
    done: ({ destination }) => `The prepared QEMU on ${destination} is proven gone`,
    failed: ({ destination }) => `The prepared QEMU on ${destination} could not be removed`,
  },
  'resume-source': {
    intended: ({ guest, source }) => `The destination is proven gone; asked ${source} to resume ${guest}`,
    done: ({ guest, source }) => `${source} has resumed ${guest}`,
    failed: ({ guest, source }) => `${source} could not resume ${guest}`,
  },
  'restore-paths': {
    intended: () => 'Putting the paths back as they were',
    done: () => 'The paths are as they were before',
    failed: () => 'The paths could not be put back as they were',
  },
};

function observed(observation: Observation, side: Side, scene: Scene): string {
  const qemu = `The QEMU on ${scene[side]}`;
  switch (observation.kind) {
    case 'unasked':
      return `${qemu} has not been asked yet.`;
    case 'answering': {
      if (!scene.hasBegun) return `${qemu} is ${observation.run}.`;
      const error =
        observation.errorText === undefined ? '' : `, with the error: ${observation.errorText.replace(/\.$/, '')}`;
      return `${qemu} is ${observation.run}, its migration ${observation.migration}${error}.`;
    }
    case 'silent':
      return `${qemu} is there and does not answer.`;
    case 'gone':
      return `${qemu} is proven gone.`;
    case 'unreachable':
      return `${scene[side]} cannot be asked: ${closed(observation.why)}`;
    default:
      return assertNever(observation);
  }
}

/** With what fixes it, since the reader may fix it while the migration runs. */
function pathMissing({ interfaces, reasons }: JournalEventOf<'path-missing'>, scene: Scene): string {
  const what = interfaces.length === 0 ? 'Nothing comes through' : `Nothing goes over ${list(interfaces)}`;
  if (reasons.length === 0) return `${what}, and neither ${scene.source} nor ${scene.destination} shows why.`;
  const causes = reasons.map(({ side, text, command }) => {
    return command === undefined ? closed(text) : `${closed(text)} On ${scene[side]}: ${command}.`;
  });
  return `${what}. ${causes.join(' ')}`;
}

function pathOf({ sourceInterface, sourceAddress, destinationAddress }: Path): string {
  return `The path over ${sourceInterface}, from ${sourceAddress} to ${destinationAddress},`;
}

/** Who it was, and what that means for the guest. */
function strangerConnected(event: JournalEventOf<'stranger-connected'>, { destination }: Scene): string {
  const { address, host, port, connections, turnedAway } = event;
  const who = host === undefined ? address : `${address} (${host})`;
  const fate = turnedAway
    ? 'and was turned away'
    : `and reached QEMU, which takes the first connection for the source's`;
  const count = connections === 1 ? '' : `; that makes ${connections} such connections`;
  return `${who} connected to the migration port ${port} of ${destination} ${fate}${count}.`;
}

const proofs: Readonly<Record<PeerProof, string>> = {
  sequence: 'both kernels count the same data',
  addresses: 'it holds the same connection',
  bytes: 'it receives as much as is sent',
  'own-sockets': 'Switchyard has made both ends of the connection',
  status: 'its QEMU reports that it receives a guest; a kernel could not be asked',
};

function peerProven({ by }: JournalEventOf<'peer-proven'>, { source, destination }: Scene): string {
  return `What ${source} sends arrives at the QEMU on ${destination}: ${proofs[by]}.`;
}

function peerForeign({ address, port, isOfSource }: JournalEventOf<'peer-foreign'>, scene: Scene): string {
  const owner = isOfSource ? `; ${scene.source} has that address itself` : '';
  return `${scene.source} has connected to ${address} port ${port}, and the QEMU on ${scene.destination} has no such connection${owner}.`;
}

function outputKept(raw: string, side: Side, scene: Scene): string {
  const last = raw.trimEnd().split('\n').at(-1);
  return last
    ? `The QEMU on ${scene[side]} last printed: ${closed(last)}`
    : `The QEMU on ${scene[side]} printed nothing.`;
}

function whereTrafficGoes({ otherPaths }: Scene): string {
  return otherPaths.length === 0 ? 'no other path carries traffic' : `traffic moved to ${list(otherPaths)}`;
}

const places: Readonly<Record<GuestPlace, (scene: Scene) => string>> = {
  source: ({ guest, source }) => `${guest} continues to run on ${source}`,
  stopped: ({ guest }) => `${guest} is stopped`,
  destination: ({ guest, destination }) => `${guest} runs on ${destination}`,
  unknown: ({ guest }) => `where ${guest} runs is not known`,
  nowhere: ({ guest }) => `${guest} runs nowhere`,
};

const cancelReasons: Readonly<Record<CancelReason, (by: string) => string>> = {
  operator: (by) => `Cancel requested by ${by}`,
  'mptcp-required': () => 'Cancelling: MPTCP is required and the connection is plain TCP',
  stalled: () => 'Cancelling: nothing moves any more',
  'attached-before-start': () => 'Cancelling: the manager had ended before anything moved',
  'peer-not-proven': () => 'Cancelling: there is no proof that the destination receives what the source sends',
  'silent-before-start': () => 'Cancelling: a QEMU does not answer, and nothing has moved yet',
  'disks-not-taken': () => 'Cancelling: the destination cannot take over the disks',
};

function settingsChanged({ by, downtimeLimitMs, bandwidthBitsPerSecond }: JournalEventOf<'settings-changed'>): string {
  const changes = [
    downtimeLimitMs === undefined ? undefined : `the downtime limit to ${formatDurationMs(downtimeLimitMs)}`,
    bandwidthBitsPerSecond === undefined
      ? undefined
      : `the bandwidth limit to ${bandwidthBitsPerSecond === 0 ? 'none' : formatBitsPerSecond(bandwidthBitsPerSecond)}`,
  ].filter((change) => change !== undefined);
  return `${by} set ${changes.length === 0 ? 'nothing' : list(changes)}.`;
}

function finalStatistics({ sample: { qemu } }: JournalEventOf<'final-statistics'>): string {
  if (!qemu) return 'QEMU had no final figures.';
  const downtime = qemu.downtimeMs === undefined ? '' : `, downtime ${formatDurationMs(qemu.downtimeMs)}`;
  return `QEMU's final figures: ${formatBytes(qemu.transferredBytes)} transferred${downtime}.`;
}

const pathActions: Readonly<Record<PathAction, string>> = {
  add: 'Adding the path over',
  remove: 'Removing the path over',
  backup: 'Pausing the path over',
  resume: 'Resuming the path over',
  withdraw: 'Withdrawing the path over',
  rejoin: 'Rejoining the path over',
};

function pathChanged({ by, action, path }: JournalEventOf<'path-changed'>): string {
  const pair = `${path.sourceInterface} (${path.sourceAddress} to ${path.destinationAddress})`;
  switch (action) {
    case 'add':
      return `${by} added the path over ${pair}.`;
    case 'remove':
      return `${by} removed the path over ${pair}.`;
    case 'backup':
      return by === 'switchyard'
        ? `The path over ${pair} was made a backup, because it slows the connection down more than it helps: it carries data only when no other can.`
        : `${by} paused the path over ${pair}: it carries data only when no other can.`;
    case 'resume':
      return `${by} resumed the path over ${pair}.`;
    case 'withdraw':
      return `The subflow over ${pair} was closed until its link is back: what was on its way goes over the others.`;
    case 'rejoin':
      return `The path over ${pair} was announced again, so that it is rejoined at once.`;
    default:
      return assertNever(action);
  }
}

function ending({ outcome, guest: place }: JournalEventOf<'ended'>, scene: Scene): string {
  return outcome === 'paused-recoverable' && place === 'stopped'
    ? `Stopped: ${scene.guest} is whole on ${scene.destination} and does not run`
    : outcomes[outcome](scene);
}

const outcomes: Readonly<Record<Outcome, (scene: Scene) => string>> = {
  'done-on-destination': ({ guest, destination }) => `Done: ${guest} is on ${destination}`,
  'safe-on-source': ({ guest, source }) => `Not migrated: ${guest} is safe on ${source}`,
  'paused-recoverable': ({ guest }) => `Paused: ${guest} waits for the connection to be recovered`,
  'stopped-on-source': ({ guest, source }) => `Stopped: ${guest} is intact on ${source} and does not run`,
  lost: ({ guest }) => `Lost: ${guest} runs nowhere and must be started from its disks`,
  unknown: ({ guest }) => `Not known: where ${guest} runs must be looked at; nothing more is touched`,
};

/** With exactly one full stop at its end, and a capital at its beginning left to the caller. */
function closed(text: string): string {
  return /[.!?]$/.test(text.trimEnd()) ? text : `${text.trimEnd()}.`;
}

function list(items: readonly string[]): string {
  return items.length <= 1 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
}
