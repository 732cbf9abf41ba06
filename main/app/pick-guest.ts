import { invalidRequest } from '#contract/errors.ts';
import type { Guest } from '#contract/host.ts';
import { nameOfUser } from '#contract/user-name.ts';

/**
 * The guests that an operator may mean by a name, a uuid or the number of a process. Those of root and of ourselves come
 * first: a process of another user, which may call itself anything, counts only where none of ours answers to that name;
 * one that is not handled counts last.
 */
export function meantBy(name: string, guests: readonly Guest[], ownUid = process.geteuid?.() ?? 0): readonly Guest[] {
  const found = guests.filter(
    ({ name: own, identity }) => own === name || identity.uuid === name.toLowerCase() || String(identity.pid) === name,
  );
  const isOurs = ({ user }: Guest): boolean => user === undefined || user.uid === 0 || user.uid === ownUid;
  const handled = found.filter(({ obstacle }) => !obstacle);
  const ours = handled.filter(isOurs);
  return ours.length > 0 ? ours : handled.length > 0 ? handled : found;
}

/** Each with what distinguishes it from the others: `4242 (user root (0))`. */
export function processesOf(guests: readonly Guest[]): string {
  return guests
    .map(({ identity, user }) => (user ? `${identity.pid} (${nameOfUser(user)})` : String(identity.pid)))
    .join(', ');
}

/** The guest to be moved. Throws `invalid-request`, which names those there are. */
export function pickGuest(guests: readonly Guest[], name: string, hostId: string): Guest {
  const running = guests.filter(({ waiting }) => !waiting);
  const found = meantBy(name, running);
  const [only, ...others] = found;
  if (only && others.length === 0) return only;
  if (only) {
    throw invalidRequest(
      `${hostId} has ${found.length} guests called ${name}.`,
      `Name it by its process: ${processesOf(found)}.`,
      'guest',
    );
  }
  const there = running.map((guest) => guest.name);
  throw invalidRequest(
    `There is no guest ${name} on ${hostId}.`,
    there.length > 0 ? `It has: ${there.join(', ')}.` : `No guest runs on ${hostId}; look with \`switchyard guests\`.`,
    'guest',
  );
}
