import { resolve } from 'node:path';
import { invalidRequest } from '#contract/errors.ts';
import { defaultSettings } from '#contract/default-settings.ts';
import type { MigrationSettings } from '#contract/migration.ts';
import {
  liveChangeSchema,
  migrationRequestSchema,
  type LiveChange,
  type MigrationRequest,
} from '#contract/requests.ts';

/** What `migrate` and `preflight` take, as the option parsers leave it: units gone, absent where not given. */
export interface MigrateOptions {
  readonly from: string;
  readonly to: string;
  readonly json?: boolean;
  readonly mptcp?: MigrationSettings['mptcp'];
  readonly socket?: MigrationSettings['socket'];
  readonly congestionControl?: string;
  readonly socketBuffer?: number;
  readonly socketMark?: number;
  readonly toWaiting?: string;
  readonly incoming?: string;
  readonly paths?: readonly string[];
  readonly withoutPath?: readonly string[];
  readonly firstPath?: string;
  /** false is `--no-prepare-paths`. */
  readonly preparePaths?: boolean;
  /** true is `--probe`, false is `--no-probe`. */
  readonly probe?: boolean;
  readonly postCopy?: MigrationSettings['postCopy'];
  readonly downtimeLimit?: number;
  readonly bandwidth?: number;
  readonly parallelConnections?: number;
  readonly autoConverge?: boolean;
  readonly stallLimit?: number;
  readonly sampleRate?: number;
  readonly accept?: readonly string[];
  readonly vncPasswordFile?: string;
  readonly spicePasswordFile?: string;
}

export interface ChangeOptions {
  readonly bandwidth?: number;
  readonly downtimeLimit?: number;
}

/** The contract decides what is valid; a refusal names the option that was typed. */
export function toMigrationRequest(guest: string, options: MigrateOptions): MigrationRequest {
  const parsed = migrationRequestSchema.safeParse({
    guest,
    from: options.from,
    to: options.to,
    ...(options.toWaiting === undefined ? {} : { toWaiting: options.toWaiting }),
    ...(options.incoming === undefined ? {} : { incoming: options.incoming }),
    ...(options.probe === undefined ? {} : { probe: options.probe ? 'always' : 'never' }),
    settings: {
      mptcp: options.mptcp ?? defaultSettings.mptcp,
      socket: options.socket ?? defaultSettings.socket,
      ...socketTuning(options),
      preparePaths: options.preparePaths ?? defaultSettings.preparePaths,
      ...pathChoice(options),
      postCopy: options.postCopy ?? defaultSettings.postCopy,
      downtimeLimitMs: options.downtimeLimit ?? defaultSettings.downtimeLimitMs,
      bandwidthBitsPerSecond: options.bandwidth ?? defaultSettings.bandwidthBitsPerSecond,
      parallelConnections: options.parallelConnections ?? defaultSettings.parallelConnections,
      autoConverge: options.autoConverge ?? defaultSettings.autoConverge,
      stallLimitMs: options.stallLimit ?? defaultSettings.stallLimitMs,
      sampleHz: options.sampleRate ?? defaultSettings.sampleHz,
      ...passwordFiles(options),
      accepted: [...(options.accept ?? [])],
    } satisfies MigrationSettings,
  });
  if (!parsed.success) throw refusal(parsed.error.issues);
  return parsed.data;
}

function socketTuning({
  congestionControl,
  socketBuffer,
  socketMark,
}: MigrateOptions): Pick<MigrationSettings, 'socketTuning'> {
  if (congestionControl === undefined && socketBuffer === undefined && socketMark === undefined) return {};
  return {
    socketTuning: {
      ...(congestionControl === undefined ? {} : { congestionControl }),
      ...(socketBuffer === undefined ? {} : { bufferBytes: socketBuffer }),
      ...(socketMark === undefined ? {} : { mark: socketMark }),
    },
  };
}

/** Only what was typed: the command line remembers nothing. */
function pathChoice({ paths, withoutPath, firstPath }: MigrateOptions): Pick<MigrationSettings, 'pathChoice'> {
  if (paths === undefined && withoutPath === undefined && firstPath === undefined) return {};
  return {
    pathChoice: {
      ...(paths === undefined ? {} : { only: [...paths] }),
      ...(withoutPath === undefined ? {} : { without: [...withoutPath] }),
      ...(firstPath === undefined ? {} : { first: firstPath }),
    },
  };
}

function passwordFiles({
  vncPasswordFile,
  spicePasswordFile,
}: MigrateOptions): Pick<MigrationSettings, 'passwordFiles'> {
  if (vncPasswordFile === undefined && spicePasswordFile === undefined) return {};
  return {
    passwordFiles: {
      ...(vncPasswordFile === undefined ? {} : { vnc: resolve(vncPasswordFile) }),
      ...(spicePasswordFile === undefined ? {} : { spice: resolve(spicePasswordFile) }),
    },
  };
}

export function toLiveChange({ bandwidth, downtimeLimit }: ChangeOptions): LiveChange {
  if (bandwidth === undefined && downtimeLimit === undefined) {
    throw invalidRequest('Nothing to change.', 'Give --bandwidth, --downtime-limit, or both.');
  }
  const parsed = liveChangeSchema.safeParse({
    ...(bandwidth === undefined ? {} : { bandwidthBitsPerSecond: bandwidth }),
    ...(downtimeLimit === undefined ? {} : { downtimeLimitMs: downtimeLimit }),
  });
  if (!parsed.success) throw refusal(parsed.error.issues);
  return parsed.data;
}

interface Objection {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** What is behind the last name of a refused member, as the operator typed it. */
const optionOf: Readonly<Record<string, string>> = {
  guest: 'the name of the guest',
  from: '--from',
  to: '--to',
  mptcp: '--mptcp',
  socket: '--socket',
  congestionControl: '--congestion-control',
  bufferBytes: '--socket-buffer (in bytes)',
  mark: '--socket-mark',
  toWaiting: '--to-waiting',
  incoming: '--incoming',
  preparePaths: '--no-prepare-paths',
  only: '--paths',
  without: '--without-path',
  first: '--first-path',
  probe: '--probe',
  postCopy: '--post-copy',
  downtimeLimitMs: '--downtime-limit (in milliseconds)',
  bandwidthBitsPerSecond: '--bandwidth (in bits per second)',
  parallelConnections: '--parallel-connections',
  stallLimitMs: '--stall-limit (in milliseconds)',
  sampleHz: '--sample-rate',
  vnc: '--vnc-password-file',
  spice: '--spice-password-file',
  accepted: '--accept',
};

function refusal([first]: readonly Objection[]): Error {
  const member = first?.path.findLast((part) => typeof part === 'string') ?? '';
  return invalidRequest(
    `Not valid, ${optionOf[member] ?? member}: ${first?.message ?? 'no reason given'}.`,
    'See `switchyard migrate --help` for what each option takes.',
    first?.path.join('.'),
  );
}
