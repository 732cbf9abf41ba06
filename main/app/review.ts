import type { PreflightAnswer } from '#contract/channels.ts';
import type { JournalEvent, Observation, Plan, Side } from '#contract/migration.ts';
import { decide, type Elapsed } from '#main/engine/decide.ts';
import type { MigrationHost, Ports } from '#main/engine/ports.ts';
import { apply, initialState, type MigrationState } from '#main/engine/state.ts';
import { steps } from '#main/engine/steps.ts';
import { transportFor } from '#main/engine/transport.ts';
import { systemClock } from '#main/hosts/clock.ts';
import { rehearsedListener, rehearsedPort, rehearsedSocket, type Rehearsal } from '#main/hosts/rehearsal.ts';

/** Stands for the port that the destination's kernel will choose. */
const portToCome = 'PORT';

/** Nothing moves on a stage, and nothing is waited for. */
const noTime: Elapsed = { withoutProgressMs: 0, sourceStoppedMs: 0, unchangedMs: 0 };

/** Several times what the longest migration takes. */
const mostTurns = 200;

/** What stands in for the QEMU on one side. */
type Stages = Readonly<Record<Side, Rehearsal>>;

/**
 * The commands that a migration would send to each QEMU, in their order: the engine's own table decides and its own steps
 * are carried out, upon stand-ins that do as healthy QEMUs do, so that what is shown is what will be sent.
 */
export async function reviewPlan(plan: Plan, stages: Stages): Promise<PreflightAnswer['review']> {
  const monitors = { source: stages.source.qemu, destination: stages.destination.qemu };
  const ports = portsOnStage(plan, stages);
  const review: PreflightAnswer['review'] = [];
  const shown = { source: 0, destination: 0 };
  using transport = transportFor(plan.settings);
  let state: MigrationState = initialState(plan);
  const record = (event: JournalEvent): Promise<void> => {
    state = apply(state, event);
    return Promise.resolve();
  };
  for (let turns = 0; turns < mostTurns; turns += 1) {
    for (const event of looks(state)) state = apply(state, event);
    const decision = decide(state, noTime);
    switch (decision.kind) {
      case 'act': {
        const { step } = decision;
        state = apply(state, { kind: 'intended', step });
        const report = await steps[step]({
          state,
          ports,
          monitors,
          transport,
          record,
          note: () => undefined,
          mayLeave: () => Promise.resolve(true),
        });
        state = apply(state, { kind: 'done', step, ...report });
        break;
      }
      case 'note':
        state = apply(state, decision.event);
        break;
      case 'wait':
        throw new TypeError(`on stage nothing waits for ${decision.waitingFor}`);
      case 'end':
        return review;
    }
    for (const side of ['destination', 'source'] as const) {
      const said = stages[side].sent.slice(shown[side]);
      shown[side] += said.length;
      review.push(...said.map((command) => ({ side, command: withoutPort(command) })));
    }
  }
  throw new TypeError('on stage a migration has an end');
}

/** What both QEMUs would answer now if every step so far had gone well: they are not visible before they have arrived there. */
function looks({ plan, steps: taken, observed, gated, peer }: MigrationState): readonly JournalEvent[] {
  const atHome = plan.guestWasRunning ? 'running' : 'paused';
  const sent = taken.migrate === 'done';
  const waits = sent && gated && taken['switch-over'] !== 'done';
  const moved = sent && !waits;
  const source: Observation = {
    kind: 'answering',
    run: moved ? 'postmigrate' : waits ? 'finish-migrate' : atHome,
    migration: moved ? 'completed' : waits ? 'pre-switchover' : 'none',
  };
  const destination: Observation = {
    kind: 'answering',
    run: moved ? (taken['resume-destination'] === 'done' ? atHome : 'paused') : 'inmigrate',
    migration: moved ? 'completed' : waits ? 'active' : 'none',
  };
  return [
    ...(sent && !peer ? [provenPeer] : []),
    ...(observed.source.kind === 'gone' ? [] : [seen('source', source)]),
    ...(taken['start-destination'] === 'done' ? [seen('destination', destination)] : []),
  ];
}

const provenPeer: JournalEvent = { kind: 'peer-proven', by: 'sequence', connections: 1 };

function seen(side: Side, observation: Observation): JournalEvent {
  return { kind: 'observed', side, observation };
}

function withoutPort(command: string): string {
  return command.replaceAll(String(rehearsedPort), portToCome);
}

function portsOnStage(plan: Plan, { source, destination }: Stages): Ports {
  return {
    plan,
    source: hostOnStage(plan.source.id, source),
    destination: hostOnStage(plan.destination.id, destination),
    journal: { append: notOnStage, sample: notOnStage },
    clock: systemClock,
    report: notOnStage,
    diagnose: notOnStage,
  };
}

/** What a host does for a step beside QEMU is not done here: of what it answers, only the stand-ins matter. */
function hostOnStage(id: string, { qemu }: Rehearsal): MigrationHost {
  return {
    id,
    terminate: () => Promise.resolve(),
    tidy: () => Promise.resolve(),
    facts: notOnStage,
    unansweredNeighbours: notOnStage,
    portCounters: notOnStage,
    guests: notOnStage,
    attach: () => Promise.resolve(qemu),
    presence: notOnStage,
    announceMigration: notOnStage,
    managersOf: notOnStage,
    startDestination: () => Promise.resolve({ identity: qemu.identity, monitorPath: '' }),
    foreseeDestination: notOnStage,
    disksCanBeTaken: () => Promise.resolve([]),
    findDestination: notOnStage,
    listenOwned: () => Promise.resolve(rehearsedListener()),
    connectOwned: () => Promise.resolve(rehearsedSocket()),
    answerTrials: () =>
      Promise.resolve({ port: rehearsedPort, secret: { call: '', answer: '' }, [Symbol.dispose]: () => undefined }),
    tryPath: () => Promise.resolve(),
    hangUp: notOnStage,
    output: notOnStage,
    sampler: notOnStage,
    makeRoomAtListener: () => Promise.resolve(),
    connectionEnds: notOnStage,
    hasAddress: () => Promise.resolve(false),
    routes: notOnStage,
    changePathManager: () => Promise.resolve(),
    restorePathManager: () => Promise.resolve(),
    changePath: notOnStage,
    closeSubflows: notOnStage,
    watchCallers: () => Promise.resolve({ look: () => Promise.resolve(), [Symbol.dispose]: () => undefined }),
    askNeighboursAnew: notOnStage,
    watchLinks: notOnStage,
  };
}

function notOnStage(): never {
  throw new TypeError('only monitors are rehearsed');
}
