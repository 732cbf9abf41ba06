import {
  boolean,
  integer,
  jsonObject,
  lenient,
  listOf,
  number,
  object,
  openEnum,
  string,
  wideInteger,
  type Shape,
  type UnknownText,
} from '#main/qmp/shape.ts';
import type { JsonObject } from '#main/qmp/json.ts';
import type { MigrationChannel } from './sockets.ts';
import { nothing, type EventShapes, type Integer, type NoArguments, type ReplyShapes } from './types.ts';

/** `MigrationStatus` (qapi/migration.json); one of a later QEMU keeps its name, and must be met without alarm. */
export type MigrationStatus =
  | 'none'
  | 'setup'
  | 'cancelling'
  | 'cancelled'
  | 'active'
  | 'postcopy-device'
  | 'postcopy-active'
  | 'postcopy-paused'
  | 'postcopy-recover-setup'
  | 'postcopy-recover'
  | 'completed'
  | 'failing'
  | 'failed'
  | 'colo'
  | 'pre-switchover'
  | 'device'
  | 'wait-unplug'
  | UnknownText;

/** `MigrationRAMStats`, formerly `MigrationStats` (qapi/migration.json, since 0.14). */
export interface MigrationRamStats {
  /** Bytes of the stream so far, protocol included. */
  readonly transferred: number;
  /** Bytes of guest memory still to send; grows when the guest dirties more. */
  readonly remaining: number;
  /** Bytes of guest memory. */
  readonly total: number;
  /** Pages that hold one repeated byte, and cost next to nothing. */
  readonly duplicate: number;
  /** Pages sent whole. */
  readonly normal: number;
  readonly 'normal-bytes': number;
  /** Pages per second, of the last iteration; 0 during the first. */
  readonly 'dirty-pages-rate': number;
  /** Mbit/s of the last 100 ms in which anything moved: keeps its value when the network is dead. */
  readonly mbps: number;
  /** Iterations over the memory. */
  readonly 'dirty-sync-count': number;
  /** Since 2.7. */
  readonly 'postcopy-requests'?: number;
  /** Bytes (since 2.10). */
  readonly 'page-size'?: number;
  /** Since 3.0. */
  readonly 'multifd-bytes'?: number;
  /** Since 4.0. */
  readonly 'pages-per-second'?: number;
  /** Since 7.0, like the two after it. */
  readonly 'precopy-bytes'?: number;
  readonly 'downtime-bytes'?: number;
  readonly 'postcopy-bytes'?: number;
  /** Since 7.1. */
  readonly 'dirty-sync-missed-zero-copy'?: number;
}

/**
 * `MigrationInfo` (qapi/migration.json, since 0.14). Everything is optional: `ram` is missing until set-up ends and after
 * a failure, and the first answer with `completed` may still hold zeros, so ask again.
 */
export interface MigrationInfo {
  /** Missing before the first migration of this process. */
  readonly status?: MigrationStatus;
  readonly ram?: MigrationRamStats;
  /** Milliseconds since the start. */
  readonly 'total-time'?: number;
  /** Milliseconds the guest stood still; once completed. */
  readonly downtime?: number;
  /** Milliseconds; while active. */
  readonly 'expected-downtime'?: number;
  /** Milliseconds (since 1.6). */
  readonly 'setup-time'?: number;
  /** Percent by which auto-converge slows the vCPUs (since 2.7). */
  readonly 'cpu-throttle-percentage'?: number;
  /** For people; the true cause is often in the destination's own output (since 2.7). */
  readonly 'error-desc'?: string;
  /** For people (since 6.0). */
  readonly 'blocked-reasons'?: readonly string[];
  /** Milliseconds (since 3.0). */
  readonly 'postcopy-blocktime'?: number;
  /** On the destination: where it listens, with the port that the kernel chose; `SocketAddress` each (since 4.0). */
  readonly 'socket-address'?: readonly JsonObject[];
}

/** `MigrationCapability` (qapi/migration.json) in the ones that matter here; others keep their name. */
export type MigrationCapability =
  | 'xbzrle'
  | 'auto-converge'
  | 'events'
  | 'postcopy-ram'
  | 'release-ram'
  | 'return-path'
  | 'pause-before-switchover'
  | 'multifd'
  | 'dirty-bitmaps'
  | 'postcopy-blocktime'
  | 'late-block-activate'
  | 'validate-uuid'
  | 'zero-copy-send'
  | 'postcopy-preempt'
  | 'switchover-ack'
  | 'dirty-limit'
  | UnknownText;

/** `MigrationCapabilityStatus` (qapi/migration.json, since 1.2). */
export interface MigrationCapabilityStatus {
  readonly capability: MigrationCapability;
  readonly state: boolean;
}

/** `MigrationParameters` (qapi/migration.json, since 2.4) in the ones that matter here. */
export interface MigrationParameters {
  /** Bytes per second; 0 is no limit. QEMU's default of 134217728 is 1.07 Gbit/s (since 2.8). */
  readonly 'max-bandwidth'?: Integer;
  /** Bytes per second for background pages in post-copy; 0 is no limit (since 3.0). */
  readonly 'max-postcopy-bandwidth'?: Integer;
  /** Bytes per second assumed when deciding on the switchover; 0 lets QEMU measure (since 8.2). */
  readonly 'avail-switchover-bandwidth'?: Integer;
  /** Milliseconds, 0 to 2,000,000 (since 2.8). */
  readonly 'downtime-limit'?: Integer;
  /** Percent (since 2.7), like the one after it. */
  readonly 'cpu-throttle-initial'?: Integer;
  readonly 'cpu-throttle-increment'?: Integer;
  /** Percent (since 3.1). */
  readonly 'max-cpu-throttle'?: Integer;
  /** Connections beside the main one, 1 to 255 (since 4.0). */
  readonly 'multifd-channels'?: Integer;
  readonly 'multifd-compression'?: string;
  /** Bytes (since 2.11). */
  readonly 'xbzrle-cache-size'?: Integer;
  /** The id of a `tls-creds-*` object; empty is no TLS (since 2.7). */
  readonly 'tls-creds'?: string;
  /** The name to expect in the destination's certificate (since 2.7). */
  readonly 'tls-hostname'?: string;
  /** Since 4.0. */
  readonly 'tls-authz'?: string;
}

/** Exactly one of both. `channels` since 8.2, a list of one. */
export type MigrationTarget =
  | { readonly uri: string; readonly channels?: never }
  | { readonly channels: readonly [MigrationChannel]; readonly uri?: never };

/** `DirtyRateInfo` (qapi/migration.json, since 5.2). */
export interface DirtyRateInfo {
  readonly status: 'unstarted' | 'measuring' | 'measured' | UnknownText;
  /** MiB per second; once measured. */
  readonly 'dirty-rate'?: number;
  /** Seconds since QEMU's start. */
  readonly 'start-time': number;
  /** The length of the measurement, in `calc-time-unit`. */
  readonly 'calc-time': number;
}

/** Commands of qapi/migration.json. */
export interface MigrationCommands {
  /** Success says only that the attempt began: `query-migrate` reports whether it connects (since 0.14). */
  migrate: { arguments: MigrationTarget & { readonly resume?: boolean }; returns: undefined };
  /** For a QEMU started with `-incoming defer` (since 2.3). `exit-on-error` since 9.1. */
  'migrate-incoming': { arguments: MigrationTarget & { readonly 'exit-on-error'?: boolean }; returns: undefined };
  /** Succeeds also when there is nothing to cancel. Never from post-copy on: QEMU before 10.0 loses the guest (since 0.14). */
  migrate_cancel: { arguments: NoArguments; returns: undefined };
  /** Continues from where `pause-before-switchover` stopped (since 2.11). */
  'migrate-continue': { arguments: { readonly state: MigrationStatus }; returns: undefined };
  /** Needs `postcopy-ram` on both sides, set before `migrate` (since 2.5). */
  'migrate-start-postcopy': { arguments: NoArguments; returns: undefined };
  /** Post-copy only; out of band too (since 3.0). */
  'migrate-pause': { arguments: NoArguments; returns: undefined };
  /** On the destination, in `postcopy-paused`; out of band too (since 3.0). */
  'migrate-recover': { arguments: { readonly uri: string }; returns: undefined };
  'migrate-set-capabilities': {
    arguments: { readonly capabilities: readonly MigrationCapabilityStatus[] };
    returns: undefined;
  };
  'query-migrate-capabilities': { arguments: NoArguments; returns: readonly MigrationCapabilityStatus[] };
  /** May be changed while a migration runs, unlike capabilities (since 2.4). */
  'migrate-set-parameters': { arguments: MigrationParameters; returns: undefined };
  'query-migrate-parameters': { arguments: NoArguments; returns: MigrationParameters };
  'query-migrate': { arguments: NoArguments; returns: MigrationInfo };
  /** Measures for `calc-time` seconds. `mode: dirty-bitmap` crashes QEMU 7.2 under TCG (since 5.2; `mode` since 6.2). */
  'calc-dirty-rate': {
    arguments: {
      readonly 'calc-time': Integer;
      readonly 'sample-pages'?: Integer;
      readonly mode?: 'page-sampling' | 'dirty-bitmap' | 'dirty-ring';
    };
    returns: undefined;
  };
  'query-dirty-rate': { arguments: NoArguments; returns: DirtyRateInfo };
  /** Announces to the switches where the guest is now; milliseconds (qapi/net.json, since 4.0). */
  'announce-self': {
    arguments: {
      readonly initial: Integer;
      readonly max: Integer;
      readonly rounds: Integer;
      readonly step: Integer;
    };
    returns: undefined;
  };
}

/** Events of qapi/migration.json. */
export interface MigrationEvents {
  /** With the capability `events` (since 2.4). */
  MIGRATION: { readonly status: MigrationStatus };
  /** On the source, at the start of each iteration; with the capability `events` (since 2.6). */
  MIGRATION_PASS: { readonly pass: number };
  /** Since 4.2. */
  UNPLUG_PRIMARY: { readonly 'device-id': string };
}

const ramShape = object<MigrationRamStats>(
  {
    transferred: integer,
    remaining: integer,
    total: integer,
    duplicate: integer,
    normal: integer,
    'normal-bytes': integer,
    'dirty-pages-rate': integer,
    mbps: number,
    'dirty-sync-count': integer,
  },
  {
    'postcopy-requests': integer,
    'page-size': integer,
    'multifd-bytes': integer,
    'pages-per-second': integer,
    'precopy-bytes': integer,
    'downtime-bytes': integer,
    'postcopy-bytes': integer,
    'dirty-sync-missed-zero-copy': integer,
  },
);

export const migrationInfoShape: Shape<MigrationInfo> = object<MigrationInfo>(
  {},
  {
    status: openEnum<MigrationStatus>(),
    ram: lenient(ramShape),
    'total-time': lenient(integer),
    downtime: lenient(integer),
    'expected-downtime': lenient(integer),
    'setup-time': lenient(integer),
    'cpu-throttle-percentage': lenient(integer),
    'error-desc': lenient(string),
    'blocked-reasons': lenient(listOf(string)),
    'postcopy-blocktime': lenient(integer),
    'socket-address': lenient(listOf(jsonObject)),
  },
);

export const migrationReplies: ReplyShapes<MigrationCommands> = {
  migrate: nothing,
  'migrate-incoming': nothing,
  migrate_cancel: nothing,
  'migrate-continue': nothing,
  'migrate-start-postcopy': nothing,
  'migrate-pause': nothing,
  'migrate-recover': nothing,
  'migrate-set-capabilities': nothing,
  'query-migrate-capabilities': listOf(
    object<MigrationCapabilityStatus>({ capability: openEnum<MigrationCapability>(), state: boolean }, {}),
  ),
  'migrate-set-parameters': nothing,
  'query-migrate-parameters': object<MigrationParameters>(
    {},
    {
      'max-bandwidth': wideInteger,
      'max-postcopy-bandwidth': wideInteger,
      'avail-switchover-bandwidth': wideInteger,
      'downtime-limit': wideInteger,
      'cpu-throttle-initial': wideInteger,
      'cpu-throttle-increment': wideInteger,
      'max-cpu-throttle': wideInteger,
      'multifd-channels': wideInteger,
      'multifd-compression': string,
      'xbzrle-cache-size': wideInteger,
      'tls-creds': string,
      'tls-hostname': string,
      'tls-authz': string,
    },
  ),
  'query-migrate': migrationInfoShape,
  'calc-dirty-rate': nothing,
  'query-dirty-rate': object<DirtyRateInfo>(
    { status: openEnum<'unstarted' | 'measuring' | 'measured'>(), 'start-time': integer, 'calc-time': integer },
    { 'dirty-rate': integer },
  ),
  'announce-self': nothing,
};

export const migrationEvents: EventShapes<MigrationEvents> = {
  MIGRATION: object<MigrationEvents['MIGRATION']>({ status: openEnum<MigrationStatus>() }, {}),
  MIGRATION_PASS: object<MigrationEvents['MIGRATION_PASS']>({ pass: integer }, {}),
  UNPLUG_PRIMARY: object<MigrationEvents['UNPLUG_PRIMARY']>({ 'device-id': string }, {}),
};
