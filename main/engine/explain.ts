import { cancelReasonSchema, type Explanation, type GuestPlace, type Side } from '#contract/migration.ts';
import { asSentence } from '#contract/plain-text.ts';
import { formatDurationMs } from '#contract/units.ts';
import { describePaths, nameOfPath } from './path-names.ts';
import { phaseOf, type MigrationState } from './state.ts';
import { stepTable } from './step-table.ts';

/** Everything that can end a migration otherwise than by arriving. */
export const causes = [
  ...cancelReasonSchema.options,
  'step-failed',
  'migration-failed',
  'source-died',
  'guest-shut-down',
  'source-died-before-commit',
  'source-unreachable',
  'source-unverified',
  'source-resumed',
  'destination-died-before-start',
  'destination-died',
  'destination-died-running',
  'destination-unreachable',
  'destination-incomplete',
  'never-received',
  'destination-resumed',
  'destination-not-removed',
  'destination-does-not-run',
  'destination-refuses-to-run',
  'source-does-not-resume',
  'went-back',
  'cancel-hangs',
  'old-copy',
  'unknown-status',
  'post-copy-paused',
  'source-died-in-post-copy',
  'destination-died-in-post-copy',
  'split-brain',
] as const;
export type Cause = (typeof causes)[number];

const places: Record<GuestPlace, (state: MigrationState) => string> = {
  source: (state) => `The guest is on ${state.plan.source.id} as before`,
  stopped: () => 'The guest is stopped',
  destination: (state) => `The guest runs on ${state.plan.destination.id}`,
  unknown: () => 'Where the guest runs is not known; nothing more is touched',
  nowhere: () => 'The guest runs nowhere',
};

/** A failure in the order in which an operator asks: what went wrong, on which side, where the guest is now, what to do. */
export function explain(state: MigrationState, cause: Cause, guest: GuestPlace): Explanation {
  const { source, destination } = state.plan;
  const raw = rawText(state);
  const about = strangersDoing(cause, state) ?? describe(cause, state, guest);
  return {
    // A side that was cut off while the two met again does not report that it is paused; nothing continues there either.
    phase: cause === 'post-copy-paused' ? cause : phaseOf({ ...state, ended: undefined }).name,
    ...(about.side === undefined ? {} : { side: about.side }),
    cause: `${about.cause} ${places[guest](state)}.`,
    next: about.next.replaceAll('{source}', source.id).replaceAll('{destination}', destination.id),
    ...(raw === '' ? {} : { raw }),
  };
}

interface About {
  readonly side?: Side;
  readonly cause: string;
  readonly next: string;
}

function describe(cause: Cause, state: MigrationState, guest: GuestPlace): About {
  const { plan } = state;
  const watch = `\`switchyard watch ${plan.id}\``;
  switch (cause) {
    case 'operator':
      return {
        cause: `Cancelled by ${state.cancel?.by ?? 'the operator'}.`,
        next: 'Migrate again when you are ready.',
      };
    case 'mptcp-required':
      return {
        cause: state.negotiated
          ? `Multipath TCP was required and ${whyPlainTcp(state.negotiated.text)}.`
          : `Multipath TCP was required and the kernel of ${plan.source.id} could not be asked whether it is used.`,
        next: state.negotiated?.command
          ? `Run \`${state.negotiated.command}\`, then migrate again; or migrate with --mptcp prefer.`
          : 'Run `switchyard preflight` for what stands in the way, or migrate with --mptcp prefer.',
      };
    case 'stalled':
      return {
        cause: `Nothing moved for ${formatDurationMs(state.stalled?.forMs ?? 0)} over ${usedPaths(state)}.${otherPaths(state)}`,
        next: 'Fix the network between {source} and {destination}, then migrate again.',
      };
    case 'attached-before-start':
      return {
        cause: 'The manager ended after it had prepared the destination and before anything had moved.',
        next: 'The prepared destination was removed. Migrate again.',
      };
    case 'silent-before-start': {
      const side = state.current.source ? 'destination' : 'source';
      return {
        side,
        cause: `The QEMU on ${plan[side].id} did not answer before the start, and nothing was sent.`,
        next: `Check on {${side}} whether that QEMU or its host hangs, then migrate again.`,
      };
    }
    case 'disks-not-taken':
      return {
        side: 'destination',
        cause: state.cancel?.finding?.text ?? 'The destination cannot take over the disks of the guest.',
        next: state.cancel?.finding?.remedy ?? 'Run `switchyard preflight` for why.',
      };
    case 'step-failed':
      return stepFailed(state);
    case 'migration-failed':
      return migrationFailed(state);
    case 'source-died':
      return {
        side: 'source',
        cause: `The QEMU on ${plan.source.id} ended before the guest had been handed over.`,
        next: 'Start the guest again from its disks; look into the log of the source QEMU for why it ended.',
      };
    case 'guest-shut-down':
      return {
        side: 'source',
        cause: `The guest shut down by itself on ${plan.source.id} (${state.guestShutDown?.reason}) before it had been handed over.`,
        next: 'Nothing was lost: start it again from its disks, on the host where it is to run.',
      };
    case 'source-died-before-commit':
      return {
        side: 'source',
        cause:
          `The QEMU on ${plan.source.id} ended without having confirmed the handover; {destination} holds a complete copy, paused.`.replace(
            '{destination}',
            plan.destination.id,
          ),
        next: "If nothing can have written to the guest's disks since, resume the copy on {destination} with `cont`; otherwise start from disk.",
      };
    case 'source-unreachable':
      return { side: 'source', cause: `${plan.source.id} does not answer.`, next: `When it answers again: ${watch}.` };
    case 'source-unverified':
      return {
        side: 'source',
        cause: `The guest has arrived, but its stopped copy on ${plan.source.id} could not be removed.`,
        next: 'End the stopped QEMU on {source} by hand; never resume it.',
      };
    case 'source-resumed':
      return {
        side: 'source',
        cause: `The guest was resumed on ${plan.source.id} after it had been handed over, outside Switchyard, which does not touch the copy on ${plan.destination.id}.`,
        next: `Decide which copy to keep, and end the other by hand without ever resuming it: the guest has not run on {destination}${pid(state)} unless it was started there by hand.`,
      };
    case 'destination-died-before-start':
      return {
        side: 'destination',
        cause: `The QEMU on ${plan.destination.id} ended before anything had been sent${colon(firstLine(state))}.`,
        next: 'Fix on {destination} what made it end, then migrate again.',
      };
    case 'destination-died':
      return {
        side: 'destination',
        cause: `The QEMU on ${plan.destination.id} ended after the source had handed the guest over and before it ran there.`,
        next: `The copy on {source} is intact and stopped, and the destination is proven gone: resume it with \`switchyard go-back ${plan.id}\`.`,
      };
    case 'destination-died-running':
      return {
        side: 'destination',
        cause: `The guest had arrived on ${plan.destination.id} and its QEMU ended there.`,
        next: 'Start the guest from its disks. Never resume the old copy on {source}: its memory is older than the disks.',
      };
    case 'destination-unreachable':
      return {
        side: 'destination',
        cause: `${plan.destination.id} does not answer.`,
        next: `When it answers again: ${watch}.`,
      };
    case 'destination-incomplete':
      return {
        side: 'destination',
        cause: `${plan.source.id} has handed the guest over and ${plan.destination.id} does not confirm that it holds it.`,
        next: `Look into the output of the QEMU on {destination}${pid(state)}, then ${watch}.`,
      };
    case 'peer-not-proven':
      return peerNotProven(state);
    case 'never-received':
      return {
        side: 'destination',
        cause: `${plan.source.id} has handed the guest over, and ${plan.destination.id} was never seen to receive it${toWhom(state)}: another QEMU may have it, and may run it.`,
        next: 'Find out which QEMU received it (`ss -tnp` on the hosts of that network) before anything is resumed on {source}: two copies would damage its disks.',
      };
    case 'destination-resumed':
      return {
        side: 'destination',
        cause: `The copy on ${plan.destination.id} was resumed before ${plan.source.id} had handed the guest over.`,
        next: 'Decide which copy to keep and end the other by hand; never let both run.',
      };
    case 'destination-not-removed':
      return {
        side: 'destination',
        cause: `${before(state)}The prepared QEMU on ${plan.destination.id} could not be proven gone.`,
        next:
          `When {destination} answers again, end that QEMU${pid(state)} by hand and never resume it` +
          (guest === 'source' ? '.' : `; then ${watch}.`),
      };
    case 'destination-does-not-run':
      return {
        side: 'destination',
        cause: `${plan.destination.id} holds the guest and does not start it.`,
        next: `Look at the raw error, fix it, then ${watch}. The copy on {source} must stay stopped.`,
      };
    case 'destination-refuses-to-run':
      return {
        side: 'destination',
        cause: `${plan.destination.id} holds the whole guest, and its QEMU refuses to start it${colon(refusal(state))}. The guest has never run there.`,
        next: `Fix on {destination} what QEMU names, then ${watch}. Or return the guest to {source}: \`switchyard go-back ${plan.id}\`.`,
      };
    case 'source-does-not-resume':
      return {
        side: 'source',
        cause: `The QEMU on ${plan.destination.id} is proven gone, and the QEMU on ${plan.source.id} does not resume the guest${colon(refusal(state))}.`,
        next: `Fix on {source} what QEMU names, then \`switchyard go-back ${plan.id}\` again.`,
      };
    case 'went-back':
      return {
        side: 'destination',
        cause: `${plan.destination.id} never started the guest${colon(refusal(state))}; it was returned to ${plan.source.id}, after the destination was proven gone.`,
        next: 'Fix on {destination} what QEMU names, then migrate again.',
      };
    case 'cancel-hangs':
      return {
        side: 'source',
        cause: `${before(state)}The QEMU on ${plan.source.id} does not finish cancelling.`,
        next:
          guest === 'source'
            ? 'The kernel of {source} gives its connection up within some minutes; until then that QEMU refuses to migrate again.'
            : `When it answers again: ${watch}.`,
      };
    case 'old-copy':
      return {
        side: 'source',
        cause: `The migration has failed and the guest may have run on ${plan.destination.id} meanwhile: the copy on ${plan.source.id} may be an old one and is left stopped.`,
        next: 'If you know that it never ran on {destination}, end what is left there and resume the guest on {source} with `cont`; else start it from its disks.',
      };
    case 'unknown-status':
      return {
        side: 'source',
        cause: 'The source QEMU reports a status that Switchyard does not know.',
        next: `Look at both guests, then ${watch}.`,
      };
    case 'post-copy-paused':
      return {
        cause: 'The connection broke during post-copy: what the guest still lacks is safe on {source}.'.replace(
          '{source}',
          plan.source.id,
        ),
        next: `Fix the network between {source} and {destination}, then \`switchyard recover ${plan.id}\`. Touch neither QEMU until then.`,
      };
    case 'source-died-in-post-copy':
      return {
        side: 'source',
        cause: `The QEMU on ${plan.source.id} ended during post-copy, and the memory that had not been sent went with it.`,
        next: `Start the guest again from its disks, and end the incomplete QEMU on {destination}${pid(state)} by hand.`,
      };
    case 'destination-died-in-post-copy':
      return {
        side: 'destination',
        cause: `The QEMU on ${plan.destination.id} ended during post-copy, after the guest had left ${plan.source.id} for good.`,
        next: 'Start the guest again from its disks; look on {destination} for why its QEMU ended.',
      };
    case 'split-brain':
      return {
        cause: 'BOTH copies of the guest run: one of them was resumed outside Switchyard.',
        next: 'Decide which copy to keep and end the other by hand at once; its disks may already be damaged.',
      };
  }
}

/** That something else answers at the address, and who, where that is known. */
function peerNotProven({ peer, plan }: MigrationState): About {
  const { source, destination } = plan;
  if (peer?.kind !== 'peer-foreign') {
    return {
      cause: `Switchyard could not prove that what ${source.id} sends arrives at the QEMU on ${destination.id}.`,
      next: 'Use paths without NAT and proxies, or migrate with --mptcp require, with which the peer can be proven through NAT.',
    };
  }
  const { address, port, isOfSource } = peer;
  return {
    side: isOfSource ? 'source' : 'destination',
    cause:
      `The peer is not ${destination.id}: ${source.id} has connected to ${address} port ${port}, and the QEMU on ${destination.id} has no such connection.` +
      (isOfSource ? ` ${source.id} has the address ${address} itself.` : ''),
    next: isOfSource
      ? `Remove ${address} from one of the two hosts, or migrate over another path; a QEMU on {source} that listens there has received part of the guest, and Switchyard does not end it.`
      : `Find the other machine that has the address ${address} (\`arping -D ${address}\` on {source}), then migrate again. Switchyard does not end what listens there.`,
  };
}

function toWhom({ peer }: MigrationState): string {
  return peer?.kind === 'peer-foreign' ? `, while something else answered at ${peer.address} port ${peer.port}` : '';
}

/** A diagnosis may begin with what it explains. */
function whyPlainTcp(diagnosis: string): string {
  const fact = 'the connection is plain TCP';
  const reason = diagnosis.replace(/\.$/, '');
  return reason.startsWith(fact) ? reason : `${fact}: ${reason}`;
}

function stepFailed({ failure: failed, plan }: MigrationState): About {
  if (!failed) return { cause: 'A step failed.', next: 'Migrate again.' };
  const { step, failure } = failed;
  const { title, side } = stepTable[step];
  return {
    ...(side === 'both' ? {} : { side }),
    cause: `${title}${side === 'both' ? '' : ` on ${plan[side].id}`} failed. ${asSentence(failure.text)}`,
    next: failure.remedy,
  };
}

function migrationFailed(state: MigrationState): About {
  const { destination, waiting } = state.plan;
  const said = destinationsLine(state);
  if (waiting) {
    return {
      cause: `QEMU gave up the migration${colon(firstLine(state))}.${otherPaths(state)}`,
      next:
        'See also the output of the waiting QEMU on {destination}, where it was started. ' +
        'Fix that, start another one and migrate again: nothing was lost.',
    };
  }
  if (state.destinationEndedByItself && said === undefined) {
    return {
      side: 'destination',
      cause: `The QEMU on ${destination.id} ended without an error message: it was killed, or its host went down.`,
      next: 'See on {destination} what ended it (the kernel log, the memory), then migrate again: nothing was lost.',
    };
  }
  return {
    side: said === undefined ? 'source' : 'destination',
    cause: `QEMU gave up the migration${colon(firstLine(state))}.${otherPaths(state)}`,
    next: 'Fix what is named, then migrate again: nothing was lost.',
  };
}

/** What goes wrong once QEMU has taken a stranger for its source, in the order in which it is noticed. */
const afterStranger = new Set<Cause>(['destination-died-before-start', 'migration-failed']);

/**
 * QEMU takes the first connection for the source's. It then ends with an error in what it reads, or refuses the real source:
 * neither says why. Once the source is known to have had a connection, both may have come about otherwise.
 */
function strangersDoing(cause: Cause, state: MigrationState): About | undefined {
  const { stranger, plan } = state;
  const tookItsPlace = afterStranger.has(cause) || (cause === 'step-failed' && state.failure?.step === 'migrate');
  if (!stranger || !tookItsPlace) return undefined;
  const { address, host, port } = stranger;
  const who = host === undefined ? address : `${address} (${host})`;
  const about = state.negotiated && describe(cause, state, 'source');
  return {
    side: 'destination',
    cause: about
      ? `${about.cause} Before that, ${who} had connected to the migration port ${port} of ${plan.destination.id}.`
      : `${who} connected to the migration port ${port} of ${plan.destination.id}, and QEMU takes the first connection for the source's.`,
    next: 'Nothing was lost. Keep other hosts away from that port (`switchyard preflight` prints a firewall rule) or migrate with --socket app, which turns them away; then migrate again.',
  };
}

/** The one that the connection was made over, and those that joined it. */
function usedPaths({ plan, joined }: MigrationState): string {
  const used = plan.paths.filter(
    ({ sourceAddress, destinationAddress }, index) =>
      index === 0 || joined.includes(`${sourceAddress} ${destinationAddress}`),
  );
  return used.map(nameOfPath).join(' and ');
}

/** What became of the paths over which nothing could move. */
function otherPaths({ failedPaths }: MigrationState): string {
  return failedPaths.length === 0 ? '' : ` Tried before: ${describePaths(failedPaths)}`;
}

/** Why a destination was to be removed, where that is not the whole story. */
function before(state: MigrationState): string {
  const cause = state.cancel ? state.cancel.reason : state.failure && 'step-failed';
  return cause ? `${describe(cause, state, 'source').cause} ` : '';
}

function pid({ destination }: MigrationState): string {
  return destination ? ` (process ${destination.identity.pid})` : '';
}

function colon(text: string): string {
  return text === '' ? '' : `: ${text}`;
}

/** QEMU's own words on why it does not start the guest. */
function refusal({ failure }: MigrationState): string {
  return failure && 'description' in failure.failure ? failure.failure.description.replace(/\.$/, '') : '';
}

/** QEMU's most telling line: the destination's own output first, since the source often only sees the line drop. */
function firstLine(state: MigrationState): string {
  return (destinationsLine(state) ?? state.sourceErrorText ?? '')
    .replace(/^qemu[\w-]*: /, '')
    .trim()
    .replace(/\.$/, '');
}

/** The first that is about what went wrong: a warning is not, nor is the report of a requested end. */
function destinationsLine({ destinationOutput = '' }: MigrationState): string | undefined {
  return destinationOutput
    .split('\n')
    .find((line) => line.includes('qemu') && !/: warning: |: terminating on signal \d+/.test(line));
}

function rawText({ failure, sourceErrorText, destinationOutput }: MigrationState): string {
  const description = failure && 'description' in failure.failure ? failure.failure.description : undefined;
  return [description, sourceErrorText, destinationOutput?.trim()]
    .filter((text) => text !== undefined && text !== '')
    .join('\n');
}
