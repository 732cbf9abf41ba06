import { z } from 'zod';
import { failureSchema } from './errors.ts';
import {
  guestSchema,
  hostFactsSchema,
  mptcpEndpointSchema,
  mptcpLimitsSchema,
  qemuIdentitySchema,
  nameSchema,
} from './host.ts';
import { pathChoiceSchema } from './path-choice.ts';
import { pathProbeSchema } from './probe.ts';
import { connectionSampleSchema, sampleSchema } from './telemetry.ts';
import { epochMsSchema, monoMsSchema } from './clock-time.ts';

/** `20261122T120250Z-7f3a`: sorts by time, short enough for a socket path. */
export const migrationIdSchema = z.string().regex(/^\d{8}T\d{6}Z-[0-9a-f]{4}$/);

export const sideSchema = z.enum(['source', 'destination']);
export type Side = z.infer<typeof sideSchema>;

/** `off`: TCP. `prefer`: MPTCP where both ends speak it, else TCP and a warning. `require`: MPTCP, or the guest stays where it is. */
export const mptcpPolicySchema = z.enum(['off', 'prefer', 'require']);
export type MptcpPolicy = z.infer<typeof mptcpPolicySchema>;

/** Where the only running copy of the guest is: the operator's first question. */
export const guestPlaceSchema = z.enum(['source', 'stopped', 'destination', 'unknown', 'nowhere']);
export type GuestPlace = z.infer<typeof guestPlaceSchema>;

export const outcomeSchema = z.enum([
  'done-on-destination',
  'safe-on-source',
  'paused-recoverable',
  'stopped-on-source',
  'lost',
  'unknown',
]);
export type Outcome = z.infer<typeof outcomeSchema>;

/** `never`: the guest is always whole on one side. `allow`: it may be started on the destination before all of it is there. */
export const postCopyPolicySchema = z.enum(['never', 'allow']);

/** Who makes the connection: QEMU by its own mptcp option, or Switchyard, which hands the connected socket to QEMU. */
export const socketOwnerSchema = z.enum(['qemu', 'app']);

/** What is set on the sockets that Switchyard makes itself; what is absent is left to the kernel. */
export const socketTuningSchema = z.object({
  /** Of the sending side, by a name of `sysctl net.ipv4.tcp_available_congestion_control`. */
  congestionControl: z
    .string()
    .regex(/^[a-z][a-z0-9_-]{0,14}$/)
    .exactOptional(),
  /** SO_SNDBUF on the source, SO_RCVBUF on the destination; the kernel then no longer sizes them by itself. */
  bufferBytes: z
    .number()
    .int()
    .min(4096)
    .max(2 ** 30)
    .exactOptional(),
  /** SO_MARK on both ends: the fwmark by which routing rules and firewalls know the connection. */
  mark: z.number().int().min(1).max(0x7fff_ffff).exactOptional(),
});
export type SocketTuning = z.infer<typeof socketTuningSchema>;

/** An absolute path. */
const passwordFileSchema = z.string().startsWith('/').max(4096);

export const migrationSettingsSchema = z.object({
  mptcp: mptcpPolicySchema,
  socket: socketOwnerSchema,
  /** Only with sockets of Switchyard's own. */
  socketTuning: socketTuningSchema.exactOptional(),
  /** Sets MPTCP endpoints and limits where the paths need them, and puts them back at the end. */
  preparePaths: z.boolean(),
  /** Which paths it may use; absent for all. */
  pathChoice: pathChoiceSchema.exactOptional(),
  postCopy: postCopyPolicySchema,
  downtimeLimitMs: z.number().int().min(1).max(2_000_000),
  /** 0 is no limit (QEMU's own default would cap a run at 1.07 Gbit/s). */
  bandwidthBitsPerSecond: z.number().int().nonnegative(),
  /** multifd channels; 0 is one connection without multifd. */
  parallelConnections: z.number().int().min(0).max(255),
  autoConverge: z.boolean(),
  /** No byte moved for this long before switchover: cancelled, the guest stays on the source. */
  stallLimitMs: z.number().int().min(1000),
  /** Samples a second. */
  sampleHz: z.number().min(1).max(50),
  /** Files with the passwords of the guest's displays, which no QEMU answers: set on the destination before anything moves. */
  passwordFiles: z
    .object({ vnc: passwordFileSchema.exactOptional(), spice: passwordFileSchema.exactOptional() })
    .exactOptional(),
  /** Ids of preflight errors that the operator has chosen to accept. */
  accepted: z.array(z.string()),
});
export type MigrationSettings = z.infer<typeof migrationSettingsSchema>;
export { defaultSettings } from './default-settings.ts';

/** One line of the readiness grid. Only an `error` stops a migration; `command` is what fixes it, ready to be copied. */
export const checkSchema = z.object({
  id: z.string(),
  severity: z.enum(['error', 'warning', 'info']),
  passed: z.boolean(),
  text: z.string(),
  remedy: z.string().optional(),
  command: z.string().optional(),
  /** The operator may continue by accepting this id. */
  acceptable: z.boolean().optional(),
});
export type Check = z.infer<typeof checkSchema>;

/** An interface pair that a subflow can use. */
export const pathSchema = z.object({
  sourceInterface: nameSchema,
  sourceAddress: z.string(),
  destinationInterface: nameSchema,
  destinationAddress: z.string(),
  speedBitsPerSecond: z.number().optional(),
  mtu: z.number().int(),
  /** What a probe has found out about it; absent where none was made. */
  probe: pathProbeSchema.exactOptional(),
  /** Joined, and idle while another path works: so slow beside the fastest that together they would be slower. */
  backup: z.literal(true).optional(),
});
export type Path = z.infer<typeof pathSchema>;

/**
 * Why an interface, or a pair of interfaces, is in no path.
 *
 * - of an interface: `interface-down`, `no-carrier`, `port-of-another` (a bridge, bond or team carries its addresses),
 *   `tunnel`, `leads-nowhere` (a dummy and its like), `bridge-without-port`, `no-address`;
 * - of an address: `address-tentative`, `address-duplicate`, `address-deprecated`, `address-scope`;
 * - of a pair: `local-to-source` and `local-to-destination` (the other host's address is its own too), `no-route`,
 *   `leaves-elsewhere` (the source would send over another interface), `answers-elsewhere` (so would the destination),
 *   `reverse-path-filter`, `arp-answered-elsewhere`, `shared-port`, `other-family` (cannot join the first),
 *   `not-listened-to`, `foreign-endpoint` (another program keeps the address and does not announce it, or prevents binding), `no-counterpart`,
 *   `beyond-limit` (a connection has nine paths at most), `not-examined` (there are too many), `excluded-by-operator`;
 * - by a probe: `probed-no-answer` (nothing, or an error), `probed-stranger` (not the destination), `probed-full-size-lost`
 *   (small packets pass, those of full size do not), `probed-no-mptcp` (TCP option 30 does not pass).
 */
export const leftOutReasonSchema = z.enum([
  'interface-down',
  'no-carrier',
  'port-of-another',
  'tunnel',
  'leads-nowhere',
  'bridge-without-port',
  'no-address',
  'address-tentative',
  'address-duplicate',
  'address-deprecated',
  'address-scope',
  'local-to-source',
  'local-to-destination',
  'no-route',
  'leaves-elsewhere',
  'answers-elsewhere',
  'reverse-path-filter',
  'arp-answered-elsewhere',
  'shared-port',
  'other-family',
  'not-listened-to',
  'foreign-endpoint',
  'no-counterpart',
  'beyond-limit',
  'not-examined',
  'excluded-by-operator',
  'probed-no-answer',
  'probed-stranger',
  'probed-full-size-lost',
  'probed-no-mptcp',
]);
export type LeftOutReason = z.infer<typeof leftOutReasonSchema>;

/** What is not used between two hosts. An end is absent where one host alone gives the reason. */
export const leftOutPairSchema = z.object({
  sourceInterface: nameSchema.exactOptional(),
  sourceAddress: z.string().exactOptional(),
  destinationInterface: nameSchema.exactOptional(),
  destinationAddress: z.string().exactOptional(),
  reason: leftOutReasonSchema,
  /** One sentence. */
  text: z.string(),
  /** Of a pair that would be a path: what the operator has excluded. */
  speedBitsPerSecond: z.number().optional(),
  mtu: z.number().int().optional(),
  /** What would make a path of it, for a shell on `commandSide` as root; absent where no command would. */
  command: z.string().exactOptional(),
  commandSide: sideSchema.exactOptional(),
});
export type LeftOutPair = z.infer<typeof leftOutPairSchema>;

/** Which interface pairs two hosts have: those a migration uses, first the one that carries the initial subflow, and the others. */
export interface PathPlanning {
  readonly paths: readonly Path[];
  readonly leftOut: readonly LeftOutPair[];
}

/** Where a destination listens. The wildcard (`0.0.0.0`, `::`) is what lets subflows join on its other addresses. */
export const listenerAddressSchema = z.object({
  host: z.string(),
  /** 0 lets the kernel choose. */
  port: z.number().int().min(0).max(65_535),
  /** The highest port to try, beginning with `port`. */
  lastPort: z.number().int().min(0).max(65_535).exactOptional(),
  /** Absent where it was left to the policy. */
  mptcp: z.boolean().exactOptional(),
});
export type ListenerAddress = z.infer<typeof listenerAddressSchema>;

/** A QEMU that the operator has started by hand to receive this guest. */
export const waitingDestinationSchema = z.object({
  guest: guestSchema,
  /** It listens on an address of its command line; else it waits for one (`-incoming defer`). */
  listens: z.boolean(),
});
export type WaitingDestination = z.infer<typeof waitingDestinationSchema>;

/**
 * What can be done to a path of a migration that runs. Switchyard itself does `withdraw` when a link is lost while another
 * path lives, so that what was on its way is sent again at once, and `rejoin` when the link is back.
 */
export const pathActionSchema = z.enum(['add', 'remove', 'backup', 'resume', 'withdraw', 'rejoin']);
export type PathAction = z.infer<typeof pathActionSchema>;

/** One thing to be done to the MPTCP path manager of one host; written down before it is done, so that it can be undone. */
export const pathManagerChangeSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('add-endpoint'), endpoint: mptcpEndpointSchema.omit({ id: true }) }),
  z.object({ kind: z.literal('remove-endpoint'), endpoint: mptcpEndpointSchema }),
  z.object({ kind: z.literal('set-limits'), limits: mptcpLimitsSchema, before: mptcpLimitsSchema }),
]);
export type PathManagerChange = z.infer<typeof pathManagerChangeSchema>;

/** What is written down before anything is done: all that a successor needs to find both sides again. */
export const planSchema = z.object({
  id: migrationIdSchema,
  guest: guestSchema,
  guestWasRunning: z.boolean(),
  source: hostFactsSchema,
  destination: hostFactsSchema,
  settings: migrationSettingsSchema,
  /** First the one that carries the initial subflow. */
  paths: z.array(pathSchema),
  /** Absent in records of earlier versions. */
  leftOut: z.array(leftOutPairSchema).exactOptional(),
  /** What the paths need beyond what both hosts have; put back when the migration ends, however it ends. */
  preparation: z.object({ source: z.array(pathManagerChangeSchema), destination: z.array(pathManagerChangeSchema) }),
  /** Absent where Switchyard starts the guest's twin. */
  waiting: waitingDestinationSchema.exactOptional(),
  /** Where the destination is to listen, or does already; absent for the wildcard and a port of the kernel's choice. */
  listener: listenerAddressSchema.exactOptional(),
  checks: z.array(checkSchema),
  user: nameSchema,
  versions: z.record(z.string(), z.string()),
});
export type Plan = z.infer<typeof planSchema>;

export const startedDestinationSchema = z.object({
  identity: qemuIdentitySchema,
  monitorPath: z.string(),
  /** Its stdout and stderr, where the true cause of most failures stands; unknown of a QEMU that an operator started. */
  outputPath: z.string().exactOptional(),
});
export type StartedDestination = z.infer<typeof startedDestinationSchema>;

/**
 * What is known about one QEMU. `gone` is a proof (its host, asked through a working channel, says that this pid with
 * this start time does not exist); silence and lost connections are none.
 */
export const observationSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('unasked') }),
  z.object({
    kind: z.literal('answering'),
    /** RunState (qapi/run-state.json). */
    run: z.string(),
    /** MigrationStatus; `none` before the first migration. */
    migration: z.string(),
    errorText: z.string().optional(),
  }),
  /** The process is there, its monitor does not answer. */
  z.object({ kind: z.literal('silent') }),
  z.object({ kind: z.literal('gone') }),
  z.object({ kind: z.literal('unreachable'), why: z.string() }),
]);
export type Observation = z.infer<typeof observationSchema>;

/** A way in which the destination is not as the guest was, on which neither the guest nor its data depend. */
export const harmlessDifferenceSchema = z.object({
  /** What differs: what the source has, what the destination has. */
  text: z.string(),
  /** Why it does not matter, or how it is set. */
  reason: z.string(),
});
export type HarmlessDifference = z.infer<typeof harmlessDifferenceSchema>;

/** What the engine does to the world. Each is journalled before (`intended`) and after (`done` or `failed`). */
export const stepNameSchema = z.enum([
  'start-destination',
  'compare-twin',
  'negotiate-capabilities',
  'try-paths',
  'prepare-paths',
  'check-disks',
  'listen',
  'connect',
  'migrate',
  'switch-over',
  'hang-up',
  'cancel',
  'yank',
  'resume-destination',
  'start-post-copy',
  'pause-post-copy',
  'listen-for-recovery',
  'recover',
  'quit-source',
  'quit-destination',
  'resume-source',
  'restore-paths',
]);
export type StepName = z.infer<typeof stepNameSchema>;

/** Why something ended as it did, in the order in which an operator asks. */
export const explanationSchema = z.object({
  phase: z.string(),
  side: sideSchema.optional(),
  cause: z.string(),
  next: z.string(),
  /** QEMU's own words, its stderr, or the system's: for the fold below. */
  raw: z.string().optional(),
});
export type Explanation = z.infer<typeof explanationSchema>;

/** One cause that both kernels show, in one sentence, on the side on which it has to be fixed. */
export const connectionFindingSchema = z.object({
  side: sideSchema,
  text: z.string(),
  /** What fixes it: for a shell on the machine of that side, as root. */
  command: z.string().exactOptional(),
});
export type ConnectionFinding = z.infer<typeof connectionFindingSchema>;

/** Paths that carry nothing although they were planned, by the source's interfaces, and why. */
export const missingPathsSchema = z.object({
  /** Of the source; empty where each path has its subflow and nothing comes through all the same. */
  interfaces: z.array(z.string()),
  /** Empty when neither kernel shows a reason. */
  reasons: z.array(connectionFindingSchema),
});
export type MissingPaths = z.infer<typeof missingPathsSchema>;

export const cancelReasonSchema = z.enum([
  'operator',
  'mptcp-required',
  'stalled',
  'attached-before-start',
  'silent-before-start',
  'disks-not-taken',
  'peer-not-proven',
]);
export type CancelReason = z.infer<typeof cancelReasonSchema>;

/**
 * By what both ends are known to be one connection. `sequence`: the peer has received up to a point between what the source
 * has sent and what was acknowledged to it, in the numbers of MPTCP, which begin at random with 64 bits. `addresses`: the
 * peer's process holds the same four-tuples. `bytes`: it has received what was sent, at two moments, though addresses are
 * rewritten between them. `own-sockets`: Switchyard made both ends. `status`: a kernel could not be asked; the destination's
 * QEMU reports that it receives a guest, which proves less.
 */
export const peerProofSchema = z.enum(['sequence', 'addresses', 'bytes', 'own-sockets', 'status']);
export type PeerProof = z.infer<typeof peerProofSchema>;

const subflowEventFields = {
  subflow: z.string(),
  interface: nameSchema.optional(),
  localAddress: z.string(),
  remoteAddress: z.string(),
};

const countedPathSchema = z.object({
  /** Of the source. */
  interface: z.string(),
  destinationInterface: z.string(),
  carriedBytes: z.number(),
  sentBytes: z.number().optional(),
  receivedBytes: z.number().optional(),
});
export type CountedPath = z.infer<typeof countedPathSchema>;

/** The journal: append-only, replayable; the state is its fold. */
export const journalEventSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('planned'), plan: planSchema }),
  z.object({ kind: z.literal('attached'), user: nameSchema, pid: z.number().int() }),
  z.object({ kind: z.literal('intended'), step: stepNameSchema, detail: z.string().optional() }),
  z.object({
    kind: z.literal('done'),
    step: stepNameSchema,
    started: startedDestinationSchema.optional(),
    port: z.number().int().optional(),
    /** Whether the listener that was opened speaks MPTCP. */
    mptcp: z.boolean().optional(),
    /** The source was set to wait before the switchover until it is allowed (`pause-before-switchover`). */
    gated: z.boolean().exactOptional(),
    /** What `compare-twin` has found that does not stand in the way. */
    harmless: z.array(harmlessDifferenceSchema).exactOptional(),
  }),
  z.object({ kind: z.literal('failed'), step: stepNameSchema, failure: failureSchema }),
  z.object({ kind: z.literal('observed'), side: sideSchema, observation: observationSchema }),
  /** `raw` is the destination's output, kept before it is removed. */
  z.object({ kind: z.literal('output-kept'), side: sideSchema, raw: z.string() }),
  z.object({
    kind: z.literal('negotiated'),
    protocol: z.enum(['mptcp', 'tcp']),
    when: z.enum(['connected', 'data-flowed']),
    connections: z.array(connectionSampleSchema),
    text: z.string(),
    command: z.string().optional(),
  }),
  z.object({ kind: z.literal('path-missing'), ...missingPathsSchema.shape }),
  /**
   * A path leads nowhere, and nothing of the guest has gone over it: the next one is tried as the first. `trial`: seen before
   * either QEMU was asked to connect; `connection`: the source QEMU could not connect over it.
   */
  z.object({
    kind: z.literal('path-failed'),
    path: pathSchema,
    seen: z.enum(['trial', 'connection']),
    why: z.string(),
  }),
  z.object({
    kind: z.literal('iteration'),
    iteration: z.number().int(),
    remainingBytes: z.number(),
    transferredBytes: z.number(),
    dirtyPagesPerSecond: z.number(),
  }),
  z.object({ kind: z.literal('subflow-established'), ...subflowEventFields }),
  z.object({ kind: z.literal('subflow-lost'), ...subflowEventFields, why: z.string() }),
  z.object({ kind: z.literal('subflow-back'), ...subflowEventFields, afterMs: z.number() }),
  z.object({ kind: z.literal('subflow-closed'), ...subflowEventFields }),
  /** The kernel could not be asked about the paths; the migration continues without that part of the record. */
  z.object({ kind: z.literal('sampling-failed'), why: z.string() }),
  /**
   * Once the copy has ended: what the subflows of each path report to have carried, beside what the interfaces at its two ends
   * counted meanwhile, headers and other traffic included. Absent where an interface was not counted.
   */
  z.object({ kind: z.literal('ports-counted'), paths: z.array(countedPathSchema) }),
  /** The guest itself ended it; `reason` is QEMU's ShutdownCause (qapi/run-state.json). */
  z.object({ kind: z.literal('guest-shut-down'), side: sideSchema, reason: z.string() }),
  /** QEMU's `STOP` or `RESUME` (qapi/run-state.json), as it came: between the two the guest stands still. */
  z.object({ kind: z.literal('run-changed'), side: sideSchema, run: z.enum(['running', 'stopped']) }),
  z.object({ kind: z.literal('stalled'), forMs: z.number(), guest: guestPlaceSchema }),
  z.object({
    kind: z.literal('cancel-requested'),
    reason: cancelReasonSchema,
    by: nameSchema,
    /** What was found, where that is the reason. */
    finding: z.object({ text: z.string(), remedy: z.string() }).exactOptional(),
  }),
  z.object({ kind: z.literal('cancel-refused'), by: nameSchema, why: z.string() }),
  z.object({
    kind: z.literal('settings-changed'),
    by: nameSchema,
    downtimeLimitMs: z.number().int().optional(),
    bandwidthBitsPerSecond: z.number().int().optional(),
  }),
  z.object({ kind: z.literal('post-copy-requested'), by: nameSchema }),
  /** The guest has left the source for good: cancelling now would lose it. */
  z.object({ kind: z.literal('post-copy-entered') }),
  z.object({ kind: z.literal('recovery-requested'), by: nameSchema }),
  /** The links of one host cannot be watched: lost paths are only noticed by the kernel, which takes longer. */
  z.object({ kind: z.literal('links-unwatched'), side: sideSchema, why: z.string() }),
  /** The destination cannot start the guest: the operator wants it to run on the source again. */
  z.object({ kind: z.literal('go-back-requested'), by: nameSchema }),
  z.object({ kind: z.literal('link-lost'), side: sideSchema, interface: nameSchema }),
  z.object({ kind: z.literal('link-back'), side: sideSchema, interface: nameSchema, afterMs: z.number() }),
  z.object({ kind: z.literal('path-changed'), by: nameSchema, action: pathActionSchema, path: pathSchema }),
  z.object({
    kind: z.literal('path-change-failed'),
    action: pathActionSchema,
    path: pathSchema,
    failure: failureSchema,
  }),
  /**
   * A program other than the source has connected to the migration port. The first addresses have an entry each; then one says
   * how many connections there were, whenever that has grown tenfold.
   */
  z.object({
    kind: z.literal('stranger-connected'),
    address: z.string(),
    /** The host of this migration that has this address; absent where neither has. */
    host: z.string().exactOptional(),
    port: z.number().int(),
    /** Such connections so far, from any address. */
    connections: z.number().int().positive(),
    /** By Switchyard's own listener; otherwise it reached QEMU, which takes the first connection for the source's. */
    turnedAway: z.boolean(),
  }),
  /** What the source sends arrives at the very destination QEMU of this migration: from here on it may switch over. */
  z.object({ kind: z.literal('peer-proven'), by: peerProofSchema, connections: z.number().int() }),
  /** What the source has connected to is not the destination QEMU of this migration. */
  z.object({
    kind: z.literal('peer-foreign'),
    address: z.string(),
    port: z.number().int(),
    /** The source has this address itself. */
    isOfSource: z.boolean(),
  }),
  z.object({ kind: z.literal('committed') }),
  z.object({ kind: z.literal('final-statistics'), sample: sampleSchema }),
  z.object({
    kind: z.literal('ended'),
    outcome: outcomeSchema,
    guest: guestPlaceSchema,
    explanation: explanationSchema.optional(),
  }),
]);
export type JournalEvent = z.infer<typeof journalEventSchema>;
export type JournalEventOf<Kind extends JournalEvent['kind']> = Extract<JournalEvent, { kind: Kind }>;

export const journalEntrySchema = z.object({
  sequence: z.number().int().nonnegative(),
  atMonoMs: monoMsSchema,
  atEpochMs: epochMsSchema,
  event: journalEventSchema,
});
export type JournalEntry = z.infer<typeof journalEntrySchema>;

/** The exported record: other programs rely on it, so it only ever grows within its version. */
export const recordSchema = z.object({
  schema: z.literal('switchyard.migration/1'),
  id: migrationIdSchema,
  guest: nameSchema,
  source: nameSchema,
  destination: nameSchema,
  startedAtEpochMs: epochMsSchema,
  endedAtEpochMs: epochMsSchema.optional(),
  user: nameSchema,
  /** Absent while it runs, or when its manager died and no process has attached yet. */
  outcome: outcomeSchema.optional(),
  explanation: explanationSchema.optional(),
  guestState: guestPlaceSchema,
  phase: z.string(),
  settings: migrationSettingsSchema,
  transport: z.object({
    requested: mptcpPolicySchema,
    /** Absent until a connection exists. */
    negotiated: z.enum(['mptcp', 'tcp']).optional(),
    fallback: z.boolean(),
    text: z.string().optional(),
    command: z.string().optional(),
    /** Absent where every path of the plan has been used. */
    missing: missingPathsSchema.exactOptional(),
  }),
  paths: z.array(pathSchema),
  subflows: z.array(
    z.object({
      id: z.string(),
      interface: nameSchema.optional(),
      localAddress: z.string(),
      remoteAddress: z.string(),
      bytesSent: z.number(),
      bytesRetransmitted: z.number(),
      shareFraction: z.number(),
      retransmits: z.number(),
      /** Median over the run. */
      rttUs: z.number(),
    }),
  ),
  totals: z.object({
    /** From the plan to the end, by our clock. */
    durationMs: z.number(),
    setupTimeMs: z.number().optional(),
    /** How long the guest stood still, by our clock: from the source's STOP until it was seen running again. */
    guestDowntimeMs: z.number().exactOptional(),
    /** QEMU's own figure: from the source's STOP to the end of the stream. */
    downtimeMs: z.number().optional(),
    /** QEMU's own total-time. */
    totalTimeMs: z.number().optional(),
    transferredBytes: z.number(),
    /** Transferred over the time after setup. */
    goodputBitsPerSecond: z.number(),
    /** Sum of the paths' speeds, where they are known. */
    capacityBitsPerSecond: z.number().optional(),
    efficiencyFraction: z.number().optional(),
    iterations: z.number().int(),
    retransmits: z.number(),
  }),
  /** Three independent counts of the same bytes, and how far apart they are (of QEMU's figure). */
  reconciliation: z
    .object({
      subflowBytes: z.number(),
      connectionBytes: z.number(),
      reinjectedBytes: z.number(),
      qemuBytes: z.number(),
      differenceFraction: z.number(),
    })
    .optional(),
  iterations: z.array(
    z.object({
      iteration: z.number().int(),
      dirtiedBytes: z.number(),
      sentBytes: z.number(),
      remainingBytes: z.number(),
      verdict: z.enum(['first', 'converging', 'borderline', 'not-converging']),
    }),
  ),
  checks: z.array(checkSchema),
  /** In what the destination was not as the guest, and why that does not matter; absent before they were compared. */
  harmless: z.array(harmlessDifferenceSchema).exactOptional(),
  events: z.array(z.object({ atEpochMs: epochMsSchema, kind: z.string(), text: z.string() })),
  samples: z.array(sampleSchema),
  versions: z.record(z.string(), z.string()),
});
export type MigrationRecord = z.infer<typeof recordSchema>;
