import { shellWord } from '#contract/plain-text.ts';
import type { HostFacts, MptcpEndpoint, MptcpLimits } from '#contract/host.ts';
import type { Path, PathManagerChange, Side } from '#contract/migration.ts';
import {
  addEndpointCommand,
  mptcpCommand,
  removeEndpointCommand,
  setEndpointFlagsCommand,
} from '#contract/mptcp-commands.ts';
import { hasLaminarEndpoints } from '#main/mptcp/pairs/host-network.ts';
import { answerFor, type RoutesBetween } from '#main/mptcp/routes.ts';
import { sameEndpoint } from './change.ts';

/** The kernel's own bounds (net/mptcp/pm_kernel.c): endpoints of a namespace, and each limit. */
const endpointMaximum = 8;
const limitMaximum = 8;
type PlannedHost = Pick<HostFacts, 'id' | 'kernel' | 'mptcp'>;

export interface PathPlanInput {
  readonly source: PlannedHost;
  readonly destination: PlannedHost;
  /** The first carries the initial subflow and needs nothing. */
  readonly paths: readonly Path[];
  readonly routes?: RoutesBetween | undefined;
  readonly listener: { readonly address: string; readonly port: number };
  /** What the destination announces for as long as another migration lasts: it takes subflows of this one too. */
  readonly announcedForOthers?: readonly string[];
}

export interface SidePlan {
  readonly changes: readonly PathManagerChange[];
  /** The same in the operator's own words. */
  readonly commands: readonly string[];
}

export interface PathPlan {
  readonly source: SidePlan;
  readonly destination: SidePlan;
  readonly warnings: readonly PlanWarning[];
  /** Paths on which nothing joins, because the destination does not announce them; a warning says why. */
  readonly unannounced: readonly { readonly path: Path; readonly warning: PlanWarning }[];
}

export interface PlanWarning {
  readonly kind:
    | 'foreign-endpoint'
    | 'foreign-subflows'
    | 'foreign-announcement'
    | 'path-is-backup'
    | 'too-many-endpoints'
    | 'too-many-paths'
    | 'routed-elsewhere'
    | 'answers-routed-elsewhere';
  readonly side: Side;
  readonly sentence: string;
  /** What the operator may do about it; never done by itself. */
  readonly command?: string;
}

/**
 * What both hosts need so that a migration uses all paths: the destination announces its further addresses, each bound to
 * its interface, the source accepts them, and both allow as many subflows. Endpoints that are there already are used or
 * left alone, never changed; limits are only raised. Measured to work also under strict reverse path filters, unlike
 * endpoints on the source, which are planned only where routing would send a subflow out of the wrong interface.
 */
export function planPaths(input: PathPlanInput): PathPlan {
  const { source, destination } = input;
  const warnings: PlanWarning[] = [];
  const warn = (warning: PlanWarning): void => void warnings.push(warning);

  const { announcements: hopedFor, unannounced } = planAnnouncements(input);
  warnings.push(...unannounced.map(({ warning }) => warning));
  warnAboutBackups(input, warn);
  const { laminar, unbound } = planLaminar(input, hopedFor, warn);
  warnings.push(...unbound.map(({ warning }) => warning));
  // What cannot be bound to its port would share another one.
  const announcements = hopedFor.filter(
    ({ address }) => !unbound.some(({ path }) => path.destinationAddress === address),
  );
  const limits = planLimits(input, announcements, warn);
  warnAboutForeign(input, warn);

  return {
    source: sidePlan(source, laminar, limits.source),
    destination: sidePlan(destination, announcements, limits.destination),
    warnings,
    unannounced: [...unannounced, ...unbound],
  };
}

type NewEndpoint = Omit<MptcpEndpoint, 'id'>;
type Warn = (warning: PlanWarning) => void;

function sidePlan(host: PlannedHost, endpoints: readonly NewEndpoint[], limits: MptcpLimits | undefined): SidePlan {
  const before = host.mptcp.limits;
  const changes: PathManagerChange[] = [
    // Limits first: an announcement that arrives before them would be dropped.
    ...(limits && before ? [{ kind: 'set-limits', limits, before } as const] : []),
    ...endpoints.map((endpoint) => ({ kind: 'add-endpoint', endpoint }) as const),
  ];
  return { changes, commands: changes.map(mptcpCommand) };
}

function planAnnouncements(input: PathPlanInput): {
  readonly announcements: readonly NewEndpoint[];
  readonly unannounced: PathPlan['unannounced'];
} {
  const { destination, paths } = input;
  const existing = destination.mptcp.endpoints;
  const planned: NewEndpoint[] = [];
  const unannounced: { readonly path: Path; readonly warning: PlanWarning }[] = [];
  for (const path of paths.slice(1)) {
    const address = path.destinationAddress;
    const warn = (warning: PlanWarning): void => void unannounced.push({ path, warning });
    const wanted = announcementOf(path, input);
    const found = foundAt(wanted, existing);
    if (found === undefined) {
      if (kept(existing).length + planned.length < endpointMaximum) planned.push(wanted);
      else {
        warn({
          kind: 'too-many-endpoints',
          side: 'destination',
          sentence: `${destination.id} has no room to announce ${address}: a host keeps ${endpointMaximum} MPTCP endpoints.`,
        });
      }
    } else if (!found.flags.includes('signal')) {
      warn({
        kind: 'foreign-endpoint',
        side: 'destination',
        sentence: `${address} on ${destination.id} is an endpoint of another program (${found.flags.join(', ')}) and is not announced. NetworkManager and mptcpd create such endpoints; Switchyard leaves it alone.`,
        command: `${removeEndpointCommand(found)} && ${addEndpointCommand(wanted)}`,
      });
    }
  }
  return { announcements: planned, unannounced };
}

function warnAboutBackups(input: PathPlanInput, warn: Warn): void {
  const { destination, paths } = input;
  for (const path of paths.slice(1)) {
    const found = foundAt(announcementOf(path, input), destination.mptcp.endpoints);
    if (!found?.flags.includes('signal') || !found.flags.includes('backup') || path.backup) continue;
    warn({
      kind: 'path-is-backup',
      side: 'destination',
      sentence: `${path.destinationAddress} on ${destination.id} is announced as a backup: its path carries nothing while another one works.`,
      command: setEndpointFlagsCommand(found, []),
    });
  }
}

/** A listener on one address does not hear joins to the others; a port makes the kernel listen there itself. */
function announcementOf(path: Path, { listener }: PathPlanInput): NewEndpoint {
  const { destinationAddress, destinationInterface, backup } = path;
  const port = isWildcard(listener.address) ? {} : { port: listener.port };
  const flags: NewEndpoint['flags'] = backup ? ['signal', 'backup'] : ['signal'];
  return { address: destinationAddress, interface: destinationInterface, flags, ...port };
}

function foundAt(wanted: NewEndpoint, existing: readonly MptcpEndpoint[]): MptcpEndpoint | undefined {
  return existing.find((endpoint) => sameEndpoint(endpoint, wanted) && !isImplicit(endpoint));
}

/**
 * A subflow to an announced address leaves by the interface that routing chooses. Where that is the wrong one, laminar
 * endpoints bind them: the kernel gives each announced address the next one, so every further path needs one, in order. An
 * announcement that belongs to no path takes the next one all the same, and an address that has another endpoint cannot get
 * one: then every later path would be bound to the wrong port and join nothing, so none is bound.
 */
function planLaminar(
  input: PathPlanInput,
  announcements: readonly NewEndpoint[],
  warn: Warn,
): { readonly laminar: readonly NewEndpoint[]; readonly unbound: PathPlan['unannounced'] } {
  const { source, destination, paths, routes } = input;
  const further = paths.slice(1);
  const astray = further.filter((path) => {
    const answer = answerFor(routes?.source, path.destinationAddress);
    // Without a route of its own it is astray as well: rules may lead there from the path's address alone.
    return answer !== undefined && answer.interface !== path.sourceInterface;
  });
  for (const path of further) {
    const answersBy = answerFor(routes?.destination, path.sourceAddress, path.destinationAddress)?.interface;
    if (answersBy === undefined || answersBy === path.destinationInterface) continue;
    warn({
      kind: 'answers-routed-elsewhere',
      side: 'destination',
      sentence: `${destination.id} answers ${path.sourceAddress} over ${answersBy} instead of ${path.destinationInterface}: a strict reverse path filter on the way would drop that.`,
      command: `ip route add ${hostRoute(path.sourceAddress)} dev ${shellWord(path.destinationInterface)} src ${path.destinationAddress}`,
    });
  }
  if (astray.length === 0) return { laminar: [], unbound: [] };
  if (hasLaminarEndpoints(source)) {
    const inTheWay = inTheWayOfBinding(input, announcements);
    if (inTheWay !== undefined) {
      const unbound = astray.map((path) => ({ path, warning: cannotBeBound(input, path, inTheWay) }));
      return { laminar: [], unbound };
    }
    const existing = kept(source.mptcp.endpoints);
    const inOrder = announcedInOrder(input, announcements).flatMap(({ path }) => path ?? []);
    const wanted = inOrder
      .map(({ sourceAddress, sourceInterface }): NewEndpoint => {
        return { address: sourceAddress, interface: sourceInterface, flags: ['laminar'] };
      })
      .filter((each) => !existing.some((endpoint) => sameEndpoint(endpoint, each)));
    const room = Math.max(0, endpointMaximum - existing.length);
    if (wanted.length > room) {
      warn({
        kind: 'too-many-endpoints',
        side: 'source',
        sentence: `${source.id} has room for ${room} of ${wanted.length} endpoints that bind subflows to their interfaces: a host keeps ${endpointMaximum} MPTCP endpoints.`,
      });
    }
    return { laminar: wanted.slice(0, room), unbound: [] };
  }
  for (const path of astray) {
    warn({
      kind: 'routed-elsewhere',
      side: 'source',
      sentence: `${source.id} reaches ${path.destinationAddress} over another interface than ${path.sourceInterface}, so this path adds nothing. A route of its own fixes it (Linux 6.18 can do without).`,
      command: ownRoute(input, path),
    });
  }
  return { laminar: [], unbound: [] };
}

function ownRoute({ routes }: PathPlanInput, path: Path): string {
  const gateway = answerFor(routes?.source, path.destinationAddress, path.sourceAddress)?.gateway;
  const via = gateway === undefined ? '' : `via ${gateway} `;
  return `ip route add ${hostRoute(path.destinationAddress)} ${via}dev ${shellWord(path.sourceInterface)} src ${path.sourceAddress}`;
}

interface Announced {
  readonly address: string;
  readonly path: Path | undefined;
}

/** What the source will hear, in the order in which the destination's kernel announces it: that of its endpoints. */
function announcedInOrder(
  { destination, paths }: PathPlanInput,
  announcements: readonly NewEndpoint[],
): readonly Announced[] {
  const [first, ...further] = paths;
  return [...kept(destination.mptcp.endpoints), ...announcements].flatMap(({ address, flags }): Announced[] => {
    if (!flags.includes('signal') || address === first?.destinationAddress) return [];
    return [{ address, path: further.find(({ destinationAddress }) => destinationAddress === address) }];
  });
}

/** The endpoint because of which a further path would be bound to the wrong port. */
function inTheWayOfBinding(
  input: PathPlanInput,
  announcements: readonly NewEndpoint[],
): { readonly host: string; readonly address: string } | undefined {
  const { source, destination } = input;
  const existing = kept(source.mptcp.endpoints);
  const laminar = existing.filter(({ flags }) => flags.includes('laminar'));
  for (const [index, { address, path }] of announcedInOrder(input, announcements).entries()) {
    if (path === undefined) return { host: destination.id, address };
    const own = existing.find((endpoint) => endpoint.address === path.sourceAddress);
    if (own && !own.flags.includes('laminar')) return { host: source.id, address: own.address };
    const next = laminar[index];
    if (next && next.address !== path.sourceAddress) return { host: source.id, address: next.address };
  }
  return undefined;
}

function cannotBeBound(
  input: PathPlanInput,
  path: Path,
  { host, address }: { readonly host: string; readonly address: string },
): PlanWarning {
  return {
    kind: 'foreign-endpoint',
    side: 'source',
    sentence: `${input.source.id} reaches ${path.destinationAddress} over another interface than ${path.sourceInterface} unless the subflow is bound, and the MPTCP endpoint ${address} of another program on ${host} prevents that: the kernel would bind subflows to the wrong interfaces. A route of its own makes this a path.`,
    command: ownRoute(input, path),
  };
}

function planLimits(
  { source, destination, paths, announcedForOthers = [] }: PathPlanInput,
  planned: readonly NewEndpoint[],
  warn: Warn,
): { source: MptcpLimits | undefined; destination: MptcpLimits | undefined } {
  const initial = paths[0];
  if (paths.length < 2 || initial === undefined) return { source: undefined, destination: undefined };
  const signals = [...kept(destination.mptcp.endpoints), ...planned].flatMap((endpoint) =>
    endpoint.flags.includes('signal') ? [endpoint.address] : [],
  );
  const lent = announcedForOthers.filter((address) => !signals.includes(address));
  const announced = [...signals, ...lent].filter((address) => address !== initial.destinationAddress).length;
  // Endpoints of others on the source join as well, and use up what is allowed.
  const joining = kept(source.mptcp.endpoints).filter(({ address }) => address !== initial.sourceAddress);
  const byItself = joining.reduce((sum, { flags }) => {
    if (flags.includes('fullmesh')) return sum + 1 + announced;
    return flags.includes('subflow') ? sum + 1 : sum;
  }, 0);
  const needed = Math.max(paths.length - 1, announced) + byItself;
  if (needed > limitMaximum) {
    warn({
      kind: 'too-many-paths',
      side: 'source',
      sentence: `${needed} further subflows would be made and the kernel allows ${limitMaximum}: which of them are used is left to chance.`,
    });
  }
  const subflows = Math.min(needed, limitMaximum);
  // A connection does not always get a place back when an address is withdrawn: without some to spare, a path that has been
  // lost a few times could not join any more.
  return {
    source: raised(source.mptcp.limits, { subflows, addAddrAccepted: announced > 0 ? limitMaximum : 0 }),
    destination: raised(destination.mptcp.limits, { subflows, addAddrAccepted: 0 }),
  };
}

function warnAboutForeign({ source, destination, paths }: PathPlanInput, warn: Warn): void {
  for (const { address, flags } of kept(source.mptcp.endpoints)) {
    if (!flags.includes('subflow') && !flags.includes('fullmesh')) continue;
    warn({
      kind: 'foreign-subflows',
      side: 'source',
      sentence: `${source.id} has an endpoint of another program at ${address} (${flags.join(', ')}), which makes further subflows of its own, also across links. It is left alone.`,
    });
  }
  for (const { address, flags } of kept(destination.mptcp.endpoints)) {
    if (!flags.includes('signal') || paths.some(({ destinationAddress }) => destinationAddress === address)) continue;
    warn({
      kind: 'foreign-announcement',
      side: 'destination',
      sentence: `${destination.id} also announces ${address}, which is on none of these paths; subflows to it may fail or share a link. It is left alone.`,
    });
  }
}

function raised(before: MptcpLimits | undefined, needed: MptcpLimits): MptcpLimits | undefined {
  if (before === undefined) return undefined;
  const limits = {
    subflows: Math.max(before.subflows, needed.subflows),
    addAddrAccepted: Math.max(before.addAddrAccepted, needed.addAddrAccepted),
  };
  const isEnough = limits.subflows === before.subflows && limits.addAddrAccepted === before.addAddrAccepted;
  return isEnough ? undefined : limits;
}

/** Implicit endpoints are the kernel's own notes; it gives them up for an explicit one. */
function isImplicit({ flags }: MptcpEndpoint): boolean {
  return flags.includes('implicit');
}

function kept(endpoints: readonly MptcpEndpoint[]): MptcpEndpoint[] {
  return endpoints.filter((endpoint) => !isImplicit(endpoint));
}

function isWildcard(address: string): boolean {
  return address === '' || address === '0.0.0.0' || address === '::';
}

function hostRoute(address: string): string {
  return `${address}/${address.includes(':') ? 128 : 32}`;
}
