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

export interface HostChoice {
  readonly host: HostFacts;
  readonly impossible: string | undefined;
  /** Possible, with this to be thought of; preflight has the last word. */
  readonly caution: string | undefined;
}

/** Tells two QEMUs apart, also of one name. */
export function keyOf({ hostId, identity: { pid, startTimeTicks } }: Guest): string {
  return `${hostId} ${pid} ${startTimeTicks}`;
}

export function guestChoices(guests: readonly Guest[], rows: readonly MigrationRow[]): GuestChoice[] {
  const moving = new Map(
    rows.flatMap(({ open, id, summary }) =>
      open && summary ? [[`${summary.source} ${summary.guest}`, id] as const] : [],
    ),
  );
  return guests.map((guest) => {
    const migration = moving.get(`${guest.hostId} ${guest.name}`);
    return { key: keyOf(guest), guest, impossible: whyNot(guest, migration) };
  });
}

function whyNot(guest: Guest, migration: string | undefined): string | undefined {
  if (migration !== undefined) return `Is being moved now (${migration}).`;
  if (guest.waiting) return 'Waits for a migration itself: it is no guest yet.';
  if (guest.monitorPath === undefined) return 'Has no QMP socket: start it with -qmp unix:PATH,server=on,wait=off';
  return undefined;
}

export function hostChoices(hosts: readonly HostFacts[], guest: Guest | undefined): HostChoice[] {
  return hosts.map((host) => {
    const impossible =
      host.id === guest?.hostId ? 'The guest is here.' : host.qemu ? undefined : 'Has no QEMU that could be started.';
    const needed = guest?.memoryBytes;
    const short = needed !== undefined && host.memoryAvailableBytes < needed;
    return {
      host,
      impossible,
      caution: short
        ? `${formatBytes(host.memoryAvailableBytes)} free: the guest needs ${formatBytes(needed)}`
        : undefined,
    };
  });
}

/** The guest that was asked for, else the one moved last wherever it is now, else the first that can be moved. */
export function pickGuest(choices: readonly GuestChoice[], wish: Partial<Move> | undefined): GuestChoice | undefined {
  const possible = choices.filter(({ impossible }) => impossible === undefined);
  const named = possible.filter(({ guest }) => guest.name === wish?.guest);
  return named.find(({ guest }) => guest.hostId === wish?.from) ?? named[0] ?? possible[0];
}

/**
 * Where it went last; when it is there now, where it came from; else the first host without anything against it, beginning
 * with those that share a network with the guest's.
 */
export function pickHost(
  choices: readonly HostChoice[],
  wish: Partial<Move> | undefined,
  source: HostFacts | undefined,
): HostChoice | undefined {
  const possible = choices.filter(({ impossible }) => impossible === undefined);
  const wished = [wish?.to, wish?.from].map((id) => possible.find(({ host }) => host.id === id));
  const nearFirst = possible.toSorted((one, other) => Number(near(other, source)) - Number(near(one, source)));
  return (
    wished.find((choice) => choice !== undefined) ??
    nearFirst.find(({ caution }) => caution === undefined) ??
    nearFirst[0]
  );
}

/** A guess for the first choice only: same leading half of an IPv4 address, or the same prefix of an IPv6 one. */
function near({ host }: HostChoice, source: HostFacts | undefined): boolean {
  const networks = new Set(source?.interfaces.flatMap(networksOf));
  return host.interfaces.flatMap(networksOf).some((network) => networks.has(network));
}

function networksOf({ addresses }: HostFacts['interfaces'][number]): string[] {
  return addresses.map(({ address, prefixLength }) => {
    const separator = address.includes(':') ? ':' : '.';
    const parts = address.split(separator);
    const bitsAPart = separator === ':' ? 16 : 8;
    return `${parts.slice(0, Math.floor(prefixLength / bitsAPart)).join(separator)}/${prefixLength}`;
  });
}

/** How a guest is named in a request: by its uuid where its host has several of that name. */
export function nameForRequest(guest: Guest, all: readonly Guest[]): string {
  const namesakes = all.filter(({ name, hostId }) => name === guest.name && hostId === guest.hostId);
  return namesakes.length > 1 ? guest.identity.uuid : guest.name;
}
