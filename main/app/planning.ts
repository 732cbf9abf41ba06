import { invalidRequest } from '#contract/errors.ts';
import type { Guest, HostFacts, MptcpEndpoint, QemuIdentity } from '#contract/host.ts';
import type { Check, LeftOutPair, ListenerAddress, Path, PathPlanning, Plan } from '#contract/migration.ts';
import type { MigrationRequest } from '#contract/requests.ts';
import type { Managers, MigrationHost } from '#main/engine/ports.ts';
import { nilUuid, type Borrower, type LikenessFacts, type OpenMigrationFacts } from '#main/engine/preflight-facts.ts';
import { preflight, refusals } from '#main/engine/preflight.ts';
import { carryOver } from '#main/hosts/carry-over/carry-over.ts';
import { readPasswordFile } from '#main/hosts/password-file.ts';
import type { Finding } from '#main/likeness/finding.ts';
import type { OpenImage } from '#main/likeness/open-image.ts';
import { withBackups } from '#main/mptcp/pairs/backups.ts';
import { planPairs } from '#main/mptcp/paths.ts';
import { planPaths, type PathPlan } from '#main/mptcp/plan/plan-paths.ts';
import type { RoutesBetween } from '#main/mptcp/routes.ts';
import { withoutDeadPaths } from '#main/probe/usable.ts';
import { meet, wantedListener } from './listener-address.ts';
import { readGuest, type GuestNow } from './guest-now.ts';
import { pickGuest } from './pick-guest.ts';
import { pickWaiting, readWaiting, type Waiting } from './waiting.ts';

/** Everything found out about a wish before anything is done: what would be moved, how, and what stands in the way. */
export interface Preparation {
  readonly source: MigrationHost;
  readonly destination: MigrationHost;
  readonly plan: Plan;
  /** Errors that were not accepted; empty means ready. */
  readonly refusals: readonly Check[];
  /** For a probe of all pairs: those that an earlier one has taken out of the plan too. */
  readonly candidates: readonly Path[];
  readonly routes: RoutesBetween;
}

export interface Planner {
  readonly resolveHost: (id: string) => MigrationHost;
  /** The migrations that have not ended, whether a process manages them or not. */
  readonly openMigrations: () => Promise<readonly OpenMigration[]>;
  /** These paths, with what earlier probes have found out about them. */
  readonly known: (paths: readonly Path[], source: HostFacts, destination: HostFacts) => Path[];
  /** Why a probe that was wanted was not made. */
  readonly notProbed?: string | undefined;
  readonly user: string;
  readonly version: string;
  readonly now: () => Date;
  readonly random: () => string;
}

/** A migration whose journal has no end yet. */
export interface OpenMigration {
  readonly plan: Plan;
  readonly managed: boolean;
  /** The QEMU that waits for the guest, or holds it; absent before one was started. */
  readonly destination: QemuIdentity | undefined;
}

/** Looks, and changes nothing. Rejects with `invalid-request` where a name leads nowhere. */
export async function prepare(request: MigrationRequest, planner: Planner): Promise<Preparation> {
  const [source, destination] = [planner.resolveHost(request.from), planner.resolveHost(request.to)];
  const { settings } = request;
  refuseContradictions(request);
  const wanted = request.incoming === undefined ? undefined : wantedListener(request.incoming, settings.mptcp);
  const chosen = pickGuest(await source.guests(), request.guest, source.id);
  const [
    { facts: sourceFacts },
    { facts: destinationFacts, lent },
    destinationGuests,
    { guest, guestRun, portrait, images, managers },
    open,
    twin,
  ] = await Promise.all([
    readHost(source),
    readHost(destination),
    destination.guests(),
    readGuest(source, chosen),
    planner.openMigrations(),
    request.toWaiting === undefined ? destination.foreseeDestination(chosen) : undefined,
  ]);
  const waiting = await findWaiting(request, { source, guest, destination, destinationGuests });
  const disks = images && (await disksFor(destination, guest.identity, waiting?.facts.guest.identity, images));
  const heard = waiting?.listener ?? wanted;
  const planned = await planPairs(
    sourceFacts,
    destinationFacts,
    {
      bindsFirst: settings.socket === 'app',
      multipath: settings.mptcp !== 'off',
      listener: heard?.host,
      choice: settings.pathChoice,
    },
    {
      source: (questions) => source.routes(questions),
      destination: (questions) => destination.routes(questions),
    },
  );
  const candidates = planner.known(planned.paths, sourceFacts, destinationFacts);
  const probed = withoutDeadPaths(candidates, settings.mptcp !== 'off');
  const judged = settings.mptcp === 'off' ? probed.paths : withBackups(probed.paths, planned.isNamed);
  const { listener, paths: hopedFor } = meet(heard, judged);
  const pathPlan = planPaths({
    source: sourceFacts,
    destination: destinationFacts,
    paths: hopedFor,
    routes: planned.routes,
    listener: announceable(listener),
    announcedForOthers: lent.flatMap(({ address, flags }) => (flags.includes('signal') ? [address] : [])),
  });
  const { paths, leftOut } = withoutUnannounced(
    { paths: hopedFor, leftOut: [...planned.leftOut, ...probed.leftOut] },
    pathPlan.unannounced,
  );
  const checks = preflight({
    guest,
    guestRun,
    openMigrations: withElsewhere(openMigrationsOf(guest.identity, open), managers),
    source: sourceFacts,
    destination: destinationFacts,
    destinationGuests,
    paths,
    leftOut,
    unmetChoice: planned.unmet,
    ...(planned.firstObstacle ? { firstObstacle: planned.firstObstacle } : {}),
    probing: { nowEpochMs: planner.now().getTime(), leftOut: probed.leftOut, notProbed: planner.notProbed },
    settings,
    preparation: {
      commands: { source: pathPlan.source.commands, destination: pathPlan.destination.commands },
      warnings: pathPlan.warnings,
    },
    borrowers: borrowersOf(
      [source.id, destination.id],
      open.flatMap(({ plan, managed }) => (managed ? [plan] : [])),
    ),
    ...(listener ? { listener } : {}),
    ...(waiting ? { waiting: waiting.facts } : {}),
    ...(twin ? { twin } : {}),
    ...(disks ? { disks } : {}),
    ...likenessOf(guest, portrait, waiting === undefined),
  });
  const prepares = settings.mptcp !== 'off' && settings.preparePaths;
  const plan: Plan = {
    id: migrationId(planner.now(), planner.random()),
    guest,
    guestWasRunning: 'run' in guestRun && guestRun.run === 'running',
    source: sourceFacts,
    destination: destinationFacts,
    settings,
    paths: [...paths],
    leftOut: [...leftOut],
    preparation: {
      source: prepares ? [...pathPlan.source.changes] : [],
      destination: prepares ? [...pathPlan.destination.changes] : [],
    },
    ...(waiting ? { waiting: { guest: waiting.facts.guest, listens: waiting.facts.listens } } : {}),
    ...(listener ? { listener } : {}),
    checks,
    user: planner.user,
    versions: versionsOf(planner.version, sourceFacts, destinationFacts),
  };
  return {
    source,
    destination,
    plan,
    refusals: refusals(checks, settings.accepted),
    candidates,
    routes: planned.routes,
  };
}

/**
 * A host without the MPTCP settings that other migrations have leased: they are gone when those end, so this one needs it
 * as well, and puts back what was there before the first of them.
 */
async function readHost(host: MigrationHost): Promise<{ facts: HostFacts; lent: readonly MptcpEndpoint[] }> {
  const facts = await host.facts();
  const { lasting, ...mptcp } = facts.mptcp;
  const lent = lasting
    ? mptcp.endpoints.filter(({ address }) => lasting.endpoints.every((each) => each.address !== address))
    : [];
  return { facts: { ...facts, mptcp: { ...mptcp, ...lasting } }, lent };
}

/** Those that have this process on either side, or a guest of this uuid. */
export function openMigrationsOf(guest: QemuIdentity, open: readonly OpenMigration[]): readonly OpenMigrationFacts[] {
  return open.flatMap(({ plan, managed, destination }): OpenMigrationFacts[] => {
    if ([plan.guest.identity, destination].some((each) => each && isSameProcess(each, guest))) {
      return [{ migrationId: plan.id, managed, same: 'process' }];
    }
    const isNamesake = guest.uuid !== nilUuid && plan.guest.identity.uuid === guest.uuid;
    return isNamesake ? [{ migrationId: plan.id, managed, same: 'uuid' }] : [];
  });
}

/** And those that only their managers know of, because their journals are in another place. */
export function withElsewhere(
  known: readonly OpenMigrationFacts[],
  { migrationIds }: Managers,
): readonly OpenMigrationFacts[] {
  const others = migrationIds.filter((id) => !known.some((each) => each.migrationId === id));
  return [
    ...known,
    ...others.map((other) => ({ migrationId: other, managed: true, elsewhere: true, same: 'process' as const })),
  ];
}

function isSameProcess(one: QemuIdentity, other: QemuIdentity): boolean {
  return one.pid === other.pid && one.startTimeTicks === other.startTimeTicks && one.bootId === other.bootId;
}

/** Who has changed the path managers of these hosts for as long as it lasts. */
export function borrowersOf(hosts: readonly string[], underWay: readonly Plan[]): readonly Borrower[] {
  return underWay.flatMap(({ id, guest, source, destination, preparation }) => {
    const changed = [
      ...(preparation.source.length > 0 ? [source.id] : []),
      ...(preparation.destination.length > 0 ? [destination.id] : []),
    ].filter((host) => hosts.includes(host));
    return changed.length === 0 ? [] : [{ migrationId: id, guest: guest.name, hosts: changed }];
  });
}

/** Where subflows are to be sent; a port that is not known yet cannot be announced. */
function announceable(listener: ListenerAddress | undefined): { readonly address: string; readonly port: number } {
  return listener && listener.port !== 0 && listener.lastPort === undefined
    ? { address: listener.host, port: listener.port }
    : { address: '0.0.0.0', port: 0 };
}

/** Wishes of which one would silently be passed over, or that could not be fulfilled. */
function refuseContradictions({ settings: { socket, socketTuning, passwordFiles = {} } }: MigrationRequest): void {
  // Read and forgotten: what it holds is read again where it is used.
  for (const file of Object.values(passwordFiles)) readPasswordFile(file);
  if (socket !== 'app' && socketTuning && Object.keys(socketTuning).length > 0) {
    throw invalidRequest(
      'Congestion control, buffers and mark can only be set on sockets that Switchyard makes itself.',
      'Add --socket app.',
      'settings.socketTuning',
    );
  }
}

async function findWaiting(
  { toWaiting, incoming }: MigrationRequest,
  found: {
    readonly source: MigrationHost;
    readonly guest: Guest;
    readonly destination: MigrationHost;
    readonly destinationGuests: readonly Guest[];
  },
): Promise<Waiting | undefined> {
  if (toWaiting === undefined) return undefined;
  const { source, guest, destination, destinationGuests } = found;
  const chosen = pickWaiting(destinationGuests, toWaiting, destination.id);
  const waiting = await readWaiting({ host: destination, guest: chosen }, { host: source, guest });
  if (waiting.facts.listens && incoming !== undefined) {
    throw invalidRequest(
      `${chosen.name} listens already: ${chosen.incoming ?? ''}.`,
      'Leave --incoming out, or start it with `-incoming defer`.',
      'incoming',
    );
  }
  return waiting;
}

/** `20261122T120250Z-7f3a`. */
export function migrationId(now: Date, random: string): string {
  return `${now.toISOString().replace(/[-:]|\.\d+/g, '')}-${random}`;
}

/** What the destination does not announce carries nothing, whatever the routes are. */
function withoutUnannounced({ paths, leftOut }: PathPlanning, unannounced: PathPlan['unannounced']): PathPlanning {
  const warningOf = new Map(unannounced.map(({ path, warning }) => [path, warning]));
  return {
    paths: paths.filter((path) => !warningOf.has(path)),
    leftOut: [
      ...leftOut,
      ...unannounced.map(({ path, warning: { kind, sentence: text } }): LeftOutPair => {
        const { sourceInterface, sourceAddress, destinationInterface, destinationAddress } = path;
        const reason = kind === 'foreign-endpoint' ? 'foreign-endpoint' : 'beyond-limit';
        return { sourceInterface, sourceAddress, destinationInterface, destinationAddress, reason, text };
      }),
    ],
  };
}

/** A QEMU that waits has rights of its own; one that is to be started gets those of the guest's. */
function disksFor(
  destination: MigrationHost,
  guest: QemuIdentity,
  waiting: QemuIdentity | undefined,
  images: readonly OpenImage[],
): Promise<readonly Finding[]> {
  const own = waiting ? [guest, waiting] : [guest];
  return destination.disksCanBeTaken({ opener: waiting ?? guest, own, images });
}

/** A QEMU that the operator has started keeps its own command line, and is compared as it is. */
function likenessOf(guest: Guest, portrait: GuestNow['portrait'], startsTwin: boolean): { likeness?: LikenessFacts } {
  if (!portrait) return {};
  if ('unreadable' in portrait) return { likeness: portrait };
  return { likeness: { portrait, changes: startsTwin ? carryOver(guest.argv, portrait).findings : [] } };
}

function versionsOf(version: string, source: HostFacts, destination: HostFacts): Record<string, string> {
  return {
    switchyard: version,
    sourceKernel: source.kernel,
    destinationKernel: destination.kernel,
    ...(source.qemu ? { sourceQemu: source.qemu.version } : {}),
    ...(destination.qemu ? { destinationQemu: destination.qemu.version } : {}),
  };
}
