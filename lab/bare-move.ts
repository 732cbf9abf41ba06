import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { invalidRequest } from '#contract/errors.ts';
import type { Bytes, Milliseconds } from '#contract/units.ts';
import { destinationOutputName, twinOf } from '#main/hosts/command-line/twin.ts';
import { QmpClient } from '#main/qmp/client.ts';
import { QmpError } from '#main/qmp/fault.ts';
import type { MigrationInfo } from '#main/qmp/schema.ts';
import { findCopies } from './copies.ts';
import { removeFilesOf } from './copy-files.ts';
import { HeartbeatWatch, type HeartbeatReport } from './guest/heartbeat.ts';
import { endProcess, findGuests, outputFiles, type GuestProcess } from './guest/processes.ts';
import { startQemu } from './guest/start.ts';
import { labStatus } from './status.ts';
import { linkEnd } from './links.ts';
import { labNames, type LabSide } from './names.ts';
import { filesIn } from './runtime-directory.ts';

export interface BareMoveOptions {
  readonly mptcp: boolean;
  /** Default 300, QEMU's own. */
  readonly downtimeLimitMs?: Milliseconds;
}

export interface BareMove {
  readonly from: string;
  readonly to: string;
  /** QEMU's own figures (`MigrationInfo`), asked for after both sides had reported `completed`. */
  readonly totalTimeMs: Milliseconds;
  readonly setupTimeMs: Milliseconds;
  readonly downtimeMs: Milliseconds;
  readonly transferredBytes: Bytes;
  readonly iterations: number;
  /** From the start of the destination's QEMU to the end of the source's. */
  readonly durationMs: Milliseconds;
  readonly heartbeat: HeartbeatReport;
}

/**
 * Moves the lab's guest to its other host as a short QMP script would: no journal, no sampling, no way back. It is what the
 * engine's cost is measured against, and how the lab's own tests move a guest.
 */
export async function bareMove(lab: string, { mptcp, downtimeLimitMs = 300 }: BareMoveOptions): Promise<BareMove> {
  const { names, directory, source, from } = await onlyCopy(lab);
  const to: LabSide = from === 'source' ? 'destination' : 'source';
  const startedMs = performance.now();
  const twin = await startTwin(source, names[to], join(directory, `copy-${Date.now().toString(36)}`));
  await using heartbeats = new HeartbeatWatch();
  await heartbeats.add(source.serial);
  await heartbeats.add(twin.serial, { fromStart: true });

  await using here = await QmpClient.connect({ path: source.monitor });
  await using there = await QmpClient.connect({ path: twin.monitor });
  const arrived = Promise.all([ended(here), ended(there)]);
  const capabilities = ['events', 'return-path'].map((capability) => ({ capability, state: true }));
  await there.execute('migrate-set-capabilities', { capabilities });
  await here.execute('migrate-set-capabilities', { capabilities });
  await here.execute('migrate-set-parameters', { 'max-bandwidth': 0, 'downtime-limit': downtimeLimitMs });

  const flag = mptcp ? ',mptcp=on' : '';
  await there.execute('migrate-incoming', { uri: `tcp:0.0.0.0:0${flag}` });
  const port = listeningPort(await there.execute('query-migrate'));
  await here.execute('migrate', { uri: `tcp:${linkEnd(1, to).address}:${port}${flag}` });

  const [left, received] = await arrived;
  const info = await here.execute('query-migrate');
  if (left !== 'completed' || received !== 'completed') {
    throw new Error(
      `the move ended ${left} on the source and ${received} on the destination: ${info['error-desc'] ?? 'no reason given'}`,
    );
  }
  await there.execute('cont');
  const output = await outputFiles(source.pid);
  await here.execute('quit');
  await endProcess(source);
  await removeFilesOf(source, output);
  const durationMs = performance.now() - startedMs;
  await sleep(100);
  return { from: names[from], to: names[to], ...figures(info), durationMs, heartbeat: heartbeats.report() };
}

type ReachableCopy = GuestProcess & { readonly monitor: string; readonly serial: string };

async function onlyCopy(lab: string) {
  const names = labNames(lab);
  const { directory, guest, otherCopies } = await labStatus(lab);
  const copies = await findCopies(names, filesIn(directory).image);
  const source = copies.find(({ pid }) => pid === guest?.pid);
  if (source === undefined || !isReachable(source) || otherCopies.length > 0 || guest?.host === undefined) {
    throw invalidRequest(
      `The guest of the lab "${lab}" cannot be moved: there is not exactly one copy of it.`,
      'See `lab status`.',
    );
  }
  const from: LabSide = guest.host === names.source ? 'source' : 'destination';
  return { names, directory, source, from };
}

function isReachable(copy: GuestProcess): copy is ReachableCopy {
  return copy.monitor !== undefined && copy.serial !== undefined;
}

async function startTwin(source: GuestProcess, namespace: string, directory: string): Promise<ReachableCopy> {
  await mkdir(directory, { mode: 0o700 });
  const { argv, monitorPath } = twinOf(source.argv, directory);
  const { pid } = await startQemu({ argv, namespace, output: join(directory, destinationOutputName) });
  await untilListening(monitorPath);
  const twin = findGuests((name) => name === source.name).find((each) => each.pid === pid);
  if (twin === undefined || !isReachable(twin))
    throw new Error(`the destination's QEMU did not start: see ${directory}`);
  return twin;
}

/** A monitor that does not answer is one that QEMU has not made yet. */
async function untilListening(monitor: string): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      const qmp = await QmpClient.connect({ path: monitor });
      return await qmp.close();
    } catch (error) {
      const maybeLater = error instanceof QmpError && error.fault.kind === 'unreachable';
      if (!maybeLater || attempt > 200) throw error;
      await sleep(20);
    }
  }
}

/** The status with which this side's migration ended. */
async function ended(qmp: QmpClient): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  qmp.on('MIGRATION', ({ data: { status } }) => {
    if (['completed', 'failed', 'cancelled'].includes(status)) resolve(status);
  });
  return Promise.race([promise, qmp.closed.then(({ kind }) => kind)]);
}

function listeningPort({ 'socket-address': addresses }: MigrationInfo): string {
  const port = addresses?.[0]?.['port'];
  if (typeof port !== 'string') throw new Error('the destination does not report where it listens');
  return port;
}

function figures(info: MigrationInfo) {
  return {
    totalTimeMs: info['total-time'] ?? 0,
    setupTimeMs: info['setup-time'] ?? 0,
    downtimeMs: info.downtime ?? 0,
    transferredBytes: info.ram?.transferred ?? 0,
    iterations: info.ram?.['dirty-sync-count'] ?? 0,
  };
}
