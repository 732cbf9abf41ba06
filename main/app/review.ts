import type { PreflightAnswer } from '#contract/channels.ts';
import type { Plan, StepName } from '#contract/migration.ts';
import type { MigrationHost, Ports } from '#main/engine/ports.ts';
import { apply, initialState, type MigrationState } from '#main/engine/state.ts';
import { steps } from '#main/engine/steps.ts';
import { transportFor } from '#main/engine/transport.ts';
import { systemClock } from '#main/hosts/clock.ts';
import { rehearsedListener, rehearsedPort, rehearsedSocket, type Rehearsal } from '#main/hosts/rehearsal.ts';

/** Stands for the port that the destination's kernel will choose. */
const portToCome = 'PORT';

/** What a healthy run says to QEMU, in the engine's own order: `decide.ts` is where it comes from. */
function healthyRun({ guestWasRunning, settings }: Plan): readonly StepName[] {
  const connect = settings.socket === 'app' ? (['connect'] as const) : [];
  const afterCommit = guestWasRunning ? (['resume-destination', 'quit-source'] as const) : (['quit-source'] as const);
  return ['negotiate-capabilities', 'listen', ...connect, 'migrate', ...afterCommit];
}

/**
 * The commands that a migration would send to each QEMU, in their order: the engine's own steps are carried out upon
 * stand-ins, so that what is shown is what will be sent.
 */
export async function reviewPlan(
  plan: Plan,
  stages: { readonly source: Rehearsal; readonly destination: Rehearsal },
): Promise<PreflightAnswer['review']> {
  const monitors = { source: stages.source.qemu, destination: stages.destination.qemu };
  const ports = portsOnStage(plan);
  const review: PreflightAnswer['review'] = [];
  const shown = { source: 0, destination: 0 };
  using transport = transportFor(plan.settings);
  let state: MigrationState = initialState(plan);
  for (const step of healthyRun(plan)) {
    const report = await steps[step]({ state, ports, monitors, transport, record: () => Promise.resolve() });
    state = apply(state, { kind: 'done', step, ...report });
    for (const side of ['destination', 'source'] as const) {
      const said = stages[side].sent.slice(shown[side]);
      shown[side] += said.length;
      review.push(...said.map((command) => ({ side, command: withoutPort(command) })));
    }
  }
  return review;
}

function withoutPort(command: string): string {
  return command.replaceAll(String(rehearsedPort), portToCome);
}

function portsOnStage(plan: Plan): Ports {
  return {
    plan,
    source: hostOnStage(plan.source.id),
    destination: hostOnStage(plan.destination.id),
    journal: { append: notOnStage, sample: notOnStage },
    clock: systemClock,
    diagnose: notOnStage,
  };
}

/** What ends and cleans up does nothing here; nothing else of a host may be wanted by a step that speaks to QEMU. */
function hostOnStage(id: string): MigrationHost {
  return {
    id,
    terminate: () => Promise.resolve(),
    tidy: () => Promise.resolve(),
    facts: notOnStage,
    guests: notOnStage,
    attach: notOnStage,
    presence: notOnStage,
    startDestination: notOnStage,
    findDestination: notOnStage,
    listenOwned: () => Promise.resolve(rehearsedListener()),
    connectOwned: () => Promise.resolve(rehearsedSocket()),
    output: notOnStage,
    sampler: notOnStage,
    routes: notOnStage,
    changePathManager: notOnStage,
    restorePathManager: notOnStage,
    changePath: notOnStage,
    closeSubflows: notOnStage,
    askNeighboursAnew: notOnStage,
    watchLinks: notOnStage,
  };
}

function notOnStage(): never {
  throw new TypeError('only monitors are rehearsed');
}
