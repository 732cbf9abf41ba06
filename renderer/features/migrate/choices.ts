import type { MigrationRow } from '#contract/channels.ts';
import type { Guest, HostFacts } from '#contract/host.ts';
import { formatBytes } from '#contract/units.ts';
import type { Move } from '#renderer/app/routes.ts';

/** One that can be chosen, or why it cannot. */
export interface GuestChoice {
  readonly key: string;
  readonly guest: Guest;
  readonly impossible: string | undefined;
}

export interface DestinationChoice {
  readonly key: string;
  readonly host: HostFacts;
  /** A QEMU on that host that was started by hand to receive a guest; without it one is started. */
  readonly waiting: Guest | undefined;
  readonly impossible: string | undefined;
  /** Possible, with this to be thought of; preflight has the last word. */
  readonly caution: string | undefined;
}

/** Distinguishes two QEMUs, also of one name. */
export function keyOf({ hostId, identity: { pid, startTimeTicks } }: Guest): string {
  return `${hostId} ${pid} ${startTimeTicks}`;
}

/** Those that run; the ones that wait for a migration are destinations. */
export function guestChoices(guests: readonly Guest[], rows: readonly MigrationRow[]): GuestChoice[] {
  const moving = new Map(
    rows.flatMap(({ open, id, summary }) =>
      open && summary ? [[`${summary.source} ${summary.guest}`, id] as const] : [],
    ),
  );
  return guests
    .filter(({ waiting }) => !waiting)
    .map((guest) => {
      const migration = moving.get(`${guest.hostId} ${guest.name}`);
      return { key: keyOf(guest), guest, impossible: whyNotMoved(guest, migration) };
    });
}

function whyNotMoved(guest: Guest, migration: string | undefined): string | undefined {
  if (guest.obstacle) return guest.obstacle.text;
  if (migration !== undefined) return `Is being moved now (${migration}).`;
  if (guest.monitorPath === undefined) return 'Has no QMP socket: start it with -qmp unix:PATH,server=on,wait=off';
  return undefined;
}

/** Every host, and after it the QEMUs that wait on it. */
export function destinationChoices(
  hosts: readonly HostFacts[],
  guests: readonly Guest[],
  guest: Guest | undefined,
): DestinationChoice[] {
  return hosts.flatMap((host) => {
    const waiting = guests.filter((one) => one.waiting && one.hostId === host.id);
    return [startedThere(host, guest), ...waiting.map((one) => waitingThere(host, one, guest))];
  });
}

function startedThere(host: HostFacts, guest: Guest | undefined): DestinationChoice {
  const needed = guest?.memoryBytes;
  const short = needed !== undefined && host.memoryAvailableBytes < needed;
  return {
    key: host.id,
    host,
    waiting: undefined,
    impossible: isHere(host, guest) ?? (host.qemu ? undefined : 'Has no QEMU that could be started.'),
    caution: short
      ? `${formatBytes(host.memoryAvailableBytes)} free: the guest needs ${formatBytes(needed)}`
      : undefined,
  };
}

function waitingThere(host: HostFacts, waiting: Guest, guest: Guest | undefined): DestinationChoice {
  const noMonitor = waiting.monitorPath === undefined ? 'Has no QMP socket that could be used.' : undefined;
  return {
    key: keyOf(waiting),
    host,
    waiting,
    impossible: isHere(host, guest) ?? waiting.obstacle?.text ?? noMonitor,
    caution: isOfAnotherUser(waiting, guest) ? 'Runs as another user than the guest.' : undefined,
  };
}

function isOfAnotherUser({ user }: Guest, guest: Guest | undefined): boolean {
  return user !== undefined && guest?.user !== undefined && user.uid !== guest.user.uid;
}

function isHere({ id }: HostFacts, guest: Guest | undefined): string | undefined {
  return id === guest?.hostId ? 'The guest is here.' : undefined;
}

/** The guest that was asked for, else the one moved last wherever it is now, else the first that can be moved. */
export function pickGuest(choices: readonly GuestChoice[], wish: Partial<Move> | undefined): GuestChoice | undefined {
  const possible = choices.filter(({ impossible }) => impossible === undefined);
  const named = possible.filter(({ guest }) => guest.name === wish?.guest);
  return named.find(({ guest }) => guest.hostId === wish?.from) ?? named[0] ?? possible[0];
}

/**
 * Where it went last; when it is there now, where it came from; else the first host without anything against it, beginning
 * with those that share a network with the guest's. A QEMU that waits is only taken by hand.
 */
export function pickDestination(
  choices: readonly DestinationChoice[],
  wish: Partial<Move> | undefined,
  source: HostFacts | undefined,
): DestinationChoice | undefined {
  const possible = choices.filter(({ impossible, waiting }) => impossible === undefined && !waiting);
  const wished = [wish?.to, wish?.from].map((id) => possible.find(({ host }) => host.id === id));
  const nearFirst = possible.toSorted((one, other) => Number(isNear(other, source)) - Number(isNear(one, source)));
  return (
    wished.find((choice) => choice !== undefined) ??
    nearFirst.find(({ caution }) => caution === undefined) ??
    nearFirst[0]
  );
}

/** Good enough for a first suggestion: an address in a network of the same spelling. Main knows for certain. */
function isNear({ host }: DestinationChoice, source: HostFacts | undefined): boolean {
  const networks = new Set(source?.interfaces.flatMap(networksOf));
  return host.interfaces.flatMap(networksOf).some((network) => networks.has(network));
}

function networksOf({ addresses }: HostFacts['interfaces'][number]): string[] {
  return addresses.map(({ address, prefixLength }) => {
    const [separator, bitsAPart] = address.includes(':') ? [':', 16] : ['.', 8];
    const parts = address.split(separator).slice(0, Math.floor(prefixLength / bitsAPart));
    return `${parts.join(separator)}/${prefixLength}`;
  });
}

/**
 * How a guest is named in a request: by the number of its process where its host has several QEMUs of that name, or one
 * whose process number is that name.
 */
export function nameForRequest(guest: Guest, all: readonly Guest[]): string {
  const namesakes = all.filter(
    ({ name, hostId, waiting, identity }) =>
      (name === guest.name || String(identity.pid) === guest.name) &&
      hostId === guest.hostId &&
      waiting === guest.waiting,
  );
  return namesakes.length > 1 ? String(guest.identity.pid) : guest.name;
}
