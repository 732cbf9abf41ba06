import { SwitchyardError, toFailure } from '#contract/errors.ts';
import type { StepName } from '#contract/migration.ts';
import { compare } from '#main/likeness/compare.ts';
import { obstaclesOf } from '#main/likeness/obstacles.ts';
import { lookAtDisks } from './disk-takeover.ts';
import { setPasswords } from './display-passwords.ts';
import { pathLeaseOf, pathLoanOf } from './path-lease.ts';
import { tryPaths } from './path-trials.ts';
import type { Capabilities } from './ports.ts';
import { listenForRecovery, recover } from './recovery.ts';
import type { MigrationState } from './state.ts';
import {
  destinationOf,
  listeningPort,
  nothingToReport,
  reachablePath,
  rejected,
  sourceOf,
  type Step,
  type StepContext,
} from './step-context.ts';
import { harmlessOf, refuseDisks, refuseUnlike } from './unlike.ts';
import { takeUpWaiting } from './waiting-destination.ts';
import { within } from './within.ts';

/** A main loop that is free takes a cancel at once. */
const cancelAnswerMs = 2000;
/** The guest may stand still meanwhile. */
const gateAnswerMs = 300;

export const steps: Readonly<Record<StepName, Step>> = {
  'start-destination': async (context) => {
    const { ports } = context;
    const { id: migrationId, guest, waiting } = ports.plan;
    if (waiting) return { started: await takeUpWaiting(ports.destination, waiting.guest) };
    // As it is at this moment: preflight may have looked long ago.
    const portrait = await sourceOf(context).portrait();
    return { started: await ports.destination.startDestination({ migrationId, guest, portrait }) };
  },

  'compare-twin': async (context) => {
    const { plan } = context.state;
    const [source, destination] = [sourceOf(context), destinationOf(context)];
    const [guest, twin] = await Promise.all([source.portrait(), destination.portrait()]);
    const differences = compare(guest, twin, plan.waiting ? 'operator' : 'switchyard');
    refuseUnlike(plan, obstaclesOf(guest), differences);
    await setPasswords(guest, plan.settings, destination);
    return { harmless: harmlessOf(differences) };
  },

  'negotiate-capabilities': async (context) => {
    const source = sourceOf(context);
    const destination = destinationOf(context);
    const { settings } = context.state.plan;
    const wanted = capabilitiesFor(context.state);
    await Promise.all([
      source.setCapabilities({ ...wanted, [gate]: true }),
      destination.setCapabilities({ ...wanted, [gate]: false }),
    ]);
    refuseDifference(await source.capabilities(), await destination.capabilities(), wanted);
    const parallel = settings.parallelConnections > 0 ? { parallelConnections: settings.parallelConnections } : {};
    await Promise.all([
      source.setParameters({
        downtimeLimitMs: settings.downtimeLimitMs,
        bandwidthBitsPerSecond: settings.bandwidthBitsPerSecond,
        ...parallel,
      }),
      destination.setParameters(parallel),
    ]);
    return { gated: true };
  },

  'try-paths': tryPaths,

  'prepare-paths': async ({ ports, state }) => {
    // The source first: it must accept an announcement before one arrives.
    await ports.source.changePathManager(pathLoanOf(state, 'source'));
    await ports.destination.changePathManager(pathLoanOf(state, 'destination'));
    return nothingToReport;
  },

  'check-disks': async (context) => {
    const { ports } = context;
    refuseDisks(await lookAtDisks(ports.plan, ports.destination, sourceOf(context), destinationOf(context).identity));
    return nothingToReport;
  },

  listen: (context) => context.transport.listen(context),
  connect: (context) => context.transport.connect(context),
  migrate: (context) => context.transport.migrate(context),

  'switch-over': async (context) => {
    if (await context.mayLeave()) await sourceOf(context).switchOver().catch(ignoreUnanswered);
    return nothingToReport;
  },

  'hang-up': async (context) => {
    await hangUp(context);
    return nothingToReport;
  },

  cancel: async (context) => {
    // In band: behind a main loop that waits for the network it is not answered, and the watchdog must not wait with it.
    const { clock, report } = context.ports;
    const cancelled = sourceOf(context).cancel();
    const answer = await within(clock, cancelAnswerMs, cancelled, (thrown) => toFailure(thrown, report));
    if (answer === 'late') throw notCancelled();
    return nothingToReport;
  },

  yank: async (context) => {
    // QEMU breaks a connection that it has; one that is still being made is the kernel's.
    const [yanked] = await Promise.allSettled([
      sourceOf(context).yank(),
      ...(context.state.negotiated ? [] : [hangUp(context)]),
    ]);
    if (yanked.status === 'rejected') throw yanked.reason;
    return nothingToReport;
  },

  'resume-destination': async (context) => {
    await destinationOf(context).cont();
    return nothingToReport;
  },

  'start-post-copy': async (context) => {
    await sourceOf(context).startPostCopy();
    return nothingToReport;
  },

  'pause-post-copy': async ({ monitors }) => {
    // Either side may have noticed by itself, and then refuses: what counts is that both end up paused.
    await Promise.allSettled([monitors.source?.pausePostCopy(), monitors.destination?.pausePostCopy()]);
    return nothingToReport;
  },

  'listen-for-recovery': listenForRecovery,
  recover,

  'quit-source': async ({ ports, monitors, record, state }) => {
    const { source, clock } = ports;
    const { identity, monitorPath } = ports.plan.guest;
    const status = await monitors.source?.status().catch(ignoreUnanswered);
    // The fence, asked again at the last moment: another program may have resumed it since the last look.
    if (status?.run === 'running') throw rejected('cleaning-up', 'the source runs again', 'Find out who resumed it.');
    if (status?.statistics && !state.finalStatistics) {
      const now = { atMonoMs: clock.monoMs(), atEpochMs: clock.epochMs() };
      const sample = { ...now, connections: [], subflows: [], throughputBitsPerSecond: 0, qemu: status.statistics };
      await record({ kind: 'final-statistics', sample });
    }
    await monitors.source?.quit().catch(ignoreUnanswered);
    await source.terminate(identity);
    await record({ kind: 'observed', side: 'source', observation: { kind: 'gone' } });
    if (monitorPath) await source.tidy(monitorPath);
    return nothingToReport;
  },

  'quit-destination': async (context) => {
    const { ports, state, record } = context;
    const { destination } = ports;
    const started = state.destination ?? (await destination.findDestination(ports.plan.id));
    if (!started) return nothingToReport;
    if (!state.destination) await record({ kind: 'done', step: 'start-destination', started });
    await destination.terminate(started.identity);
    await record({ kind: 'observed', side: 'destination', observation: { kind: 'gone' } });
    await takeGateAway(context);
    if (started.outputPath !== undefined) {
      await record({ kind: 'output-kept', side: 'destination', raw: await destination.output(started.outputPath) });
    }
    await destination.tidy(started.monitorPath);
    return nothingToReport;
  },

  'resume-source': async (context) => {
    // The fence, asked again at the last moment: a copy that may still run forbids this one to.
    const started = context.state.destination;
    if (started && (await context.ports.destination.presence(started.identity)) !== 'gone') {
      throw rejected(
        'going-back',
        'the destination is still there',
        'End it on the destination host, then watch again.',
      );
    }
    await sourceOf(context).cont();
    return nothingToReport;
  },

  'restore-paths': async ({ ports, state }) => {
    const restored = await Promise.allSettled(
      (['source', 'destination'] as const).map((side) => ports[side].restorePathManager(pathLeaseOf(state, side))),
    );
    for (const result of restored) if (result.status === 'rejected') throw result.reason;
    return nothingToReport;
  },
};

async function hangUp({ ports, state }: StepContext): Promise<void> {
  const { destinationAddress: address } = reachablePath({ state });
  await ports.source.hangUp({ address, port: listeningPort({ state }) });
}

/**
 * The source stops before the switchover until its peer is proven and the disks have been looked at again. A capability
 * outlives the migration for which it was set, and with this one a guest that another program migrates later would stand
 * still for ever: so the destination never has it, and a source that keeps its guest loses it.
 */
const gate = 'pause-before-switchover';

/** Best effort, for the sake of other programs: a source that is still busy with a cancel refuses it. */
async function takeGateAway({ monitors: { source }, state, ports: { clock, report } }: StepContext): Promise<void> {
  if (!source || state.steps['negotiate-capabilities'] === undefined) return;
  await within(clock, gateAnswerMs, source.setCapabilities({ [gate]: false }).catch(ignoreUnanswered), report);
}

/** Of both sides. `return-path` always: without it a source reports `completed` with data still unsent. */
function capabilitiesFor(state: MigrationState): Capabilities {
  const { settings } = state.plan;
  return {
    events: true,
    'return-path': true,
    'auto-converge': settings.autoConverge,
    multifd: settings.parallelConnections > 0,
    'postcopy-ram': settings.postCopy === 'allow',
  };
}

function refuseDifference(source: Capabilities, destination: Capabilities, wanted: Capabilities): void {
  const differing = [...new Set([...Object.keys(source), ...Object.keys(destination)])].filter((name) =>
    name === gate
      ? source[name] !== true
      : (source[name] ?? false) !== (destination[name] ?? false) || (wanted[name] ?? source[name]) !== source[name],
  );
  if (differing.length === 0) return;
  throw rejected(
    'preparing',
    `the two QEMUs differ in ${differing.join(', ')}`,
    'A migration between them would hang. Use QEMU versions that both have these capabilities, or switch them off.',
  );
}

function notCancelled(): SwitchyardError {
  return new SwitchyardError({
    kind: 'timeout',
    afterMs: cancelAnswerMs,
    waitingFor: 'the answer to migrate_cancel',
    text: `The source QEMU has not taken the cancel within ${cancelAnswerMs / 1000} s.`,
    remedy: 'Its main loop waits for the network: the connection is broken out of band.',
  });
}

/** For calls whose answer may fail to come without harm: what follows them looks for itself. */
function ignoreUnanswered(thrown: unknown): undefined {
  if (!(thrown instanceof SwitchyardError)) throw thrown;
}
