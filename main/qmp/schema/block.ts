import { boolean, integer, jsonObject, listOf, object, openEnum, string, type UnknownText } from '#main/qmp/shape.ts';
import type { JsonObject } from '#main/qmp/json.ts';
import type { SocketAddress, SocketAddressLegacy } from './sockets.ts';
import { nothing, type EventShapes, type Integer, type NoArguments, type ReplyShapes } from './types.ts';

/** `JobStatus` (qapi/job.json, since 2.12); one of a later QEMU keeps its name. */
export type JobStatus =
  | 'undefined'
  | 'created'
  | 'running'
  | 'paused'
  | 'ready'
  | 'standby'
  | 'waiting'
  | 'pending'
  | 'aborting'
  | 'concluded'
  | 'null'
  | UnknownText;

/** `BlockJobInfo` (qapi/block-core.json, since 1.1). */
export interface BlockJobInfo {
  readonly type: string;
  readonly device: string;
  /** Bytes in all and done; `len` may grow. */
  readonly len: number;
  readonly offset: number;
  readonly busy: boolean;
  /** Bytes per second; 0 is no limit. */
  readonly speed: number;
  readonly ready: boolean;
  /** Since 2.12. */
  readonly status?: JobStatus;
}

/** `BlockInfo` (qapi/block-core.json, since 0.14): the frontend, and what is inserted as it came. */
export interface BlockInfo {
  readonly device: string;
  readonly qdev?: string;
  readonly removable?: boolean;
  /** Only of a drive that has a tray. */
  readonly tray_open?: boolean;
  readonly inserted?: JsonObject;
}

/** `BlockExportInfo` (qapi/block-export.json, since 5.2). */
export interface BlockExportInfo {
  readonly id: string;
  readonly type: string;
  readonly 'node-name': string;
  readonly 'shutting-down': boolean;
}

/** Commands of qapi/block-core.json, block-export.json and job.json, for disks mirrored over NBD. */
export interface BlockCommands {
  'query-block': { arguments: NoArguments; returns: readonly BlockInfo[] };
  'query-named-block-nodes': { arguments: { readonly flat?: boolean }; returns: readonly JsonObject[] };
  /** Since 1.3; one server per QEMU. */
  'nbd-server-start': {
    arguments: {
      readonly addr: SocketAddressLegacy;
      readonly 'tls-creds'?: string;
      readonly 'tls-authz'?: string;
      readonly 'max-connections'?: Integer;
    };
    returns: undefined;
  };
  'nbd-server-stop': { arguments: NoArguments; returns: undefined };
  /** Since 5.2. */
  'block-export-add': {
    arguments: {
      readonly type: 'nbd';
      readonly id: string;
      readonly 'node-name': string;
      readonly name?: string;
      readonly writable?: boolean;
    };
    returns: undefined;
  };
  'block-export-del': {
    arguments: { readonly id: string; readonly mode?: 'safe' | 'hard' };
    returns: undefined;
  };
  'query-block-exports': { arguments: NoArguments; returns: readonly BlockExportInfo[] };
  /** Since 2.9; here for NBD clients. */
  'blockdev-add': {
    arguments: {
      readonly driver: 'nbd';
      readonly 'node-name': string;
      readonly server: SocketAddress;
      readonly export?: string;
      readonly 'tls-creds'?: string;
      readonly 'tls-hostname'?: string;
    };
    returns: undefined;
  };
  'blockdev-del': { arguments: { readonly 'node-name': string }; returns: undefined };
  /** Since 2.6; `speed` in bytes per second, 0 is no limit; `copy-mode` since 3.0. */
  'blockdev-mirror': {
    arguments: {
      readonly 'job-id': string;
      readonly device: string;
      readonly target: string;
      readonly sync: 'full' | 'top' | 'none';
      readonly speed?: Integer;
      readonly 'copy-mode'?: 'background' | 'write-blocking';
      readonly 'auto-finalize'?: boolean;
      readonly 'auto-dismiss'?: boolean;
    };
    returns: undefined;
  };
  /** On a mirror that is ready and without `force`: ends it with both sides equal, without switching to the target. */
  'block-job-cancel': {
    arguments: { readonly device: string; readonly force?: boolean };
    returns: undefined;
  };
  'block-job-set-speed': { arguments: { readonly device: string; readonly speed: Integer }; returns: undefined };
  'query-block-jobs': { arguments: NoArguments; returns: readonly BlockJobInfo[] };
}

/** Where a block job is, as four events report it. */
export interface BlockJobProgress {
  readonly type: string;
  readonly device: string;
  /** Bytes. */
  readonly len: number;
  readonly offset: number;
  readonly speed: number;
}

/** Events of qapi/block-core.json, block-export.json and job.json. */
export interface BlockEvents {
  BLOCK_JOB_READY: BlockJobProgress;
  /** With `error` it has failed. */
  BLOCK_JOB_COMPLETED: BlockJobProgress & { readonly error?: string };
  BLOCK_JOB_CANCELLED: BlockJobProgress;
  BLOCK_JOB_ERROR: { readonly device: string; readonly operation: string; readonly action: string };
  BLOCK_JOB_PENDING: { readonly type: string; readonly id: string };
  JOB_STATUS_CHANGE: { readonly id: string; readonly status: JobStatus };
  BLOCK_EXPORT_DELETED: { readonly id: string };
  BLOCK_IO_ERROR: {
    readonly device: string;
    readonly operation: string;
    readonly action: string;
    readonly 'node-name'?: string;
    readonly nospace?: boolean;
    readonly reason?: string;
  };
}

export const blockReplies: ReplyShapes<BlockCommands> = {
  'query-block': listOf(
    object<BlockInfo>(
      { device: string },
      { qdev: string, removable: boolean, tray_open: boolean, inserted: jsonObject },
    ),
  ),
  'query-named-block-nodes': listOf(jsonObject),
  'nbd-server-start': nothing,
  'nbd-server-stop': nothing,
  'block-export-add': nothing,
  'block-export-del': nothing,
  'query-block-exports': listOf(
    object<BlockExportInfo>({ id: string, type: string, 'node-name': string, 'shutting-down': boolean }, {}),
  ),
  'blockdev-add': nothing,
  'blockdev-del': nothing,
  'blockdev-mirror': nothing,
  'block-job-cancel': nothing,
  'block-job-set-speed': nothing,
  'query-block-jobs': listOf(
    object<BlockJobInfo>(
      { type: string, device: string, len: integer, offset: integer, busy: boolean, speed: integer, ready: boolean },
      { status: openEnum<JobStatus>() },
    ),
  ),
};

const progressMembers = { type: string, device: string, len: integer, offset: integer, speed: integer };
const progressShape = object<BlockJobProgress>(progressMembers, {});

export const blockEvents: EventShapes<BlockEvents> = {
  BLOCK_JOB_READY: progressShape,
  BLOCK_JOB_COMPLETED: object<BlockEvents['BLOCK_JOB_COMPLETED']>(progressMembers, { error: string }),
  BLOCK_JOB_CANCELLED: progressShape,
  BLOCK_JOB_ERROR: object<BlockEvents['BLOCK_JOB_ERROR']>({ device: string, operation: string, action: string }, {}),
  BLOCK_JOB_PENDING: object<BlockEvents['BLOCK_JOB_PENDING']>({ type: string, id: string }, {}),
  JOB_STATUS_CHANGE: object<BlockEvents['JOB_STATUS_CHANGE']>({ id: string, status: openEnum<JobStatus>() }, {}),
  BLOCK_EXPORT_DELETED: object<BlockEvents['BLOCK_EXPORT_DELETED']>({ id: string }, {}),
  BLOCK_IO_ERROR: object<BlockEvents['BLOCK_IO_ERROR']>(
    { device: string, operation: string, action: string },
    { 'node-name': string, nospace: boolean, reason: string },
  ),
};
