import {
  array,
  boolean,
  check,
  constantFrom,
  oneof,
  property,
  record,
  sample,
  tuple,
  type Arbitrary,
} from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  outcomeSchema,
  stepNameSchema,
  type JournalEvent,
  type Observation,
  type StepName,
} from '#contract/migration.ts';
import { decide, type Decision, type Elapsed } from './decide.ts';
import {
  answering,
  attached,
  begun,
  did,
  failed,
  foreign,
  gone,
  plan,
  prepared,
  proven,
  sees,
  silent,
  stateAfter,
  twoPaths,
  unproven,
  unreachable,
} from './simulation/states.ts';
import {
  hasArrived,
  isPeerProven,
  mayBeInPostCopy,
  mayGoBack,
  nothingElseHasIt,
  type MigrationState,
} from './state.ts';

/**
 * For any journal and any answers, in any order, sensible or not: some things are never decided.
 * A step that follows from nonsense is as dangerous as one that follows from a fault.
 */

const runs = ['running', 'paused', 'inmigrate', 'finish-migrate', 'postmigrate', 'shutdown', 'guest-panicked'];
const statuses = [
  'none',
  'setup',
  'active',
  'pre-switchover',
  'device',
  'cancelling',
  'cancelled',
  'completed',
  'failed',
  'postcopy-active',
  'postcopy-paused',
  'colo',
];
const observations: Arbitrary<Observation> = oneof(
  {
    weight: 5,
    arbitrary: tuple(constantFrom(...runs), constantFrom(...statuses)).map(([run, migration]) =>
      answering(run, migration),
    ),
  },
  { weight: 1, arbitrary: constantFrom(gone, silent, unreachable) },
);
const [firstPath] = twoPaths;

const steps = constantFrom<StepName>(...stepNameSchema.options);

const happenings: Arbitrary<readonly JournalEvent[]> = oneof(
  {
    weight: 4,
    arbitrary: tuple(constantFrom('source' as const, 'destination' as const), observations).map(([side, seen]) => [
      sees(side, seen),
    ]),
  },
  { weight: 2, arbitrary: steps.map((step) => did(step)) },
  {
    weight: 2,
    arbitrary: tuple(steps, constantFrom('qmp' as const, 'timeout' as const)).map(([step, kind]) => failed(step, kind)),
  },
  { weight: 1, arbitrary: steps.map((step): JournalEvent[] => [{ kind: 'intended', step }]) },
  {
    weight: 2,
    arbitrary: constantFrom<JournalEvent>(
      attached,
      { kind: 'cancel-requested', reason: 'operator', by: 'operator' },
      { kind: 'stalled', forMs: 2500, guest: 'stopped' },
      { kind: 'sampling-failed', why: 'no' },
      { kind: 'post-copy-requested', by: 'operator' },
      { kind: 'post-copy-entered' },
      { kind: 'recovery-requested', by: 'operator' },
      { kind: 'go-back-requested', by: 'operator' },
      proven,
      foreign,
      { kind: 'peer-proven', by: 'status', connections: 0 },
      { kind: 'negotiated', protocol: 'tcp', when: 'connected', connections: [], text: 'it fell back' },
      { kind: 'ended', outcome: 'unknown', guest: 'unknown' },
      { kind: 'path-failed', path: firstPath, seen: 'trial', why: 'no answer' },
      { kind: 'path-failed', path: firstPath, seen: 'connection', why: 'no answer' },
    ).map((event) => [event]),
  },
);

const durations = constantFrom(0, 100, 1000, 2500, 5000, 31_000, 100_000);
const elapsed: Arbitrary<Elapsed> = record({
  withoutProgressMs: durations,
  sourceStoppedMs: durations,
  unchangedMs: durations,
});

interface Situation {
  readonly events: readonly JournalEvent[];
  readonly state: MigrationState;
  readonly elapsed: Elapsed;
  readonly decision: Decision;
}

const committed: readonly JournalEvent[] = [
  ...begun,
  sees('source', answering('postmigrate', 'completed')),
  sees('destination', answering('paused', 'completed')),
  { kind: 'committed' },
];

/** What waits has been found to be the guest's likeness. */
const alike = did('start-destination', 'compare-twin');
const agreed = [...alike, ...did('negotiate-capabilities', 'check-disks')];

/** A post-copy whose connection has broken, and that is to be recovered. */
const broken: readonly JournalEvent[] = [
  ...begun,
  { kind: 'post-copy-entered' },
  { kind: 'recovery-requested', by: 'operator' },
];

const listening = [...broken, ...did('listen-for-recovery')];

/** A commit is only ever noted by a decision, so it is only met in journals where it was decided. */
const situations: Arbitrary<Situation> = record({
  beginning: constantFrom<readonly JournalEvent[]>(
    [],
    alike,
    agreed,
    prepared,
    unproven,
    begun,
    committed,
    broken,
    listening,
  ),
  middle: array(happenings, { maxLength: 8 }),
  source: observations,
  destination: observations,
  elapsed,
  guestWasRunning: boolean(),
  mptcp: constantFrom('require' as const, 'prefer' as const),
  links: constantFrom(1, 2),
}).map(({ beginning, middle, source, destination, elapsed: passed, guestWasRunning, mptcp, links }) => {
  const { settings } = plan;
  const events = [...beginning, ...middle.flat(), sees('source', source), sees('destination', destination)];
  const state = stateAfter(events, {
    guestWasRunning,
    settings: { ...settings, mptcp },
    paths: twoPaths.slice(0, links),
  });
  return { events, state, elapsed: passed, decision: decide(state, passed) };
});

/** The simplest situation in which something does not hold, or nothing. */
function counterexampleTo(holds: (situation: Situation) => boolean): object | undefined {
  const { counterexample } = check(property(situations, holds), { numRuns: 20_000 });
  const found = counterexample?.[0];
  return found && { journal: found.events, elapsed: found.elapsed, decision: found.decision };
}

const acts = ({ decision }: Situation, ...named: readonly StepName[]): boolean =>
  decision.kind === 'act' && named.includes(decision.step);
const runsOn = (observation: Observation): boolean => observation.kind === 'answering' && observation.run === 'running';
const has = (observation: Observation, status: string): boolean =>
  observation.kind === 'answering' && observation.migration === status;

describe('never', () => {
  test('cont on the source, unless the destination is proven gone or was never started, and cannot have run the guest', () => {
    const counterexample = counterexampleTo((situation) => {
      const { state } = situation;
      return (
        !acts(situation, 'resume-source') ||
        (((state.goBackRequested && mayGoBack(state)) || (!state.committed && !state.sourceCompleted)) &&
          !state.mayHaveRunOnDestination &&
          !mayBeInPostCopy(state) &&
          (state.destination === undefined || state.observed.destination.kind === 'gone'))
      );
    });
    expect(counterexample).toBeUndefined();
  });

  test('an offer to resume the source, or cont there, while another QEMU may have received the guest', () => {
    const counterexample = counterexampleTo((situation) => {
      const { state, decision } = situation;
      const offers = decision.kind === 'end' && decision.outcome === 'stopped-on-source';
      const offersInWords =
        decision.kind === 'end' &&
        /go-back|with `cont`/.test(decision.explanation?.next ?? '') &&
        state.sourceCompleted;
      const proves = state.committed || hasArrived(state);
      return (
        (!offers || nothingElseHasIt(state) || proves) &&
        (!offersInWords || proves || state.mayHaveRunOnDestination) &&
        (!acts(situation, 'resume-source') || nothingElseHasIt(state) || proves)
      );
    });
    expect(counterexample).toBeUndefined();
  });

  test('a switchover, or post-copy, towards a peer that is not proven', () => {
    const counterexample = counterexampleTo(
      (situation) =>
        !acts(situation, 'switch-over', 'start-post-copy') ||
        isPeerProven(situation.state) ||
        mayBeInPostCopy(situation.state),
    );
    expect(counterexample).toBeUndefined();
  });

  test('cont on the destination, unless committed or in post-copy, and the source does not run', () => {
    const counterexample = counterexampleTo((situation) => {
      const { state } = situation;
      const { source, destination } = state.observed;
      // A destination in post-copy proves that its source has stopped since it was last seen to copy.
      const hasStopped = state.postCopy.entered && has(source, 'active') && has(destination, 'postcopy-active');
      return (
        !acts(situation, 'resume-destination') ||
        ((state.committed || state.postCopy.entered) &&
          state.plan.guestWasRunning &&
          (!runsOn(source) || hasStopped) &&
          destination.kind === 'answering')
      );
    });
    expect(counterexample).toBeUndefined();
  });

  test('anything at all while both copies run', () => {
    const counterexample = counterexampleTo(
      ({ state, decision }) =>
        !(runsOn(state.observed.source) && runsOn(state.observed.destination)) ||
        decision.kind === 'end' ||
        state.ended !== undefined,
    );
    expect(counterexample).toBeUndefined();
  });

  test('cancel or yank once the guest has been handed over, may be in post-copy, or runs on the destination', () => {
    const counterexample = counterexampleTo((situation) => {
      const { state } = situation;
      return (
        !acts(situation, 'cancel', 'yank') ||
        (!state.committed &&
          !mayBeInPostCopy(state) &&
          !runsOn(state.observed.destination) &&
          !has(state.observed.source, 'completed'))
      );
    });
    expect(counterexample).toBeUndefined();
  });

  test('a commit without the word of both sides', () => {
    const counterexample = counterexampleTo(({ state, decision }) => {
      if (decision.kind !== 'note' || decision.event.kind !== 'committed') return true;
      const sourceGone = state.postCopy.entered && state.observed.source.kind === 'gone';
      return (state.sourceCompleted || sourceGone) && has(state.observed.destination, 'completed');
    });
    expect(counterexample).toBeUndefined();
  });

  test('an end of the source that takes the guest away: it runs there, or the destination does not have it', () => {
    const counterexample = counterexampleTo((situation) => {
      const { state } = situation;
      const { source, destination } = state.observed;
      const arrived = runsOn(destination) || (!state.plan.guestWasRunning && destination.kind === 'answering');
      const lost = state.postCopy.entered && destination.kind === 'gone';
      return !acts(situation, 'quit-source') || (!runsOn(source) && ((state.committed && arrived) || lost));
    });
    expect(counterexample).toBeUndefined();
  });

  test('an end of the destination that takes the guest away: it runs there, or it is complete and the source is gone', () => {
    const counterexample = counterexampleTo((situation) => {
      const { state } = situation;
      const { source, destination } = state.observed;
      if (!acts(situation, 'quit-destination') || destination.kind === 'gone') return true;
      if (state.goBackRequested && mayGoBack(state) && source.kind === 'answering') return !runsOn(destination);
      const onlyCopy = source.kind === 'gone' && has(destination, 'completed') && state.steps.migrate === 'done';
      return !state.committed && !state.postCopy.entered && !runsOn(destination) && !onlyCopy;
    });
    expect(counterexample).toBeUndefined();
  });

  test('anything by a manager that has just taken over and looked at nothing', () => {
    const counterexample = counterexampleTo(({ events, elapsed: passed }) => {
      const { ended, ...taken } = stateAfter([...events, attached]);
      return decide({ ...taken, ended }, passed).kind === 'wait';
    });
    expect(counterexample).toBeUndefined();
  });
});

describe('always', () => {
  test('waits for something that has a name, or ends with a reason and advice', () => {
    const counterexample = counterexampleTo(({ decision }) => {
      if (decision.kind === 'wait') return decision.waitingFor.length > 3;
      if (decision.kind !== 'end' || decision.explanation === undefined) return true;
      const { cause, next } = decision.explanation;
      return cause.endsWith('.') && next.endsWith('.');
    });
    expect(counterexample).toBeUndefined();
  });

  test('explains every end but an arrival', () => {
    const counterexample = counterexampleTo(
      ({ decision }) =>
        decision.kind !== 'end' || decision.outcome === 'done-on-destination' || decision.explanation !== undefined,
    );
    expect(counterexample).toBeUndefined();
  });

  test('decides the same from the same: the table has no memory of its own', () => {
    const counterexample = counterexampleTo(
      ({ state, elapsed: passed, decision }) => JSON.stringify(decide(state, passed)) === JSON.stringify(decision),
    );
    expect(counterexample).toBeUndefined();
  });
});

test('these situations lead to every step and to every outcome: what is never decided is not merely never met', () => {
  const met = new Set(
    sample(situations, { numRuns: 40_000, seed: 1 }).map(({ decision }) =>
      decision.kind === 'act' ? decision.step : decision.kind === 'end' ? decision.outcome : decision.kind,
    ),
  );
  const never: readonly StepName[] = ['prepare-paths', 'connect'];
  expect(met).toEqual(
    new Set([
      'note',
      'wait',
      ...outcomeSchema.options,
      ...stepNameSchema.options.filter((step) => !never.includes(step)),
    ]),
  );
});
