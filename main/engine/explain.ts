import type { CancelReason, Explanation, GuestPlace, Side } from '#contract/migration.ts';
import { formatDurationMs } from '#contract/units.ts';
import { phaseOf, type MigrationState } from './state.ts';

/** Everything that can end a migration otherwise than by arriving. */
export type Cause =
  | CancelReason
  | 'step-failed'
  | 'migration-failed'
  | 'source-died'
  | 'source-died-before-commit'
  | 'source-unreachable'
  | 'source-unverified'
  | 'destination-died'
  | 'destination-died-running'
  | 'destination-unreachable'
  | 'destination-not-removed'
  | 'destination-does-not-run'
  | 'cancel-hangs'
  | 'unknown-status'
  | 'split-brain';

const places: Record<GuestPlace, (state: MigrationState) => string> = {
  source: (state) => `The guest is on ${state.plan.source.id} as before`,
  stopped: () => 'The guest is stopped',
  destination: (state) => `The guest runs on ${state.plan.destination.id}`,
  unknown: () => 'Where the guest runs is not known; nothing has been touched',
  nowhere: () => 'The guest runs nowhere',
};

/** A failure in the order in which an operator asks: what went wrong, on which side, where the guest is now, what to do. */
export function explain(state: MigrationState, cause: Cause, guest: GuestPlace): Explanation {
  const { source, destination } = state.plan;
  const raw = rawText(state);
  const about = describe(cause, state);
  return {
    phase: phaseOf({ ...state, ended: undefined }).name,
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

function describe(cause: Cause, state: MigrationState): About {
  const { plan } = state;
  const watch = `\`switchyard watch ${plan.id}\``;
  switch (cause) {
    case 'operator':
      return { cause: `Cancelled by ${state.cancel?.by ?? 'the operator'}.`, next: 'Start again whenever it suits.' };
    case 'mptcp-required':
      return {
        cause: `Multipath TCP was required and the connection is plain TCP: ${state.negotiated?.text ?? 'it fell back'}.`,
        next: state.negotiated?.command
          ? `Run \`${state.negotiated.command}\`, then migrate again; or migrate with --mptcp prefer.`
          : 'Run `switchyard preflight` for what stands in the way, or migrate with --mptcp prefer.',
      };
    case 'stalled':
      return {
        cause: `Nothing moved for ${formatDurationMs(state.stalled?.forMs ?? 0)} on any path.`,
        next: 'Mend the network between {source} and {destination}, then migrate again.',
      };
    case 'attached-before-start':
      return {
        cause: 'The manager ended after it had prepared the destination and before anything had moved.',
        next: 'The prepared destination was removed. Migrate again.',
      };
    case 'step-failed':
      return stepFailed(state);
    case 'migration-failed':
      return {
        side: state.destinationOutput ? 'destination' : 'source',
        cause: `QEMU gave the migration up${firstLine(state) ? `: ${firstLine(state)}` : ''}.`,
        next: 'Mend what is named, then migrate again: nothing was lost.',
      };
    case 'source-died':
      return {
        side: 'source',
        cause: `The QEMU on ${plan.source.id} ended before the guest had been handed over.`,
        next: 'Start the guest again from its disks; look into the log of the source QEMU for why it ended.',
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
    case 'destination-died':
      return {
        side: 'destination',
        cause: `The QEMU on ${plan.destination.id} ended after the source had handed the guest over and before it ran there.`,
        next: 'The copy on {source} is intact and stopped; it may be resumed there, since the destination is proven gone.',
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
    case 'destination-not-removed':
      return {
        side: 'destination',
        cause: `The prepared QEMU on ${plan.destination.id} could not be proven gone.`,
        next: `When {destination} answers again: ${watch}. Do not start the guest there by hand.`,
      };
    case 'destination-does-not-run':
      return {
        side: 'destination',
        cause: `${plan.destination.id} holds the guest and does not start it.`,
        next: `Look at the raw error, mend it, then ${watch}. The copy on {source} must stay stopped.`,
      };
    case 'cancel-hangs':
      return {
        side: 'source',
        cause: `The QEMU on ${plan.source.id} does not finish cancelling.`,
        next: `When it answers again: ${watch}.`,
      };
    case 'unknown-status':
      return {
        side: 'source',
        cause: 'The source QEMU says a status that Switchyard does not know.',
        next: `Look at both guests, then ${watch}.`,
      };
    case 'split-brain':
      return {
        cause: 'BOTH copies of the guest run: somebody has resumed one of them outside Switchyard.',
        next: 'Decide which copy to keep and end the other by hand at once; its disks may already be damaged.',
      };
  }
}

function stepFailed(state: MigrationState): About {
  const failed = state.failure;
  const onSource = failed?.step === 'migrate' || failed?.step === 'cancel' || failed?.step === 'resume-source';
  const words = failed?.failure.text.replace(/\.$/, '') ?? 'A step failed';
  return {
    side: onSource ? 'source' : 'destination',
    cause: `${words}.`,
    next: failed?.failure.remedy ?? 'Mend what is named, then migrate again.',
  };
}

/** QEMU's most telling line: the destination's own output first, since the source often only sees the line drop. */
function firstLine(state: MigrationState): string {
  const lines = (state.destinationOutput ?? '').split('\n').filter((line) => line.includes('qemu'));
  const said = lines[0] ?? state.sourceErrorText ?? '';
  return said
    .replace(/^qemu[\w-]*: /, '')
    .trim()
    .replace(/\.$/, '');
}

function rawText(state: MigrationState): string {
  const failure = state.failure?.failure;
  return [
    failure && 'description' in failure ? failure.description : undefined,
    state.sourceErrorText,
    state.destinationOutput?.trim(),
  ]
    .filter((text) => text !== undefined && text !== '')
    .join('\n');
}
