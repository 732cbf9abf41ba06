import type { QemuIdentity } from '#contract/host.ts';
import type { QemuStatistics } from '#contract/telemetry.ts';
import type { Milliseconds } from '#contract/units.ts';
import type {
  Capabilities,
  Hardware,
  MigrationAddress,
  MigrationParameters,
  OwnedSocket,
  Qemu,
  QemuEvent,
  QemuStatus,
  SocketName,
} from '#main/engine/ports.ts';
import {
  migrationTarget,
  migrationUri,
  type AddressDialect,
  type AddressRole,
  type InetAddress,
} from '#main/qmp/address.ts';
import type { OpenImage } from '#main/likeness/open-image.ts';
import type { Portrait } from '#main/likeness/portrait.ts';
import type { QmpClient } from '#main/qmp/client.ts';
import { closeSentence, QmpError } from '#main/qmp/fault.ts';
import type { MigrationInfo, MigrationParameters as QmpParameters, MigrationTarget } from '#main/qmp/schema.ts';
import { readOpenImages, type ImageReader } from './disks/open-images.ts';
import { listeningOn, listeningPort } from './listening-port.ts';
import { descriptorOf } from './own-sockets/connected-socket.ts';
import { readPortrait, type PortraitReader } from './portrait/read-portrait.ts';
import { readPasswordFile } from './password-file.ts';

/**
 * A query that takes longer has met a main loop that is stuck, as in a switchover whose network died. Asking again is
 * harmless, and the engine must learn of the silence before its watchdog's two seconds are over.
 */
const queryTimeoutMs: Milliseconds = 1500;

/** One name for all: `getfd` replaces and closes what an earlier attempt may have left under it. */
const handedOver = 'switchyard-migration';

/** The migration port's QEMU over one QMP session: QEMU's names and units end here. */
export class QemuMonitor implements Qemu {
  readonly identity: QemuIdentity;
  readonly disconnected: Promise<string>;
  readonly #client: QmpClient;
  readonly #dialect: () => Promise<AddressDialect>;
  readonly #readPortrait: PortraitReader;
  readonly #readImages: ImageReader;

  /** Takes over the session, whose QEMU has been found to be the one of `identity`. */
  constructor(
    client: QmpClient,
    identity: QemuIdentity,
    dialect: () => Promise<AddressDialect>,
    reader: PortraitReader = readPortrait,
    imageReader: ImageReader = readOpenImages,
  ) {
    this.identity = identity;
    this.#readPortrait = reader;
    this.#readImages = imageReader;
    this.#client = client;
    this.#dialect = dialect;
    this.disconnected = client.closed.then(closeSentence);
  }

  async status(): Promise<QemuStatus> {
    const options = { timeoutMs: queryTimeoutMs };
    const [{ status: run }, info] = await Promise.all([
      this.#client.execute('query-status', {}, options),
      this.#client.execute('query-migrate', {}, options),
    ]);
    return { run, migration: info.status ?? 'none', errorText: info['error-desc'], statistics: statisticsOf(info) };
  }

  async capabilities(): Promise<Capabilities> {
    const list = await this.#client.execute('query-migrate-capabilities');
    return Object.fromEntries(list.map(({ capability, state }) => [capability, state]));
  }

  /** A capability that this QEMU has never heard of is off, so asking for that changes nothing. */
  async setCapabilities(wanted: Capabilities): Promise<void> {
    const known = await this.capabilities();
    const capabilities = Object.entries(wanted)
      .filter(([capability, state]) => state || Object.hasOwn(known, capability))
      .map(([capability, state]) => ({ capability, state }));
    await this.#client.execute('migrate-set-capabilities', { capabilities });
  }

  async setParameters(wanted: MigrationParameters): Promise<void> {
    const { downtimeLimitMs, bandwidthBitsPerSecond, parallelConnections } = wanted;
    const parameters: QmpParameters = {
      ...(downtimeLimitMs === undefined ? {} : { 'downtime-limit': Math.round(downtimeLimitMs) }),
      ...(bandwidthBitsPerSecond === undefined ? {} : { 'max-bandwidth': bytesPerSecond(bandwidthBitsPerSecond) }),
      ...(parallelConnections === undefined ? {} : { 'multifd-channels': parallelConnections }),
    };
    if (Object.keys(parameters).length > 0) await this.#client.execute('migrate-set-parameters', parameters);
  }

  async parameters(): Promise<Required<MigrationParameters>> {
    const parameters = await this.#client.execute('query-migrate-parameters');
    return {
      downtimeLimitMs: Number(parameters['downtime-limit'] ?? 0),
      bandwidthBitsPerSecond: Number(parameters['max-bandwidth'] ?? 0) * 8,
      parallelConnections: Number(parameters['multifd-channels'] ?? 0),
    };
  }

  async listen(address: MigrationAddress): Promise<number> {
    await this.#client.execute('migrate-incoming', await this.#target(address, 'listen'));
    return isFixed(address) ? address.port : listeningPort(await this.#client.execute('query-migrate'));
  }

  async migrate(address: MigrationAddress): Promise<void> {
    await this.#client.execute('migrate', await this.#target(address, 'connect'));
  }

  async receiveOver(socket: OwnedSocket): Promise<void> {
    await this.#handOver(socket, 'listen', (target) => this.#client.execute('migrate-incoming', target));
  }

  async migrateOver(socket: OwnedSocket): Promise<void> {
    await this.#handOver(socket, 'connect', (target) => this.#client.execute('migrate', target));
  }

  async listeningOn(): Promise<readonly SocketName[]> {
    return listeningOn(await this.#client.execute('query-migrate'));
  }

  /** In the run state `inmigrate` it stops nothing, and takes back the start on arrival (`qmp_stop` in monitor/qmp-cmds.c). */
  async keepPaused(): Promise<void> {
    await this.#client.execute('stop');
  }

  async setPassword(display: 'vnc' | 'spice', file: string): Promise<void> {
    await this.#client.executeRaw('set_password', { protocol: display, password: readPasswordFile(file) });
  }

  portrait(): Promise<Portrait> {
    return this.#readPortrait(this.#client, this.identity.pid);
  }

  images(): Promise<readonly OpenImage[]> {
    return this.#readImages(this.#client, this.identity.pid);
  }

  async hardware(): Promise<Hardware> {
    const [machine, memory] = await Promise.all([
      this.#client.execute('qom-get', { path: '/machine', property: 'type' }),
      this.#client.execute('query-memory-size-summary'),
    ]);
    const type = typeof machine === 'string' ? machine : '';
    return { machine: type.replace(/-machine$/, ''), memoryBytes: memory['base-memory'] };
  }

  async switchOver(): Promise<void> {
    await this.#client.execute('migrate-continue', { state: 'pre-switchover' });
  }

  async cancel(): Promise<void> {
    await this.#client.execute('migrate_cancel');
  }

  async yank(): Promise<void> {
    await this.#client.executeOutOfBand('yank', { instances: [{ type: 'migration' }] });
  }

  async startPostCopy(): Promise<void> {
    await this.#client.execute('migrate-start-postcopy');
  }

  async pausePostCopy(): Promise<void> {
    await this.#client.executeOutOfBand('migrate-pause');
  }

  async recover(address: MigrationAddress): Promise<number> {
    await this.#client.executeOutOfBand('migrate-recover', {
      uri: migrationUri(inetAddress(address), 'listen', await this.#dialect()),
    });
    return isFixed(address) ? address.port : listeningPort(await this.#client.execute('query-migrate'));
  }

  async resumeOver(socket: OwnedSocket): Promise<void> {
    await this.#handOver(socket, 'connect', (target) => this.#client.execute('migrate', { ...target, resume: true }));
  }

  async cont(): Promise<void> {
    await this.#client.execute('cont');
  }

  async quit(): Promise<void> {
    await this.#client.execute('quit');
  }

  onEvent(listener: (event: QemuEvent) => void): () => void {
    const client = this.#client;
    const endings = [
      client.on('MIGRATION', ({ data }) => listener({ kind: 'migration', status: data.status })),
      client.on('MIGRATION_PASS', ({ data }) => listener({ kind: 'iteration', iteration: data.pass })),
      client.on('STOP', () => listener({ kind: 'run-state', run: 'stopped' })),
      client.on('RESUME', () => listener({ kind: 'run-state', run: 'running' })),
      client.on('SHUTDOWN', ({ data }) =>
        listener({ kind: 'shutdown', byGuest: data.guest, reason: data.reason ?? 'none' }),
      ),
    ];
    return () => {
      for (const end of endings) end();
    };
  }

  close(): void {
    void this.#client.close();
  }

  async #target(address: MigrationAddress, role: AddressRole): Promise<MigrationTarget> {
    return migrationTarget(inetAddress(address), role, await this.#dialect());
  }

  /** A command that is refused may not have taken the copy; it would keep the connection alive for as long as QEMU lives. */
  async #handOver(
    socket: OwnedSocket,
    role: AddressRole,
    begin: (target: MigrationTarget) => Promise<void>,
  ): Promise<void> {
    const target = migrationTarget({ type: 'fd', name: handedOver }, role, await this.#dialect());
    await this.#client.passDescriptor(handedOver, descriptorOf(socket));
    try {
      await begin(target);
    } catch (thrown) {
      await this.#client.execute('closefd', { fdname: handedOver }).catch(ignoreRefusal);
      throw thrown;
    }
  }
}

function isFixed({ port, lastPort }: MigrationAddress): boolean {
  return port !== 0 && lastPort === undefined;
}

function inetAddress({ host, port, lastPort, mptcp }: MigrationAddress): InetAddress {
  return { type: 'inet', host, port, ...(lastPort === undefined ? {} : { to: lastPort }), ...(mptcp ? { mptcp } : {}) };
}

/** It has been taken after all, or QEMU has gone with it. */
function ignoreRefusal(thrown: unknown): void {
  if (!(thrown instanceof QmpError)) throw thrown;
}

/** Absent before there is data: `ram` comes with the end of setup and goes with a failure. */
export function statisticsOf(info: MigrationInfo): QemuStatistics | undefined {
  const { ram } = info;
  if (ram === undefined) return undefined;
  const { downtime: downtimeMs, 'setup-time': setupTimeMs, 'total-time': totalTimeMs } = info;
  const { 'expected-downtime': expectedDowntimeMs, 'cpu-throttle-percentage': throttlePercent } = info;
  return {
    status: info.status ?? 'none',
    transferredBytes: ram.transferred,
    remainingBytes: ram.remaining,
    totalBytes: ram.total,
    dirtyPagesPerSecond: ram['dirty-pages-rate'],
    pageSizeBytes: ram['page-size'] ?? 4096,
    iteration: ram['dirty-sync-count'],
    ...(expectedDowntimeMs === undefined ? {} : { expectedDowntimeMs }),
    ...(downtimeMs === undefined ? {} : { downtimeMs }),
    ...(setupTimeMs === undefined ? {} : { setupTimeMs }),
    ...(totalTimeMs === undefined ? {} : { totalTimeMs }),
    ...(throttlePercent === undefined ? {} : { cpuThrottleFraction: throttlePercent / 100 }),
  };
}

/** 0 is no limit in QEMU's units as well, so no real limit may be rounded down to it. */
function bytesPerSecond(bitsPerSecond: number): number {
  return bitsPerSecond === 0 ? 0 : Math.max(1, Math.round(bitsPerSecond / 8));
}
