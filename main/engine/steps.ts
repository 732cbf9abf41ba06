import { SwitchyardError } from '#contract/errors.ts';
import type { JournalEvent, JournalEventOf, StepName } from '#contract/migration.ts';
import type { Capabilities, Ports, Qemu } from './ports.ts';
import type { MigrationState } from './state.ts';

/** The two monitors as they are now; a step that needs one which is not there fails, it does not wait. */
export interface Monitors {
  readonly source: Qemu | undefined;
  readonly destination: Qemu | undefined;
}

/** What a step reports besides having been done. */
type Report = Omit<JournalEventOf<'done'>, 'kind' | 'step'>;
type Step = (context: StepContext) => Promise<Report>;

export interface StepContext {
  readonly state: MigrationState;
  readonly ports: Ports;
  readonly monitors: Monitors;
  /** Facts that a step finds on its way and that must stand in the journal before it goes on. */
  readonly record: (event: JournalEvent) => Promise<void>;
}

const nothingToReport: Report = {};

export const steps: Readonly<Record<StepName, Step>> = {
  'start-destination': async ({ ports }) => ({
    started: await ports.destination.startDestination({ migrationId: ports.plan.id, guest: ports.plan.guest }),
  }),

  'negotiate-capabilities': async (context) => {
    const source = sourceOf(context);
    const destination = destinationOf(context);
    const { settings } = context.state.plan;
    const wanted = capabilitiesFor(context.state);
    await Promise.all([source.setCapabilities(wanted), destination.setCapabilities(wanted)]);
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
    return nothingToReport;
  },

  'prepare-paths': () => Promise.resolve(nothingToReport),

  listen: async (context) => {
    const { plan } = context.state;
    // The wildcard: bound to one address, the kernel refuses the subflows that join on the others.
    const mptcp = plan.settings.mptcp !== 'off' && speaksMptcp(plan.destination);
    const host = plan.paths[0]?.destinationAddress.includes(':') ? '::' : '0.0.0.0';
    return { port: await destinationOf(context).listen({ host, port: 0, mptcp }), mptcp };
  },

  migrate: async (context) => {
    const { plan, listener } = context.state;
    const path = plan.paths[0];
    if (!path || !listener)
      throw rejected('migrate', 'there is no path or no listener', 'Run `switchyard preflight` again.');
    await sourceOf(context).migrate({
      host: path.destinationAddress,
      port: listener.port,
      mptcp: plan.settings.mptcp !== 'off' && speaksMptcp(plan.source),
    });
    return nothingToReport;
  },

  cancel: async (context) => {
    await sourceOf(context).cancel();
    return nothingToReport;
  },

  yank: async (context) => {
    await sourceOf(context).yank();
    return nothingToReport;
  },

  'resume-destination': async (context) => {
    await destinationOf(context).cont();
    return nothingToReport;
  },

  'quit-source': async ({ ports, monitors, record, state }) => {
    const { source } = ports;
    const status = await monitors.source?.status();
    if (status?.statistics && !state.finalStatistics) {
      const now = { atMonoMs: ports.clock.monoMs(), atEpochMs: ports.clock.epochMs() };
      const sample = { ...now, connections: [], subflows: [], throughputBitsPerSecond: 0, qemu: status.statistics };
      await record({ kind: 'final-statistics', sample });
    }
    await monitors.source?.quit().catch(ignoreUnanswered);
    await source.terminate(ports.plan.guest.identity);
    if (ports.plan.guest.monitorPath) await source.tidy(ports.plan.guest.monitorPath);
    return nothingToReport;
  },

  'quit-destination': async ({ ports, state, record }) => {
    const started = state.destination;
    if (!started) return nothingToReport;
    await ports.destination.terminate(started.identity);
    await record({ kind: 'output-kept', side: 'destination', raw: await ports.destination.output(started.outputPath) });
    await record({ kind: 'observed', side: 'destination', observation: { kind: 'gone' } });
    await ports.destination.tidy(started.monitorPath);
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

  'restore-paths': () => Promise.resolve(nothingToReport),
};

/** `return-path` always: without it a source says `completed` with data still unsent. `events`: statuses as they happen. */
function capabilitiesFor(state: MigrationState): Capabilities {
  const { settings } = state.plan;
  return {
    events: true,
    'return-path': true,
    'auto-converge': settings.autoConverge,
    multifd: settings.parallelConnections > 0,
    'pause-before-switchover': false,
  };
}

function refuseDifference(source: Capabilities, destination: Capabilities, wanted: Capabilities): void {
  const differing = [...new Set([...Object.keys(source), ...Object.keys(destination)])].filter(
    (name) =>
      (source[name] ?? false) !== (destination[name] ?? false) || (wanted[name] ?? source[name]) !== source[name],
  );
  if (differing.length === 0) return;
  throw rejected(
    'preparing',
    `the two QEMUs differ in ${differing.join(', ')}`,
    'A migration between them would hang. Use QEMU versions that both have these capabilities, or switch them off.',
  );
}

function speaksMptcp(host: MigrationState['plan']['source']): boolean {
  return host.mptcp.usable && host.qemu?.mptcp === true;
}

function sourceOf({ monitors, ports }: StepContext): Qemu {
  return monitors.source ?? unreachable(ports.source.id);
}

function destinationOf({ monitors, ports }: StepContext): Qemu {
  return monitors.destination ?? unreachable(ports.destination.id);
}

function unreachable(host: string): never {
  throw new SwitchyardError({
    kind: 'unreachable',
    host,
    text: `The monitor of the QEMU on ${host} does not answer.`,
    remedy: `Look whether that QEMU runs and whether another program holds its monitor.`,
  });
}

function rejected(phase: string, text: string, remedy: string): SwitchyardError {
  return new SwitchyardError({ kind: 'rejected', phase, event: 'step', text: `Refused: ${text}.`, remedy });
}

/** A QEMU that quits may close the line before its answer; `terminate` proves what became of it. */
function ignoreUnanswered(thrown: unknown): void {
  if (!(thrown instanceof SwitchyardError)) throw thrown;
}
