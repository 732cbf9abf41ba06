import type { ChildProcess } from 'node:child_process';
import { closeSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { invalidRequest, SwitchyardError } from '#contract/errors.ts';
import type { Guest, QemuIdentity } from '#contract/host.ts';
import type { StartedDestination } from '#contract/migration.ts';
import type { Milliseconds } from '#contract/units.ts';
import type { DestinationOrder } from '#main/engine/ports.ts';
import { withVerdict } from '#main/likeness/finding.ts';
import type { Portrait } from '#main/likeness/portrait.ts';
import { orderFor, type ProcessOrder } from '#main/likeness/process-order.ts';
import { QmpError } from '#main/qmp/fault.ts';
import { socketPathProblem } from '#main/qmp/monitor-path.ts';
import { createRedactor } from '#main/redaction/redact.ts';
import { carriedEnvironment } from './authority/environment.ts';
import { ourselves, type Ourselves } from './authority/ourselves.ts';
import { rightsOf, type Rights } from './authority/rights.ts';
import { carryOver } from './carry-over/carry-over.ts';
import { destinationOutputName, twinOf, type Twin } from './command-line/twin.ts';
import { chooseProgram, isDirectory, launch } from './launch.ts';
import { askMonitor, openMonitor, type Monitor } from './monitor-questions.ts';
import type { NetworkPlace } from './network-place.ts';
import { askForThreads } from './portrait/threads.ts';
import { presenceOf, readBootId, terminate } from './process/identity.ts';
import type { Credentials } from './process/process-status.ts';
import { isSameExecution, readEnvironment, readProcess, readProcessStat } from './process/process-table.ts';
import { startingFolder } from './process/starting-folder.ts';
import { nilUuid, readQemuProcess, type QemuProcess } from './qemu-processes.ts';
import { applyOrder, preludeOf, startingPoint } from './starting-point.ts';
import {
  inhabitantsOf,
  makeMigrationFolder,
  migrationFolder,
  migrationFolders,
  monitorIn,
  parentFor,
  readOutput,
  removeOwnFiles,
} from './runtime-folder.ts';
import { planTpm, startTpm } from './swtpm/swtpm.ts';

export interface DestinationPlace {
  readonly hostId: string;
  readonly network: NetworkPlace;
  /** Each migration has a folder of its own in here. */
  readonly runtimeDirectory: string;
}

/** Memory that is allocated beforehand (`prealloc=on`, huge pages) takes its time before the monitor answers. */
const startTimeoutMs: Milliseconds = 60_000;
const answerTimeoutMs: Milliseconds = 1000;
const threadsTimeoutMs: Milliseconds = 5000;
const lookEveryMs: Milliseconds = 20;
/** A child becomes QEMU within a few milliseconds of its start; until then no search finds it. */
const becomesQemuWithinMs: Milliseconds = 300;

/**
 * Starts the guest's twin, paused and waiting, with the rights that its source has at this moment. Resolves when its
 * monitor says so; rejects with the twin's own words when it ends instead, and leaves no process and no file behind then.
 */
export async function startDestination(place: DestinationPlace, order: DestinationOrder): Promise<StartedDestination> {
  const { migrationId, guest } = order;
  const we = ourselves();
  const source = sourceOf(guest, place.hostId);
  const rights = rightsOf(source.process.credentials);
  const environment = readEnvironment(source.process.pid) ?? {};
  refuseRunning(place, migrationId);
  const parent = parentFor(place.runtimeDirectory, rights, we);
  const folder = migrationFolder(parent, migrationId);
  if (source.unreadable) throw invalidRequest(source.unreadable.text, source.unreadable.remedy, 'guest.argv');
  const twin = twinOf(asItIsNow(source.argv, order.portrait), folder);
  refuseUnsafe(twin, rights);
  const { program } = chooseProgram(source.process, we, place.hostId);
  const workingDirectory = startingFolder(source.process);
  const tpm = twin.tpm && { plan: planTpm(twin.tpm.ofSource, workingDirectory, we, place.hostId), ...twin.tpm };
  const own = startingPoint();
  const wanted = order.portrait && orderFor(order.portrait.process, own);
  refuseChanged(source, guest);
  // What an earlier try has left must not answer in the place of what is started now.
  await removeOwnFiles(folder);

  const output = makeMigrationFolder(parent, folder, guest, rights, we);
  const outputPath = join(folder, destinationOutputName);
  const common = { environment: carriedEnvironment(environment).environment, output, rights };
  const start = async (): Promise<ChildProcess> => {
    if (tpm) await startTpm({ ...tpm, ...common, outputPath, place: place.network, hostId: place.hostId }, we);
    const prelude = wanted ? preludeOf(wanted, own.process) : [];
    return await launch(place.network, { program, argv: twin.argv, workingDirectory, prelude, ...common }, we);
  };
  let identity: QemuIdentity | undefined;
  try {
    const child = await start().finally(() => closeSync(output));
    child.unref();
    identity = identityOf(child, guest.identity.uuid, rights.uid);
    const started = { identity, monitorPath: twin.monitorPath, outputPath };
    await untilItWaits(child, started, source.process.credentials, place.hostId);
    if (wanted) await makeAlike(started, source.process.credentials, wanted, place.hostId);
    refuseOtherRights(identity, rights, we);
    refuseChanged(source, guest);
    return started;
  } catch (thrown) {
    if (identity) await terminate(identity);
    // A program that forks leaves a process that is not the one we have started.
    for (const { process: left } of inhabitantsOf(folder)) await terminate(identityOfProcess(left, nilUuid));
    await removeOwnFiles(folder);
    throw thrown;
  }
}

/**
 * The twin that was started for a migration, by any manager: it is known by its monitor's folder, and by running as
 * the user whose folder that is. Where there is none, what its start has left there is removed.
 */
export async function findDestination(
  place: DestinationPlace,
  migrationId: string,
): Promise<StartedDestination | undefined> {
  const folders = migrationFolders(place.runtimeDirectory, migrationId).filter(isDirectory);
  for (const deadlineMonoMs = performance.now() + becomesQemuWithinMs; ; await sleep(lookEveryMs)) {
    const found = folders.flatMap((folder) => twinIn(place, folder))[0];
    if (found || folders.length === 0) return found;
    if (performance.now() <= deadlineMonoMs) continue;
    // Its manager may have died between the folder and the twin, with an swtpm in it that waits for a QEMU.
    for (const folder of folders) if (inhabitantsOf(folder).length === 0) await removeOwnFiles(folder);
    return undefined;
  }
}

/** Refuses by name what cannot be read back from the running guest. */
function asItIsNow(argv: readonly string[], portrait: Portrait | undefined): readonly string[] {
  if (!portrait) return argv;
  const { argv: now, findings } = carryOver(argv, portrait);
  const [first] = withVerdict(findings, 'refused');
  if (first) throw invalidRequest(first.text, first.remedy, 'guest.argv');
  return now;
}

function twinIn(place: DestinationPlace, folder: string): readonly StartedDestination[] {
  return inhabitantsOf(folder, place.network.label()).flatMap((found) => {
    const monitor = monitorIn(found, folder);
    if (!monitor) return [];
    return {
      identity: identityOfProcess(found.process, found.description.uuid ?? nilUuid),
      monitorPath: monitor.path,
      outputPath: join(folder, destinationOutputName),
    };
  });
}

/**
 * The source as it is at this moment: what a migration was planned with is only what it is compared with. Throws where it
 * has ended, executes something else by now, or is not handled.
 */
export function sourceOf(guest: Guest, hostId: string): QemuProcess {
  const { identity, argv, name } = guest;
  if (presenceOf(identity) === 'gone') {
    throw new SwitchyardError({
      kind: 'unreachable',
      host: hostId,
      text: `QEMU of ${name} (process ${identity.pid}) does not run any more, so that no twin of it can be started.`,
      remedy: 'See `switchyard guests` for what runs there now.',
    });
  }
  const found = readQemuProcess(identity.pid);
  if (found?.process.startTimeTicks !== identity.startTimeTicks) throw changed(guest);
  if (found.obstacle) {
    throw invalidRequest(`QEMU of ${name} is not handled. ${found.obstacle.text}`, found.obstacle.remedy, 'guest');
  }
  const isSameUser = identity.uid === undefined || identity.uid === found.process.uid;
  if (!isSameUser || !isSameArgv(argv, found.argv)) throw changed(guest);
  return found;
}

/** A plan that was read from a journal has its secrets hidden. */
function isSameArgv(planned: readonly string[], now: readonly string[]): boolean {
  if (isDeepStrictEqual(planned, now)) return true;
  const redactor = createRedactor();
  return isDeepStrictEqual(planned, redactor.redact({ argv: [...now] }).argv);
}

/** Between reading the source and using what was read, it must not have executed another program. */
function refuseChanged({ process: before }: QemuProcess, guest: Guest): void {
  const now = readProcess(before.pid);
  if (!now || !isSameExecution(before, now)) throw changed(guest);
}

function changed({ name, identity }: Guest): SwitchyardError {
  return invalidRequest(
    `Process ${identity.pid} (${name}) is not what it was when this migration was planned: it has changed its program, its user or its command line.`,
    'See `switchyard guests` for what it is now, then migrate again. The guest was not touched.',
    'guest',
  );
}

function refuseUnsafe(twin: Twin, rights: Rights): void {
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
  const refusal = whyNotAsUser(twin, rights.uid);
  if (refusal) throw invalidRequest(refusal.text, refusal.remedy, 'guest.argv');
}

/** What a twin that already is the user of its source cannot do as the source did. */
export function whyNotAsUser(
  { laterUser }: Pick<Twin, 'laterUser'>,
  uid: number,
): { readonly text: string; readonly remedy: string } | undefined {
  if (laterUser !== undefined && uid === 0 && !['root', '0', '0:0'].includes(laterUser)) {
    return {
      text: `QEMU was started to become user ${laterUser} and still runs as root.`,
      remedy: 'Wait until it has changed its user, then migrate again.',
    };
  }
  return undefined;
}

function refuseRunning(place: DestinationPlace, migrationId: string): void {
  const found = migrationFolders(place.runtimeDirectory, migrationId).flatMap((folder) => inhabitantsOf(folder))[0];
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

/** The kernel's word that the twin has no more rights than its source. */
function refuseOtherRights({ pid }: QemuIdentity, rights: Rights, we: Ourselves): void {
  const now = readProcess(pid);
  const own = now && rightsOf(now.credentials);
  const isLimited = we.uid !== 0 || (own?.gid === rights.gid && (own.bounding & ~rights.bounding) === 0n);
  if (own?.uid === rights.uid && isLimited) return;
  throw new Error(`the twin (process ${pid}) does not run with the rights of its source`);
}

function identityOf(child: ChildProcess, uuid: string, uid: number): QemuIdentity {
  // Until the event loop turns, also a child that has ended is still there to be read.
  const stat = child.pid === undefined ? undefined : readProcessStat(child.pid);
  if (!stat) throw new Error('a child that was just started has no entry in /proc');
  return identityOfProcess({ ...stat, uid }, uuid);
}

function identityOfProcess(
  { pid, startTimeTicks, uid }: { readonly pid: number; readonly startTimeTicks: number; readonly uid: number },
  uuid: string,
): QemuIdentity {
  return { uuid, pid, startTimeTicks, bootId: readBootId(), uid };
}

async function untilItWaits(
  child: ChildProcess,
  { identity: { pid }, monitorPath, outputPath }: Required<StartedDestination>,
  credentials: Credentials,
  hostId: string,
): Promise<void> {
  const monitor = monitorOf(pid, monitorPath, credentials, hostId);
  const deadlineMonoMs = performance.now() + startTimeoutMs;
  for (;;) {
    const run = await askMonitor(monitor, answerTimeoutMs).then(
      (answer) => answer.run,
      (thrown: unknown) => {
        if (thrown instanceof QmpError && thrown.fault.kind === 'unsafe-path') throw thrown;
        // Not listening yet, or busy with its own start.
        return undefined;
      },
    );
    if (run === 'inmigrate') return;
    if (hasExited(child)) throw await didNotStart(outputPath, hostId);
    if (performance.now() > deadlineMonoMs) throw startTimedOut(hostId);
    await sleep(lookEveryMs);
  }
}

/** Its threads are known once it waits. */
async function makeAlike(
  { identity, monitorPath }: StartedDestination,
  credentials: Credentials,
  order: ProcessOrder,
  hostId: string,
): Promise<void> {
  const monitor = monitorOf(identity.pid, monitorPath, credentials, hostId);
  await using client = await openMonitor(monitor);
  const threads = await askForThreads(client, threadsTimeoutMs);
  if (presenceOf(identity) === 'present') applyOrder(identity.pid, threads, order);
}

function monitorOf(pid: number, path: string, credentials: Credentials, hostId: string): Monitor {
  return { name: `the destination on ${hostId}`, socket: { path, isPassed: false }, qemu: { pid, credentials } };
}

function hasExited(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

async function didNotStart(outputPath: string, hostId: string): Promise<SwitchyardError> {
  const output = await readOutput(outputPath);
  const words = output.split('\n').filter((line) => line.trim() !== '');
  const said = words.slice(0, 3).join('; ') || 'it printed nothing';
  return new SwitchyardError(
    {
      kind: 'invalid-request',
      path: 'guest.argv',
      text: `QEMU did not start on ${hostId}: ${said}.`,
      remedy: `Correct on ${hostId} what QEMU names, then migrate again. The guest was not touched.`,
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
