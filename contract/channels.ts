import { z } from 'zod';
import type { Failure } from './errors.ts';
import { guestSchema, hostFactsSchema } from './host.ts';
import { labLinkSchema, labOptionsSchema, labProofSchema, labStatusSchema } from './lab.ts';
import {
  checkSchema,
  migrationIdSchema,
  migrationSettingsSchema,
  leftOutPairSchema,
  pathSchema,
  recordSchema,
  sideSchema,
} from './migration.ts';
import {
  hostMptcpChangeSchema,
  liveChangeSchema,
  migrationRequestSchema,
  operatorPathActionSchema,
} from './requests.ts';
import type { Result } from './result.ts';
import { sampleSchema } from './telemetry.ts';

/**
 * The one table of what crosses the border between a window and the process that owns the truth. The renderer's `Host`,
 * main's `Handlers`, the preload bridge, the web host and the tests' fake are all derived from it; what is not in it
 * does not exist. Requests are parsed before anything happens; nothing crosses as an exception.
 */

const nothing = z.object({}).strict();
const byId = z.object({ id: migrationIdSchema }).strict();
const hostId = z.object({ hostId: z.string().min(1).max(253) }).strict();
const labName = z.object({ name: z.string().min(1).max(32) }).strict();

/** Something the operator may do now, or why not. */
export const controlSchema = z.discriminatedUnion('possible', [
  z.object({ possible: z.literal(true) }),
  z.object({ possible: z.literal(false), why: z.string() }),
]);

/** The state lane: everything about one migration but its samples. `revision` grows with every change. */
export const migrationViewSchema = z.object({
  revision: z.number().int().nonnegative(),
  record: recordSchema.omit({ samples: true }),
  /** A living process manages it; an open one without a manager can be taken up. */
  managed: z.boolean(),
  /** Something about the migration's keeping, not about its guest: a journal that cannot be written, a take-up that failed. */
  problem: z.string().optional(),
  /** What holds now; the record's settings are what it was started with. */
  limits: migrationSettingsSchema.pick({ downtimeLimitMs: true, bandwidthBitsPerSecond: true }),
  controls: z.object({
    cancel: controlSchema,
    change: controlSchema,
    takeUp: controlSchema,
    paths: controlSchema,
    postCopy: controlSchema,
    recover: controlSchema,
    goBack: controlSchema,
  }),
});
export type MigrationView = z.infer<typeof migrationViewSchema>;

/** One line of the migrations table. */
export const migrationRowSchema = z.object({
  id: migrationIdSchema,
  open: z.boolean(),
  managed: z.boolean(),
  problem: z.string().optional(),
  summary: recordSchema.omit({ samples: true, events: true, checks: true, harmless: true }).optional(),
  /** The last sample of one that runs: its throughput, and QEMU's figures. `progressOf` makes progress and dirty rate of it. */
  latest: sampleSchema.optional(),
});
export type MigrationRow = z.infer<typeof migrationRowSchema>;

/** What a migration would be like, computed from link speeds, memory and the dirty rate; absent where nothing is known. */
export const forecastSchema = z.object({
  durationMs: z.number().optional(),
  downtimeMs: z.number().optional(),
  converges: z.boolean().optional(),
  text: z.string(),
});
export type Forecast = z.infer<typeof forecastSchema>;

export const preflightAnswerSchema = z.object({
  ready: z.boolean(),
  checks: z.array(checkSchema),
  paths: z.array(pathSchema),
  /** What is not used, and why; absent in answers of earlier versions. */
  leftOut: z.array(leftOutPairSchema).exactOptional(),
  /** With the policy asked for, and as it would be over the fastest path alone. */
  forecast: z.object({ chosen: forecastSchema, onePath: forecastSchema }),
  /** The very commands that each QEMU will be sent, one JSON text each. */
  review: z.array(z.object({ side: sideSchema, command: z.string() })),
});
export type PreflightAnswer = z.infer<typeof preflightAnswerSchema>;

export const exportFormatSchema = z.enum(['json', 'csv', 'log', 'html']);
export type ExportFormat = z.infer<typeof exportFormatSchema>;

export const commands = {
  /** Who and where we are, and what this host of the interface can do. */
  'application.describe': {
    request: nothing,
    response: z.object({
      version: z.string(),
      user: z.string(),
      /** `save-dialog`: exports are written by main where the operator says; else they are downloaded. `window`: a desktop window. */
      capabilities: z.array(z.enum(['save-dialog', 'window'])),
    }),
  },
  'hosts.list': { request: nothing, response: z.array(hostFactsSchema) },
  /** For good, and at once for connections that live; answered with the host as it is then. */
  'host.change-mptcp': { request: hostId.extend({ change: hostMptcpChangeSchema }), response: hostFactsSchema },
  'guests.list': { request: nothing, response: z.array(guestSchema) },
  'migration.preflight': { request: migrationRequestSchema, response: preflightAnswerSchema },
  'migration.start': {
    request: migrationRequestSchema,
    response: z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('started'), id: migrationIdSchema }),
      z.object({ kind: z.literal('refused'), checks: z.array(checkSchema) }),
    ]),
  },
  'migration.list': { request: nothing, response: z.array(migrationRowSchema) },
  /** Subscribe to `migration.view-changed` first, ask then, drop what is older than the answer's revision. */
  'migration.view': { request: byId, response: migrationViewSchema },
  'migration.cancel': { request: byId, response: nothing },
  'migration.change': { request: byId.extend({ change: liveChangeSchema }), response: nothing },
  'migration.take-up': { request: byId, response: nothing },
  /** Changes one path of a connection that lives; `interface` is the source's, and names the path. */
  'migration.path': {
    request: byId.extend({ action: operatorPathActionSchema, interface: z.string().min(1).max(64) }),
    response: nothing,
  },
  /** The guest continues at the destination at once and its memory follows; from then on nothing can be cancelled. */
  'migration.post-copy': { request: byId, response: nothing },
  /** A post-copy whose connection broke continues over a new one; takes the migration up where no process manages it. */
  'migration.recover': { request: byId, response: nothing },
  'migration.go-back': { request: byId, response: nothing },
  /** Samples that are no longer on the telemetry lane: backfill and replay, in chunks. */
  'migration.samples': {
    request: byId.extend({ afterEpochMs: z.number().optional(), limit: z.number().int().min(1).max(5000) }),
    response: z.object({ samples: z.array(sampleSchema), more: z.boolean() }),
  },
  'migration.export': {
    request: byId.extend({ format: exportFormatSchema }),
    response: z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('saved'), fileName: z.string() }),
      z.object({ kind: z.literal('content'), fileName: z.string(), mediaType: z.string(), text: z.string() }),
      z.object({ kind: z.literal('dismissed') }),
    ]),
  },
  /** Frames of one migration begin to come; at most two are unacknowledged. Replaces the window's earlier subscription. */
  'telemetry.subscribe': { request: byId, response: nothing },
  'telemetry.unsubscribe': { request: nothing, response: nothing },
  /** The last frame that has been drawn; cumulative, so a lost acknowledgement heals. */
  'telemetry.acknowledge': { request: z.object({ sequence: z.number().int() }).strict(), response: nothing },
  'lab.list': { request: nothing, response: z.array(labStatusSchema) },
  'lab.up': { request: labOptionsSchema, response: labStatusSchema },
  'lab.link': {
    request: labName.extend({ index: z.number().int().positive(), state: labLinkSchema.shape.state }),
    response: labLinkSchema,
  },
  'lab.verify': { request: labName, response: labProofSchema },
  'lab.down': { request: labName, response: z.object({ removed: z.array(z.string()) }) },
} as const;

export const events = {
  'migration.view-changed': migrationViewSchema,
  /** The rows that are new or have changed, to be put into the table by their id; at most twice a second. */
  'migration.list-changed': z.object({ rows: z.array(migrationRowSchema) }),
  /**
   * The telemetry lane: lossy, latest wins. While two frames are unacknowledged, samples gather in the next one; `dropped`
   * counts those that it could not hold, which lie before its first: `migration.samples` has them.
   */
  'telemetry.frame': z.object({
    id: migrationIdSchema,
    sequence: z.number().int(),
    samples: z.array(sampleSchema),
    dropped: z.number().int(),
  }),
  'lab.list-changed': z.object({ labs: z.array(labStatusSchema) }),
} as const;

export type CommandName = keyof typeof commands;
export type EventName = keyof typeof events;
export type CommandRequest<Name extends CommandName> = z.input<(typeof commands)[Name]['request']>;
export type CommandResponse<Name extends CommandName> = z.output<(typeof commands)[Name]['response']>;
export type EventPayload<Name extends EventName> = z.output<(typeof events)[Name]>;

/** Any answer: the value, or the failure as a value. */
export type Answer<Name extends CommandName> = Result<CommandResponse<Name>, Failure>;

/** What a window sees of its host. */
export interface Host {
  call<Name extends CommandName>(name: Name, request: CommandRequest<Name>): Promise<Answer<Name>>;
  on<Name extends EventName>(name: Name, listener: (payload: EventPayload<Name>) => void): () => void;
}

/** What main must answer: a missing handler does not compile. The second argument is the window that asks. */
export type Handlers<Caller> = {
  readonly [Name in CommandName]: (
    request: z.output<(typeof commands)[Name]['request']>,
    caller: Caller,
  ) => Promise<CommandResponse<Name>>;
};

export const commandNames = Object.keys(commands);
export const eventNames = Object.keys(events);

export function isCommandName(name: string): name is CommandName {
  return Object.hasOwn(commands, name);
}
