import { randomBytes } from 'node:crypto';
import { basename, isAbsolute } from 'node:path';
import type { QemuIdentity } from '#contract/host.ts';
import type { Managers } from '#main/engine/ports.ts';
import { bind, listen, openSocket } from '#native/socket.ts';
import { isNativeError } from '#native/native-error.ts';
import { openNetlinkSession } from '#native/netlink/open-session.ts';
import { readUnixSockets, type UnixSocketRow } from '#native/netlink/unix-table.ts';
import { ourselves } from './authority/ourselves.ts';
import { listProcessIds, readNetworkNamespace, readSocketInodes } from './process/process-table.ts';

/**
 * A migration is announced by a socket that listens under an abstract name (unix(7)): it needs no folder, every process of
 * the machine sees it in the kernel's table, and it goes with its process. The kernel also keeps whose it is: any user can
 * bind such a name, and only that of root, of QEMU's user or of our own counts.
 */
export async function announceMigration(identity: QemuIdentity, migrationId: string): Promise<Disposable> {
  const fd = openSocket('unix');
  try {
    bind(fd, { family: 'unix-abstract', name: `${prefixOf(identity)}${migrationId}.${unguessable()}` });
    listen(fd, 1);
    return fd;
  } catch (thrown) {
    fd[Symbol.dispose]();
    throw thrown;
  }
}

/**
 * Migrations that are announced in our own network namespace, or by the programs that are connected to its monitors; and
 * whether there are such programs. Where one may be in a namespace that we may not enter, nothing is known of them.
 */
export async function managersOf(identity: QemuIdentity, monitorPaths: readonly string[]): Promise<Managers> {
  const { uid, mayBeRoot } = ourselves();
  const own = await socketsSeenBy(process.pid);
  const counts = (owner: number): boolean => owner === identity.uid || owner === uid || mayBeRoot(owner);
  const announced = own?.listening.filter((row) => row.uid !== undefined && counts(row.uid)) ?? [];
  const ids = new Set(announced.flatMap((row) => migrationIn(row, identity) ?? []));
  const { peers, isComplete } = await peersOf(identity.pid, monitorPaths, own);
  const clients = ownersOf(peers);
  let isKnown = isComplete;
  for (const client of clients) {
    const found = client === undefined ? undefined : await announcedBy(client, identity);
    isKnown &&= found !== undefined;
    for (const id of found ?? []) ids.add(id);
  }
  return { migrationIds: [...ids], monitors: isKnown ? (clients.length === 0 ? 'free' : 'held') : 'unknown' };
}

/** Nobody can take the name before us. */
function unguessable(): string {
  return randomBytes(6).toString('hex');
}

/** Short enough for the 107 bytes of a name, with a migration's id behind it. */
function prefixOf({ pid, startTimeTicks }: QemuIdentity): string {
  return `switchyard/migration-of/${pid}-${startTimeTicks}/`;
}

/** The id of the migration that a socket announces; `undefined` where it announces none of this QEMU. */
function migrationIn({ name = '' }: UnixSocketRow, identity: QemuIdentity): string | undefined {
  const prefix = `@${prefixOf(identity)}`;
  return name.startsWith(prefix) ? /^([\w-]{1,40})\.[\da-f]+$/.exec(name.slice(prefix.length))?.[1] : undefined;
}

/** By this very process, since the socket is among its own. */
async function announcedBy(pid: number, identity: QemuIdentity): Promise<readonly string[] | undefined> {
  const inodes = readSocketInodes(pid);
  const seen = await socketsSeenBy(pid);
  return seen?.listening.filter(({ inode }) => inodes.has(inode)).flatMap((row) => migrationIn(row, identity) ?? []);
}

/** The sockets at the other ends of its monitors' connections. */
interface Peers {
  readonly peers: readonly number[];
  /** There is no other, in any namespace. */
  readonly isComplete: boolean;
}

/** Far more than a machine with containers has. */
const mostNamespaces = 1024;

/**
 * The kernel counts a connection to the network namespace of the program that has called `connect`: a socket of QEMU that
 * is in no table of ours or its own may be one from any other.
 */
async function peersOf(qemu: number, monitorPaths: readonly string[], own: Sockets | undefined): Promise<Peers> {
  const sockets = readSocketInodes(qemu);
  // A relative path was bound as it was written.
  const isMonitor = (name: string): boolean =>
    monitorPaths.some((path) => name === path || (!isAbsolute(name) && basename(name) === basename(path)));
  const unseen = new Set(sockets);
  const peers = new Set<number>();
  let allSeen = true;
  const look = (seen: Sockets | undefined): void => {
    allSeen &&= seen !== undefined;
    for (const { inode } of seen?.listening ?? []) unseen.delete(inode);
    for (const { inode, name, peerInode } of seen?.connected ?? []) {
      if (!unseen.delete(inode) || peerInode === undefined) continue;
      if (name !== undefined && isMonitor(name)) peers.add(peerInode);
    }
  };
  look(own);
  if (readNetworkNamespace(qemu) !== readNetworkNamespace('self')) look(await socketsSeenBy(qemu));
  if (unseen.size > 0) {
    const namespaces = namespacesBeside(qemu);
    for (const pid of namespaces.slice(0, mostNamespaces)) if (unseen.size > 0) look(await socketsSeenBy(pid));
    allSeen &&= namespaces.length <= mostNamespaces;
  }
  // Of other kinds of sockets no table was read.
  return { peers: [...peers], isComplete: sockets.size > 0 && (unseen.size === 0 || allSeen) };
}

/** A process of each network namespace but ours and that of this one. */
function namespacesBeside(qemu: number): readonly number[] {
  const known = new Set([readNetworkNamespace('self'), readNetworkNamespace(qemu)]);
  return listProcessIds().filter((pid) => {
    const label = readNetworkNamespace(pid);
    if (known.has(label)) return false;
    known.add(label);
    return true;
  });
}

/** The processes that have these sockets; `undefined` for one that cannot be seen. */
function ownersOf(sockets: readonly number[]): readonly (number | undefined)[] {
  if (sockets.length === 0) return [];
  const owners = new Map<number, number>();
  for (const pid of listProcessIds()) {
    for (const inode of readSocketInodes(pid)) if (sockets.includes(inode)) owners.set(inode, pid);
  }
  return sockets.map((inode) => owners.get(inode));
}

interface Sockets {
  readonly listening: readonly UnixSocketRow[];
  readonly connected: readonly UnixSocketRow[];
}

/** Of the network namespace of this process; `undefined` where we may not enter it. */
async function socketsSeenBy(pid: number): Promise<Sockets | undefined> {
  const isHere = pid === process.pid || readNetworkNamespace(pid) === readNetworkNamespace('self');
  try {
    using session = openNetlinkSession('sock-diag', isHere ? undefined : { pid });
    const listening = await readUnixSockets(session, ['listen']);
    return { listening, connected: await readUnixSockets(session, ['established']) };
  } catch (thrown) {
    if (!isNativeError(thrown)) throw thrown;
    return undefined;
  }
}
