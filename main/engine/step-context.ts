import { SwitchyardError } from '#contract/errors.ts';
import type { JournalEvent, JournalEventOf, Path } from '#contract/migration.ts';
import type { OwnedSocket, Ports, Qemu, SocketName } from './ports.ts';
import type { MigrationState } from './state.ts';

/** The two monitors as they are now; a step that needs one which is not there fails, it does not wait. */
export interface Monitors {
  readonly source: Qemu | undefined;
  readonly destination: Qemu | undefined;
}

export interface StepContext {
  readonly state: MigrationState;
  readonly ports: Ports;
  readonly monitors: Monitors;
  readonly transport: Transport;
  /** Facts that a step finds on its way and that must stand in the journal before it continues. */
  readonly record: (event: JournalEvent) => Promise<void>;
  /** Facts that come to light later, while no step waits for them; not kept any more once the migration has ended. */
  readonly note: (event: JournalEvent) => void;
  /** Whether the source may leave that waits before the switchover: its peer is proven, and the disks were looked at again. */
  readonly mayLeave: () => Promise<boolean>;
}

/** What a step reports besides having been done. */
export type Report = Omit<JournalEventOf<'done'>, 'kind' | 'step'>;
export type Step = (context: StepContext) => Promise<Report>;

export const nothingToReport: Report = {};

/**
 * How the two QEMUs are connected: a strategy for each owner of the sockets. It lives as long as one manager works on
 * the migration, and gives back what it has opened when it is disposed of.
 */
export interface Transport extends Disposable {
  /** The destination's port is open when this resolves. */
  readonly listen: Step;
  /** Only where the connection is made before QEMU is sent `migrate`. */
  readonly connect: Step;
  /** The source has been sent `migrate` when this resolves. */
  readonly migrate: Step;
}

/** The path that carries the first subflow. */
export function reachablePath({ state }: Pick<StepContext, 'state'>): Path {
  const [path] = state.plan.paths;
  return path ?? throwNoPath();
}

function throwNoPath(): never {
  throw rejected('preparing', 'there is no path between the two hosts', 'Run `switchyard preflight` for why.');
}

/** Bound to one address, the kernel refuses the subflows that join on the others. */
export function wildcardFor({ destinationAddress }: Path): string {
  return destinationAddress.includes(':') ? '::' : '0.0.0.0';
}

/**
 * An address that a host has itself leads nowhere else, however right it looks from the other host: what listens there is
 * another program, which takes the connection for its own. Asked at the moment of use; addresses come and go.
 */
export async function refuseOwnAddress(
  { ports }: Pick<StepContext, 'ports'>,
  { sourceAddress, destinationAddress }: Path,
): Promise<void> {
  const { source, destination } = ports;
  const [leadsBack, comesFromItself] = await Promise.all([
    source.hasAddress(destinationAddress),
    destination.hasAddress(sourceAddress),
  ]);
  if (leadsBack) throw ownAddress(source.id, destinationAddress, destination.id);
  if (comesFromItself) throw ownAddress(destination.id, sourceAddress, source.id);
}

function ownAddress(host: string, address: string, other: string): SwitchyardError {
  return rejected(
    'connecting',
    `${host} itself has the address ${address} of ${other}, so nothing that is sent there reaches ${other}`,
    `Remove it from one of the two (\`ip address\` lists them), or migrate over another path.`,
  );
}

/** The port that was opened in an earlier step. */
export function listeningPort({ state: { listener } }: Pick<StepContext, 'state'>): number {
  if (!listener) throw rejected('preparing', 'the destination does not listen', 'Migrate again.');
  return listener.port;
}

/** The connection over one path, as the plan wants it. */
export function connectOver(
  { ports, state }: Pick<StepContext, 'ports' | 'state'>,
  { sourceAddress, destinationAddress }: Path,
  beforeConnecting?: (local: SocketName) => Promise<void>,
): Promise<OwnedSocket> {
  const { settings } = state.plan;
  const order = {
    from: sourceAddress,
    to: { address: destinationAddress, port: listeningPort({ state }) },
    mptcp: settings.mptcp !== 'off',
    tuning: settings.socketTuning,
  };
  return ports.source.connectOwned(order, beforeConnecting);
}

export function sourceOf({ monitors, ports }: StepContext): Qemu {
  return monitors.source ?? withoutMonitor(ports.source.id);
}

export function destinationOf({ monitors, ports }: StepContext): Qemu {
  return monitors.destination ?? withoutMonitor(ports.destination.id);
}

/** A refusal, since nothing was sent: it is certain that nothing has happened. */
function withoutMonitor(host: string): never {
  throw new SwitchyardError({
    kind: 'rejected',
    phase: 'connecting',
    event: 'step',
    text: `The monitor of the QEMU on ${host} does not answer.`,
    remedy: `Look whether that QEMU runs and whether another program holds its monitor.`,
  });
}

export function rejected(phase: string, text: string, remedy: string): SwitchyardError {
  return new SwitchyardError({ kind: 'rejected', phase, event: 'step', text: `Refused: ${text}.`, remedy });
}
