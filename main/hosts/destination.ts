import type { ChildProcess } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { invalidRequest, SwitchyardError } from '#contract/errors.ts';
import type { Guest, QemuIdentity } from '#contract/host.ts';
import type { StartedDestination } from '#contract/migration.ts';
import type { Milliseconds } from '#contract/units.ts';
import type { DestinationOrder } from '#main/engine/ports.ts';
import { socketPathProblem } from '#main/qmp/monitor-path.ts';
import { has, parseCommandLine, valuesOf } from './command-line/command-line.ts';
import { optionValue, parseOptionList } from './command-line/option-list.ts';
import { destinationOutputName, guestNoteName, twinOf, type Twin } from './command-line/twin.ts';
import { findProgram, isDirectory, launch } from './launch.ts';
import { askMonitor } from './monitor-questions.ts';
import type { NetworkPlace } from './network-place.ts';
import { readBootId, terminate } from './process/identity.ts';
import { readEnvironment, readProcess, readProcessStat } from './process/process-table.ts';
import { listQemuProcesses, nilUuid } from './qemu-processes.ts';
import { livesIn, migrationFolder, readOutput, removeOwnFiles } from './runtime-folder.ts';

export interface DestinationPlace {
  readonly hostId: string;
  readonly network: NetworkPlace;
  /** Each migration has a folder of its own in here. */
  readonly runtimeDirectory: string;
}

/** Memory that is allocated beforehand (`prealloc=on`, huge pages) takes its time before the monitor answers. */
const startTimeoutMs: Milliseconds = 60_000;
const answerTimeoutMs: Milliseconds = 1000;
const lookEveryMs: Milliseconds = 20;

/**
 * Starts the guest's twin, paused and waiting. Resolves when its monitor says so; rejects with the twin's own words
 * when it ends instead, and leaves no process and no file behind then.
 */
export async function startDestination(place: DestinationPlace, order: DestinationOrder): Promise<StartedDestination> {
  const { migrationId, guest } = order;
  const folder = migrationFolder(place.runtimeDirectory, migrationId);
  const source = sourceOf(guest);
  const twin = twinOf(guest.argv, folder);
  refuseUnsafe(twin, source, place, folder);
  const program = findProgram(twin.argv[0] ?? '', source, place.hostId);

  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(join(folder, guestNoteName), `${guest.name}\n${guest.identity.uuid}\n`, { mode: 0o600 });
  const outputPath = join(folder, destinationOutputName);
  let identity: QemuIdentity | undefined;
  try {
    const child = await launch(place.network, program, { ...source, argv: twin.argv, outputPath });
    child.unref();
    identity = identityOf(child, guest.identity.uuid);
    await untilItWaits(child, { identity, monitorPath: twin.monitorPath, outputPath }, place.hostId);
    return { identity, monitorPath: twin.monitorPath, outputPath };
  } catch (thrown) {
    if (identity) await terminate(identity);
    removeOwnFiles(folder);
    throw thrown;
  }
}

/** The twin that was started for a migration, whoever started it: it is known by its monitor's folder. */
export function findDestination(place: DestinationPlace, migrationId: string): StartedDestination | undefined {
  const folder = migrationFolder(place.runtimeDirectory, migrationId);
  const found = listQemuProcesses(place.network.label()).find((qemu) => livesIn(qemu.monitorPaths, folder));
  const monitorPath = found?.monitorPaths.find((path) => livesIn([path], folder));
  if (!found || monitorPath === undefined) return undefined;
  const { pid, startTimeTicks } = found.process;
  return {
    identity: { uuid: found.description.uuid ?? nilUuid, pid, startTimeTicks, bootId: readBootId() },
    monitorPath,
    outputPath: join(folder, destinationOutputName),
  };
}

/** What the twin inherits from the source; only the command line when the source is not on this machine (any more). */
interface Source {
  readonly workingDirectory: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly program: string | undefined;
  readonly uid: number | undefined;
}

function sourceOf({ identity }: Guest): Source {
  const here = identity.bootId === readBootId() ? readProcess(identity.pid) : undefined;
  const source = here?.startTimeTicks === identity.startTimeTicks ? here : undefined;
  return {
    workingDirectory: source?.workingDirectory ?? '/',
    environment: (source && readEnvironment(source.pid)) ?? process.env,
    program: source?.program,
    uid: source?.uid,
  };
}

function refuseUnsafe(twin: Twin, source: Source, place: DestinationPlace, folder: string): void {
  const problem = socketPathProblem(twin.monitorPath);
  if (problem !== undefined) {
    throw invalidRequest(
      `The destination's monitor cannot be at ${twin.monitorPath}: ${problem}.`,
      'Set SWITCHYARD_RUNTIME_DIR to a shorter absolute path.',
    );
  }
  const shared = twin.sharedMemoryPaths.find((path) => !isDirectory(path));
  if (shared !== undefined) {
    throw invalidRequest(
      `The guest's memory is the file ${shared}, which source and destination would both write.`,
      'Restart the guest with memory of its own: a memory-backend-memfd, or a directory as mem-path.',
      'guest.argv',
    );
  }
  const ownUid = process.geteuid?.();
  if (source.uid !== undefined && source.uid !== ownUid && !changesUser(twin.argv)) {
    throw invalidRequest(
      `The guest's QEMU runs as user ${source.uid}, and Switchyard would start its twin as user ${ownUid}.`,
      'Run Switchyard as the user who runs QEMU, or start QEMU with `-runas`.',
    );
  }
  const found = listQemuProcesses().find((qemu) => livesIn(qemu.monitorPaths, folder));
  if (found) {
    throw new SwitchyardError({
      kind: 'rejected',
      phase: 'preparing',
      event: 'start-destination',
      text: `A destination of this migration runs already on ${place.hostId} (process ${found.process.pid}).`,
      remedy: 'Attach to the migration with `switchyard watch` instead of starting it again.',
    });
  }
}

/** Whether QEMU itself leaves the user who starts it (`-run-with user=` since 9.0). */
function changesUser(argv: readonly string[]): boolean {
  const commandLine = parseCommandLine(argv);
  const properties = valuesOf(commandLine, 'run-with').flatMap((value) => parseOptionList(value));
  return has(commandLine, 'runas') || optionValue(properties, 'user') !== undefined;
}

function identityOf(child: ChildProcess, uuid: string): QemuIdentity {
  // Until the event loop turns, also a child that has ended is still there to be read.
  const stat = child.pid === undefined ? undefined : readProcessStat(child.pid);
  if (!stat) throw new Error('a child that was just started has no entry in /proc');
  return { uuid, pid: stat.pid, startTimeTicks: stat.startTimeTicks, bootId: readBootId() };
}

async function untilItWaits(child: ChildProcess, started: Required<StartedDestination>, hostId: string): Promise<void> {
  const monitor = { name: `the destination on ${hostId}`, path: started.monitorPath, ownerUid: 0 };
  const deadlineMonoMs = performance.now() + startTimeoutMs;
  for (;;) {
    const run = await askMonitor(monitor, answerTimeoutMs).then(
      (answer) => answer.run,
      // Not listening yet, or busy with its own start.
      () => undefined,
    );
    if (run === 'inmigrate') return;
    if (hasExited(child)) throw await didNotStart(started.outputPath, hostId);
    if (performance.now() > deadlineMonoMs) throw startTimedOut(hostId);
    await sleep(lookEveryMs);
  }
}

function hasExited(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

async function didNotStart(outputPath: string, hostId: string): Promise<SwitchyardError> {
  const output = await readOutput(outputPath);
  const words = output.split('\n').filter((line) => line.trim() !== '');
  const said = words.slice(0, 3).join('; ') || 'it said nothing';
  return new SwitchyardError(
    {
      kind: 'invalid-request',
      path: 'guest.argv',
      text: `QEMU did not start on ${hostId}: ${said}.`,
      remedy: `Mend on ${hostId} what QEMU names, then migrate again. The guest was not touched.`,
    },
    { cause: new Error(output) },
  );
}

function startTimedOut(hostId: string): SwitchyardError {
  return new SwitchyardError({
    kind: 'timeout',
    afterMs: startTimeoutMs,
    waitingFor: 'the monitor of the destination',
    text: `QEMU was started on ${hostId} and did not answer within ${startTimeoutMs / 1000} s; it has been ended again.`,
    remedy: `See whether ${hostId} has memory for the guest and reaches its disks, then migrate again.`,
  });
}
